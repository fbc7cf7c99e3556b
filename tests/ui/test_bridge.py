"""The bridge: everything arrives on the window's thread, nothing blocks it, nothing stays behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread

from catstudio.core.changes import SetLabel, SetState
from catstudio.core.errors import BadInputError, CatStudioError
from catstudio.core.types import State
from catstudio.jobs.events import Done
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge


@pytest.fixture
def bridge(qapp, tmp_path: Path, free_photos: dict[str, Path]) -> Iterator[StudioBridge]:
    with Studio.create(tmp_path / "Cats.catstudio") as studio:
        studio.run(studio.import_request([free_photos["chelsea"], free_photos["coffee"]]))
        bridge = StudioBridge(studio)
        yield bridge
        bridge.close()


def test_edits_come_back_on_the_windows_thread(bridge: StudioBridge, qtbot) -> None:
    threads: list[QThread] = []
    bridge.touched.connect(lambda _: threads.append(QThread.currentThread()))
    first = bridge.studio.images()[0]
    with qtbot.waitSignal(bridge.touched) as caught:
        bridge.apply(SetState((first.id,), State.ACCEPTED))
    assert caught.args[0].ids == (first.id,)
    assert bridge.studio.image(first.id).state is State.ACCEPTED
    with qtbot.waitSignal(bridge.touched):
        bridge.undo()
    assert bridge.studio.image(first.id).state is State.PENDING
    with qtbot.waitSignal(bridge.touched):
        bridge.redo()
    assert bridge.studio.image(first.id).state is State.ACCEPTED
    assert threads == [qtbot_thread()] * 3


def qtbot_thread() -> QThread:
    return QThread.currentThread()


def test_a_failed_edit_says_why(bridge: StudioBridge, qtbot) -> None:
    with qtbot.waitSignal(bridge.edit_failed) as caught:
        bridge.apply(SetLabel((bridge.studio.images()[0].id,), "dragon"))
    assert "dragon" in caught.args[0] and caught.args[1]


def test_jobs_stream_and_new_images_are_told(
    bridge: StudioBridge, qtbot, free_photos: dict[str, Path]
) -> None:
    events: list[object] = []
    added: list[str] = []
    bridge.job_event.connect(events.append)
    bridge.image_added.connect(added.append)
    request = bridge.studio.import_request([free_photos["coins"], free_photos["chelsea"]])
    assert bridge.submit(request) == request.job_id
    qtbot.waitUntil(lambda: any(isinstance(e, Done) for e in events))
    assert len(added) == 1  # chelsea was there before
    assert bridge.studio.image(added[0]).name == "coins.jpg"


def test_fetch_runs_elsewhere_and_delivers_here(bridge: StudioBridge, qtbot) -> None:
    here = threading.get_ident()
    seen: list[tuple[int, int]] = []
    bridge.fetch(threading.get_ident, lambda there: seen.append((there, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0][0] != here and seen[0][1] == here


class Receiver(QObject):
    def __init__(self, got: list[object]) -> None:
        super().__init__()
        self.got = got

    def take(self, what: object) -> None:
        self.got.append(what)


def test_fetch_leaves_out_a_receiver_that_is_gone(bridge: StudioBridge, qtbot) -> None:
    got: list[object] = []
    gate = threading.Event()
    dead, alive = Receiver(got), Receiver(got)
    bridge.fetch(lambda: gate.wait(5) and "dead", dead.take)
    cancelled = bridge.fetch(lambda: gate.wait(5) and "cancelled", alive.take)
    cancelled.cancel()
    del dead
    gc.collect()
    gate.set()
    bridge.fetch(lambda: "alive", alive.take)
    qtbot.waitUntil(lambda: bool(got))
    assert got == ["alive"]


def test_fetch_reports_errors(bridge: StudioBridge, qtbot, caplog) -> None:
    errors: list[CatStudioError] = []
    bridge.fetch(lambda: bridge.studio.image("nobody"), print, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], BadInputError)
    with qtbot.waitSignal(bridge.edit_failed) as caught:
        bridge.fetch(lambda: 1 / 0, print)
    assert "division" in caught.args[0]
    assert "background read failed" in caplog.text


def test_closing_twice_leaves_no_thread_and_drops_what_is_late(bridge: StudioBridge, qtbot) -> None:
    got: list[object] = []
    bridge.fetch(lambda: "late", got.append)
    bridge.touched.connect(got.append)
    bridge.close()
    bridge.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("read")]
    bridge.apply(SetState((bridge.studio.images()[0].id,), State.ACCEPTED))
    bridge.undo()
    assert bridge.fetch(lambda: 1, got.append).is_cancelled
    qtbot.wait(50)
    assert got == []
