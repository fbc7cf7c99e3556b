"""The page of diffusion models: ideas go into the prompt, a mask goes with the image it is of."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QPushButton

from catstudio.core.types import ImageRecord, Provenance, State
from catstudio.jobs.events import Queued
from catstudio.resources import resource
from catstudio.studio import Studio
from catstudio.ui.add_data.diffusion_page import DiffusionPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw.mask_room import MaskRoom
from catstudio.ui.settings import Settings
from catstudio.ui.workspace import Workspace


@pytest.fixture
def bridge(tmp_path: Path, qtbot):
    studio = Studio.create(tmp_path / "P.catstudio")
    cat = next((Path(str(resource("examples"))) / "cat").glob("*.jpg"))
    studio.run(studio.import_request([cat], label="cat", split="train"))
    bridge = StudioBridge(studio)
    yield bridge
    bridge.close()
    studio.close()


@pytest.fixture
def panel(bridge: StudioBridge, qtbot) -> AddDataPanel:
    panel = AddDataPanel(bridge, Settings())
    panel.resize(304, 760)
    qtbot.addWidget(panel)
    panel.show_facts(Facts(labels=("cat", "not-cat"), seeds={"cat": 1}, accepted={"cat": 1}))
    panel.show()
    panel.choose("diffusers")
    return panel


def page_of(panel: AddDataPanel) -> DiffusionPage:
    assert isinstance(panel.page, DiffusionPage)
    return panel.page


def test_an_idea_becomes_the_prompt(panel: AddDataPanel, qtbot) -> None:
    page = page_of(panel)
    page.ideas.ask.click()
    qtbot.waitUntil(lambda: page.ideas.ask.text() == "Other ideas", timeout=5_000)
    first, *others = page.ideas._list.findChildren(QPushButton)
    assert len(others) == 4
    assert first.accessibleDescription().startswith("No prompt says anything of")
    first.click()
    assert page.prompt is not None
    assert first.text() in page.prompt.text() and "cat" in page.prompt.text()
    before = [one.text() for one in (first, *others)]
    page.ideas.ask.click()
    qtbot.waitUntil(
        lambda: before != [b.text() for b in page.ideas._list.findChildren(QPushButton)],
        timeout=5_000,
    )


def test_a_mask_goes_with_its_image(panel: AddDataPanel, bridge: StudioBridge, qtbot) -> None:
    page, (image,) = page_of(panel), bridge.studio.images()
    assert not page.mask_field.isVisibleTo(page)
    facts = replace(page.facts, selected=(image.id,))
    panel.show_facts(facts)
    page._selection.setChecked(True)
    assert page.mask_field.isVisibleTo(page)
    with qtbot.waitSignal(panel.room_asked, timeout=10_000) as asked:
        page.mask_field.paint.click()
    room = asked.args[0](bridge)
    qtbot.addWidget(room)
    assert isinstance(room, MaskRoom)
    picture = Image.new("L", (image.width, image.height), 0)
    picture.paste(255, (10, 10, 60, 60))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    room.painted.emit(buffer.getvalue())
    room.shut()
    assert page.ask().mask == buffer.getvalue()
    panel.show_facts(replace(facts, selected=("another",)))
    assert page.ask().mask == b""
    panel.show_facts(facts)
    page.mask_field.drop.click()
    assert page.ask().mask == b""


def test_another_tools_settings_come_into_the_panel(panel: AddDataPanel) -> None:
    params = {
        "prompt": "a cat at night", "negative_prompt": "dog",
        "parameters": "Steps: 31, Sampler: Euler, CFG scale: 4.5, Seed: 99",
    }  # fmt: skip
    record = ImageRecord(
        id="i", sha256="", label="cat", state=State.ACCEPTED, split=None, source="other-tool",
        is_real=False, width=1, height=1, format="PNG", name="", weight=1, lineages=(), author="",
        created="", provenance=Provenance(source="other-tool", params=params),
    )  # fmt: skip
    panel.choose("photo")
    panel.use_settings(record)
    ask = page_of(panel).ask()
    assert (ask.template, ask.seed) == ("a cat at night", 99)
    assert ask.options["num_inference_steps"] == 31 and ask.options["guidance_scale"] == 4.5
    assert ask.options["negative_prompt"] == "dog"


def test_more_like_this_and_fix_this(bridge: StudioBridge, qtbot) -> None:
    space = Workspace(bridge.studio, Settings())
    qtbot.addWidget(space)
    space.show()
    (image,) = bridge.studio.images()
    qtbot.waitUntil(lambda: space.counts.readiness is not None, timeout=10_000)
    space.show_image(image.id)
    qtbot.waitUntil(lambda: space._selected == (image.id,), timeout=10_000)
    space.inspector.fix.click()
    page = space.panel.page
    assert isinstance(page, DiffusionPage)
    ask = page.ask()
    assert (ask.template, ask.seeds) == ("a photo of a cat", (image.id,))
    assert ask.options["strength"] == pytest.approx(0.3)
    asked = []
    space.bridge.job_event.connect(lambda e: asked.append(e) if isinstance(e, Queued) else None)
    space.inspector.more.click()
    qtbot.waitUntil(lambda: bool(asked), timeout=10_000)
    assert asked[0].title == "Generate 8 × cat"
    space.studio.cancel(asked[0].job_id)
    qtbot.waitUntil(space.studio.is_idle, timeout=60_000)
    space.close_parts()


def test_a_guide_is_asked_for_with_a_controlnet_only(
    panel: AddDataPanel, bridge: StudioBridge, qtbot
) -> None:
    page, (image,) = page_of(panel), bridge.studio.images()
    panel.show_facts(replace(page.facts, selected=(image.id,)))
    assert page.guide.isHidden() and page.fields["control"].isHidden()
    page.fields["controlnet"].set_value("edges")
    assert not page.guide.isHidden() and not page.fields["control"].isHidden()
    page.guide.take.click()
    qtbot.waitUntil(lambda: page.ask().guide == image.id, timeout=5_000)
    page.fields["controlnet"].set_value("")
    assert page.ask().guide is None
