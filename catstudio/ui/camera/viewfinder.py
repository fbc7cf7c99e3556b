"""The viewfinder: the live picture, a guide for framing, the seconds left, and a blink."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from catstudio.ui.camera.pump import FramePump
from catstudio.ui.theme import RADIUS, TITLE, current

GUIDES = (
    ("none", "No guide"),
    ("thirds", "Thirds"),
    ("square", "Square"),
    ("oval", "Oval"),
)
_BLINK_MS = 90
_FILL = 0.94
"""How much of the shorter side a square or an oval takes."""


class Viewfinder(QWidget):
    """Shows what the camera sees. ``pump`` takes its frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pump = FramePump(self)
        self.pump.shown.connect(self._show)
        self._image = QImage()
        self._is_blinking = False
        self.guide = "thirds"
        self.is_mirrored = False
        self.seconds_left = 0
        self.setMinimumSize(320, 200)
        self.setAccessibleName("Viewfinder")

    @property
    def has_picture(self) -> bool:
        """Has the camera shown anything yet?"""
        return not self._image.isNull()

    def clear(self) -> None:
        """Show nothing: another camera comes, or none."""
        self.pump.forget()
        self._image = QImage()
        self.update()

    def blink(self) -> None:
        """Say that a photo was taken."""
        self._is_blinking = True
        self.update()
        QTimer.singleShot(_BLINK_MS, self, self._open_eye)

    def show_guide(self, guide: str, *, is_mirrored: bool) -> None:
        """Show another guide, and the picture as a mirror does or as others see it."""
        self.guide, self.is_mirrored = guide, is_mirrored
        self.update()

    def count(self, seconds: int) -> None:
        """Show how many seconds are left; 0 shows none."""
        self.seconds_left = seconds
        self.setAccessibleDescription(f"{seconds} seconds left" if seconds else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ratio = self.devicePixelRatioF()
        self.pump.most = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    # -- painting ----------------------------------------------------------------------------

    def _show(self, image: QImage) -> None:
        self._image = image
        self.update()

    def _open_eye(self) -> None:
        self._is_blinking = False
        self.update()

    def _place(self) -> QRectF:
        """Where the picture lies: whole, in the middle, no larger than twice its pixels."""
        size = self._image.size().toSizeF()
        scale = min(self.width() / size.width(), self.height() / size.height())
        size *= min(scale, 2.0)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        painter.setClipPath(ground)
        painter.fillRect(self.rect(), QColor(theme.ground))
        if not self.has_picture:
            painter.setPen(QColor(theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Waiting for the camera…")
            return
        place = self._place()
        painter.save()
        if self.is_mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.drawImage(place, self._image)
        painter.restore()
        if self._is_blinking:
            painter.fillRect(place, QColor(255, 255, 255, 150))
        painter.setClipRect(place, Qt.ClipOperation.IntersectClip)
        self._paint_guide(painter, place)
        if self.seconds_left:
            self._paint_count(painter, place)

    def _paint_guide(self, painter: QPainter, place: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        side = min(place.width(), place.height()) * _FILL
        box = QRectF(0, 0, side, side)
        box.moveCenter(place.center())
        # A dark line below a light one can be seen on anything.
        for color, width in ((QColor(0, 0, 0, 110), 3.0), (QColor(255, 255, 255, 210), 1.2)):
            painter.setPen(QPen(color, width))
            if self.guide == "thirds":
                for part in (1 / 3, 2 / 3):
                    x, y = place.x() + part * place.width(), place.y() + part * place.height()
                    painter.drawLine(int(x), int(place.top()), int(x), int(place.bottom()))
                    painter.drawLine(int(place.left()), int(y), int(place.right()), int(y))
            elif self.guide == "square":
                painter.drawRect(box)
            elif self.guide == "oval":
                painter.drawEllipse(box.adjusted(side * 0.1, 0, -side * 0.1, 0))

    def _paint_count(self, painter: QPainter, place: QRectF) -> None:
        font = QFont(self.font())
        size = round(max(2 * TITLE, min(8 * TITLE, place.height() / 3)))
        font.setPixelSize(size)
        font.setBold(True)
        painter.setFont(font)
        disc = QRectF(0, 0, 1.5 * size, 1.5 * size)
        disc.moveCenter(place.center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 120))
        painter.drawEllipse(disc)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(self.seconds_left))
