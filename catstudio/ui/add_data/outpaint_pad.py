"""Outpainting: the pad on which the sides are chosen that are extended, and how far."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.types import ImageRecord
from catstudio.ui.add_data.fields import Field
from catstudio.ui.theme import XS, L
from catstudio.ui.widgets import icon_button, label

_PLACES = {
    "top": (0, 1, "arrow-up"),
    "left": (1, 0, "arrow-left"),
    "all": (1, 1, "arrows-out"),
    "right": (1, 2, "arrow-right"),
    "bottom": (2, 1, "arrow-down"),
}
_FIRST = "all"
_LONGEST = 2.0
"""A longer image (long side / short side) is refused by the engine: models draw things twice in it."""


class OutpaintPad(Field):
    """Arrows around the middle, which means all sides. One is always chosen: that nothing is
    extended is said by another mode."""

    def _editors(self) -> list[QWidget]:
        pad = QWidget()
        grid = QGridLayout(pad)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(XS)
        grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        group = QButtonGroup(pad)
        titles = dict(self.parameter.choices)
        self.buttons: dict[str, QToolButton] = {}
        for key, (row, column, icon) in _PLACES.items():
            one = icon_button(icon, titles[key], "", checkable=True)
            group.addButton(one)
            grid.addWidget(one, row, column)
            self.buttons[key] = one
        self.buttons[_FIRST].setChecked(True)
        group.buttonToggled.connect(self._toggled)
        pad.setFocusProxy(self.buttons[_FIRST])
        self._read = self._chosen
        self._write = self._choose
        return [pad]

    def _toggled(self, _: QToolButton, is_chosen: bool) -> None:
        if is_chosen:
            self.changed.emit()

    def _chosen(self) -> str:
        return next(key for key, one in self.buttons.items() if one.isChecked())

    def _choose(self, key: str) -> None:
        if key in self.buttons:
            self.buttons[key].setChecked(True)


class OutpaintBlock(QWidget):
    """The pad ``sides`` with ``amount`` beside it."""

    def __init__(self, sides: Field, amount: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sides, self._amount = sides, amount
        beside = QVBoxLayout()
        beside.setSpacing(XS)
        beside.addWidget(label("Extend by", "muted"))
        beside.addWidget(amount)
        beside.addWidget(label("of its side, wherever it is extended", "small", wrap=True))
        beside.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(L)
        row.addWidget(sides)
        row.addLayout(beside, 1)

    def why_not(self, record: ImageRecord | None) -> str:
        """Why ``record`` cannot be extended so, with what to do; "" when it can."""
        if record is None:
            return ""
        share, side = self._amount.value() / 100, self._sides.value()
        wide = record.width * (1 + share * {"left": 1, "right": 1, "all": 2}.get(side, 0))
        high = record.height * (1 + share * {"top": 1, "bottom": 1, "all": 2}.get(side, 0))
        if max(wide, high) <= _LONGEST * min(wide, high):
            return ""
        return (
            f"The extended image would be {wide:.0f} × {high:.0f} pixels: more than twice as long "
            "as it is wide. Extend it less, or on another side."
        )
