"""The page of diffusion models: a mode, the images that it uses, the prompt with ideas, and the model."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from catstudio.core.errors import BadInputError
from catstudio.core.types import ImageRecord
from catstudio.models import ModelRegistry
from catstudio.sources import Source, prompts, recipes
from catstudio.sources.base import Kind, Parameter
from catstudio.sources.recipes import Recipe
from catstudio.sources.schedulers import fitting
from catstudio.ui.add_data.adapter_list import AdapterField
from catstudio.ui.add_data.advised_settings import AdvisedSettings
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.add_data.control_block import NAMES
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.fixing import fix_room
from catstudio.ui.add_data.form import Form
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.image_inputs import ImageInputs
from catstudio.ui.add_data.mask_field import prepared
from catstudio.ui.add_data.mode_switch import Mode, ModeSwitch, mode_of
from catstudio.ui.add_data.model_shelf import FLOW, Shelf, read_shelf
from catstudio.ui.add_data.outpaint_pad import OutpaintPad
from catstudio.ui.add_data.part_field import PartField
from catstudio.ui.add_data.prompt_editor import is_too_long, template_note
from catstudio.ui.add_data.prompt_tools import PromptTools
from catstudio.ui.add_data.sight import scroll_to
from catstudio.ui.add_data.tab_order import follow_layout
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.settings import Settings
from catstudio.ui.widgets import CollapsibleSection, label

_MAIN = ("size", "num_inference_steps", "guidance_scale", "strength")
_SHORT = {"guidance_scale": "Guidance"}
"""Words that leave a seed of ten digits its room."""
_ADVISED = ("num_inference_steps", "guidance_scale")
_EXTRAS = ("loras", "embeddings", "scheduler", "decoder", "hires", "hires_strength")
"""What an image was made without stands nowhere in its settings."""
_ADAPTERS = ("loras", "embeddings")
_OUTPAINTING = ("outpaint", "outpaint_amount")
_SOME_GUIDANCE = 1.0
"""Up to here no model is guided, and so heeds no negative prompt."""


class DiffusionPage(GeneratePage):
    """Shows what its mode and its model use, and no more."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(source, bridge, settings, parent)
        self.shelf = Shelf()
        self._missing = ""
        self._reading: Fetch | None = None
        known = settings.options.get(source.id, {})
        followers = {name: self.fields[name] for name in ("size", *_ADVISED)}
        self._advised = AdvisedSettings(followers, known.get("advised", {}))
        if known.get("mode") in list(Mode):
            self.modes.set_value(Mode(known["mode"]))
        self.images.control.set_on(bool(known.get("keeps_layout")))
        self._connect()
        self._read_shelf()
        self._show_mode()
        self._order()

    # -- what is asked -----------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        return self.modes.value()

    @property
    def seeds(self) -> tuple[str, ...] | None:
        """The images to start from; None from text alone."""
        return self.images.seeds() or None

    def ask(self) -> GenerateAsk:
        """What to make. Remembers the mode, too; leaves out what the mode does not use."""
        asked = super().ask()
        self._settings.options[self.source.id] |= {
            "mode": str(self.mode),
            "advised": self._advised.values,
            "keeps_layout": self.images.control.tick.isChecked(),
        }
        options = dict(asked.options)
        if self.mode is not Mode.OUTPAINT:
            options["outpaint"] = "none"
        if not self.images.control.is_on:
            options["controlnet"] = ""
        if not self._enlarges:
            options["hires"] = 1.0
        if not self._heeds_negative:
            options["negative_prompt"] = ""
        return replace(
            asked,
            options=options,
            mask=self.images.mask_png(),
            guide=self.images.control.guide_id(),
        )

    def why_not(self) -> str:
        """The first of what is missing, from top to bottom."""
        if reason := self.images.why_not():
            return reason
        is_part = self.mode in (Mode.INPAINT, Mode.OUTPAINT)
        if self.model is not None and self.shelf.only_inpaints(self.model.value()) and not is_part:
            return "This model only redraws parts of images: choose Inpaint, Outpaint, or another."
        return super().why_not()

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Follow the selection, where no image is kept."""
        super().show_facts(facts, label)
        self.tools.ideas.set_label(self.label)

    # -- taking over -------------------------------------------------------------------------

    def use_recipe(self, recipe: Recipe, record: ImageRecord) -> None:
        """Put all of a recipe into the panel: mode, images, prompt, model and settings."""
        was_made_here = record.provenance.source == self.source.id
        options = dict(recipe.options)
        if was_made_here:
            options = {name: self.fields[name].parameter.default for name in _EXTRAS} | options
        for name, field in self.fields.items():
            if name in options:
                field.set_value(options[name])
        self.modes.set_value(mode_of(recipe))
        self.images.use(recipe)
        if self.prompt is not None:
            self.prompt.replace(recipe.template)
        if self.negative is not None and (was_made_here or "negative_prompt" in options):
            self.negative.replace(str(options.get("negative_prompt", "")))
        if self.model is not None and options.get("model"):
            self._advised.let_go()
            self.model.set_value(str(options["model"]))
            self._missing = str(options["model"])
            self._read_shelf()
        if recipe.seed is not None:
            self.seed.lock(recipe.seed)
        self._show_mode()
        scroll_to(self.modes)

    def fix(self, record: ImageRecord) -> None:
        """Have what is wrong with ``record`` painted over, then put into the panel how it is mended."""
        self._bridge.fetch(lambda: prepared(record), self._enter_fix, None, self)

    def _enter_fix(self, record: ImageRecord) -> None:
        self.room_asked.emit(fix_room(record, self._fix))

    def _fix(self, record: ImageRecord, mask: bytes) -> None:
        self.use_recipe(recipes.fix(record, bool(mask)), record)
        if mask:
            self.modes.set_value(Mode.INPAINT)
            self.images.mask_field.take(record.id, mask)
        self.changed.emit()

    # -- what shows --------------------------------------------------------------------------

    @property
    def _enlarges(self) -> bool:
        return self.mode not in (Mode.INPAINT, Mode.OUTPAINT)

    @property
    def _heeds_negative(self) -> bool:
        model = self.model.value() if self.model is not None else ""
        is_guided = self.fields["guidance_scale"].value() > _SOME_GUIDANCE
        return is_guided and self.shelf.takes_negative(model)

    def _why_no_prompt(self) -> str:
        _, is_usable = self._template_note()
        is_needed = not self.mode.starts_from_image
        return super()._why_no_prompt() if is_needed or not is_usable else ""

    def _template_note(self) -> tuple[str, bool]:
        if self.prompt is None:
            return "", True
        text, is_usable = template_note(self.prompt.text(), self.count, self.tools.lists)
        model = self.model.value() if self.model is not None else ""
        is_short = self.shelf.family(model) in ("stable-diffusion", "sdxl")
        if is_usable and is_short and is_too_long(self.prompt.text()):
            text = f"{text} The end is left out: this model reads about 75 words.".strip()
        return text, is_usable

    def _show_seeds(self) -> None:
        self.images.set_selected(self.facts.selected)
        self._show_rows()

    def _show_mode(self) -> None:
        self.images.set_mode(self.mode)
        self._show_rows()
        self._order()

    def _show_rows(self) -> None:
        """Show what the settings leave an effect to."""
        advanced, fields = self._advanced, self.fields
        self._form.show_row(fields["strength"], bool(self.images.seeds()))
        advanced.show_row(fields["hires"], self._enlarges)
        is_larger = self._enlarges and fields["hires"].value() > 1
        advanced.show_row(fields["hires_strength"], is_larger)
        if self.negative is not None:
            self.negative.setVisible(self._heeds_negative)
        fields["lock_seed"].setVisible(self._has_many_prompts())

    def _has_many_prompts(self) -> bool:
        try:
            return self.prompt is not None and prompts.count(self.prompt.text()) > 1
        except BadInputError:
            return False

    def _mode_changed(self) -> None:
        self._show_mode()
        self.changed.emit()

    def _images_changed(self) -> None:
        self._show_rows()
        self.changed.emit()

    def _prompt_changed(self) -> None:
        super()._prompt_changed()
        self._show_rows()

    # -- the model ---------------------------------------------------------------------------

    def _read_shelf(self) -> None:
        registry = ModelRegistry()
        if self._reading is not None:
            self._reading.cancel()
        # What is wrong with the list, the list of models says.
        self._reading = self._bridge.fetch(
            lambda: read_shelf(registry), self._show_shelf, lambda _: None, self
        )

    def _show_shelf(self, shelf: Shelf) -> None:
        self.shelf = shelf
        if self._missing and self._missing not in shelf.entries:
            self.failed.emit(
                f"This image was made with {self._missing}, which is not on this computer.",
                "Get it from the list of models, or go on with another model.",
            )
        self._missing = ""
        self._show_model()

    def _model_changed(self) -> None:
        """Another was chosen, or something was added to the list."""
        self._read_shelf()
        self._show_model()

    def _show_model(self) -> None:
        """Show what the chosen model can be told, and begin with what it was made for."""
        if self.model is None:
            return
        model, shelf = self.model.value(), self.shelf
        family = shelf.family(model)
        if model in shelf.entries:
            defaults = {name: self.fields[name].parameter.default for name in _ADVISED}
            self._advised.follow(defaults | shelf.begin_with(model))
        self._advice.setText(shelf.advice(model))
        self._advice.setVisible(bool(self._advice.text()))
        self.fields["scheduler"].offer(fitting(family == FLOW))
        for field in self.fields.values():
            if isinstance(field, AdapterField | PartField):
                field.show_shelf(shelf, family)
        self.images.control.refresh()
        self._prompt_changed()

    # -- building ----------------------------------------------------------------------------

    def _new_field(self, parameter: Parameter) -> Field:
        name = parameter.name
        if name == "loras":
            return AdapterField(parameter, "lora", "a LoRA")
        if name == "embeddings":
            return AdapterField(parameter, "embedding", "an embedding")
        if name == "controlnet":
            self._controlnet = PartField(parameter, "controlnet", "", "No ControlNet here yet")
            return self._controlnet
        if name == "decoder":
            return PartField(parameter, "tiny-decoder", "The model's own", "")
        return OutpaintPad(parameter) if name == "outpaint" else super()._new_field(parameter)

    def _add_prompts(self) -> None:
        super()._add_prompts()
        self._advice = label("", "small", wrap=True)
        if self.prompt is not None:
            self.tools = PromptTools(self._bridge, self.prompt)
            self.column.insertWidget(self.column.indexOf(self._note) + 1, self.tools)

    def _add_fields(self) -> None:
        """From top to bottom: mode, images, prompt, model, settings, adapters, and the rest folded."""
        self._make_fields()
        for unused in (self._selection, self._which):  # The start image shows what it begins from.
            unused.hide()
        bridge, fields = self._bridge, self.fields
        self.modes = ModeSwitch()
        self.images = ImageInputs(bridge, self._controlnet, fields)
        self.column.insertWidget(1, self.modes)
        self.column.insertWidget(2, self.images)
        if self.model is not None:
            self.column.insertWidget(self.column.indexOf(self.model) + 1, self._advice)
        for name in _MAIN:
            words = _SHORT.get(name, fields[name].parameter.title)
            self._form.add(words, fields[name])
        self._form.add("Seed", self.seed)
        self._form.span(fields["lock_seed"])
        self.column.addWidget(self._form)
        self._adapters = CollapsibleSection("LoRAs and embeddings")
        for name in _ADAPTERS:
            self._adapters.column.addWidget(fields[name])
        self.column.addWidget(self._adapters)
        advanced = self._advanced = Form()
        for name, field in fields.items():
            if name in (*_MAIN, *_ADAPTERS, *NAMES, *_OUTPAINTING, "lock_seed"):
                continue
            if field.parameter.kind is Kind.BOOL:
                advanced.span(field)
            else:
                advanced.add(field.parameter.title, field)
        advanced.span(self._accept)
        fold = CollapsibleSection("Advanced")
        fold.column.addWidget(advanced)
        self.column.addWidget(fold)

    def _connect(self) -> None:
        self.modes.changed.connect(self._mode_changed)
        self.images.changed.connect(self._images_changed)
        self.images.room_asked.connect(self.room_asked)
        self.tools.lists_read.connect(self._prompt_changed)
        self.tools.rows_changed.connect(self._order)
        self.tools.failed.connect(self.failed)
        self._count.changed.connect(self._prompt_changed)
        for name in ("hires", "guidance_scale"):
            self.fields[name].changed.connect(self._show_rows)
        for name in _ADAPTERS:
            field = self.fields[name]
            field.changed.connect(self._order)
            if isinstance(field, AdapterField) and self.prompt is not None:
                field.said.connect(self.prompt.append_words)
        if self.model is not None:
            self.model.changed.connect(self._model_changed)

    def _order(self) -> None:
        follow_layout(self)
