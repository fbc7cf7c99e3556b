"""Preview: the project's images, one at a time, large over the window."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui import provenance_text
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.overlay import PictureOverlay
from catstudio.ui.pictures import PictureFeed, Pictures


class PreviewOverlay(PictureOverlay):
    """Covers ``parent`` while shown. ``moved(id)`` follows the image."""

    moved = Signal(str)

    def __init__(self, bridge: StudioBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._ids: list[str] = []
        self._reading: Fetch | None = None
        self._pictures = Pictures(bridge, self, limit=96 << 20)
        self._feed = PictureFeed(self.picture, self._pictures)
        self.turned.connect(self._turn)
        self.closed.connect(lambda: self._feed.show(None))

    def show_images(self, ids: list[str], id_: str) -> None:
        """Open on ``id_``; the arrows leaf through ``ids``."""
        self._ids = list(ids) if id_ in ids else [id_]
        self.open_at(self._ids.index(id_), len(self._ids))
        self._read()

    @property
    def current_id(self) -> str | None:
        return self._ids[self._at] if self._ids else None

    def _turn(self, at: int) -> None:
        self._read()
        self.moved.emit(self._ids[at])

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        studio, at, ids = self._bridge.studio, self._at, self._ids
        wanted = [ids[i] for i in (at, at + 1, at - 1) if 0 <= i < len(ids)]

        def read() -> tuple[list[ImageRecord], dict[str, str]]:
            records = studio.images_by_id(wanted)
            parents = [p.id for r in records[:1] for p in r.provenance.parents]
            return records, {r.id: r.name for r in studio.images_by_id(parents)}

        self._reading = self._bridge.fetch(read, self._take)

    def _take(self, found: tuple[list[ImageRecord], dict[str, str]]) -> None:
        records, names = found
        if not records or not self.isVisible():
            return
        record = records[0]
        self._feed.show(record)
        self._pictures.prepare([(one, self._feed.side) for one in records])
        self.say(record.name, provenance_text.sentence(record, names))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._feed.refresh()
