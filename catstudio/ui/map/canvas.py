"""The map itself: turns mouse and keys into moves and selections."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from catstudio.ui.map import points
from catstudio.ui.map.drawing import MARGIN, MapDrawing
from catstudio.ui.map.points import View
from catstudio.ui.theme import RADIUS, current

_CLICK = 4
"""A mouse that moved fewer pixels between press and release has clicked."""
_NEAR = 10
_STEP, _PUSH = 1.25, 60
_WAYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Pick(Enum):
    """What a click or a lasso does to the selection."""

    REPLACE = "replace"
    ADD = "add"
    TOGGLE = "toggle"


class MapCanvas(MapDrawing):
    """Shows points that can be selected.

    Signals
    -------
    picked(list[str], Pick, str) : ids, what to do with them, and the one to go on from or "".
    hovered(str, QPoint) : the point under the mouse or the keyboard's, or "".
    opened() : a double click. menu_asked(QPoint) : in screen coordinates.
    """

    picked = Signal(object, object, str)
    hovered = Signal(str, QPoint)
    opened = Signal()
    menu_asked = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._press: QPointF | None = None
        self._last = QPointF()
        self._lasso: list[QPointF] = []
        self._is_pushing = self._has_pushed = False
        self.moves = False
        """Does the left button move the map, in place of drawing a lasso?"""

    def _move(self, view: View) -> None:
        super()._move(view)
        self._hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A notch is 120; a touch pad sends small parts of it.
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        self.zoom(_STEP**steps, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self.zoom(1 + event.value(), event.position())
            return True
        return super().event(event)

    # -- the mouse ---------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = self._last = event.position()
        is_left = event.button() == Qt.MouseButton.LeftButton
        self._is_pushing, self._has_pushed = self.moves or not is_left, False
        self._lasso = [] if self._is_pushing else [event.position()]
        self._hover(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._press is None:
            self._hover(self._point_at(at), at.toPoint())
            return
        if self._is_pushing:
            self._has_pushed |= (at - self._press).manhattanLength() >= _CLICK
            if self._has_pushed:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                step = at - self._last
                self._last = at
                self._move(self._view.moved(step.x(), step.y()))
        elif (at - self._lasso[-1]).manhattanLength() >= 2:
            self._lasso.append(at)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        at, self._press = event.position(), None
        lasso, self._lasso = self._lasso, []
        has_pushed = self._has_pushed
        self.unsetCursor()
        pick = _pick(event.modifiers())
        if event.button() == Qt.MouseButton.RightButton and not has_pushed:
            self._ask_menu(at)
        elif len(lasso) > 2 and _span(lasso) >= _CLICK:
            inside = [self._ids[row] for row in self._inside(lasso)]
            self.picked.emit(inside, pick, inside[0] if inside else "")
        elif event.button() == Qt.MouseButton.LeftButton and not has_pushed:
            self._click(self._point_at(at), pick)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and self._point_at(event.position()) is not None:
            self.opened.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._hover(None)
        super().hideEvent(event)

    def _click(self, row: int | None, pick: Pick) -> None:
        if row is not None:
            self._at = row
            pick = Pick.TOGGLE if pick is Pick.ADD else pick
            self.picked.emit([self._ids[row]], pick, self._ids[row])
        elif pick is Pick.REPLACE:
            self.picked.emit([], pick, "")

    def _ask_menu(self, at: QPointF) -> None:
        row = self._point_at(at)
        if row is not None and not self._selected[row]:
            self._click(row, Pick.REPLACE)
        self.menu_asked.emit(self.mapToGlobal(at.toPoint()))

    def _point_at(self, at: QPointF) -> int | None:
        return points.nearest(self._on_screen(), at.x(), at.y(), _NEAR, self._allowed)

    def _inside(self, lasso: Sequence[QPointF]) -> NDArray[np.intp]:
        """Which allowed points lie within the loop: drawn, and looked up pixel by pixel."""
        mask = QImage(self.size(), QImage.Format.Format_Grayscale8)
        mask.fill(0)
        path = QPainterPath(lasso[0])
        for one in lasso[1:]:
            path.lineTo(one)
        path.closeSubpath()
        painter = QPainter(mask)
        painter.fillPath(path, QColor("white"))
        painter.end()
        pixels = np.frombuffer(mask.constBits(), np.uint8).reshape(mask.height(), -1)
        at = np.rint(self._on_screen()).astype(np.intp)
        inside = self._allowed & (at >= 0).all(axis=1)
        inside &= (at[:, 0] < mask.width()) & (at[:, 1] < mask.height())
        rows = np.flatnonzero(inside)
        found: NDArray[np.intp] = rows[pixels[at[rows, 1], at[rows, 0]] > 0]
        return found

    def _hover(self, row: int | None, at: QPoint | None = None) -> None:
        if row == self._under:
            return
        self._under = row
        self.setToolTip("")
        self.hovered.emit(self._ids[row] if row is not None else "", at or QPoint())
        self.update()

    # -- the keyboard ------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = event.key(), event.modifiers()
        is_control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        way = _WAYS.get(Qt.Key(key))
        if way is not None and is_control:
            self._move(self._view.moved(-_PUSH * way[0], -_PUSH * way[1]))
        elif way is not None:
            self._go(way, _pick(keys))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP)
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key == Qt.Key.Key_A and is_control:
            self.picked.emit(self.all_ids(), Pick.REPLACE, "")
        elif key == Qt.Key.Key_Escape and (self._lasso or self._selected.any()):
            self._escape()
        elif key == Qt.Key.Key_Menu:
            self.menu_asked.emit(self.mapToGlobal(self._current_point()))
        else:
            super().keyPressEvent(event)

    def _escape(self) -> None:
        if self._lasso:
            self._lasso, self._press = [], None
            self.update()
        else:
            self.picked.emit([], Pick.REPLACE, "")

    def _go(self, way: tuple[int, int], pick: Pick) -> None:
        """Go to the next point on that side; the first time to the one in the middle."""
        screen = self._on_screen()
        if self._at is None or not self._allowed[self._at]:
            far = float(self.width() + self.height())
            row = points.nearest(screen, self.width() / 2, self.height() / 2, far, self._allowed)
        else:
            row = points.ahead(screen, self._at, *way, self._allowed)
        if row is None:
            return
        self._click(row, Pick.REPLACE if pick is Pick.REPLACE else Pick.ADD)
        self._at = row
        self._bring_into_sight(row)
        self._hover(row, self._current_point())

    def _bring_into_sight(self, row: int) -> None:
        x, y = (float(v) for v in self._on_screen()[row])
        dx = min(0.0, self.width() - MARGIN - x) + max(0.0, MARGIN - x)
        dy = min(0.0, self.height() - MARGIN - y) + max(0.0, MARGIN - y)
        if dx or dy:
            self._move(self._view.moved(dx, dy))

    def _current_point(self) -> QPoint:
        place = self.point(self._ids[self._at]) if self._at is not None else None
        return place or self.rect().center()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._buffer is None:
            self._buffer = self._drawn()
        theme = current()
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), self._buffer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(theme.accent)
        reach = self.radius() + 4
        ringed = (self._under, self._at if self.hasFocus() else None)
        for row in {row for row in ringed if row is not None}:
            x, y = (float(v) for v in self._on_screen()[row])
            painter.setPen(QPen(accent, 2))
            painter.drawEllipse(QPointF(x, y), reach, reach)
        if len(self._lasso) > 1:
            fill = QColor(accent)
            fill.setAlpha(36)
            painter.setPen(QPen(accent, 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(fill)
            painter.drawPolygon(self._lasso)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(accent, 1))
            frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(frame, RADIUS, RADIUS)


def _pick(keys: Qt.KeyboardModifier) -> Pick:
    if keys & Qt.KeyboardModifier.ControlModifier:
        return Pick.TOGGLE
    return Pick.ADD if keys & Qt.KeyboardModifier.ShiftModifier else Pick.REPLACE


def _span(line: Sequence[QPointF]) -> float:
    x, y = [p.x() for p in line], [p.y() for p in line]
    return max(max(x) - min(x), max(y) - min(y))
