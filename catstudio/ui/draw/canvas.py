"""The canvas: shows a document, and hands mouse, pen, wheel and keys to the tools."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from catstudio.ui.draw.canvas_look import paint_axes, paint_outline, paint_picture
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.tools import STROKES, Action, Kit, Picker, Sample, Tool, action
from catstudio.ui.draw.viewport import Viewport
from catstudio.ui.theme import current

_WHEEL_STEP = 1.15
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}


class Canvas(QWidget):
    """Painting with mouse, pen (its eraser end erases) or keys (arrows move, Return presses).

    Signals
    -------
    refused(str) : why nothing was painted.
    picked() : the kit has another colour.
    zoomed(float) : widget pixels a picture pixel.
    """

    refused = Signal(str)
    picked = Signal()
    zoomed = Signal(float)

    def __init__(self, document: Document, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = kit
        self.view = Viewport(QSizeF(document.width, document.height))
        self._action: Action | None = None
        self._pointer: QPointF | None = None
        self._panned_from: QPointF | None = None
        self._is_space_down = False
        self._is_key_down = False
        self._is_pen_down = False
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("Arrow keys move the brush, Return presses and lifts it.")
        self.document = document
        self._follow(document)

    def show_document(self, document: Document) -> None:
        """Show another document from now on."""
        self.give_up()
        self.document.painted.disconnect(self._show_pixels)
        self.document = document
        self._follow(document)

    def _follow(self, document: Document) -> None:
        document.painted.connect(self._show_pixels)
        self.view.picture = QSizeF(document.width, document.height)
        self.fit()

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    # -- view --------------------------------------------------------------------------------

    def fit(self) -> None:
        """The whole picture."""
        self.view.fit()
        self._moved_view()

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom around a place of the widget, by default its middle."""
        self.view.zoom_by(factor, QPointF(self.rect().center()) if around is None else around)
        self._moved_view()

    def _moved_view(self) -> None:
        self.update()
        self.zoomed.emit(self.view.zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view.resize(QSizeF(event.size()))
        self._moved_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Wheel and Ctrl+wheel zoom; a touch pad's two fingers, and Shift+wheel, pan."""
        is_pad = not event.pixelDelta().isNull() and not event.modifiers()
        if is_pad:
            self.view.pan(QPointF(event.pixelDelta()))
            self._moved_view()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            delta = event.angleDelta()
            self.view.pan(QPointF(delta.y() or delta.x(), 0) / 2)
            self._moved_view()
        else:
            self.zoom_by(_WHEEL_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    # -- painting ----------------------------------------------------------------------------

    def give_up(self) -> None:
        """Put back what the tool in use has done so far."""
        if self._action is not None:
            self._action = None
            self.document.cancel()

    @property
    def is_busy(self) -> bool:
        """Is a tool pressed down?"""
        return self._action is not None

    def _press(self, at: QPointF, pressure: float, tool: Tool, is_shift: bool = False) -> None:
        self.give_up()
        wanted = action(self.document, self.kit, tool)
        if wanted.press(self._sample(at, pressure, is_shift)):
            self._action = wanted
            if tool is Tool.PICKER:
                self.picked.emit()
        elif why := self.document.why_not_paint():
            self.refused.emit(why)

    def _drag(self, to: QPointF, pressure: float, is_shift: bool = False) -> None:
        if self._action is not None:
            self._action.move(self._sample(to, pressure, is_shift))
            if isinstance(self._action, Picker):
                self.picked.emit()

    def _lift(self) -> None:
        action_, self._action = self._action, None
        if action_ is not None:
            action_.release()

    def _sample(self, at: QPointF, pressure: float, is_shift: bool) -> Sample:
        point = self.view.to_picture(at)
        return Sample(point.x(), point.y(), pressure, is_shift)

    def _show_pixels(self, rect: QRect) -> None:
        self.update(self.view.rect_to_widget(rect))

    # -- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = event.position()
        button, is_left = event.button(), event.button() == Qt.MouseButton.LeftButton
        if button == Qt.MouseButton.MiddleButton or (is_left and self._is_space_down):
            self._panned_from = at
            self._show_cursor()
        elif is_left:
            # Alt picks a colour with any tool, as in most painting programs.
            is_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            tool = Tool.PICKER if is_alt else self.kit.tool
            self._press(at, 1.0, tool, _is_shift(event))
        self._point(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._panned_from is not None:
            self.view.pan(at - self._panned_from)
            self._panned_from = at
            self._moved_view()
        elif not self._is_pen_down:
            self._drag(at, 1.0, _is_shift(event))
        self._point(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            self._panned_from = None
            self._show_cursor()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._lift()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Pen: pressure changes width or opacity, its other end erases."""
        kind, at = event.type(), event.position()
        is_eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
        if self._is_space_down or self._panned_from is not None:
            event.ignore()  # Comes again as a mouse event, which pans.
            return
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._is_pen_down = True
            tool = Tool.ERASER if is_eraser else self.kit.tool
            self._press(at, event.pressure(), tool, _is_shift(event))
        elif kind == QEvent.Type.TabletMove and self._is_pen_down:
            self._drag(at, event.pressure(), _is_shift(event))
        elif kind == QEvent.Type.TabletRelease and self._is_pen_down:
            self._is_pen_down = False
            self._lift()
        self._point(at)
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_cursor()
        self._point(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    # -- keys --------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        is_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._is_space_down = True
                self._show_cursor()
        elif key in _ARROWS:
            self._step(_ARROWS[Qt.Key(key)], _is_shift(event))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not is_control:
            if not event.isAutoRepeat():
                self._press_by_key(_is_shift(event))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
            self._show_cursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:
        self._is_space_down = False
        self.update()

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def _step(self, way: QPointF, is_fine: bool) -> None:
        at = self._pointer if self._pointer is not None else QPointF(self.rect().center())
        to = at + way * (1.0 if is_fine else 8.0)
        to = QPointF(min(max(to.x(), 0), self.width() - 1), min(max(to.y(), 0), self.height() - 1))
        self._drag(to, 1.0)
        self._point(to)

    def _press_by_key(self, is_shift: bool) -> None:
        at = self._pointer if self._pointer is not None else QPointF(self.rect().center())
        self._point(at)
        if self._action is not None:
            self._lift()
            return
        self._press(at, 1.0, self.kit.tool, is_shift)
        if self.kit.tool in (Tool.FILL, Tool.WAND, Tool.PICKER):
            self._lift()

    # -- looks -------------------------------------------------------------------------------

    def show_tool(self) -> None:
        """The kit has changed: show the cursor that goes with it."""
        self._show_cursor()
        self.update()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.CrossCursor
        if self._panned_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._is_space_down:
            shape = Qt.CursorShape.OpenHandCursor
        elif self.kit.tool in STROKES:
            shape = Qt.CursorShape.BlankCursor
        self.setCursor(shape)

    def _point(self, at: QPointF | None) -> None:
        old, self._pointer = self._outline(), at
        for area in (old, self._outline()):
            if area is not None:
                self.update(area.adjusted(-3, -3, 3, 3).toAlignedRect())

    def _outline(self) -> QRectF | None:
        """The box of the brush's circle at the pointer, in the widget."""
        if self._pointer is None or self.kit.tool not in STROKES:
            return None
        radius = max(2.0, self.kit.current.size / 2 * self.view.zoom)
        area = QRectF(0, 0, 2 * radius, 2 * radius)
        area.moveCenter(self._pointer)
        return area

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(current().ground))
        paint_picture(painter, self.document.picture, self.view, event.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_axes(painter, self.kit.symmetry, self.view.frame())
        if (area := self._outline()) is not None and self._panned_from is None:
            paint_outline(painter, area)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(current().accent), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))


def _is_shift(event: QMouseEvent | QTabletEvent | QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
