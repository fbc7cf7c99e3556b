"""Huxley's ladder in the window: climbed, stopped, gone on with, read and opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from catstudio.core.errors import NotPossibleError
from catstudio.studio.ladder import RUNGS, Amounts, keeping
from catstudio.ui.app import Window
from catstudio.ui.ladder.room import LadderRoom
from catstudio.ui.ladder.rung_row import DONE, RUNNING, SKIPPED, WAITING
from catstudio.ui.theme import apply_theme
from tests.report.test_ladder_page import METRICS, _report, _rung
from tests.report.test_ladder_page import SKIPPED as SKIPPED_RUNG

FEW = Amounts(drawn=2, blended=2, varied=2, generated=1)
A_CLIMB_MS = 100_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ladder"


@pytest.fixture
def room(themed: QApplication, qtbot, folder: Path) -> Iterator[LadderRoom]:
    room = LadderRoom(folder, FEW)
    qtbot.addWidget(room)
    room.resize(1024, 700)
    room.show()
    yield room
    room.shut()


def _write(folder: Path, *, is_finished: bool = True) -> None:
    """A climb as if it had been made; unfinished after its first rung."""
    rungs = [
        {**SKIPPED_RUNG, "id": plan.id, "title": plan.title}
        if plan.id == "generated"
        else _rung(id=plan.id, title=plan.title, metrics=METRICS, taught=f"Taught by {plan.id}.")
        for plan in RUNGS
    ]
    report = _report(*(rungs if is_finished else rungs[:1]), n_cats=4)
    if not is_finished:
        del report["seconds"]
    name = "HuxleysLadder.catstudio"
    (folder / name).mkdir(parents=True)
    settings = {"photos": "/some/photos"}
    audit = {"run": 9, "why_not": ""}
    text = json.dumps({**report, "project_name": name, "settings": settings, "audit": audit})
    (folder / keeping.REPORT).write_text(text)
    for file in (keeping.PAGE, keeping.AUDIT):
        (folder / file).write_text("<html></html>")


def states(room: LadderRoom) -> set[str]:
    return {row.state for row in room.rows.values()}


def test_before_the_first_climb(room: LadderRoom, qtbot) -> None:
    assert list(room.rows) == [plan.id for plan in RUNGS]
    assert states(room) == {WAITING}
    assert room.go.text() == "Climb"
    assert room.go.isVisible()
    for widget in (room.stop, room.open, room.page, room.audit, room.free):
        assert not widget.isVisible()
    assert room.chart.height() > 200


def test_a_finished_climb_is_shown_and_its_files_open(
    themed: QApplication, qtbot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(folder)
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    room = LadderRoom(folder, FEW)
    qtbot.addWidget(room)
    room.show()
    qtbot.waitUntil(room.open.isVisible)
    assert states(room) == {DONE, SKIPPED}
    assert room.rows["blends"].taught.text() == "Taught by blends."
    assert "4 of cats and 4 of other things" in room._measured.text()
    assert "Taught by real." in room.chart.accessibleDescription()
    assert room.go.text() == "Climb again"
    with qtbot.waitSignal(room.open_asked) as asked:
        qtbot.mouseClick(room.open, Qt.MouseButton.LeftButton)
    assert asked.args == [str(folder / "HuxleysLadder.catstudio")]
    qtbot.mouseClick(room.page, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(room.audit, Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()).name for url in opened] == [keeping.PAGE, keeping.AUDIT]
    # Other photos make another climb.
    qtbot.mouseClick(room.free, Qt.MouseButton.LeftButton)
    assert states(room) == {WAITING}
    assert room.go.text() == "Climb"
    assert not room.open.isVisible()
    room.shut()


def test_an_unfinished_climb_goes_on(themed: QApplication, qtbot, folder: Path) -> None:
    _write(folder, is_finished=False)
    room = LadderRoom(folder, FEW)
    qtbot.addWidget(room)
    room.show()
    qtbot.waitUntil(lambda: room.rows["one"].state == DONE)
    assert room.rows["copies"].state == WAITING
    assert room.go.text() == "Go on"
    assert not room.open.isVisible()
    room.shut()


def test_the_chart_follows_the_theme(room: LadderRoom, themed: QApplication, qtbot) -> None:
    room.chart.show_rungs([_rung(metrics=METRICS)])
    before = room.chart.grab().toImage()
    try:
        apply_theme(themed, "dark")
        qtbot.waitUntil(lambda: room.chart.grab().toImage() != before)
    finally:
        apply_theme(themed, "light")


def test_what_cannot_be_climbed_is_told(room: LadderRoom, qtbot, tmp_path: Path) -> None:
    room._use_photos(str(tmp_path / "nothing"))
    assert room.free.isVisible()
    with qtbot.waitSignal(room.told) as told:
        qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    assert "There is no folder" in told.args[0]
    assert room.go.isVisible()


def test_errors_of_the_thread_are_told(room: LadderRoom, qtbot) -> None:
    with qtbot.waitSignal(room.told) as told:
        room._ended(NotPossibleError("It is open elsewhere.", "Close it."))
    assert told.args == ["It is open elsewhere.", "Close it."]


@pytest.mark.needs_engine
def test_climbed_stopped_and_gone_on_with(room: LadderRoom, qtbot, folder: Path) -> None:
    qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.rows["copies"].state == RUNNING, timeout=A_CLIMB_MS)
    assert room.rows["one"].state == DONE
    assert room.stop.isVisible()
    assert not room.choose.isEnabled()
    qtbot.mouseClick(room.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.go.isVisible() and room.go.text() == "Go on", timeout=A_CLIMB_MS)
    assert RUNNING not in states(room)
    qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(room.open.isVisible, timeout=A_CLIMB_MS)
    assert states(room) == {DONE, SKIPPED}
    assert "No model here" in room.rows["generated"].taught.text()
    assert room.go.text() == "Climb again"
    found = keeping.kept(folder)
    assert found is not None
    assert found.is_finished


@pytest.mark.needs_engine
def test_leaving_stops_the_climb(room: LadderRoom, qtbot) -> None:
    qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(room.left, timeout=A_CLIMB_MS):
        qtbot.keyClick(room, Qt.Key.Key_Escape)


def test_from_the_help_menu_and_the_welcome_page_to_its_project(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot
) -> None:
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    held = Window(qapp, name=f"ladder-{tmp_path.name}")
    main = held.window
    try:
        main.welcome.ladder_asked.emit()
        room = main.ladder.room
        assert room is not None
        assert main.pages.currentWidget() is room
        qtbot.keyClick(room, Qt.Key.Key_Escape)
        assert main.ladder.room is None
        assert main.pages.currentIndex() == 0
        titles = [action.text() for action in main.header.help.menu().actions()]
        assert titles[0] == "Huxley's ladder"
        main.header.help.menu().actions()[0].trigger()
        room = main.ladder.room
        assert room is not None
        room.told.emit("Something", "A hint")
        with qtbot.waitSignal(main.projects.opened):
            from catstudio.studio import Studio

            Studio.create(tmp_path / "L.catstudio").close()
            room.open_asked.emit(str(tmp_path / "L.catstudio"))
        assert main.ladder.room is None
    finally:
        held.close()
        main._close_now()
        main.deleteLater()
        QApplication.processEvents()
