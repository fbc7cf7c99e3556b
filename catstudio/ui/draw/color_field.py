"""Mixing a colour: a square of saturation and value, a bar of hue, and its hexadecimal name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegularExpressionValidator,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from catstudio.ui.theme import RADIUS, M, S, current
from catstudio.ui.widgets import label

_STEP = 0.02
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class _Plane(QWidget):
    """A field with a handle at (x, y), each in [0, 1], y upwards; mouse and arrow keys move it."""

    moved = Signal(float, float)

    def __init__(self, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_, self.y_ = 0.0, 0.0
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def place(self, x: float, y: float) -> None:
        self.x_, self.y_ = min(1.0, max(0.0, x)), min(1.0, max(0.0, y))
        self.update()

    def _go(self, x: float, y: float) -> None:
        self.place(x, y)
        self.moved.emit(self.x_, self.y_)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._follow(event.position())

    def _follow(self, at: QPointF) -> None:
        self._go(at.x() / self.width(), 1 - at.y() / self.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            dx, dy = _ARROWS[Qt.Key(event.key())]
            self._go(self.x_ + dx * _STEP, self.y_ + dy * _STEP)
        else:
            super().keyPressEvent(event)

    def _paint_handle(self, painter: QPainter, x: float, y: float) -> None:
        at = QPointF(x * self.width(), (1 - y) * self.height())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#000000"), 3))
        painter.drawEllipse(at, 6, 6)
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        painter.drawEllipse(at, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(QColor(current().accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)


class _SaturationValue(_Plane):
    """Saturation to the right, value upwards, of one hue."""

    hue = 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect())
        across = QLinearGradient(area.topLeft(), area.topRight())
        across.setColorAt(0, QColor("#ffffff"))
        across.setColorAt(1, QColor.fromHsvF(self.hue, 1, 1))
        down = QLinearGradient(area.topLeft(), area.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor("#000000"))
        for fill in (across, down):
            painter.setBrush(fill)
            painter.drawRoundedRect(area, 4, 4)
        self._paint_handle(painter, self.x_, self.y_)


class _Hue(_Plane):
    """The hues, in a bar."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect())
        along = QLinearGradient(area.topLeft(), area.topRight())
        for sixth in range(7):
            along.setColorAt(sixth / 6, QColor.fromHsvF(min(sixth / 6, 0.9999), 1, 1))
        painter.setBrush(along)
        painter.drawRoundedRect(area, 4, 4)
        self._paint_handle(painter, self.x_, 0.5)


class ColorPopover(QFrame):
    """A small window that goes when one clicks elsewhere; ``mixed(QColor)`` at each change."""

    mixed = Signal(QColor)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self._plane = _SaturationValue("Saturation and brightness", QSize(216, 150))
        self._hue = _Hue("Hue", QSize(216, 18))
        self._name = QLineEdit()
        self._name.setAccessibleName("Colour as a hexadecimal number")
        self._name.setMaxLength(7)
        self._name.setValidator(QRegularExpressionValidator("#?[0-9a-fA-F]{0,6}"))
        self._name.textEdited.connect(self._typed)
        self._plane.moved.connect(self._mix)
        self._hue.moved.connect(self._mix)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, M, M, M)
        column.setSpacing(S)
        column.addWidget(self._plane)
        column.addWidget(self._hue)
        row = QHBoxLayout()
        row.addWidget(label("Hex", "muted"))
        row.addWidget(self._name, 1)
        column.addLayout(row)

    def show_color(self, color: QColor) -> None:
        """Start from ``color``."""
        self._place(color)
        self._name.setText(color.name())

    def _place(self, color: QColor) -> None:
        if color.hsvHueF() >= 0:  # Greys have none; the bar keeps the last.
            self._plane.hue = color.hsvHueF()
            self._hue.place(color.hsvHueF(), 0)
        self._plane.place(color.hsvSaturationF(), color.valueF())

    def _mix(self) -> None:
        self._plane.hue = min(self._hue.x_, 0.9999)
        self._plane.update()
        color = QColor.fromHsvF(self._plane.hue, self._plane.x_, self._plane.y_)
        self._name.setText(color.name())
        self.mixed.emit(color)

    def _typed(self, text: str) -> None:
        color = QColor("#" + text.removeprefix("#"))
        if len(text.removeprefix("#")) == 6 and color.isValid():
            self._place(color)
            self.mixed.emit(color)


def paint_swatch(painter: QPainter, area: QRectF, color: QColor, has_focus: bool) -> None:
    """A rounded field of ``color`` with a hairline, and a ring when it has the focus."""
    theme = current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(color)
    painter.setPen(QPen(QColor(theme.disabled), 1))
    painter.drawRoundedRect(area.adjusted(2.5, 2.5, -2.5, -2.5), RADIUS - 2, RADIUS - 2)
    if has_focus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.drawRoundedRect(area.adjusted(0.75, 0.75, -0.75, -0.75), RADIUS, RADIUS)
