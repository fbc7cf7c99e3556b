"""One layer in the list of layers: its eye, its picture, its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QStackedLayout, QWidget

from catstudio.ui.draw.layer import Layer
from catstudio.ui.icons import icon
from catstudio.ui.theme import RADIUS, XS, S, current
from catstudio.ui.widgets import ElidedLabel, icon_button

_PICTURE = QSize(40, 30)
_ROW_HEIGHT = 40


class LayerRow(QFrame):
    """One layer. ``chosen()``, ``shown(bool)``, ``renamed(str)``, ``stepped(int)`` (arrow keys)."""

    chosen = Signal()
    shown = Signal(bool)
    renamed = Signal(str)
    stepped = Signal(int)

    def __init__(self, layer: Layer, is_active: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = layer
        self._is_active = is_active
        self._picture = QPixmap()
        self.setFixedHeight(_ROW_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("Double-click or F2 renames")
        self.eye = icon_button("eye", "")
        self.eye.clicked.connect(lambda: self.shown.emit(not self.layer.is_visible))
        self._name = ElidedLabel()
        self.edit = QLineEdit()
        self.edit.setAccessibleName("Name of the layer")
        self.edit.editingFinished.connect(self._rename)
        self.edit.installEventFilter(self)
        words = QWidget()
        self._stack = QStackedLayout(words)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._name)
        self._stack.addWidget(self.edit)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, S, 0)
        row.setSpacing(S)
        row.addWidget(self.eye)
        row.addSpacing(_PICTURE.width() + XS)
        row.addWidget(words, 1)
        self.show_layer(is_active)
        self.draw_picture()

    def show_layer(self, is_active: bool) -> None:
        """Show the layer's name and state, and whether it is the one painted on."""
        layer, self._is_active = self.layer, is_active
        self.setAccessibleName(layer.name)
        self._name.setText(layer.name)
        self.edit.setText(layer.name)
        self.eye.setIcon(
            icon(
                "eye" if layer.is_visible else "eye-slash", "text" if layer.is_visible else "muted"
            )
        )
        words = f"{'Hide' if layer.is_visible else 'Show'} {layer.name}"
        self.eye.setToolTip(words)
        self.eye.setAccessibleName(words)
        self.update()

    def draw_picture(self) -> None:
        """The layer as it is now, small."""
        small = self.layer.image.scaled(
            _PICTURE * self.devicePixelRatioF(), Qt.AspectRatioMode.KeepAspectRatio
        )
        small.setDevicePixelRatio(self.devicePixelRatioF())
        self._picture = QPixmap.fromImage(small)
        self.update()

    def start_renaming(self) -> None:
        """Type a name in place."""
        self._stack.setCurrentWidget(self.edit)
        self.edit.setFocus()
        self.edit.selectAll()

    def _rename(self) -> None:
        if self._stack.currentWidget() is self.edit:
            self._stack.setCurrentWidget(self._name)
            self.renamed.emit(self.edit.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.edit
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.edit.setText(self.layer.name)
            self._stack.setCurrentWidget(self._name)
            self.setFocus()
            return True
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.start_renaming()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(1 if key == Qt.Key.Key_Up else -1)
        elif key == Qt.Key.Key_F2:
            self.start_renaming()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.accent) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.selected) if self._is_active else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        left = self.eye.geometry().right() + S
        frame = QRect(QPoint(left, (self.height() - _PICTURE.height()) // 2), _PICTURE)
        painter.fillRect(frame, Qt.GlobalColor.white)
        place = QRect(QPoint(0, 0), self._picture.deviceIndependentSize().toSize())
        place.moveCenter(frame.center())
        painter.setOpacity(max(0.25, self.layer.opacity))
        painter.drawPixmap(place.topLeft(), self._picture)
        painter.setOpacity(1)
        painter.setPen(QColor(theme.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame)
