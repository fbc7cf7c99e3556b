"""Long work on the window's thread: what is short is done at once, the rest bit by bit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from catstudio.ui import slices
from catstudio.ui.slices import Slices, bit_by_bit


@pytest.fixture
def owner(qapp: QApplication) -> Iterator[QObject]:
    owner = QObject()
    yield owner
    if isValid(owner):
        owner.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No slice is long enough for more than one bit."""
    monkeypatch.setattr(slices, "_SLICE_S", -1.0)


def work(done: list[str], name: str, bits: int) -> Iterator[None]:
    for bit in range(bits):
        if bit:
            yield
        done.append(f"{name}{bit}")


def test_what_never_yields_is_done_at_once(owner: QObject, hurried: None) -> None:
    done: list[str] = []
    one = Slices(owner)
    one.start(work(done, "a", 1))
    assert done == ["a0"] and not one.is_busy


def test_the_rest_comes_from_the_event_loop(owner: QObject, hurried: None, qtbot) -> None:
    done: list[str] = []
    one = Slices(owner)
    one.start(work(done, "a", 3))
    assert done == ["a0"] and one.is_busy
    qtbot.waitUntil(lambda: done == ["a0", "a1", "a2"])
    qtbot.waitUntil(lambda: not one.is_busy)


def test_newer_work_takes_the_place_of_older(owner: QObject, hurried: None, qtbot) -> None:
    done: list[str] = []
    one = Slices(owner)
    one.start(work(done, "a", 3))
    one.start(work(done, "b", 2))
    qtbot.waitUntil(lambda: not one.is_busy)
    assert done == ["a0", "b0", "b1"]


def test_work_may_lead_to_newer_work(owner: QObject, hurried: None, qtbot) -> None:
    done: list[str] = []
    one = Slices(owner)

    def leads_on() -> Iterator[None]:
        one.start(work(done, "b", 2))
        yield
        done.append("never")

    one.start(leads_on())
    qtbot.waitUntil(lambda: not one.is_busy)
    assert done == ["b0", "b1"]


def test_nothing_goes_on_once_it_is_cancelled_or_its_owner_is_gone(
    owner: QObject, hurried: None, qtbot
) -> None:
    done: list[str] = []
    one, other = Slices(owner), Slices(owner)
    one.start(work(done, "a", 3))
    one.cancel()
    other.start(work(done, "b", 3))
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    QApplication.processEvents()
    assert done == ["a0", "b0"]


def test_a_thousand_are_taken_at_once() -> None:
    taken: list[int] = []
    assert list(bit_by_bit(range(1000), lambda some: taken.append(len(some)))) == []
    assert len(list(bit_by_bit(range(2500), lambda some: taken.append(len(some))))) == 2
    assert list(bit_by_bit([], taken.append)) == []
    assert taken == [1000, 1000, 1000, 500]
