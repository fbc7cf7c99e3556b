"""The settings of a personal adapter: what is learned, on which model, how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QSlider, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.models import ModelRegistry
from catstudio.sources.base import Kind, Parameter
from catstudio.studio.personal_settings import PARAMETERS, default_name, trigger_word
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.form import Form, SeedNumber
from catstudio.ui.add_data.model_chooser import ModelChooser
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import M
from catstudio.ui.widgets import CollapsibleSection, ComboBox, SectionHeader

_LORA_ONLY, _WORD_ONLY = ("rank", "alpha"), ("vectors",)
_USUAL = {"learning_rate": "the method's usual", "alpha": "as the rank", "min_snr_gamma": "off"}
"""What the lowest number of a setting stands for."""
CAN_CHANGE = ("method", "steps", "sample_every", "samples")
"""What may be another when a stopped training goes on. The method says which training is meant."""
NAME = Parameter(
    name="name",
    title="Name",
    kind=Kind.TEXT,
    default="",
    help="What the result is called in the list of models",
)


class PersonaliseForm(QWidget):
    """``changed`` is sent when any setting is; ``failed`` carries message and hint."""

    changed = Signal()
    failed = Signal(str, str)

    def __init__(
        self,
        bridge: StudioBridge,
        label: str,
        model: str,
        options: Mapping[str, Any],
        registry: ModelRegistry | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = bridge.studio.name
        self._native_size = 0
        self.labels = ComboBox()
        self.labels.setAccessibleName("Label")
        self.labels.setToolTip("Whose photos are learned from")
        self.labels.addItems(bridge.studio.labels())
        self.labels.setCurrentIndex(max(0, self.labels.findText(label)))
        self.models = ModelChooser(bridge, registry)
        self.models.set_value(model)
        self.name = Field(NAME)
        self.seed = SeedNumber()
        self.fields = {parameter.name: Field(parameter) for parameter in PARAMETERS}
        for name, field in self.fields.items():
            if name in options:
                field.set_value(options[name])
        self._is_sized = "resolution" in options
        for name, text in _USUAL.items():
            for box in self.fields[name].findChildren(QAbstractSpinBox):
                box.setSpecialValueText(text)
            for slider in self.fields[name].findChildren(QSlider):
                slider.hide()  # Its even notches suit no number of several magnitudes.
        self._main, self._advanced = Form(), Form()
        self._lay_out()
        self._show_method()
        self.labels.currentIndexChanged.connect(self._change)
        self.models.changed.connect(self._choose_model)
        self.models.failed.connect(self.failed)
        for field in (*self.fields.values(), self.name):
            field.changed.connect(self._change)

    @property
    def label(self) -> str:
        return self.labels.currentText()

    @property
    def model(self) -> str:
        """The chosen model's id; "" while there is none."""
        return self.models.value()

    def options(self) -> dict[str, Any]:
        """Every setting by its declared name."""
        return {name: field.value() for name, field in self.fields.items()}

    def hold(self, values: Mapping[str, Any] | None) -> None:
        """Show the settings of a stopped training, which cannot be changed; None frees them."""
        for name, field in self.fields.items():
            if name in CAN_CHANGE:
                continue
            if values is not None and name in values and name != "caption":
                field.blockSignals(True)
                field.set_value(values[name])
                field.blockSignals(False)
            field.setEnabled(values is None)
        self.seed.setEnabled(values is None)
        if values is not None and "seed" in values:
            self.seed.lock(int(values["seed"]))
        self._show_method()

    def _lay_out(self) -> None:
        self._main.add("Label", self.labels)
        self._main.add("Model", self.models)
        self._main.add(NAME.title, self.name)
        for parameter in PARAMETERS:
            form = self._advanced if parameter.is_advanced else self._main
            field = self.fields[parameter.name]
            if parameter.kind is Kind.BOOL:
                form.span(field)
            else:
                form.add(parameter.title, field)
        self._advanced.add("Seed", self.seed)
        fold = CollapsibleSection("Advanced")
        fold.column.addWidget(self._advanced)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(SectionHeader("WHAT IT LEARNS"))
        column.addWidget(self._main)
        column.addWidget(fold)
        column.addStretch(1)

    def _choose_model(self) -> None:
        size = self.models.native_size()
        if size and size != self._native_size and not self._is_sized:
            self.fields["resolution"].set_value(size)
        self._native_size = size
        self._change()

    def _change(self) -> None:
        self._show_method()
        self.changed.emit()

    def _show_method(self) -> None:
        is_lora = self.fields["method"].value() == "lora"
        for name in _LORA_ONLY:
            self._form_of(name).show_row(self.fields[name], is_lora)
        for name in _WORD_ONLY:
            self._form_of(name).show_row(self.fields[name], not is_lora)
        # What an empty field stands for is shown in it.
        options = self.options()
        try:
            word = trigger_word(options, self.label)
            usual = trigger_word(options | {"trigger_word": ""}, self.label)
        except CatStudioError:
            return  # What is wrong with the word is said where the training is started.
        is_named = "a photo of {trigger} {label}" if is_lora else "a photo of {trigger}"
        for name, text in (("trigger_word", usual), ("caption", is_named)):
            _line(self.fields[name]).setPlaceholderText(text)
        _line(self.name).setPlaceholderText(default_name(self._project, self.label, word))

    def _form_of(self, name: str) -> Form:
        return self._advanced if self.fields[name].parameter.is_advanced else self._main


def _line(field: Field) -> QLineEdit:
    """The line in which a text is typed."""
    line = field.findChild(QLineEdit)
    if not isinstance(line, QLineEdit):
        raise TypeError(f"{field.parameter.name} is not typed in a line")
    return line
