"""Number and choice fields that the wheel changes only while they have the focus.

In a panel that scrolls, the wheel would otherwise change whatever passes under the pointer.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QWidget

_TEXT_LEFT = 6  # Style sheets cannot move the text of a spin box.


class SpinBox(QSpinBox):
    """A whole number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _guard(self)
        self.lineEdit().setTextMargins(_TEXT_LEFT, 0, 0, 0)


class DoubleSpinBox(QDoubleSpinBox):
    """A number with decimals, or a whole number beyond a :class:`SpinBox`'s 31 bits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _guard(self)
        self.lineEdit().setTextMargins(_TEXT_LEFT, 0, 0, 0)


class ComboBox(QComboBox):
    """One of several choices."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _guard(self)


class _WheelGuard(QObject):
    """Leaves the wheel to the page below a field that has not the focus."""

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel or not isinstance(field, QWidget) or field.hasFocus():
            return False
        event.ignore()
        return True


def _guard(field: QWidget) -> None:
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.installEventFilter(_WheelGuard(field))
