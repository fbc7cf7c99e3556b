"""The page of a generating source: prompt, model, count, seeds and its own parameters."""

from __future__ import annotations

from typing import Any

from msgspec import structs
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from catstudio.core.types import ImageRecord, Provenance
from catstudio.sources import Source, prompts
from catstudio.sources.base import Kind, Parameter
from catstudio.sources.recipes import Recipe
from catstudio.ui.add_data.asks import LABEL_COUNT, GenerateAsk
from catstudio.ui.add_data.facts import Facts, seeds_sentence, why_no_seeds
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.form import Form, SeedNumber
from catstudio.ui.add_data.model_chooser import ModelChooser
from catstudio.ui.add_data.personalise_room import PersonaliseRoom
from catstudio.ui.add_data.prompt_editor import PromptEditor, template_note
from catstudio.ui.add_data.source_page import SourcePage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.settings import Settings
from catstudio.ui.theme import L
from catstudio.ui.widgets import CollapsibleSection, button, label

COUNT = Parameter(
    name="count", title="Images", kind=Kind.INT, default=LABEL_COUNT, low=1, high=10_000
)


class GeneratePage(SourcePage):
    """Makes images, by the parameters that the source declares."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(source, parent)
        self._settings = settings
        self._bridge = bridge
        self.prompt: PromptEditor | None = None
        self.negative: PromptEditor | None = None
        self.model: ModelChooser | None = None
        self._note = label("", "small", wrap=True)
        self._note.hide()
        if source.uses_prompt:
            self._add_prompts()
        else:
            self.column.addWidget(self._note)
        self._form = Form()
        if source.uses_model:
            self.model = ModelChooser(bridge)
            self.model.changed.connect(self.changed)
            self.model.failed.connect(self.failed)
            self.column.addWidget(self.model)
            personalise = button("Personalise…", "link", tooltip="Teach it your own photos")
            personalise.clicked.connect(self._personalise)
            more = button("Get models…", "link", tooltip="Models worth having, and their licences")
            more.clicked.connect(self._get_models)
            links = QHBoxLayout()
            links.setSpacing(L)
            links.addWidget(more)
            links.addWidget(personalise)
            links.addStretch(1)
            self.column.addLayout(links)
        self._count = Field(COUNT)
        self._count.changed.connect(self.changed)
        self._form.add(COUNT.title, self._count)
        self._selection = QCheckBox("Start from the selection", self)
        self._selection.setChecked(bool(source.min_seeds))
        self._selection.toggled.connect(self._look_again)
        self._which = label("", "small", wrap=True)
        self._which.setParent(self)
        self.fields: dict[str, Field] = {}
        self.seed = SeedNumber()
        self._accept = QCheckBox("Accept without review")
        self._add_fields()
        self._recall()

    @property
    def count(self) -> int:
        return int(self._count.value())

    @property
    def uses_selection(self) -> bool:
        """Are the gallery's selected images the seeds?"""
        return bool(self.facts.selected) and self._selection.isChecked()

    @property
    def seeds(self) -> tuple[str, ...] | None:
        """The ids of the images to start from; None leaves the choice to the source."""
        return self.facts.selected if self.uses_selection else None

    def start_from_selection(self, is_wanted: bool) -> None:
        """Begin from the gallery's selection, where there is one."""
        if is_wanted:
            self._selection.setChecked(True)

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Say which images it would start from, and hide what would have no effect."""
        super().show_facts(facts, label)
        self._show_seeds()

    def _show_seeds(self) -> None:
        facts = self.facts
        self._selection.setVisible(bool(facts.selected))
        self._which.setText(seeds_sentence(self.source, self.label, facts, self.uses_selection))
        if "strength" in self.fields and not self.source.min_seeds:
            # Without a seed image nothing is redrawn, so there is no strength.
            self._form.show_row(self.fields["strength"], self.uses_selection)

    def why_not(self) -> str:
        if reason := why_no_seeds(self.source, self.label, self.facts, self.uses_selection):
            return reason
        if self.model is not None and not self.model.value():
            return "Choose a model, or add one that is on this computer."
        return self._why_no_prompt()

    def _why_no_prompt(self) -> str:
        if self.prompt is None:
            return ""
        text, is_usable = self._template_note()
        if not is_usable:
            return text
        is_empty = not self.prompt.text()
        return "Describe what is missing: the prompt is empty." if is_empty else ""

    def _template_note(self) -> tuple[str, bool]:
        return template_note(self.prompt.text()) if self.prompt is not None else ("", True)

    def ask(self) -> GenerateAsk:
        """What to make. Remembers the prompt and the settings, and draws the next seed."""
        options = {name: field.value() for name, field in self.fields.items()}
        self._settings.options[self.source.id] = {**options, "count": self.count}
        if self.model is not None:
            options["model"] = self._settings.options[self.source.id]["model"] = self.model.value()
        template = self.prompt.text() if self.prompt else ""
        if self.prompt is not None:
            options["prompt"] = template
            self._settings.remember_prompt(template)
            self.prompt.set_history(self._settings.prompts)
        if self.negative is not None:
            options["negative_prompt"] = self.negative.text()
            self._settings.remember_prompt(self.negative.text(), is_negative=True)
            self.negative.set_history(self._settings.negative_prompts)
        asked = GenerateAsk(
            method=self.source.id,
            label=self.label,
            count=self.count,
            template=template,
            seed=self.seed.value(),
            seeds=self.seeds,
            options=options,
            accept=self._accept.isChecked(),
        )
        self.seed.used()
        return asked

    def trial(self, count: int, most_pixels: int, **options: Any) -> GenerateAsk:
        """The first ``count`` images that would be made, at most ``most_pixels`` large;
        ``options`` are those that no field of this page holds. Nothing is remembered."""
        chosen: dict[str, Any] = {name: field.value() for name, field in self.fields.items()}
        chosen["size"] = min(chosen["size"], most_pixels)
        return GenerateAsk(
            method=self.source.id,
            label=self.label,
            count=count,
            seed=self.seed.value(),
            seeds=self.seeds,
            options={**chosen, **options},
        )

    def put_examples(self, examples: QWidget) -> None:
        """Show ``examples`` right under what they change with, so that both are in sight; how
        many are to be made comes after them."""
        self._form.release(self._count)
        amount = Form()
        amount.add(COUNT.title, self._count)
        at = self.column.indexOf(self._which) + 1
        self.column.insertWidget(at, examples)
        self.column.insertWidget(at + 1, amount)

    def use_recipe(self, recipe: Recipe, record: ImageRecord) -> None:
        """Take over ``recipe``, which begins from ``record`` or made it."""
        params = {**record.provenance.params, "scheduler": "own", **recipe.options}
        params.pop("seed", None)
        if recipe.seed is not None:
            params["seed"] = recipe.seed
        if recipe.template:
            params["prompt"] = prompts.expand(recipe.template, lists={})[0]
        self.start_from_selection(recipe.seeds == (record.id,))
        self.use_settings(structs.replace(record.provenance, params=params))

    def use_settings(self, provenance: Provenance) -> None:
        """Put a generated image's own parameters back, so that it can be made again."""
        params = provenance.params
        for name, field in self.fields.items():
            if name in params:
                field.set_value(params[name])
        if self.prompt is not None and "prompt" in params:
            self.prompt.setPlainText(prompts.escape(str(params["prompt"])))
        if self.negative is not None and "negative_prompt" in params:
            self.negative.setPlainText(str(params["negative_prompt"]))
        if self.model is not None and "model" in params:
            self.model.set_value(str(params["model"]))
        if isinstance(params.get("seed"), int):
            self.seed.lock(params["seed"])

    def _add_prompts(self) -> None:
        self.prompt = PromptEditor(3, "What is missing? {a grey|a black} cat at night")
        self.prompt.setAccessibleName("Prompt")
        self.prompt.setToolTip(
            "{a|b} stands for both. Up and Down: earlier prompts. Ctrl+Return: generate"
        )
        self.prompt.set_history(self._settings.prompts)
        self.prompt.textChanged.connect(self._prompt_changed)
        self.prompt.submitted.connect(self.submitted)
        self.column.addWidget(self.prompt)
        self.column.addWidget(self._note)
        if self.source.uses_negative_prompt:
            self.negative = PromptEditor(1, "Avoid: text, people")
            self.negative.setAccessibleName("Negative prompt")
            self.negative.set_history(self._settings.negative_prompts)
            self.negative.submitted.connect(self.submitted)
            self.column.addWidget(self.negative)

    def _new_field(self, parameter: Parameter) -> Field:
        return Field(parameter)

    def _make_fields(self) -> None:
        """An editor for each parameter that no widget of its own holds."""
        elsewhere = {"model", "prompt", "negative_prompt"}
        for parameter in self.source.parameters:
            if parameter.name in elsewhere or parameter.kind is Kind.RANGE:
                continue
            self.fields[parameter.name] = self._new_field(parameter)

    def _add_fields(self) -> None:
        self._make_fields()
        advanced = self._advanced = Form()
        for field in self.fields.values():
            form = advanced if field.parameter.is_advanced else self._form
            if field.parameter.kind is Kind.BOOL:
                form.span(field)
            else:
                form.add(field.parameter.title, field)
        advanced.add("Seed", self.seed)
        advanced.span(self._accept)
        self.column.addWidget(self._form)
        self.column.addWidget(self._selection)
        self.column.addWidget(self._which)
        fold = CollapsibleSection("Advanced")
        fold.column.addWidget(advanced)
        self.column.addWidget(fold)

    def _recall(self) -> None:
        known: dict[str, Any] = self._settings.options.get(self.source.id, {})
        for name, field in {**self.fields, "count": self._count}.items():
            if name in known:
                field.set_value(known[name])
        if self.model is not None and known.get("model"):
            self.model.set_value(str(known["model"]))

    def _prompt_changed(self) -> None:
        if self.prompt is not None:
            text, is_usable = self._template_note()
            self._note.setText(text)
            self._note.setVisible(is_usable and bool(text))
        self.changed.emit()

    def _personalise(self) -> None:
        """Open the room in which the chosen model is taught the label's own photos."""
        model = self.model.value() if self.model is not None else ""
        self.room_asked.emit(
            lambda bridge: PersonaliseRoom(bridge, self._settings, self.label, model)
        )

    def _get_models(self) -> None:
        """Open the room of models; what it needs is loaded when it is entered."""

        def build(bridge: StudioBridge) -> Room:
            from catstudio.ui.models.room import ModelsRoom

            room = ModelsRoom(bridge)
            if self.model is not None:
                room.left.connect(self.model.refresh)
            return room

        self.room_asked.emit(build)

    def _look_again(self) -> None:
        self.show_facts(self.facts, self.label)
        self.changed.emit()
