"""The tools as a strip of buttons, and above the canvas what the chosen one can be set to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QSlider,
    QToolButton,
    QWidget,
)

from catstudio.ui.draw.brush import MAX_SIZE, MIN_SIZE
from catstudio.ui.draw.keys import TOOL_KEYS
from catstudio.ui.draw.symmetry import Symmetry
from catstudio.ui.draw.tools import SHAPES, STROKES, Kit, Tool
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import FlowLayout, icon_button, label

TITLES = {
    Tool.BRUSH: ("paint-brush", "Brush"),
    Tool.ERASER: ("eraser", "Eraser"),
    Tool.FILL: ("paint-bucket", "Fill"),
    Tool.WAND: ("wand", "Select alike: what looks like the pressed place of the photo"),
    Tool.LINE: ("line-segment", "Line"),
    Tool.RECTANGLE: ("rectangle", "Rectangle"),
    Tool.ELLIPSE: ("circle", "Ellipse"),
    Tool.LASSO: ("polygon", "Lasso: draw around what is selected"),
    Tool.PICKER: ("eyedropper", "Pick a colour (or hold Alt with any tool)"),
}
SYMMETRIES = {
    Symmetry.VERTICAL: ("columns", "Mirror left and right"),
    Symmetry.HORIZONTAL: ("rows", "Mirror top and bottom"),
}


ROW_HEIGHT = 30
"""Of everything in a row of options, so that what wraps stays in line."""


class ToolStrip(QFrame):
    """One button a tool; ``chosen(Tool)`` when one is pressed."""

    chosen = Signal(object)

    def __init__(
        self,
        tools: Sequence[Tool],
        direction: QBoxLayout.Direction = QBoxLayout.Direction.TopToBottom,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.tools = tuple(tools)
        self.buttons: dict[Tool, QToolButton] = {}
        group = QButtonGroup(self)
        row = QBoxLayout(direction, self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        for tool in tools:
            name, words = TITLES[tool]
            one = icon_button(name, f"{words} ({TOOL_KEYS[tool]})", checkable=True)
            one.setIconSize(QSize(20, 20))
            one.setAccessibleName(tool.capitalize())
            one.clicked.connect(lambda _=False, tool=tool: self.chosen.emit(tool))
            group.addButton(one)
            row.addWidget(one)
            self.buttons[tool] = one

    def show_tool(self, tool: Tool) -> None:
        """Mark ``tool`` as the chosen one."""
        if tool in self.buttons:
            self.buttons[tool].setChecked(True)


class Dial(QWidget):
    """A number on a slider, with its name before and its value behind; ``moved(float)``."""

    moved = Signal(float)
    _STEPS = 200

    def __init__(
        self,
        title: str,
        low: float,
        high: float,
        text: Callable[[float], str],
        is_logarithmic: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._text = low, high, text
        self._is_logarithmic = is_logarithmic
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, self._STEPS)
        self.slider.setPageStep(self._STEPS // 10)
        self.slider.setFixedWidth(84)
        self.slider.setAccessibleName(title)
        self.slider.setToolTip(title)
        self.slider.valueChanged.connect(self._slid)
        self._value = label("", "small")
        self._value.setFixedWidth(38)
        words = label(title, "muted")
        words.setBuddy(self.slider)
        self.setFixedHeight(ROW_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, S, 0)
        row.setSpacing(XS)
        row.addWidget(words)
        row.addWidget(self.slider)
        row.addWidget(self._value)

    def set_value(self, value: float) -> None:
        """Show ``value`` without telling."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(self._place(value) * self._STEPS))
        self.slider.blockSignals(False)
        self._value.setText(self._text(value))

    def _place(self, value: float) -> float:
        low, high = self._low, self._high
        if self._is_logarithmic:
            return math.log(max(low, value) / low) / math.log(high / low)
        return (value - low) / (high - low)

    def _slid(self, at: int) -> None:
        part, low, high = at / self._STEPS, self._low, self._high
        if self._is_logarithmic:
            value = low * (high / low) ** part
            value = round(value) if value >= 3 else round(value, 1)
        else:
            value = low + part * (high - low)
        self._value.setText(self._text(value))
        self.moved.emit(value)


def percent(value: float) -> str:
    """``80%``."""
    return f"{value:.0%}"


def in_pixels(value: float) -> str:
    """``24 px``."""
    return f"{value:g} px"


