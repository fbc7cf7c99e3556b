"""One transform in a line: a switch, its range in words, and the editor that unfolds from them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from catstudio.sources import ranges
from catstudio.sources.augment import PRESETS, Transform
from catstudio.sources.ranges import Range
from catstudio.ui import icons
from catstudio.ui.theme import XL, XS, S
from catstudio.ui.widgets import DoubleSpinBox, button, label

_BOX_WIDTH = 76


class TransformRow(QWidget):
    """``changed`` tells that the person set it. What is not set is as the preset has it."""

    changed = Signal()

    def __init__(self, transform: Transform, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transform = transform
        self._text = ""
        self._preset: Range | None = None
        self.switch = QCheckBox(transform.title)
        self.switch.setToolTip(transform.help or transform.title)
        self.switch.toggled.connect(self._toggle)
        self.unfold = button("", "link", tooltip=f"Set the range of {transform.title.lower()}")
        self.unfold.setCheckable(True)
        self.unfold.toggled.connect(self._show_editor)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(S)
        head.addWidget(self.switch, 1)
        head.addWidget(self.unfold)
        words = ("from", "to") if transform.low is not None else ()
        self._ends = {word: self._box(f"{transform.title} {word}") for word in words}
        self._chance = DoubleSpinBox()
        self._chance.setRange(1, 100)
        self._chance.setDecimals(0)
        self._chance.setSuffix("%")
        self._chance.setAccessibleName(f"How often {transform.title.lower()} happens")
        self._chance.setToolTip("In how many of a hundred images it happens")
        self._editor = self._build_editor()
        self._editor.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addLayout(head)
        column.addWidget(self._editor)
        self._show()

    def value(self) -> str:
        """As :mod:`catstudio.sources.ranges` writes it; "" for what the preset says."""
        return self._text

    def set_value(self, text: str) -> None:
        """Show ``text``; "" goes back to the preset."""
        self._text = text
        self._show()

    def set_preset(self, given: Range | None) -> None:
        """What the preset, at its strength, says of this transform."""
        self._preset = given
        self._show()

    # -- inside ------------------------------------------------------------------------------

    @property
    def _has_values(self) -> bool:
        return self.transform.low is not None

    @property
    def _range(self) -> Range | None:
        if not self._text:
            return self._preset
        return ranges.parse(self._text, self.transform.low, self.transform.high)

    def _box(self, name: str) -> DoubleSpinBox:
        box = DoubleSpinBox()
        box.setDecimals(self.transform.decimals)
        box.setRange(self.transform.low or 0.0, self.transform.high or 0.0)
        box.setSingleStep(self.transform.step)
        box.setSuffix(self.transform.text(0).removeprefix("0"))
        box.setAccessibleName(name)
        return box

    def _build_editor(self) -> QWidget:
        editor = QWidget()
        grid = QGridLayout(editor)
        grid.setContentsMargins(XL, 0, 0, S)
        grid.setSpacing(S)
        for at, (words, box) in enumerate(self._ends.items()):
            grid.addWidget(label(words, "muted"), 0, 2 * at)
            grid.addWidget(box, 0, 2 * at + 1)
        grid.addWidget(label("in", "muted"), 1, 0)
        grid.addWidget(self._chance, 1, 1)
        grid.addWidget(label("of images", "muted"), 1, 2, 1, 2)
        if self._ends:
            low, high = self._ends.values()
            low.valueChanged.connect(lambda value: high.setValue(max(value, high.value())))
            high.valueChanged.connect(lambda value: low.setValue(min(value, low.value())))
        for box in (*self._ends.values(), self._chance):
            box.setMinimumWidth(_BOX_WIDTH)
            box.valueChanged.connect(self._edit)
        return editor

    def _toggle(self, is_on: bool) -> None:
        if not is_on:
            self._text = "" if self._preset is None else ranges.OFF
        else:
            self._text = "" if self._preset is not None else self._usual()
        self._show()
        self.changed.emit()

    def _usual(self) -> str:
        """Where a transform begins that the preset does not have."""
        strong = PRESETS["strong"].recipe
        return ranges.write(strong.get(self.transform.name, Range(chance=0.5)), self._has_values)

    def _edit(self) -> None:
        low, high = [round(box.value(), 4) for box in self._ends.values()] or (0.0, 0.0)
        self._text = ranges.write(Range(low, high, self._chance.value() / 100), self._has_values)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        given = self._range
        with QSignalBlocker(self.switch):
            self.switch.setChecked(given is not None)
        self.unfold.setVisible(given is not None)
        if given is None:
            self.unfold.setChecked(False)
            return
        self.unfold.setText(self._words(given))
        shown = zip(self._ends.values(), (given.low, given.high), strict=False)
        for box, value in (*shown, (self._chance, 100 * given.chance)):
            with QSignalBlocker(box):
                box.setValue(value)

    def _words(self, given: Range) -> str:
        """``70 to 100%``, ``0.5 to 2.5 px, in 25%``, ``in 50% of images``."""
        if not self._ends:
            return f"in {given.chance:.0%} of images"
        low, high = self.transform.text(given.low), self.transform.text(given.high)
        often = "" if given.chance == 1 else f", in {given.chance:.0%}"
        if low == high:
            return low + often
        return f"{low.removesuffix(self.transform.unit).strip()} to {high}{often}"

    def _show_editor(self, is_open: bool) -> None:
        self._editor.setVisible(is_open)
        self.unfold.setIcon(icons.icon("down" if is_open else "right", "accent"))
