"""What a diffusion model is asked to do: five modes side by side, one of them chosen."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from catstudio.sources.recipes import Recipe
from catstudio.ui.theme import SMALL


class Mode(StrEnum):
    """One way of making images with a diffusion model."""

    TEXT = "text"
    IMAGE = "image"
    INPAINT = "inpaint"
    OUTPAINT = "outpaint"
    CONTROL = "control"

    @property
    def starts_from_image(self) -> bool:
        """Can there be nothing without an image to start from?"""
        return self in (Mode.IMAGE, Mode.INPAINT, Mode.OUTPAINT)


_WORDS = {
    Mode.TEXT: ("Text", "From the prompt alone"),
    Mode.IMAGE: ("Image", "Redraws images of the gallery, by the prompt"),
    Mode.INPAINT: ("Inpaint", "Redraws a painted part of an image; the rest stays as it is"),
    Mode.OUTPAINT: ("Outpaint", "Shows more around an image"),
    Mode.CONTROL: ("Control", "Keeps to the layout of a guide image, by a ControlNet"),
}


def mode_of(recipe: Recipe) -> Mode:
    """The mode in which the panel shows ``recipe``."""
    if recipe.needs_mask:
        return Mode.INPAINT
    if recipe.options.get("outpaint", "none") != "none":
        return Mode.OUTPAINT
    if recipe.seeds:
        return Mode.IMAGE
    return Mode.CONTROL if recipe.options.get("controlnet") else Mode.TEXT


class ModeSwitch(QWidget):
    """``changed`` when another mode is chosen; the arrow keys walk through them."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Mode")
        self._group = QButtonGroup(self)
        self.buttons: dict[Mode, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for mode, (words, tooltip) in _WORDS.items():
            one = QToolButton()
            one.setText(words)
            one.setToolTip(tooltip)
            one.setAccessibleName(words)
            one.setAccessibleDescription(tooltip)
            one.setCheckable(True)
            one.setCursor(Qt.CursorShape.PointingHandCursor)
            one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            one.setSizePolicy(one.sizePolicy().Policy.Expanding, one.sizePolicy().Policy.Fixed)
            one.setStyleSheet(f"font-size: {SMALL}px; padding: 5px 1px;")
            one.setMinimumWidth(1)
            self._group.addButton(one)
            self.buttons[mode] = one
            row.addWidget(one, len(words) + 2)
        self.buttons[Mode.TEXT].setChecked(True)
        self._group.buttonClicked.connect(self.changed)

    def value(self) -> Mode:
        """The chosen mode."""
        return next(mode for mode, one in self.buttons.items() if one.isChecked())

    def set_value(self, mode: Mode) -> None:
        """Choose ``mode``."""
        if mode is not self.value():
            self.buttons[mode].setChecked(True)
            self.changed.emit()