class OptionBar(QWidget):
    """What the chosen tool can be set to; ``changed()`` after the kit was."""

    changed = Signal()

    def __init__(
        self,
        kit: Kit,
        has_symmetry: bool = True,
        has_opacity: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._has_opacity = has_opacity
        self._flow = FlowLayout(self, S)
        self.width_dial = self._dial("Size", MIN_SIZE, MAX_SIZE, in_pixels, "size", is_log=True)
        self.hardness = self._dial("Hardness", 0.0, 1.0, percent, "hardness")
        self.opacity = self._dial("Opacity", 0.01, 1.0, percent, "opacity")
        self.tolerance = Dial("Tolerance", 0, 128, lambda value: f"{value:.0f}")
        self.tolerance.slider.setToolTip("How far a colour may differ and still be filled, of 255")
        self.tolerance.moved.connect(self._set_tolerance)
        self.filled = QCheckBox("Filled")
        self.filled.toggled.connect(self._set_filled)
        self.pen_sizes = self._toggle("Pen width", "A pen's pressure changes the width")
        self.pen_fades = self._toggle("Pen opacity", "A pen's pressure changes the opacity")
        self.pen_sizes.toggled.connect(lambda on: self._set_brush(pressure_sizes=on))
        self.pen_fades.toggled.connect(lambda on: self._set_brush(pressure_fades=on))
        for box in (self.filled, self.pen_sizes, self.pen_fades):
            box.setFixedHeight(ROW_HEIGHT)
        for one in (self.tolerance, self.filled, self.pen_sizes, self.pen_fades):
            self._flow.addWidget(one)
        self.mirrors: dict[Symmetry, QToolButton] = {}
        if has_symmetry:
            self._add_mirrors()
        self.show_kit()

    def show_kit(self) -> None:
        """Show the settings of the chosen tool, and only those."""
        kit, brush = self._kit, self._kit.current
        tool = kit.tool
        self.width_dial.set_value(brush.size)
        self.hardness.set_value(brush.hardness)
        self.opacity.set_value(brush.opacity)
        self.tolerance.set_value(kit.tolerance)
        for box, is_on in (
            (self.filled, kit.is_filled),
            (self.pen_sizes, brush.pressure_sizes),
            (self.pen_fades, brush.pressure_fades),
        ):
            box.blockSignals(True)
            box.setChecked(is_on)
            box.blockSignals(False)
        is_outline = tool is Tool.LINE or (
            tool in (Tool.RECTANGLE, Tool.ELLIPSE) and not kit.is_filled
        )
        self.width_dial.setVisible(tool in STROKES or is_outline)
        for one in (self.hardness, self.pen_sizes, self.pen_fades):
            one.setVisible(tool in STROKES)
        self.opacity.setVisible(self._has_opacity and tool is not Tool.PICKER)
        self.filled.setVisible(tool in SHAPES and tool not in (Tool.LINE, Tool.LASSO))
        self.tolerance.setVisible(tool in (Tool.FILL, Tool.WAND))
        for symmetry, mirror in self.mirrors.items():
            mirror.setChecked(kit.symmetry in (symmetry, Symmetry.BOTH))
            mirror.setVisible(tool is not Tool.PICKER)
        self._flow.invalidate()
        self.updateGeometry()

    def _dial(
        self,
        title: str,
        low: float,
        high: float,
        text: Callable[[float], str],
        name: str,
        is_log: bool = False,
    ) -> Dial:
        dial = Dial(title, low, high, text, is_log)
        dial.moved.connect(lambda value: self._set_brush(**{name: value}))
        self._flow.addWidget(dial)
        return dial

    def _toggle(self, text: str, tip: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setToolTip(tip)
        return box

    def _add_mirrors(self) -> None:
        for symmetry, (name, words) in SYMMETRIES.items():
            one = icon_button(name, words, checkable=True)
            one.clicked.connect(self._set_symmetry)
            self.mirrors[symmetry] = one
            self._flow.addWidget(one)

    def _set_brush(self, **values: float | bool) -> None:
        self._kit.set_brush(**values)
        self.changed.emit()

    def _set_tolerance(self, value: float) -> None:
        self._kit.tolerance = round(value)
        self.changed.emit()

    def _set_filled(self, is_filled: bool) -> None:
        self._kit.is_filled = is_filled
        self.show_kit()
        self.changed.emit()

    def _set_symmetry(self) -> None:
        is_vertical = self.mirrors[Symmetry.VERTICAL].isChecked()
        is_horizontal = self.mirrors[Symmetry.HORIZONTAL].isChecked()
        self._kit.symmetry = {
            (False, False): Symmetry.NONE,
            (True, False): Symmetry.VERTICAL,
            (False, True): Symmetry.HORIZONTAL,
            (True, True): Symmetry.BOTH,
        }[is_vertical, is_horizontal]
        self.changed.emit()
