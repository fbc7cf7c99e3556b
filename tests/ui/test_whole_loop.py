"""The loop a user lives in, by hand: drop, generate, review with the keyboard, train, read the answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QSpinBox

from catstudio.core.types import Split, State
from catstudio.studio import Studio
from catstudio.ui.app import Window
from catstudio.ui.review import ReviewView
from catstudio.ui.tabs import TRAINING
from tests.ui.dropping import drop_files

pytestmark = pytest.mark.needs_engine
A_JOB_MS = 90_000
HEAVY = {"torch", "diffusers", "onnxruntime"}


@pytest.fixture
def window(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    held = Window(qapp, name=f"loop-{tmp_path.name}")
    yield held
    held.close()
    held.window._close_now()
    held.window.deleteLater()
    QApplication.processEvents()


def shown_text(widget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def waiting(studio: Studio) -> int:
    return sum(r.state is State.PENDING for r in studio.images())


def test_from_a_drop_to_an_answer(window: Window, shared_photos: Path, qtbot) -> None:
    main = window.window
    loaded_before = HEAVY & set(sys.modules)  # by tests of the engine, in the same process
    cats = sorted((shared_photos / "cat").glob("*.jpg"))[:9]
    others = sorted((shared_photos / "dog").glob("*.jpg"))[:5]
    others += sorted((shared_photos / "other").glob("*.jpg"))[:4]

    # Dropping one photo on the welcome page begins a project; the others follow.
    with qtbot.waitSignal(main.project_opened):
        drop_files(main, *cats[:1])
    workspace = main.workspace
    studio = workspace.studio
    qtbot.waitUntil(lambda: len(studio.images()) == 1)
    drop_files(main, *cats[1:])
    drop_files(main, *others, label="not-cat")
    qtbot.waitUntil(lambda: len(studio.images()) == 18 and studio.is_idle())
    assert {r.label for r in studio.images()} == {"cat", "not-cat"}

    # The prompt panel makes variations; they stream into the gallery to be reviewed.
    panel = workspace.panel
    panel.choose("seed")
    panel.page.findChild(QSpinBox).setValue(4)
    qtbot.waitUntil(panel.button.isEnabled)
    assert panel.button.text() == "Generate 4 cats"
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(studio.images()) == 22 and studio.is_idle(), timeout=A_JOB_MS)
    made = [r for r in studio.images() if r.is_synthetic]
    assert {r.state for r in made} == {State.PENDING}
    held = {r.id for r in studio.images() if r.split is Split.TEST}
    assert held.isdisjoint({p.id for r in made for p in r.provenance.parents})

    # Review with the keyboard: accept three, reject one.
    main.header.review_asked.emit()
    qtbot.waitUntil(lambda: main.findChild(ReviewView) is not None)
    review = main.findChild(ReviewView)
    qtbot.waitUntil(lambda: review.isVisible() and review.queue.current is not None)
    for left, key in enumerate((Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_A, Qt.Key.Key_A)):
        qtbot.keyClick(review, key)
        qtbot.waitUntil(lambda left=left: waiting(studio) == 3 - left)
    qtbot.keyClick(review, Qt.Key.Key_Escape)
    states = sorted(str(r.state) for r in studio.images() if r.is_synthetic)
    assert states == ["accepted"] * 3 + ["rejected"]

    # One click trains and evaluates on the real photos that were held back.
    workspace.tabs.setCurrentIndex(TRAINING)
    training = workspace.training
    qtbot.waitUntil(training.readiness.train.isEnabled)
    qtbot.mouseClick(training.readiness.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(studio.runs()) and studio.is_idle(), timeout=A_JOB_MS)
    qtbot.waitUntil(training.answer.isVisible)
    metrics = studio.report()["metrics"]
    assert metrics["n"] == len(held) == 8
    answer = shown_text(training.answer)
    figure = re.search(r"Right on (\d+)% of real photos it never saw .*n = 8", answer)
    assert figure, answer
    assert int(figure[1]) == round(100 * metrics["accuracy"]["value"])
    assert "AUC" in answer

    assert HEAVY & set(sys.modules) == loaded_before
    assert studio.verify().ok
