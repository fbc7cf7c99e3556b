"""The blind test within the window: how it is entered, where leaving it leads, what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from catstudio.core.blind import Answer
from catstudio.learn.blind import Machine, MachineTest, Results, summarise
from catstudio.studio import Studio
from catstudio.ui.blind.results import ResultsPage
from catstudio.ui.blind.room import BlindRoom
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.charts.base import Chart
from catstudio.ui.main_window import MainWindow
from catstudio.ui.settings import SettingsFile
from catstudio.ui.tabs import GALLERY, TRAINING
from catstudio.ui.theme import apply_theme
from catstudio.ui.widgets import label


@pytest.fixture
def window(monkeypatch, tmp_path: Path, qapp: QApplication) -> Iterator[MainWindow]:
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    window = MainWindow(SettingsFile(), apply_theme(qapp, "light"))
    window.show()
    yield window
    window._close_now()
    window.deleteLater()
    QApplication.processEvents()


def enter(window: MainWindow, qtbot) -> BlindRoom:
    window.actions_.blind.trigger()
    qtbot.waitUntil(lambda: window.full is not None and isinstance(window.full.room, BlindRoom))
    room = window.full.room
    qtbot.waitUntil(lambda: room._stack.currentWidget() in (room.start, room.empty))
    return room


def test_the_way_in_and_the_ways_out(window: MainWindow, qtbot) -> None:
    assert not window.actions_.blind.isEnabled()
    with qtbot.waitSignal(window.project_opened):
        window.welcome.begin.click()
    space = window.workspace
    space.tabs.setCurrentIndex(TRAINING)
    room = enter(window, qtbot)
    assert room.empty.action.text() == "Make images"
    room.left.emit()
    assert window.full.room is None and space.tabs.currentIndex() == TRAINING
    enter(window, qtbot).empty.action.click()
    assert window.full.room is None and window.pages.currentIndex() == 0
    assert space.panel.page is space.panel._pages["seed"]
    space.tabs.setCurrentIndex(GALLERY)
    enter(window, qtbot)
    window.close_project()  # with the room open


def test_results_show_the_eye_beside_the_machine(
    studio: Studio, bridge: StudioBridge, add_child, qtbot
) -> None:
    pairs = []
    for n, answer in enumerate([Answer.LEFT, Answer.RIGHT, Answer.UNSURE]):
        add_child(studio, studio.images()[0].id, 20 + n)
        (pair,) = studio.blind.begin(f"person {n}", n=1)
        studio.blind.answer_later(pair.id, answer)
    pairs = studio.blind._pairs()
    sharp = Machine(0.97, 0.93, 0.99, 200)
    everything = Results(summarise(pairs), MachineTest(4, sharp, {"seed": sharp}))
    page = ResultsPage(bridge)
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    page.show_results(everything, everything)
    (chart,) = page.findChildren(Chart)
    qtbot.waitUntil(lambda: chart.is_drawn)
    assert "the machine 97%" in chart.accessibleDescription()
    assert not chart._view.getPlotItem().ctrlMenu.isVisible()
    words = " ".join(one.text() for one in page.findChildren(type(label(""))))
    for who in range(3):
        assert f"person {who}" in words
    page.show_results(None, Results(summarise([]), None, "Nobody."))
    assert page.undo.isHidden() and not page.tiles
