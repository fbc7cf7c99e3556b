"""Pictures shown large: the thumbnail at once, the full picture as soon as it is decoded."""

from __future__ import annotations

from PySide6.QtCore import QObject

from catstudio.core.types import ImageRecord
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.thumbnails import Thumbnails, decode_picture, picture_side
from catstudio.ui.widgets import PictureView

_KEPT_BYTES = 192 << 20
_FIRST_SIDE = 256
"""What import stored: decoded in a millisecond or two."""


class Pictures(QObject):
    """Full pictures and quick stand-ins for several :class:`PictureFeed` of one widget."""

    def __init__(
        self, bridge: StudioBridge, parent: QObject | None = None, limit: int = _KEPT_BYTES
    ) -> None:
        super().__init__(parent)
        self.full = Thumbnails(bridge, self, limit=limit, decode=decode_picture)
        self.quick = Thumbnails(bridge, self, limit=16 << 20)

    def prepare(self, wanted: list[tuple[ImageRecord, int]]) -> None:
        """Decode ahead, in order, each image at its side; forget what was asked for before."""
        self.full.keep_only([record for record, _ in wanted])
        for record, side in wanted:
            self.full.pixmap(record, side)


class PictureFeed(QObject):
    """Keeps one :class:`PictureView` showing one image."""

    def __init__(self, view: PictureView, pictures: Pictures) -> None:
        super().__init__(view)
        self._view = view
        self._pictures = pictures
        self._record: ImageRecord | None = None
        pictures.full.ready.connect(self._came)
        pictures.quick.ready.connect(self._came)

    @property
    def side(self) -> int:
        """The side, in device pixels, that the view's size calls for."""
        size = self._view.size()
        return picture_side(max(size.width(), size.height()) * self._view.devicePixelRatioF())

    def show(self, record: ImageRecord | None) -> None:
        """Show ``record`` from now on; None shows nothing."""
        is_new = record is None or self._record is None or record.sha256 != self._record.sha256
        self._record = record
        self._view.setAccessibleName(record.name if record else "")
        if record is None or (is_new and not self._fill(record)):
            self._view.clear()

    def refresh(self) -> None:
        """Ask again, after the view has changed its size."""
        if self._record is not None:
            self._fill(self._record)

    def _came(self, id_: str) -> None:
        if self._record is not None and id_ == self._record.id:
            self._fill(self._record)

    def _fill(self, record: ImageRecord) -> bool:
        """Show the best there is; True when that is a picture or the reason for none."""
        pixmap = self._pictures.full.pixmap(record, self.side)
        if pixmap is None:
            failure = self._pictures.full.failure(record)
            if failure:
                self._view.set_message(failure)
                return True
            pixmap = self._pictures.quick.pixmap(record, _FIRST_SIDE)
        if pixmap is None:
            return False
        self._view.set_pixmap(pixmap)
        return True
