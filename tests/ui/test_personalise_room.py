"""The room in which a model is taught a label's photos: what it shows, refuses and starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from catstudio.core.changes import SetState
from catstudio.core.types import Parent, Provenance, State
from catstudio.jobs.events import Cancelled, Done, Failed, Queued
from catstudio.models import ModelRegistry
from catstudio.studio import Studio
from catstudio.studio.adapters import SHARE
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.add_data.personalise_facts import NeedsCard
from catstudio.ui.add_data.personalise_room import OPTIONS, PersonaliseRoom
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.job_card import JobCard, result_text
from catstudio.ui.provenance_text import sentence
from catstudio.ui.settings import Settings


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ModelRegistry]:
    """The list of models, empty before and after."""
    registry = ModelRegistry()
    registry.file.unlink(missing_ok=True)
    yield registry
    registry.file.unlink(missing_ok=True)


@pytest.fixture
def room(bridge: StudioBridge, registry: ModelRegistry, qtbot) -> Iterator[PersonaliseRoom]:
    room = PersonaliseRoom(bridge, Settings(), "cat")
    qtbot.addWidget(room)
    room.resize(1024, 700)
    room.show()
    qtbot.waitUntil(lambda: bool(room.photos.text))
    yield room
    room.shut()


def test_it_opens_from_the_page_with_its_label(
    bridge: StudioBridge, registry: ModelRegistry, qtbot
) -> None:
    panel = AddDataPanel(bridge, Settings())
    qtbot.addWidget(panel)
    panel.show_facts(Facts(labels=("cat", "not-cat")))
    panel.choose("diffusers")
    panel.labels.choose("not-cat")
    (entry,) = (b for b in panel.page.findChildren(QPushButton) if b.text() == "Personalise…")
    with qtbot.waitSignal(panel.room_asked) as asked:
        entry.click()
    room = asked.args[0](bridge)
    qtbot.addWidget(room)
    assert isinstance(room, PersonaliseRoom) and room.form.label == "not-cat"
    room.shut()


def test_it_says_which_photos_it_learns_from_and_which_not(
    room: PersonaliseRoom, studio: Studio, qtbot
) -> None:
    assert room.photos.text == "One photo"
    assert "2 images waiting for review" in room.photos.left_out.text()
    assert [record.name for record in room.photos.strip.records()] == ["chelsea.jpg"]
    cat = next(one for one in studio.images() if one.label == "cat" and one.is_real)
    studio.apply(SetState((cat.id,), State.REJECTED))
    room.form.changed.emit()
    qtbot.waitUntil(lambda: room.photos.text == "No photo of cat to learn from yet")
    assert not room.start.isEnabled()
    room.form.labels.setCurrentText("not-cat")
    qtbot.waitUntil(lambda: room.photos.text == "3 photos of not-cat")


def test_without_a_model_it_says_what_is_missing(room: PersonaliseRoom, qtbot) -> None:
    qtbot.waitUntil(lambda: "Choose a model first" in room.needs.text)
    assert not room.start.isEnabled() and "choose a model" in room.start.toolTip()


def test_a_method_shows_its_own_settings_and_names(room: PersonaliseRoom) -> None:
    fields = room.form.fields
    assert not fields["rank"].isHidden() and fields["vectors"].isHidden()
    assert fields["trigger_word"].focusProxy().placeholderText() == "sks"
    assert room.form.name.focusProxy().placeholderText() == "Cats cat sks"
    fields["method"].set_value("textual-inversion")
    assert fields["rank"].isHidden() and not fields["vectors"].isHidden()
    assert fields["trigger_word"].focusProxy().placeholderText() == "<cat-word>"
    assert fields["caption"].focusProxy().placeholderText() == "a photo of {trigger}"


def test_escape_leaves_and_nothing_is_started(room: PersonaliseRoom, studio: Studio, qtbot) -> None:
    with qtbot.waitSignal(room.left):
        QTest.keyClick(room, Qt.Key.Key_Escape)
    assert studio.is_idle()


@pytest.mark.needs_engine
def test_from_settings_to_an_adapter_on_the_list(
    bridge: StudioBridge, registry: ModelRegistry, studio: Studio, tmp_path: Path, qtbot
) -> None:
    pytest.importorskip("torch")
    from tests.engine import tiny_models

    tiny_models.stable_diffusion().save_pretrained(tmp_path / "tiny")
    registry.add(tmp_path / "tiny")
    settings = Settings()
    settings.options[OPTIONS] = {"steps": 2, "resolution": 64, "samples": 0, "random_flip": False}
    room = PersonaliseRoom(bridge, settings, "not-cat")
    qtbot.addWidget(room)
    room.show()
    # A word that no prompt could hold is refused before the worker is asked.
    room.form.fields["trigger_word"].set_value("two words")
    qtbot.waitUntil(lambda: "not one plain word" in room.needs.text, timeout=20_000)
    assert not room.start.isEnabled() and "plain word" in room.start.toolTip()
    room.form.fields["trigger_word"].set_value("")
    qtbot.waitUntil(lambda: room.needs.text.startswith("Needs about"), timeout=60_000)
    assert room.start.isEnabled() and room.start.text() == "Learn not-cat in 2 steps"
    ended = []
    bridge.job_event.connect(lambda e: ended.append(e) if isinstance(e, Done | Failed) else None)
    with qtbot.waitSignal(room.left, timeout=20_000):
        room.begin()
    room.shut()
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    (end,) = ended
    assert isinstance(end, Done), end
    assert result_text(end.result) == "learned not-cat as cats-not-cat-sks"
    assert registry.show("cats-not-cat-sks").kind == "lora"
    # It is no model to make images with, and the next room finds the state that was kept.
    again = PersonaliseRoom(bridge, settings, "not-cat")
    qtbot.addWidget(again)
    again.show()
    fields = again.form.fields
    fields["rank"].set_value(16)
    fields["steps"].set_value(4)
    qtbot.waitUntil(lambda: not again._stopped.isHidden(), timeout=20_000)
    assert again.form.models._list.count() == 1
    assert again.resume.isChecked() and "Go on from step 2" in again.resume.text()
    # Its own settings are shown while it goes on, and may be changed when it does not.
    assert fields["rank"].value() == 8 and not fields["rank"].isEnabled()
    assert fields["steps"].isEnabled() and again.form.seed.value() == room.form.seed.value()
    again.resume.click()
    assert fields["rank"].isEnabled()
    qtbot.waitUntil(lambda: again.needs.text.startswith("Needs about"), timeout=60_000)
    assert not again._stopped.isHidden() and not again.resume.isChecked()
    again.shut()


def test_a_stopped_training_says_where_on_its_card(themed, qtbot) -> None:
    card = JobCard("job", "Personalise cat with 3 images")
    qtbot.addWidget(card)
    card.show_event(Queued(job_id="job"))
    card.show_event(Cancelled(job_id="job", result={"step": 44, "steps": 500}))
    assert card._title.text() == "Stopped at step 44 · Personalise cat with 3 images"


def test_a_failed_estimate_of_the_machine_does_not_forbid(bridge: StudioBridge, qtbot) -> None:
    card = NeedsCard(bridge)
    qtbot.addWidget(card)
    for error, is_refused in (("NotPossibleError", True), ("WorkerDiedError", False)):
        card._job_id = "job"
        card._hear(Failed(job_id="job", message="No.", hint="Do that.", error=error))
        assert card.text == "No. Do that." and bool(card.refusal) is is_refused


def test_what_was_learned_is_told_apart_from_what_was_redrawn(studio: Studio) -> None:
    cat, *others = (one for one in studio.images() if one.is_real)
    learned = tuple(Parent(one.id, SHARE / len(others)) for one in others)
    made = Provenance(
        source="diffusers",
        parents=(Parent(cat.id), *learned),
        params={"model": "sd", "loras": "mine:0.8", "seed": 3, "strength": 0.5},
    )
    record = msgspec.structs.replace(cat, provenance=made)
    told = sentence(record, {cat.id: cat.name})
    assert told == "Generated from chelsea.jpg by sd, taught by 3 images, strength 0.5, seed 3."
