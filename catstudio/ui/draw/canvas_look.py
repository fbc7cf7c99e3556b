"""What the canvas paints: the picture at its zoom, the axes of symmetry, the brush's circle."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from catstudio.ui.draw.symmetry import Symmetry
from catstudio.ui.draw.viewport import Viewport
from catstudio.ui.theme import current

_SHARP = 3.0
"""From this zoom on, in pixels of the screen, the picture's pixels are shown as squares."""


def paint_picture(painter: QPainter, picture: QImage, view: Viewport, area: QRect) -> None:
    """The part of ``picture`` that is seen in ``area`` of the widget, and the picture's edge."""
    part = view.rect_to_picture(area)
    if part.isEmpty():
        return
    painter.save()
    is_smooth = view.zoom * painter.device().devicePixelRatioF() < _SHARP
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    painter.setTransform(view.transform(), combine=True)
    painter.drawImage(QRectF(part), picture, QRectF(part))
    painter.restore()
    painter.setPen(QPen(QColor(current().line), 1))
    painter.drawRect(view.frame().adjusted(-0.5, -0.5, 0.5, 0.5))


def paint_axes(painter: QPainter, symmetry: Symmetry, frame: QRectF) -> None:
    """The lines that strokes are mirrored at, dashed over white to be seen on any picture."""
    middle = frame.center()
    lines = []
    if symmetry.has_vertical:
        lines.append((QPointF(middle.x(), frame.top()), QPointF(middle.x(), frame.bottom())))
    if symmetry.has_horizontal:
        lines.append((QPointF(frame.left(), middle.y()), QPointF(frame.right(), middle.y())))
    for one, other in lines:
        painter.setPen(QPen(QColor(255, 255, 255, 160), 1))
        painter.drawLine(one, other)
        painter.setPen(QPen(QColor(current().accent), 1, Qt.PenStyle.DashLine))
        painter.drawLine(one, other)


def paint_outline(painter: QPainter, area: QRectF) -> None:
    """The brush's circle: dark beside light, one of which stands out on any colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
    painter.drawEllipse(area)
    painter.setPen(QPen(QColor(255, 255, 255, 220), 1))
    painter.drawEllipse(area.adjusted(1, 1, -1, -1))
