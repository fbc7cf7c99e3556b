"""A strip of small thumbnails to click: an image's parents and children, a selection."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui.gallery.delegate import badge
from catstudio.ui.gallery.model import description
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.theme import RADIUS, XS, current
from catstudio.ui.widgets import FlowLayout, label

SIDE = 58
_BADGE = 16


class ThumbnailButton(QAbstractButton):
    """One image, ``SIDE`` logical pixels square."""

    def __init__(self, record: ImageRecord, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.record = record
        self._thumbnails = thumbnails
        self.setFixedSize(SIDE, SIDE)
        self.setToolTip(description(record))
        self.setAccessibleName(record.name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        thumbnails.ready.connect(self._came)

    def _came(self, id_: str) -> None:
        if id_ == self.record.id:
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        ratio = self.devicePixelRatioF()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        is_marked = self.hasFocus() or self.underMouse()
        painter.setBrush(QColor(theme.hover if self.underMouse() else theme.ground))
        painter.setPen(QPen(QColor(theme.accent), 1.5) if is_marked else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(ground, RADIUS, RADIUS)
        room = ground.adjusted(3, 3, -3, -3)
        pixmap = self._thumbnails.pixmap(self.record, round(room.width() * ratio))
        if pixmap is not None:
            scale = min(room.width() / pixmap.width(), room.height() / pixmap.height())
            width, height = pixmap.width() * scale, pixmap.height() * scale
            place = QRectF(
                room.center().x() - width / 2, room.center().y() - height / 2, width, height
            )
            painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
        mark = badge(theme, self.record.source, _BADGE, ratio)
        painter.drawPixmap(QPointF(2, self.height() - _BADGE - 2), mark)


class ThumbnailStrip(QWidget):
    """Up to ``most`` images that wrap; ``chosen(id)`` tells of a click. Hidden when empty."""

    chosen = Signal(str)

    def __init__(
        self, thumbnails: Thumbnails, most: int = 12, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._most = most
        self._records: list[ImageRecord] = []
        self._rest = label("", "small")
        self._pictures = QWidget()
        self._flow = FlowLayout(self._pictures, XS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addWidget(self._pictures)
        column.addWidget(self._rest)
        self.hide()

    def records(self) -> list[ImageRecord]:
        return list(self._records)

    def show_records(self, records: list[ImageRecord]) -> None:
        """Show ``records``; those beyond the most are only counted."""
        if records == self._records:
            return
        self._records = list(records)
        self._flow.clear()
        for record in records[: self._most]:
            one = ThumbnailButton(record, self._thumbnails)
            one.clicked.connect(lambda _=False, id_=record.id: self.chosen.emit(id_))
            self._flow.addWidget(one)
        rest = len(records) - self._most
        self._rest.setText(f"and {rest:,} more")
        self._rest.setVisible(rest > 0)
        self._pictures.updateGeometry()
        self.setVisible(bool(records))
