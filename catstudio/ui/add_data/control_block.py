"""What is said of a ControlNet: which one, the guide image it follows, how it is read and how closely."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.form import Form
from catstudio.ui.add_data.image_field import ImageField
from catstudio.ui.add_data.mode_switch import Mode
from catstudio.ui.add_data.part_field import PartField
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import S
from catstudio.ui.widgets import CollapsibleSection

NAMES = (
    "controlnet",
    "control",
    "controlnet_conditioning_scale",
    "control_guidance_start",
    "control_guidance_end",
)
_SELECT = "Select an image or a drawing in the gallery, or drop one here."
_SAME = "The start image itself. Drop another one here to follow that."


class ControlBlock(QWidget):
    """Always there in the mode of that name; in others a tick asks for it. ``changed`` as usual.

    ``fields`` are the editors by parameter; ``part`` is the list of ControlNets among them.
    """

    changed = Signal()

    def __init__(
        self,
        bridge: StudioBridge,
        part: PartField,
        fields: dict[str, Field],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.part = part
        self._fields = {name: fields[name] for name in NAMES}
        self._mode = Mode.TEXT
        self._is_scribble_own = False
        self.tick = QCheckBox("Keep to a layout too (ControlNet)")
        self.tick.setToolTip("A ControlNet keeps the image to the layout of a guide")
        self.tick.toggled.connect(self._show)
        self.tick.toggled.connect(self.changed)
        self.guide = ImageField(bridge, "Guide image", _SELECT)
        self.guide.changed.connect(self._fit_to_guide)
        self.guide.changed.connect(self.changed)
        for field in self._fields.values():
            field.changed.connect(self.changed)
        self._body = QWidget()
        self._lay_out()
        self._show()

    @property
    def is_on(self) -> bool:
        """Is a ControlNet asked for?"""
        return self._mode is Mode.CONTROL or (
            self._mode.starts_from_image and self.tick.isChecked()
        )

    def set_mode(self, mode: Mode) -> None:
        """Show what ``mode`` uses."""
        self._mode = mode
        is_main = mode is Mode.CONTROL
        self.guide.set_follows(is_main, _SELECT if is_main else _SAME)
        self._show()

    def set_on(self, is_on: bool) -> None:
        """Ask for a ControlNet in the modes that can do without one."""
        self.tick.setChecked(is_on)

    def why_not(self) -> str:
        """Why it cannot be followed, with what to do; "" when it can, or is not asked for."""
        if not self.is_on:
            return ""
        if not self.part.value():
            return "There is no ControlNet on this computer yet. Get one, or use another mode."
        if self._mode is Mode.CONTROL and not self.guide.ids():
            return "Select the image whose layout is kept, or drop it on the guide image."
        start, end = (self._fields[f"control_guidance_{one}"].value() for one in ("start", "end"))
        if start >= end:
            return "The ControlNet must end after it begins: look under its timing."
        return self.guide.why_not()

    def guide_id(self) -> str | None:
        """The guide; None without one of its own."""
        return next(iter(self.guide.ids()), None) if self.is_on else None

    def refresh(self) -> None:
        """Look again at what there is to choose."""
        self._show()

    def _fit_to_guide(self) -> None:
        """A drawing is read as one, unless it was said otherwise."""
        record: ImageRecord | None = self.guide.record()
        field = self._fields["control"]
        is_drawing = record is not None and record.source == "drawing"
        if is_drawing and field.value() == field.parameter.default:
            field.set_value("scribble")
            self._is_scribble_own = True
        elif record is not None and not is_drawing and self._is_scribble_own:
            if field.value() == "scribble":
                field.set_value(field.parameter.default)
            self._is_scribble_own = False

    def _show(self) -> None:
        is_offered = self._mode.starts_from_image and (self.part.has_choice or self.is_on)
        self.tick.setVisible(is_offered)
        self._body.setVisible(self.is_on)
        self.setVisible(is_offered or self.is_on)

    def _lay_out(self) -> None:
        form = Form()
        for name, words in (
            ("controlnet", "ControlNet"),
            ("control", "Read as"),
            ("controlnet_conditioning_scale", "Strength"),
        ):
            form.add(words, self._fields[name])
        times = Form()
        times.add("From", self._fields["control_guidance_start"])
        times.add("Until", self._fields["control_guidance_end"])
        fold = CollapsibleSection("Timing")
        fold.column.addWidget(times)
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(S)
        for part in (self.guide, form, fold):
            inner.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addWidget(self.tick)
        column.addWidget(self._body)
