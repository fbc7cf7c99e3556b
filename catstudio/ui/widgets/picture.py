"""A picture, whole, on neutral ground: what inspector, review and preview show."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from catstudio.ui.theme import RADIUS, current


class PictureView(QWidget):
    """Shows one image, never cropped and never larger than ``MAX_ZOOM`` times its pixels.

    ``clicked`` tells of a left click. Set the accessible name to what the picture is.
    """

    clicked = Signal()
    MAX_ZOOM = 4.0

    def __init__(self, parent: QWidget | None = None, has_ground: bool = True) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()
        self._message = ""
        self._has_ground = has_ground
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def has_picture(self) -> bool:
        return not self._pixmap.isNull()

    def set_image(self, image: QImage) -> None:
        """Show ``image``, decoded elsewhere; at most a screenful of pixels is best."""
        self.set_pixmap(QPixmap.fromImage(image))

    def set_pixmap(self, pixmap: QPixmap) -> None:
        """Show ``pixmap`` as large as it fits."""
        self._pixmap = pixmap
        self._message = ""
        self.update()

    def set_message(self, message: str) -> None:
        """Show words in place of a picture (why there is none)."""
        self._pixmap = QPixmap()
        self._message = message
        self.update()

    def clear(self) -> None:
        self.set_message("")

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    def picture_rect(self) -> QRectF:
        """Where the picture lies, in the widget's coordinates."""
        size = self._pixmap.size().toSizeF()
        if size.isEmpty():
            return QRectF()
        scale = min(self.width() / size.width(), self.height() / size.height(), self.MAX_ZOOM)
        size *= scale
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(at):
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()) if self._has_ground else self.picture_rect()
        path = QPainterPath()
        path.addRoundedRect(frame, RADIUS, RADIUS)
        if self._has_ground:
            painter.fillPath(path, QColor(theme.ground))
        if self.has_picture:
            painter.setClipPath(path)
            painter.drawPixmap(self.picture_rect(), self._pixmap, QRectF(self._pixmap.rect()))
        elif self._message:
            painter.setPen(QColor(theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._message)
        if self.hasFocus():
            painter.setClipping(False)
            painter.setPen(QColor(theme.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
