"""Copies from the panel to the gallery: a weight that undo takes back, never on what is tested on."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from catstudio.core.changes import SetSplit, SetState
from catstudio.core.types import Split, State
from catstudio.studio import Studio
from catstudio.ui.add_data.asks import CopyAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.asking import Asking
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.settings import Settings


@pytest.fixture
def asking(bridge: StudioBridge) -> Asking:
    return Asking(bridge, bridge)


def weights(studio: Studio, label: str) -> list[int]:
    return [record.weight for record in studio.images() if record.label == label]


def test_the_panel_gives_a_weight_and_undo_takes_it_back(
    bridge: StudioBridge, studio: Studio, asking: Asking, gallery: GalleryPanel, qtbot
) -> None:
    panel = AddDataPanel(bridge, Settings())
    qtbot.addWidget(panel)
    panel.copy_asked.connect(asking.count_copies)
    panel.show_facts(Facts.of(studio.readiness(), ()))
    panel.choose("copy")
    panel.labels.choose("not-cat")
    page = panel.page
    assert page._which.text() == "All 3 accepted images of not-cat that may be trained on."
    assert page._outcome.text().startswith("Training counts 90. They stay 3 images")
    n_files = len(list((studio.root / "images").rglob("*.*")))
    status = gallery._status.text()
    panel.button.click()
    qtbot.waitUntil(lambda: weights(studio, "not-cat") == [30] * 3)
    qtbot.waitUntil(lambda: gallery._status.text() == "6 images (93 with copies) · 4 independent")
    assert len(list((studio.root / "images").rglob("*.*"))) == n_files
    assert studio.readiness().labels[1].real == 3, "they stay three images"
    assert studio.undo_name() == "count 3 images 30 times"
    studio.undo()
    qtbot.waitUntil(lambda: gallery._status.text() == status)
    studio.redo()
    assert weights(studio, "not-cat") == [30] * 3


def test_what_is_tested_on_stays_counted_once(
    studio: Studio, asking: Asking, gallery: GalleryPanel, qtbot
) -> None:
    held, *others = [record.id for record in studio.images() if record.label == "not-cat"]
    studio.apply(SetSplit((held,), Split.TEST))
    with qtbot.waitSignal(asking.failed) as said:
        asking.count_copies(CopyAsk("not-cat", 7, (held, *others)))
    assert "1 of the selected images is validated or tested on" in str(said.args[0])
    qtbot.waitUntil(lambda: weights(studio, "not-cat") == [1, 7, 7])
    with qtbot.waitSignal(asking.failed) as said:
        asking.count_copies(CopyAsk("not-cat", 7, (held,)))
    assert "counts once" in str(said.args[0])
    asking.count_copies(CopyAsk("not-cat", 9))
    qtbot.waitUntil(lambda: weights(studio, "not-cat") == [1, 9, 9])
    assert Facts.of(studio.readiness(), ()).accepted["not-cat"] == 2
    studio.apply(SetState(tuple(others), State.REJECTED))
    with qtbot.waitSignal(asking.failed) as said:
        asking.count_copies(CopyAsk("not-cat", 9))
    assert "no accepted image of not-cat to train on" in str(said.args[0])


def test_a_cell_says_how_often_its_image_counts(
    studio: Studio, asking: Asking, gallery: GalleryPanel, qtbot, themed: QApplication
) -> None:
    def picture() -> QImage:
        return gallery.view.viewport().grab().toImage()

    qtbot.waitUntil(lambda: not gallery.thumbnails._under_way and not gallery.thumbnails._wanted)
    before = picture()
    asking.count_copies(CopyAsk("cat", 30))
    qtbot.waitUntil(lambda: picture() != before)
