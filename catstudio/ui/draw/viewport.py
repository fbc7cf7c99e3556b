"""Where the picture lies in the widget: zoom and pan."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QTransform

MIN_ZOOM, MAX_ZOOM = 0.05, 32.0
_MARGIN = 24.0


class Viewport:
    """``zoom`` is widget pixels a picture pixel; ``origin`` the widget's place of pixel (0, 0)."""

    def __init__(self, picture: QSizeF) -> None:
        self.picture = picture
        self.widget = QSizeF(1, 1)
        self.zoom = 1.0
        self.origin = QPointF()
        self.is_fitted = True
        """Follows the widget's size, until the person zooms or pans."""

    def resize(self, widget: QSizeF) -> None:
        """The widget has another size: fit again, or keep the middle in the middle."""
        grown = widget - self.widget
        self.widget = widget
        if self.is_fitted:
            self.fit()
        else:
            self.pan(QPointF(grown.width() / 2, grown.height() / 2))

    def fit(self) -> None:
        """The whole picture, in the middle; a small one at most eight times its size."""
        room = self.widget - QSizeF(2 * _MARGIN, 2 * _MARGIN)
        across = room.width() / self.picture.width()
        down = room.height() / self.picture.height()
        self.zoom = min(8.0, max(MIN_ZOOM, min(across, down)))
        self._centre()
        self.is_fitted = True

    def _centre(self) -> None:
        shown = self.picture * self.zoom
        left, top = self.widget.width() - shown.width(), self.widget.height() - shown.height()
        self.origin = QPointF(round(left / 2), round(top / 2))

    def zoom_by(self, factor: float, around: QPointF) -> None:
        """Zoom; what is at ``around`` (widget) stays there."""
        at = self.to_picture(around)
        self.zoom = min(MAX_ZOOM, max(MIN_ZOOM, self.zoom * factor))
        self.origin = around - at * self.zoom
        self.is_fitted = False
        self._keep_in_sight()

    def pan(self, by: QPointF) -> None:
        self.origin = self.origin + by
        self.is_fitted = False
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        shown, least = self.picture * self.zoom, 48.0
        x = min(max(self.origin.x(), least - shown.width()), self.widget.width() - least)
        y = min(max(self.origin.y(), least - shown.height()), self.widget.height() - least)
        self.origin = QPointF(x, y)

    def to_picture(self, point: QPointF) -> QPointF:
        return (point - self.origin) / self.zoom

    def to_widget(self, point: QPointF) -> QPointF:
        return point * self.zoom + self.origin

    def frame(self) -> QRectF:
        """The picture's place in the widget."""
        return QRectF(self.origin, self.picture * self.zoom)

    def rect_to_widget(self, rect: QRect) -> QRect:
        """What must be painted again in the widget when ``rect`` of the picture has changed."""
        area = QRectF(rect)
        placed = QRectF(self.to_widget(area.topLeft()), area.size() * self.zoom)
        # Smooth scaling mixes a pixel with its neighbours.
        reach = self.zoom + 1
        return placed.adjusted(-reach, -reach, reach, reach).toAlignedRect()

    def rect_to_picture(self, rect: QRect) -> QRect:
        """The pixels that are seen in ``rect`` of the widget."""
        area = QRectF(rect)
        placed = QRectF(self.to_picture(area.topLeft()), area.size() / self.zoom)
        inside = placed.adjusted(-1, -1, 1, 1).toAlignedRect()
        return inside & QRectF(QPointF(), self.picture).toRect()

    def transform(self) -> QTransform:
        """From the picture to the widget."""
        return QTransform(self.zoom, 0, 0, self.zoom, self.origin.x(), self.origin.y())
