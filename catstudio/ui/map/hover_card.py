"""The image under the pointer: its thumbnail, name and what is known of it, beside its point."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QWidget

from catstudio.core.types import ImageRecord
from catstudio.sources import SOURCES
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.filter_bar import SPLIT_TITLES
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import Card, ElidedLabel, PictureView

_SIDE, _WIDTH, _OFF = 128, 148, 16
_KEPT_BYTES = 32 << 20


class HoverCard(Card):
    """Lies over the map, and lets the mouse through."""

    def __init__(self, bridge: StudioBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._thumbnails = Thumbnails(bridge, self, limit=_KEPT_BYTES)
        self._thumbnails.ready.connect(self._came)
        self._record: ImageRecord | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.column.setContentsMargins(S, S, S, S)
        self.column.setSpacing(XS)
        self.picture = PictureView()
        self.picture.setFixedSize(QSize(_SIDE, _SIDE))
        self.name = ElidedLabel("", "", Qt.TextElideMode.ElideMiddle)
        self.facts = ElidedLabel("", "small")
        for part in (self.picture, self.name, self.facts):
            self.column.addWidget(part)
        self.setFixedWidth(_WIDTH)
        self.hide()

    def show_record(self, record: ImageRecord | None, at: QPoint) -> None:
        """Show ``record`` beside ``at``, in the parent's coordinates; None hides."""
        self._record = record
        if record is None:
            self.hide()
            return
        source = SOURCES.get(record.source)
        facts = [record.label or "No label", source.title if source else record.source]
        facts += [SPLIT_TITLES[record.split].lower()] if record.split else []
        self.name.setText(record.name)
        self.facts.setText(" · ".join(facts))
        self._fill()
        self.adjustSize()
        self.move(self._place(at))
        self.raise_()
        self.show()

    def _place(self, at: QPoint) -> QPoint:
        """At the lower right, or on another side where there is no room."""
        room = self._over.size()
        x, y = at.x() + _OFF, at.y() + _OFF
        if x + self.width() > room.width():
            x = at.x() - _OFF - self.width()
        if y + self.height() > room.height():
            y = at.y() - _OFF - self.height()
        return QPoint(max(0, x), max(0, y))

    def _fill(self) -> None:
        record = self._record
        if record is None:
            return
        self._thumbnails.keep_only([record])
        side = round(_SIDE * self.devicePixelRatioF())
        pixmap = self._thumbnails.pixmap(record, side)
        if pixmap is not None:
            self.picture.set_pixmap(pixmap)
        else:
            self.picture.set_message(self._thumbnails.failure(record) or "")

    def _came(self, id_: str) -> None:
        if self._record is not None and id_ == self._record.id:
            self._fill()
