"""One editor for each kind of declared parameter: range, default, unit and help come from it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSlider,
    QWidget,
)

from catstudio.sources.base import Kind, Parameter
from catstudio.ui.theme import S
from catstudio.ui.widgets import ComboBox, DoubleSpinBox, SpinBox

_INT_MAX = 2**31 - 1
_MIN_WIDTH = 72


class Slider(QSlider):
    """Leaves the wheel to the page that it lies on, as the other fields do."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Field(QWidget):
    """The editor of one parameter that is not text of several lines and not a model.

    ``changed`` is sent whenever the value is.
    """

    changed = Signal()

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._read: Callable[[], Any]
        self._write: Callable[[Any], None]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        editors = self._editors()
        for editor in editors:
            editor.setToolTip(_tooltip(parameter))
            editor.setAccessibleName(parameter.title)
            editor.setMinimumWidth(_MIN_WIDTH)  # Qt's own is for the longest number there can be.
            row.addWidget(editor)
        self.setFocusProxy(editors[-1])
        self.set_value(parameter.default)

    def value(self) -> Any:
        """The value as the parameter's own type."""
        return self._read()

    def set_value(self, value: Any) -> None:
        """Show ``value``; one outside the range is brought to its edge."""
        self._write(value)

    def offer(self, keys: Collection[str]) -> None:
        """Of a choice, offer those of ``keys`` alone; the first where the chosen one is not among
        them."""
        box = self.focusProxy()
        if not isinstance(box, QComboBox):
            return
        chosen = box.currentData()
        box.blockSignals(True)
        box.clear()
        for key, title in self.parameter.choices:
            if key in keys:
                box.addItem(title, key)
        box.setCurrentIndex(max(0, box.findData(chosen)))
        box.blockSignals(False)
        if box.currentData() != chosen:
            self.changed.emit()

    def _editors(self) -> list[QWidget]:
        """Builds what edits the value, and sets how it is read and written."""
        return _BUILDERS[self.parameter.kind](self)

    def _whole_number(self) -> list[QWidget]:
        box = SpinBox()
        box.setRange(
            int(self.parameter.low if self.parameter.low is not None else -_INT_MAX),
            int(self.parameter.high if self.parameter.high is not None else _INT_MAX),
        )
        box.setSingleStep(int(self.parameter.step or 1))
        box.setGroupSeparatorShown(True)
        box.setSuffix(_suffix(self.parameter))
        box.valueChanged.connect(self.changed)
        self._read = box.value
        self._write = lambda value: box.setValue(int(value))
        return [box]

    def _decimal(self) -> list[QWidget]:
        low = self.parameter.low if self.parameter.low is not None else -1e9
        high = self.parameter.high if self.parameter.high is not None else 1e9
        step = self.parameter.step or 0.1
        box = DoubleSpinBox()
        box.setRange(low, high)
        box.setSingleStep(step)
        box.setDecimals(4 if step < 0.01 else 2 if step < 0.1 else 1)
        box.setSuffix(_suffix(self.parameter))
        box.valueChanged.connect(self.changed)
        self._read = lambda: round(box.value(), 4)
        self._write = lambda value: box.setValue(float(value))
        if self.parameter.low is None or self.parameter.high is None:
            return [box]
        slider = Slider(Qt.Orientation.Horizontal)
        slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        slider.setRange(0, round((high - low) / step))
        slider.valueChanged.connect(lambda notch: box.setValue(low + notch * step))

        def follow(value: float) -> None:
            # A value typed between two notches must not be rounded to one of them.
            slider.blockSignals(True)
            slider.setValue(round((value - low) / step))
            slider.blockSignals(False)

        box.valueChanged.connect(follow)
        follow(box.value())
        return [slider, box]

    def _choice(self) -> list[QWidget]:
        box = ComboBox()
        for key, title in self.parameter.choices:
            box.addItem(title, key)
        # A long title may elide: the panel keeps its width.
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.currentIndexChanged.connect(self.changed)
        self._read = box.currentData
        self._write = lambda value: box.setCurrentIndex(max(0, box.findData(value)))
        return [box]

    def _switch(self) -> list[QWidget]:
        box = QCheckBox(self.parameter.title)
        box.toggled.connect(self.changed)
        self._read = box.isChecked
        self._write = lambda value: box.setChecked(bool(value))
        return [box]

    def _line(self) -> list[QWidget]:
        line = QLineEdit()
        line.setAcceptDrops(False)  # The window's drop zones take files.
        line.textChanged.connect(self.changed)
        self._read = lambda: line.text().strip()
        self._write = lambda value: line.setText(str(value))
        return [line]


_BUILDERS: dict[Kind, Callable[[Field], list[QWidget]]] = {
    Kind.INT: Field._whole_number,
    Kind.FLOAT: Field._decimal,
    Kind.CHOICE: Field._choice,
    Kind.BOOL: Field._switch,
    Kind.TEXT: Field._line,
    Kind.MODEL: Field._line,
}


def _suffix(parameter: Parameter) -> str:
    return f" {parameter.unit}" if parameter.unit else ""


def _tooltip(parameter: Parameter) -> str:
    parts = [parameter.help] if parameter.help else []
    if parameter.low is not None and parameter.high is not None:
        unit = f" {parameter.unit}" if parameter.unit else ""
        default = f"{parameter.default:g}" if parameter.kind is Kind.FLOAT else parameter.default
        parts.append(f"{parameter.low:g} to {parameter.high:g}{unit}, default {default}.")
    return " ".join(parts) or parameter.title
