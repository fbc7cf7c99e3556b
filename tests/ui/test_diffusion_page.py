"""The page of diffusion models: modes, images and masks, ideas and lists, adapters, and the way back
from an image to the panel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from catstudio.core.types import ImageRecord, Parent, Provenance, State
from catstudio.models import ModelEntry, ModelRegistry
from catstudio.resources import resource
from catstudio.sources import prompts
from catstudio.sources.recipes import Recipe
from catstudio.studio import Studio
from catstudio.ui.add_data.adapter_list import AdapterField
from catstudio.ui.add_data.diffusion_page import DiffusionPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.image_field import ImageField
from catstudio.ui.add_data.mode_switch import Mode
from catstudio.ui.add_data.outpaint_pad import OutpaintPad
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.add_data.prompt_editor import PromptEditor, is_too_long, template_note
from catstudio.ui.add_data.prompt_ideas import joined
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw.mask_room import MaskRoom
from catstudio.ui.gallery.carrying import IDS
from catstudio.ui.settings import Settings
from catstudio.ui.workspace import Workspace


def entry(id_: str, kind: str, family: str = "stable-diffusion", **more) -> ModelEntry:
    return ModelEntry(
        id=id_, title=id_.title(), kind=kind, path=f"/nowhere/{id_}", family=family, size=1,
        added="", **more,
    )  # fmt: skip


MODELS = (
    entry("small", "text-to-image", native_size=512),
    entry("large", "text-to-image", "sdxl", native_size=1024),
    entry("flowing", "text-to-image", "flow-matching", native_size=1024),
    entry("sd-turbo", "text-to-image", native_size=512),
    entry("mender", "inpaint"),
    entry("edges", "controlnet"),
    entry("fluffy", "lora", provenance={"trigger_word": "flff"}),
    entry("wide", "lora", "sdxl"),
    entry("word", "embedding"),
)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelRegistry, "list", lambda self: MODELS)


@pytest.fixture
def bridge(themed, tmp_path: Path, models: None) -> Iterator[StudioBridge]:
    with Studio.create(tmp_path / "P.catstudio") as studio:
        cat = next((Path(str(resource("examples"))) / "cat").glob("*.jpg"))
        other = Path(str(resource("examples"))) / "not-cat" / "coffee.jpg"
        studio.run(studio.import_request([cat], label="cat", split="train"))
        studio.run(studio.import_request([other], label="not-cat", split="test"))
        bridge = StudioBridge(studio)
        yield bridge
        bridge.close()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def panel(bridge: StudioBridge, settings: Settings, qtbot) -> AddDataPanel:
    panel = AddDataPanel(bridge, settings)
    panel.resize(304, 900)
    qtbot.addWidget(panel)
    panel.show_facts(Facts(labels=("cat", "not-cat"), seeds={"cat": 1}, accepted={"cat": 1}))
    panel.show()
    panel.choose("diffusers")
    page = page_of(panel)
    qtbot.waitUntil(lambda: bool(page.shelf.entries) and page.model.value() == "small")
    qtbot.waitUntil(lambda: page.tools.lists is not None)
    return panel


def page_of(panel: AddDataPanel) -> DiffusionPage:
    assert isinstance(panel.page, DiffusionPage)
    return panel.page


def select(panel: AddDataPanel, qtbot, *ids: str) -> None:
    panel.show_facts(replace(panel.page.facts, selected=ids))
    start = page_of(panel).images.start
    if start.ids():
        qtbot.waitUntil(lambda: start.record() is not None, timeout=10_000)


def white_spot(image: ImageRecord) -> bytes:
    picture = Image.new("L", (image.width, image.height), 0)
    picture.paste(255, (10, 10, 60, 60))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def made(bridge: StudioBridge, method: str = "text to image", **params) -> ImageRecord:
    """A record as the engine would have left it."""
    cat = bridge.studio.images()[0]
    parents = () if method == "text to image" else (Parent(cat.id),)
    return ImageRecord(
        id="made", sha256="", label="cat", state=State.PENDING, split=None, source="diffusers",
        is_real=False, width=1, height=1, format="PNG", name="", weight=1, lineages=(), author="",
        created="",
        provenance=Provenance(source="diffusers", method=method, parents=parents, params=params),
    )  # fmt: skip


# -- modes


def test_each_mode_shows_what_it_uses(panel: AddDataPanel, bridge: StudioBridge, qtbot) -> None:
    page, (cat, _) = page_of(panel), bridge.studio.images()
    images = page.images
    select(panel, qtbot, cat.id)
    shown = {
        Mode.TEXT: set(),
        Mode.IMAGE: {"start", "strength"},
        Mode.INPAINT: {"start", "strength", "mask_field"},
        Mode.OUTPAINT: {"start", "strength", "_extend"},
        Mode.CONTROL: {"begin", "guide"},
    }
    parts = {
        "start": images.start,
        "begin": images.begin,
        "mask_field": images.mask_field,
        "_extend": images._extend,
        "guide": images.control.guide,
        "strength": page.fields["strength"],
    }
    for mode, wanted in shown.items():
        page.modes.buttons[mode].click()
        assert {name for name, part in parts.items() if part.isVisibleTo(page)} == wanted, mode


def test_an_ask_has_what_the_mode_uses_and_no_more(
    panel: AddDataPanel, bridge: StudioBridge, settings: Settings, qtbot
) -> None:
    page, (cat, _) = page_of(panel), bridge.studio.images()
    page.prompt.setPlainText("a cat")
    select(panel, qtbot, cat.id)
    page.modes.set_value(Mode.INPAINT)
    page.images.mask_field.take(cat.id, white_spot(cat))
    page.fields["outpaint"].set_value("left")
    page.fields["hires"].set_value(1.5)
    asks = {}
    for mode in Mode:
        page.modes.set_value(mode)
        assert page.why_not() == "", mode
        asks[mode] = page.ask()
    assert asks[Mode.TEXT].seeds is None
    assert [m for m in Mode if asks[m].seeds == (cat.id,)] == list(Mode)[1:4]
    assert [m for m in Mode if asks[m].mask] == [Mode.INPAINT]
    assert [m for m in Mode if asks[m].options["outpaint"] == "left"] == [Mode.OUTPAINT]
    assert [m for m in Mode if asks[m].options["controlnet"]] == [Mode.CONTROL]
    assert [m for m in Mode if asks[m].guide] == [Mode.CONTROL]
    assert [m for m in Mode if asks[m].options["hires"] == 1] == [Mode.INPAINT, Mode.OUTPAINT]
    assert settings.options["diffusers"]["mode"] == "control"
    again = AddDataPanel(bridge, settings)
    qtbot.addWidget(again)
    assert page_of(again).mode is Mode.CONTROL
    assert page_of(again).fields["outpaint"].value() == "left"


def test_it_says_what_is_missing(panel: AddDataPanel, bridge: StudioBridge, qtbot) -> None:
    page, (cat, held) = page_of(panel), bridge.studio.images()
    for mode, word in (
        (Mode.TEXT, "the prompt is empty"),
        (Mode.IMAGE, "Select the image to start from"),
        (Mode.CONTROL, "Select the image whose layout is kept"),
    ):
        page.modes.set_value(mode)
        assert word in panel._why.text()
    page.modes.set_value(Mode.IMAGE)
    select(panel, qtbot, held.id)
    assert "coffee.jpg is in the test split" in page.why_not()
    select(panel, qtbot, cat.id)
    assert page.why_not() == "", "an image says enough without a prompt"
    page.modes.set_value(Mode.INPAINT)
    assert "Paint over what is to be redrawn" in page.why_not()
    page.modes.set_value(Mode.TEXT)
    page.model.set_value("mender")
    assert "only redraws parts" in page.why_not()


# -- images


def test_the_start_image_follows_the_selection_until_it_is_kept(
    bridge: StudioBridge, qtbot
) -> None:
    cat, other = bridge.studio.images()
    field = ImageField(bridge, "Start image", "None")
    qtbot.addWidget(field)
    field.show()
    field.set_selected((cat.id, other.id))
    qtbot.waitUntil(lambda: field.record() is not None, timeout=10_000)
    assert "and 1 more, in turn" in field._note.text().lower()
    field.set_one(True)
    assert field.ids() == (cat.id,)
    field._pin.click()
    field.set_selected((other.id,))
    assert field.ids() == (cat.id,)
    field.clear.click()
    assert field.ids() == (other.id,)
    mime = QMimeData()
    mime.setData(IDS, cat.id.encode())
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    field.dropEvent(drop)
    assert field.ids() == (cat.id,)
    field.set_follows(False, "None")
    field.let_go()
    assert field.ids() == () and field.take.isVisibleTo(field)
    field.take.click()
    assert field.ids() == (other.id,)
    field.keep(("gone",))
    qtbot.waitUntil(lambda: "no longer in this project" in field._note.text(), timeout=10_000)


def test_a_mask_goes_with_its_image(panel: AddDataPanel, bridge: StudioBridge, qtbot) -> None:
    page, (cat, other) = page_of(panel), bridge.studio.images()
    page.modes.set_value(Mode.INPAINT)
    select(panel, qtbot, cat.id)
    with qtbot.waitSignal(panel.room_asked, timeout=10_000) as asked:
        page.images.mask_field.paint.click()
    room = asked.args[0](bridge)
    qtbot.addWidget(room)
    assert isinstance(room, MaskRoom)
    room.painted.emit(white_spot(cat))
    room.shut()
    assert page.ask().mask == white_spot(cat)
    select(panel, qtbot, other.id)
    assert (page.ask().mask, page.seeds) == (white_spot(cat), (cat.id,)), (
        "the image is kept with it"
    )
    page.images.start.clear.click()
    assert (page.ask().mask, page.seeds) == (b"", (other.id,))
    select(panel, qtbot, cat.id)
    page.images.mask_field.drop.click()
    assert page.ask().mask == b""


def test_a_layout_can_be_kept_to_while_redrawing(
    panel: AddDataPanel, bridge: StudioBridge, qtbot
) -> None:
    page, (cat, other) = page_of(panel), bridge.studio.images()
    page.modes.set_value(Mode.IMAGE)
    select(panel, qtbot, cat.id)
    control = page.images.control
    assert control.tick.isVisibleTo(page) and not control.guide.isVisibleTo(page)
    control.tick.click()
    assert page.ask().options["controlnet"] == "edges"
    assert page.ask().guide is None, "the start image itself is followed"
    control.guide.keep((other.id,))
    assert page.ask().guide == other.id
    page.fields["control_guidance_start"].set_value(0.9)
    page.fields["control_guidance_end"].set_value(0.5)
    assert "must end after it begins" in page.why_not()


def test_what_would_be_too_long_is_said_before_it_is_tried(
    panel: AddDataPanel, bridge: StudioBridge, qtbot
) -> None:
    page, (cat, _) = page_of(panel), bridge.studio.images()
    page.modes.set_value(Mode.OUTPAINT)
    select(panel, qtbot, cat.id)
    page.fields["outpaint_amount"].set_value(50)
    page.images._extend.findChild(OutpaintPad).buttons["left"].click()
    assert page.fields["outpaint"].value() == "left"
    assert "would be 676 × 300 pixels" in panel._why.text()
    page.fields["outpaint"].set_value("top")
    assert page.why_not() == ""


# -- prompts


def test_an_idea_becomes_the_prompt(panel: AddDataPanel, qtbot) -> None:
    page = page_of(panel)
    ideas = page.tools.ideas
    page.prompt.setPlainText("mine")
    page.tools.ask.click()
    qtbot.waitUntil(lambda: len(ideas.rows) == 8, timeout=5_000)
    assert ideas.rows[0].accessibleDescription().startswith("No prompt says anything of")
    ideas.rows[0].click()
    assert ideas.rows[0].text() in page.prompt.text() and "cat" in page.prompt.text()
    page.prompt.undo()
    assert page.prompt.text() == "mine", "what was there can be had back"
    before = [row.text() for row in ideas.rows]
    ideas.more.click()
    qtbot.waitUntil(lambda: [row.text() for row in ideas.rows] not in ([], before), timeout=5_000)
    wanted = [row.idea.prompt for row in ideas.rows]
    ideas.use_all.click()
    assert prompts.expand(page.prompt.text(), lists={}) == [
        prompts.expand(one, lists={})[0] for one in wanted
    ]
    assert page._note.text() == "8 prompts, used in turn."
    assert page.fields["lock_seed"].isVisibleTo(page)
    ideas.close_button.click()
    assert ideas.isHidden()


@pytest.mark.parametrize(
    ("templates", "whole"),
    [
        ([], ""),
        (["a cat"], "a cat"),
        (["a cat at night", "a cat in snow"], "a cat {at night|in snow}"),
        (["a dog at night", "a hen in snow"], "a {dog at night|hen in snow}"),
        (["a cat", "a cat asleep"], "a {cat|cat asleep}"),
        ([r"odd \{x\} one", r"odd \{x two"], r"odd {\{x\} one|\{x two}"),
    ],
)
def test_ideas_are_joined_into_one_template(templates: list[str], whole: str) -> None:
    assert joined(templates) == whole
    if templates:
        each = [prompts.expand(one, lists={})[0] for one in templates]
        assert prompts.expand(whole, lists={}) == each


def test_two_underscores_offer_the_lists(themed, qtbot) -> None:
    editor = PromptEditor(3, "")
    qtbot.addWidget(editor)
    editor.set_lists(["animal", "colour"])
    editor.show()
    QTest.keyClicks(editor, "a __an")
    assert editor._popup.isVisible()
    assert editor.completer.currentCompletion() == "animal"
    QTest.keyClick(editor._popup, Qt.Key.Key_Return)
    assert editor.text() == "a __animal__"
    assert not editor._popup.isVisible()
    QTest.keyClicks(editor, " x")
    assert not editor._popup.isVisible(), "a finished list begins no other"
    QTest.keyClicks(editor, " __zz")
    assert not editor._popup.isVisible()


def test_a_note_says_how_prompts_and_images_go_together() -> None:
    four = "{a|b} {c|d}"
    assert template_note(four, 8) == ("4 prompts, used in turn.", True)
    assert template_note(four, 3) == ("4 prompts: 3 images use the first 3.", True)
    assert template_note(four, 1) == ("4 prompts: one image uses the first.", True)
    assert template_note("__animal__") == ("Each image draws anew from the lists.", True)
    text, is_usable = template_note("__nothing__", 8, ("animal",))
    assert "There is no list called __nothing__" in text and not is_usable


def test_only_a_prompt_that_is_surely_too_long_is_called_so(panel: AddDataPanel) -> None:
    assert not is_too_long("cat " * 75)
    assert is_too_long("cat " * 76)
    assert not is_too_long("{" + "cat " * 40 + "|" + "dog " * 40 + "}")
    page = page_of(panel)
    page.prompt.setPlainText("cat, " * 40)
    assert "reads about 75 words" in page._note.text()
    assert "prompt" not in page.why_not()
    page.model.set_value("flowing")
    assert "reads about" not in page._note.text()


# -- models and what goes with them


def test_the_model_decides_what_can_be_set(panel: AddDataPanel) -> None:
    page = page_of(panel)
    size, scheduler = page.fields["size"], page.fields["scheduler"]
    assert size.value() == 512
    scheduler.set_value("ddim")
    page.model.set_value("flowing")
    assert size.value() == 1024, "it begins at the size that the model was made for"
    assert scheduler.value() == "own", "ddim is none of a flow-matching model's"
    assert page.negative.isVisibleTo(page)
    page.fields["guidance_scale"].set_value(1.0)
    assert not page.negative.isVisibleTo(page), "without guidance nothing heeds it"
    page.negative.setPlainText("text")
    assert page.ask().options["negative_prompt"] == ""
    size.set_value(640)
    page.model.set_value("small")
    assert size.value() == 640, "a size of one's own stays"


def test_a_distilled_model_begins_with_its_own_steps(panel: AddDataPanel) -> None:
    page = page_of(panel)
    steps, guidance = page.fields["num_inference_steps"], page.fields["guidance_scale"]
    page.model.set_value("sd-turbo")
    assert (steps.value(), guidance.value()) == (1, 0.0)
    page.model.set_value("small")
    assert (steps.value(), guidance.value()) == (20, 6.0), "its predecessor's would be noise"
    steps.set_value(33)
    page.model.set_value("sd-turbo")
    assert (steps.value(), guidance.value()) == (33, 0.0), "what was set by hand stays"


def test_a_recipes_steps_stay_whatever_the_model_begins_with(
    panel: AddDataPanel, bridge: StudioBridge
) -> None:
    page, image = page_of(panel), bridge.studio.images()[0]
    options = {"model": "sd-turbo", "num_inference_steps": 20, "guidance_scale": 6.0}
    page.use_recipe(Recipe("diffusers", options, "a cat", seed=3), image)
    assert page.model.value() == "sd-turbo"
    assert page.fields["num_inference_steps"].value() == 20


def test_loras_with_weights_and_words(panel: AddDataPanel) -> None:
    page = page_of(panel)
    loras = page.fields["loras"]
    assert isinstance(loras, AdapterField)
    titles = [loras.add.itemText(at) for at in range(loras.add.count())]
    assert titles == ["Fluffy", "Wide (for SDXL)"]
    page.prompt.setPlainText("a cat")
    loras.add.activated.emit(0)
    assert page.prompt.text() == "a cat, flff"
    loras.add.activated.emit(0)
    (row,) = loras.rows
    row.say.click()
    assert page.prompt.text() == "a cat, flff", "a word is said once"
    row.slider.setValue(12)
    assert loras.value() == "fluffy:0.6"
    row.weight.setValue(-1.25)
    assert page.ask().options["loras"] == "fluffy:-1.25"
    loras.set_value("fluffy:0.62, gone:2")
    assert loras.value() == "fluffy:0.62, gone:2"
    assert [row.title.text() for row in loras.rows] == ["Fluffy", "gone (not here)"]
    loras.rows[0].remove.click()
    assert loras.value() == "gone:2"
    words = page.fields["embeddings"]
    assert isinstance(words, AdapterField)
    words.add.activated.emit(0)
    assert words.value() == "word" and page.prompt.text().endswith(", word")


def test_tab_goes_from_top_to_bottom(panel: AddDataPanel) -> None:
    page = page_of(panel)
    page.modes.set_value(Mode.IMAGE)
    wanted = [
        page.modes.buttons[Mode.CONTROL], page.images.start.take, page.prompt, page.tools.ask,
        page.negative, page.model.focusProxy(), page._count.focusProxy(),
        page.fields["size"].focusProxy(),
    ]  # fmt: skip
    seen, widget = [], page.modes.buttons[Mode.TEXT]
    for _ in range(200):
        widget = widget.nextInFocusChain()
        if widget in wanted:
            seen.append(widget)
    assert seen[: len(wanted)] == wanted


# -- back into the panel


def test_everything_of_an_image_comes_back(
    panel: AddDataPanel, bridge: StudioBridge, qtbot
) -> None:
    page, (cat, other) = page_of(panel), bridge.studio.images()
    loras = page.fields["loras"]
    loras.set_value("wide:1")
    common = {"prompt": "a {cat}", "negative_prompt": "dog", "model": "small", "size": 384}
    panel.use_settings(
        made(
            bridge,
            "image to image",
            **common,
            seed=7,
            strength=0.45,
            loras="fluffy:0.5",
            controlnet="edges",
            control="blur",
            guide=other.id,
            scheduler_choice="ddim",
        )
    )
    assert (page.mode, page.images.control.tick.isChecked()) == (Mode.IMAGE, True)
    ask = page.ask()
    assert (ask.seeds, ask.guide, ask.seed) == ((cat.id,), other.id, 7)
    assert prompts.expand(ask.template) == ["a {cat}"]
    wanted = {
        "negative_prompt": "dog", "size": 384, "strength": 0.45, "loras": "fluffy:0.5",
        "controlnet": "edges", "control": "blur", "scheduler": "ddim", "model": "small",
    }  # fmt: skip
    assert {name: ask.options[name] for name in wanted} == wanted
    panel.use_settings(made(bridge, **common, seed=8))
    ask = page.ask()
    assert page.mode is Mode.TEXT and ask.options["loras"] == "", "it was made without"
    assert ask.options["scheduler"] == "own" and ask.seed == 8 and ask.seeds is None
    panel.use_settings(made(bridge, "outpaint", **common, outpaint="top", outpaint_amount=40))
    assert page.mode is Mode.OUTPAINT
    assert page.ask().options["outpaint"] == "top"
    panel.use_settings(made(bridge, "inpaint", **common))
    assert page.mode is Mode.INPAINT and "Paint over" in page.why_not()
    panel.use_settings(made(bridge, **common, controlnet="edges", guide=cat.id))
    assert page.mode is Mode.CONTROL and page.ask().guide == cat.id
    with qtbot.waitSignal(panel.failed, timeout=10_000) as said:
        panel.use_settings(made(bridge, **{**common, "model": "lost"}))
    assert "lost, which is not on this computer" in said.args[0]


def test_another_tools_settings_come_into_the_panel(
    panel: AddDataPanel, bridge: StudioBridge
) -> None:
    params = {
        "prompt": "a cat at night", "negative_prompt": "dog",
        "parameters": "Steps: 31, Sampler: Euler, CFG scale: 4.5, Seed: 99",
    }  # fmt: skip
    theirs = replace_source(made(bridge), "other-tool", params)
    page_of(panel).fields["loras"].set_value("fluffy:0.5")
    panel.choose("photo")
    panel.use_settings(theirs)
    ask = page_of(panel).ask()
    assert (ask.template, ask.seed, page_of(panel).mode) == ("a cat at night", 99, Mode.TEXT)
    assert ask.options["num_inference_steps"] == 31 and ask.options["guidance_scale"] == 4.5
    assert ask.options["negative_prompt"] == "dog" and ask.options["scheduler"] == "euler"
    assert ask.options["loras"] == "fluffy:0.5", "of what it says nothing, the panel's stays"


def replace_source(record: ImageRecord, source: str, params: dict) -> ImageRecord:
    from msgspec import structs

    provenance = Provenance(source=source, params=params)
    return structs.replace(record, source=source, provenance=provenance)


@pytest.mark.parametrize("is_painted", [True, False])
def test_what_is_wrong_is_painted_first(
    panel: AddDataPanel, bridge: StudioBridge, qtbot, is_painted: bool
) -> None:
    page, (cat, _) = page_of(panel), bridge.studio.images()
    with qtbot.waitSignal(panel.room_asked, timeout=10_000) as asked:
        panel.fix(cat)
    room = asked.args[0](bridge)
    qtbot.addWidget(room)
    qtbot.waitUntil(room.painter.isEnabled, timeout=10_000)
    assert room.done.isEnabled(), "nothing need be painted"
    if is_painted:
        room.painter.set_mask(white_spot(cat))
    room.finish()
    room.shut()
    ask = page.ask()
    assert ask.seeds == (cat.id,) and ask.template == "a photo of a cat"
    assert page.mode is (Mode.INPAINT if is_painted else Mode.IMAGE)
    assert bool(ask.mask) is is_painted
    assert ask.options["strength"] == pytest.approx(0.75 if is_painted else 0.3)


@pytest.fixture
def space(bridge: StudioBridge, settings: Settings, qtbot) -> Iterator[Workspace]:
    space = Workspace(bridge.studio, settings)
    qtbot.addWidget(space)
    space.resize(1280, 800)
    space.show()
    qtbot.waitUntil(lambda: space.counts.readiness is not None, timeout=10_000)
    yield space
    space.close_parts()


def test_more_like_this_fills_the_panel_and_with_shift_starts(
    space: Workspace, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(space.bridge, "submit", asked.append)
    cat, _ = space.studio.images()
    space.show_image(cat.id)
    qtbot.waitUntil(space.gallery.actions_.more.isEnabled, timeout=10_000)
    space.gallery.actions_.more.trigger()
    qtbot.waitUntil(lambda: isinstance(space.panel.page, DiffusionPage), timeout=10_000)
    page = page_of(space.panel)
    assert page.mode is Mode.IMAGE and page.seeds == (cat.id,)
    assert page.prompt.text() == "a photo of a cat"
    assert page.fields["strength"].value() == pytest.approx(0.55)
    assert not asked
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(space.inspector.more, Qt.MouseButton.LeftButton, shift)
    qtbot.waitUntil(lambda: bool(asked), timeout=10_000)
    assert (asked[0].method, asked[0].count) == ("diffusers", 8)
    assert [seed.id for seed in asked[0].seeds] == [cat.id]
    assert asked[0].options["model"] == "small"


def test_nothing_is_made_from_what_is_tested_on(space: Workspace, qtbot) -> None:
    cat, held = space.studio.images()
    actions = space.gallery.actions_
    for record, is_free in ((cat, True), (held, False)):
        space.show_image(record.id)
        qtbot.waitUntil(lambda one=record: space._selected == (one.id,), timeout=10_000)
        menu = actions.menu(space)
        assert (actions.more in menu.actions(), actions.fix in menu.actions()) == (is_free,) * 2
        assert actions.use not in menu.actions(), "a photo was made by no settings"
        menu.deleteLater()
