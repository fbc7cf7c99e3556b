"""The page of augmentation: examples when the person comes, ranges by hand, nothing done by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from catstudio.core.types import Provenance
from catstudio.sources import augment
from catstudio.sources.ranges import Range
from catstudio.ui.add_data.augment_page import AugmentPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.add_data.transform_row import TransformRow
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.overlay import PictureOverlay
from catstudio.ui.settings import Settings

FACTS = Facts(labels=("cat", "not-cat"), seeds={"cat": 1}, accepted={"cat": 1})


def row_of(page: AugmentPage, name: str) -> TransformRow:
    return page.rows[name]


@pytest.fixture
def settings() -> Settings:
    return Settings(source="augment")


@pytest.fixture
def panel(bridge: StudioBridge, settings: Settings, qtbot) -> Iterator[AddDataPanel]:
    panel = AddDataPanel(bridge, settings)
    panel.resize(304, 800)
    qtbot.addWidget(panel)
    panel.show_facts(FACTS)
    panel.show()
    yield panel


@pytest.fixture
def page(panel: AddDataPanel) -> AugmentPage:
    assert isinstance(panel.page, AugmentPage)
    return panel.page


@pytest.mark.needs_engine
def test_sixteen_examples_come_when_the_person_comes_and_follow_a_change(
    panel: AddDataPanel, page: AugmentPage, bridge: StudioBridge, qtbot
) -> None:
    qtbot.wait(300)
    assert not page.examples.is_open and bridge.studio.worker_pid is None, "merely restored"
    images, undo = len(bridge.studio.images()), bridge.studio.undo_name()
    panel._tiles["augment"].click()
    grid = page.examples.grid
    qtbot.waitUntil(lambda: all(grid.trials), timeout=60_000)
    before = [trial.caption for trial in grid.trials if trial]
    page.fields["preset"].set_value("lab")
    qtbot.waitUntil(lambda: grid.trials[15].caption != before[15], timeout=30_000)
    assert not any("cropped" in trial.caption.lower() for trial in grid.trials if trial)
    assert len(bridge.studio.images()) == images
    assert bridge.studio.undo_name() == undo, "a preview draws no splits"
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid.accessibleDescription().startswith("2 of 16")
    QTest.keyClick(grid, Qt.Key.Key_Return)
    overlay = panel.findChild(PictureOverlay)
    assert overlay is not None and overlay._count.text() == "2 of 16"
    QTest.keyClick(overlay, Qt.Key.Key_Escape)
    assert overlay.isHidden()


def test_without_a_photo_there_is_no_grid(panel: AddDataPanel, page: AugmentPage) -> None:
    panel.show_facts(Facts(labels=("cat",)))
    page.opened()
    assert page.examples.grid.isHidden()
    panel.show_facts(FACTS)
    assert not page.examples.grid.isHidden()


def test_a_transform_is_as_the_preset_has_it_until_it_is_set(page: AugmentPage, qtbot) -> None:
    crop = row_of(page, "crop")
    assert crop.switch.isChecked() and crop.unfold.text() == "70 to 100%" and not crop.value()
    page.fields["strength"].set_value(1.0)
    assert crop.unfold.text() == "40 to 100%"
    with qtbot.waitSignal(crop.changed):
        crop._ends["from"].setValue(90)
    assert crop.value() == "90:100"
    crop._ends["to"].setValue(80)
    assert crop.value() == "80:80", "the ends push each other along"
    blur, flip = row_of(page, "blur"), row_of(page, "flip")
    blur._chance.setValue(40)
    assert blur.value() == "0.5:2.5@0.4" and blur.unfold.text() == "0.5 to 2.5 px, in 40%"
    flip.switch.click()
    assert flip.value() == "off" and flip.unfold.isHidden()
    cutout = row_of(page, "cutout")
    cutout.switch.click()
    assert cutout.value() == "5:25@0.5"
    cutout.switch.click()
    assert cutout.value() == "", "what the preset leaves out is off without a word"
    asked = page.ask().options
    assert {n: asked[n] for n in ("crop", "blur", "flip")} == {
        "crop": "80:80", "blur": "0.5:2.5@0.4", "flip": "off",
    }  # fmt: skip
    assert "flip" not in augment.recipe(augment.SOURCE.options(asked))
    assert not page._back.isHidden()
    page._back.click()
    assert not page._own() and page._back.isHidden()


def test_what_was_set_is_there_again_and_another_preset_begins_afresh(
    page: AugmentPage, bridge: StudioBridge, settings: Settings, qtbot
) -> None:
    row_of(page, "hue").set_value("off")
    page.ask()
    again = AugmentPage(page.source, bridge, settings)
    qtbot.addWidget(again)
    assert again._own() == {"hue": "off"}
    again.fields["preset"].set_value("strong")
    assert not again._own()


def test_an_images_own_ranges_come_back(page: AugmentPage) -> None:
    row_of(page, "noise").set_value("off")
    params = {"preset": "gentle", "strength": 0.3, "size": 128, "rotate": "5:10", "seed": 3}
    page.use_settings(Provenance(source="augment", params=params))
    assert page._own() == {"rotate": "5:10"}
    asked = page.ask()
    assert (asked.seed, asked.options["size"], asked.options["preset"]) == (3, 128, "gentle")


@pytest.mark.parametrize("name", list(augment.TRANSFORMS))
def test_every_transform_can_be_set_from_edge_to_edge(
    themed: QApplication, qtbot, name: str
) -> None:
    row = TransformRow(augment.TRANSFORMS[name])
    qtbot.addWidget(row)
    row.set_preset(Range(row.transform.low or 0, row.transform.high or 0))
    assert row.switch.isChecked()
    row._chance.setValue(30)
    parsed = augment.recipe(augment.SOURCE.options({name: row.value(), "preset": "gentle"}))[name]
    assert parsed == Range(row.transform.low or 0, row.transform.high or 0, 0.3)
