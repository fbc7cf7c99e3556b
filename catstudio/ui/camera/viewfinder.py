"""The viewfinder: the newest frame, a guide for framing, and the seconds left."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtMultimedia import QVideoFrame
from PySide6.QtWidgets import QWidget

from catstudio.ui.theme import TITLE, current

GUIDES = (
    ("none", "No guide"),
    ("thirds", "Thirds"),
    ("square", "Square"),
    ("oval", "Oval"),
)


class Viewfinder(QWidget):
    """Shows frames as they come; those that come faster than they are drawn are passed over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: QVideoFrame | None = None
        self.guide = "thirds"
        self.is_mirrored = False
        self.seconds_left = 0
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Viewfinder")

    def show_frame(self, frame: QVideoFrame) -> None:
        """Keep the newest; it is drawn when the window next draws."""
        self._frame = frame
        self.update()

    def picture(self) -> QImage:
        """The newest frame at its full size, as it is seen (a mirror image stays unmirrored: it
        is how people see themselves, not how the world is)."""
        return QImage() if self._frame is None else self._frame.toImage()

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.ground))
        if self._frame is None:
            painter.setPen(QColor(theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Waiting for the camera …")
            return
        size = self._frame.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(
            (self.width() - size.width()) / 2,
            (self.height() - size.height()) / 2,
            size.width(),
            size.height(),
        )
        painter.save()
        if self.is_mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        self._frame.paint(painter, place, QVideoFrame.PaintOptions())
        painter.restore()
        self._paint_guide(painter, place)
        if self.seconds_left:
            self._paint_count(painter)

    def _paint_guide(self, painter: QPainter, place: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for color, width in ((QColor(0, 0, 0, 110), 3.0), (QColor(255, 255, 255, 200), 1.0)):
            painter.setPen(QPen(color, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if self.guide == "thirds":
                for part in (1 / 3, 2 / 3):
                    x, y = place.x() + part * place.width(), place.y() + part * place.height()
                    painter.drawLine(int(x), int(place.top()), int(x), int(place.bottom()))
                    painter.drawLine(int(place.left()), int(y), int(place.right()), int(y))
            elif self.guide in ("square", "oval"):
                side = min(place.width(), place.height()) * 0.94
                box = QRectF(0, 0, side, side)
                box.moveCenter(place.center())
                if self.guide == "square":
                    painter.drawRect(box)
                else:
                    painter.drawEllipse(box.adjusted(side * 0.1, 0, -side * 0.1, 0))

    def _paint_count(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(6 * TITLE)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(0, 0, 0, 160))
        painter.drawText(
            self.rect().translated(3, 3), Qt.AlignmentFlag.AlignCenter, str(self.seconds_left)
        )
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self.seconds_left))
