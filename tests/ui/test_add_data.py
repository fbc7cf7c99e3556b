"""The add-data panel: pages from declarations, reasons, prompts, and what is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from catstudio.core.types import ImageRecord, Provenance, Split, State
from catstudio.models import ModelRegistry
from catstudio.sources import SOURCES
from catstudio.sources.base import Kind, Parameter
from catstudio.ui.add_data.asks import CopyAsk, GenerateAsk, button_text, plural
from catstudio.ui.add_data.augment_page import AugmentPage
from catstudio.ui.add_data.blend_page import BlendPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.mode_switch import Mode
from catstudio.ui.add_data.model_chooser import ModelChooser
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.add_data.prompt_editor import PromptEditor, template_note
from catstudio.ui.add_data.source_page import ImportPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings

FACTS = Facts(
    labels=("cat", "not-cat"), seeds={"cat": 12, "not-cat": 1}, accepted={"cat": 20, "not-cat": 0}
)


@pytest.fixture
def panel(bridge: StudioBridge, qtbot) -> AddDataPanel:
    panel = AddDataPanel(bridge, Settings())
    panel.resize(304, 700)
    qtbot.addWidget(panel)
    panel.show_facts(FACTS)
    panel.show()
    return panel


def generator(panel: AddDataPanel, id_: str) -> GeneratePage:
    panel.choose(id_)
    assert isinstance(panel.page, GeneratePage)
    return panel.page


def asked(panel: AddDataPanel, qtbot) -> GenerateAsk:
    with qtbot.waitSignal(panel.generate_asked) as got:
        panel.button.click()
    return got.args[0]


# -- fields


NUMBERS = [
    (source.id, parameter)
    for source in SOURCES.values()
    for parameter in source.parameters
    if parameter.kind in (Kind.INT, Kind.FLOAT)
]


@pytest.mark.parametrize(("id_", "parameter"), NUMBERS)
def test_every_declared_number_keeps_to_its_range(
    themed: QApplication, qtbot, id_: str, parameter: Parameter
) -> None:
    field = Field(parameter)
    qtbot.addWidget(field)
    assert field.value() == parameter.default
    assert parameter.low is not None and parameter.high is not None
    for wanted, got in ((parameter.low - 1, parameter.low), (parameter.high + 1, parameter.high)):
        field.set_value(wanted)
        assert field.value() == got
        assert parameter.checked(field.value()) == field.value()
    tooltip = field.focusProxy().toolTip()
    assert parameter.help in tooltip and f"{parameter.low:g} to {parameter.high:g}" in tooltip


def test_a_typed_number_is_not_rounded_to_the_sliders_notch(themed: QApplication, qtbot) -> None:
    parameter = Parameter(
        name="x", title="X", kind=Kind.FLOAT, default=0.5, low=0.0, high=1.0, step=0.05
    )
    field = Field(parameter)
    qtbot.addWidget(field)
    field.set_value(0.52)
    assert field.value() == 0.52


@pytest.mark.parametrize("id_", list(SOURCES))
def test_a_page_shows_what_its_source_uses_and_no_more(panel: AddDataPanel, id_: str) -> None:
    source = SOURCES[id_]
    panel.choose(id_)
    page = panel.page
    if isinstance(page, GeneratePage):
        assert (page.prompt is not None) == source.uses_prompt
        assert (page.negative is not None) == source.uses_negative_prompt
        assert (page.model is not None) == source.uses_model
        shown = set(page.fields) | ({"prompt"} if page.prompt else set())
        shown |= {"negative_prompt"} if page.negative else set()
        shown |= {"model"} if page.model else set()
        shown |= set(page.rows) if isinstance(page, AugmentPage) else set()
        assert shown == {parameter.name for parameter in source.parameters}
        assert page.ask().options.keys() <= {parameter.name for parameter in source.parameters}
    else:
        assert not source.is_generator


def test_no_page_is_wider_than_the_panel(panel: AddDataPanel) -> None:
    for id_ in SOURCES:
        panel.choose(id_)
        QApplication.processEvents()
        assert panel._content.width() <= panel._content.parentWidget().width(), id_


# -- what the button says and does


@pytest.mark.parametrize(
    ("label", "n", "text"),
    [
        ("cat", 8, "8 cats"),
        ("cat", 1, "1 cat"),
        ("fox", 2, "2 foxes"),
        ("fly", 2, "2 flies"),
        ("toy", 2, "2 toys"),
        ("not-cat", 8, "8 × not-cat"),
        ("Katze", 2, "2 × Katze"),
        ("cat", 30000, "30,000 cats"),
    ],
)
def test_counted_labels(label: str, n: int, text: str) -> None:
    assert plural(label, n) == text


@pytest.mark.parametrize(
    ("id_", "count", "text"),
    [
        ("seed", 8, "Generate 8 cats"),
        ("augment", 16, "Augment 16"),
        ("blend", 4, "Blend 4"),
        ("copy", 30, "Count 30 times"),
        ("photo", 0, "Import photos…"),
        ("vendor", 0, "Import photos…"),
        ("other-tool", 0, "Import images…"),
    ],
)
def test_the_button_says_what_it_will_do(id_: str, count: int, text: str) -> None:
    assert button_text(SOURCES[id_], "cat", count) == text


def test_generating_asks_with_all_settings(panel: AddDataPanel, qtbot) -> None:
    page = generator(panel, "seed")
    page.fields["variety"].set_value(0.8)
    page.seed.lock(7)
    ask = asked(panel, qtbot)
    assert (ask.method, ask.label, ask.count, ask.seed) == ("seed", "cat", 8, 7)
    assert ask.options["variety"] == 0.8
    assert ask.seeds is None, "without a selection the label's photos are the seeds"
    assert not ask.accept
    assert panel._settings.options["seed"]["variety"] == 0.8


def test_the_seed_changes_unless_it_is_locked(panel: AddDataPanel, qtbot) -> None:
    page = generator(panel, "seed")
    assert len({asked(panel, qtbot).seed for _ in range(4)}) > 1
    page.seed.lock(5)
    assert {asked(panel, qtbot).seed for _ in range(3)} == {5}


def test_the_selection_becomes_the_seeds(panel: AddDataPanel, qtbot) -> None:
    page = generator(panel, "seed")
    assert page._which.text() == "From all 12 accepted photos of cat, none of them tested on."
    panel.show_facts(Facts(FACTS.labels, ("a", "b"), FACTS.seeds, FACTS.accepted))
    assert page._which.text() == "From the 2 selected images."
    assert asked(panel, qtbot).seeds == ("a", "b")
    page._selection.setChecked(False)
    assert asked(panel, qtbot).seeds is None


def test_a_disabled_button_says_why(panel: AddDataPanel) -> None:
    panel.choose("blend")
    panel.labels.choose("not-cat")
    assert not panel.button.isEnabled()
    assert panel._why.text() == (
        "Blend needs 2 photos of not-cat, and there is 1. Add photos first."
    )
    panel.choose("copy")
    assert "no accepted image of not-cat" in panel._why.text()
    panel.labels.choose("cat")
    assert panel.button.isEnabled()
    assert panel._why.isHidden()


def test_copies_are_a_weight(panel: AddDataPanel, qtbot) -> None:
    panel.choose("copy")
    with qtbot.waitSignal(panel.copy_asked) as got:
        panel.button.click()
    assert got.args == [CopyAsk(label="cat", weight=30)]


def test_imports_may_decide_the_label_later(panel: AddDataPanel) -> None:
    panel.choose("vendor")
    panel.labels.choose(None)
    assert panel.labels.value() is None
    page = panel.page
    assert isinstance(page, ImportPage)
    page._credit["license"].set_value("CC-BY-4.0")
    ask = panel.import_ask(("/x",), None)
    assert (ask.source, ask.label, ask.license) == ("vendor", None, "CC-BY-4.0")
    panel.choose("seed")
    assert panel.labels.value() == "cat", "what is made has a label"
    assert panel.import_label() is None


def test_a_new_label_is_added_in_place(panel: AddDataPanel, bridge: StudioBridge, qtbot) -> None:
    chooser = panel.labels
    chooser._pick(chooser._list.count() - 1)
    chooser._name.setText("turkey")
    with qtbot.waitSignal(bridge.touched):
        QTest.keyClick(chooser._name, Qt.Key.Key_Return)
    assert chooser.value() == "turkey"
    assert "turkey" in bridge.studio.labels()


def test_the_settings_of_an_image_come_back(panel: AddDataPanel) -> None:
    record = ImageRecord(
        id="i", sha256="", label="not-cat", state=State.PENDING, split=None, source="diffusers",
        is_real=False, width=1, height=1, format="PNG", name="", weight=1, lineages=(),
        provenance=Provenance(
            source="diffusers",
            params={
                "prompt": "a {grey} cat", "negative_prompt": "text", "seed": 41, "strength": 0.35,
                "guidance_scale": 7.5, "scheduler": "ddim",
            },
        ),
        author="", created="",
    )  # fmt: skip
    panel.use_settings(record)
    page = panel.page
    assert isinstance(page, GeneratePage) and page.prompt is not None
    ask = page.ask()
    assert (ask.method, ask.label, ask.seed) == ("diffusers", "not-cat", 41)
    assert template_note(ask.template) == ("", True), "braces of a finished prompt are literal"
    assert ask.options["guidance_scale"] == 7.5
    assert ask.options["negative_prompt"] == "text"


# -- prompts


@pytest.fixture
def editor(themed: QApplication, qtbot) -> PromptEditor:
    editor = PromptEditor(3, "What?")
    qtbot.addWidget(editor)
    editor.set_history(["first", "second"])
    return editor


def test_up_and_down_walk_the_history_and_keep_the_draft(editor: PromptEditor) -> None:
    editor.setPlainText("draft")
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(editor, key)
        seen.append(editor.text())
    assert seen == ["second", "first", "first", "second", "draft"]


def test_control_return_submits(editor: PromptEditor, qtbot) -> None:
    with qtbot.waitSignal(editor.submitted):
        QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert editor.text() == ""


@pytest.mark.parametrize(
    ("template", "text", "is_usable"),
    [
        ("a cat", "", True),
        ("a {grey|black} cat {asleep|awake|in a box}", "6 prompts, used in turn.", True),
        ("a {grey cat", "never closed at character 3", False),
        ("{a|b}" * 20, "at most 10,000", False),
    ],
)
def test_a_template_says_what_it_stands_for(template: str, text: str, is_usable: bool) -> None:
    note, usable = template_note(template)
    assert text in note and usable is is_usable


def test_a_broken_template_disables_the_button(panel: AddDataPanel) -> None:
    page = generator(panel, "diffusers")
    assert page.prompt is not None and page.model is not None
    page.model._list.addItem("tiny", "tiny")
    page.model._list.setCurrentIndex(page.model._list.count() - 1)
    assert panel._why.text() == "Describe what is missing: the prompt is empty."
    page.prompt.setPlainText("a {grey|black} cat")
    assert panel.button.isEnabled()
    assert page._note.text() == "2 prompts, used in turn."
    page.prompt.setPlainText("a {grey cat")
    assert not panel.button.isEnabled()
    assert "never closed" in panel._why.text()


# -- models


def test_without_models_it_says_how_to_add_one(panel: AddDataPanel, qtbot) -> None:
    page = generator(panel, "diffusers")
    assert page.model is not None
    qtbot.waitUntil(lambda: not page.model._note.isHidden())
    assert ".safetensors" in page.model._note.text()
    assert panel._why.text() == "Choose a model, or add one that is on this computer."


def test_a_file_that_is_no_model_is_refused_with_a_hint(
    bridge: StudioBridge, qtbot, tmp_path: Path
) -> None:
    chooser = ModelChooser(bridge, ModelRegistry(tmp_path))
    qtbot.addWidget(chooser)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    with qtbot.waitSignal(chooser.failed) as got:
        chooser.add(str(broken))
    message, hint = got.args
    assert "broken.safetensors" in message
    assert hint


def test_strength_shows_only_with_an_image_to_start_from(panel: AddDataPanel) -> None:
    page = generator(panel, "diffusers")
    assert page.fields["strength"].isHidden()
    panel.show_facts(Facts(FACTS.labels, ("a",), FACTS.seeds, FACTS.accepted))
    assert page.fields["strength"].isHidden(), "a prompt alone is the usual way"
    page.modes.set_value(Mode.IMAGE)
    assert not page.fields["strength"].isHidden()
    assert page.ask().seeds == ("a",)


def test_facts_count_seeds_that_are_not_tested_on(bridge: StudioBridge) -> None:
    facts = Facts.of(bridge.studio.readiness(), ())
    assert facts.labels == ("cat", "not-cat")
    assert facts.seeds == {"cat": 1, "not-cat": 3}
    assert Split.TEST not in {record.split for record in bridge.studio.images()}


# -- blends


def test_a_blend_shows_what_its_mode_uses(panel: AddDataPanel) -> None:
    page = generator(panel, "blend")
    assert isinstance(page, BlendPage)
    page.fields["mode"].set_value("overlay")
    assert page.fields["balance"].isVisibleTo(page)
    page.fields["mode"].set_value("foreground")
    assert not page.fields["balance"].isVisibleTo(page)
    assert not page.mask_field.isVisibleTo(page)
    panel.show_facts(replace(FACTS, selected=("a", "b")))
    ask = page.ask()
    assert (ask.method, ask.seeds, ask.mask) == ("blend", ("a", "b"), b"")
