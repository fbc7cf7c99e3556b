"""The page of blends: the selected photos with their labels, what those mean, examples, the mask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLabel

from catstudio.studio import Studio
from catstudio.ui.add_data.blend_page import BlendPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings
from catstudio.ui.strip import ThumbnailButton


@pytest.fixture
def panel(bridge: StudioBridge, qtbot) -> Iterator[AddDataPanel]:
    panel = AddDataPanel(bridge, Settings(source="blend"))
    panel.resize(304, 800)
    qtbot.addWidget(panel)
    panel.show()
    yield panel


@pytest.fixture
def page(panel: AddDataPanel) -> BlendPage:
    assert isinstance(panel.page, BlendPage)
    return panel.page


def select(panel: AddDataPanel, studio: Studio, *names: str) -> list[str]:
    ids = {record.name: record.id for record in studio.images()}
    chosen = tuple(ids[name] for name in names)
    panel.show_facts(Facts.of(studio.readiness(), chosen))
    return list(chosen)


def test_selected_photos_show_with_their_labels_that_of_the_subject_first(
    panel: AddDataPanel, page: BlendPage, studio: Studio, qtbot
) -> None:
    coffee, cat, coins = select(panel, studio, "coffee.jpg", "chelsea.jpg", "coins.jpg")
    assert page.mask_field.isHidden(), "not before it is known whose cut-out that is"
    qtbot.waitUntil(lambda: page.parents.first is not None)
    assert page.ask().seeds == (cat, coffee, coins)
    shown = page.parents.findChildren(ThumbnailButton)
    assert [one.record.id for one in shown] == [cat, coffee, coins]
    said = {one.text() for one in page.parents.findChildren(QLabel)}
    assert {"cat", "not-cat"} <= said
    about = page._about.text()
    assert about.startswith("Each is labelled as its subject is. The cut-out of chelsea.jpg can")
    page.fields["mode"].set_value("mixup")
    assert page._about.text().startswith(
        "These carry a soft label, such as 60% cat and 40% not-cat"
    )
    panel.labels.choose("not-cat")
    qtbot.waitUntil(lambda: page.parents.first is not None)
    assert page.ask().seeds == (coffee, coins, cat)
    page._selection.setChecked(False)
    assert page.parents.isHidden() and page._about.isHidden()
    assert page.ask().seeds is None


def test_the_mask_belongs_to_the_photo_that_is_chosen(
    panel: AddDataPanel, page: BlendPage, studio: Studio, qtbot
) -> None:
    coffee, coins = select(panel, studio, "coffee.jpg", "coins.jpg")
    panel.labels.choose("not-cat")
    qtbot.waitUntil(lambda: page.parents.first is not None)
    page.mask_field.take(coffee, b"a mask")
    ask = page.ask()
    assert (ask.seeds, ask.mask) == ((coffee, coins), b"a mask")
    page.parents.findChildren(ThumbnailButton)[1].click()
    ask = page.ask()
    assert (ask.seeds, ask.mask) == ((coins, coffee), b""), "another photo, another cut-out"
    assert "The cut-out of coins.jpg can be mended" in page._about.text()
    page.parents.choose(coffee)
    assert page.ask().mask == b"a mask"


@pytest.mark.needs_engine
def test_examples_say_what_they_are_made_of(
    panel: AddDataPanel, page: BlendPage, studio: Studio, qtbot
) -> None:
    page.fields["mode"].set_value("overlay")
    select(panel, studio, "coffee.jpg", "chelsea.jpg")
    panel._tiles["blend"].click()
    grid = page.examples.grid
    qtbot.waitUntil(lambda: all(grid.trials), timeout=60_000)
    captions = [trial.caption for trial in grid.trials if trial]
    assert all("chelsea.jpg (" in one and "coffee.jpg (" in one for one in captions)
    assert all("% cat" in one and "% not-cat" in one for one in captions)
