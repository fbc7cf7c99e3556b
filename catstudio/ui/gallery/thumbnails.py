"""Pixmaps of what is on the screen: decoded elsewhere, kept within a bound of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import NamedTuple

from PIL import Image
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from catstudio.core.errors import CatStudioError, ImageRefusedError
from catstudio.core.pixels import open_rgb
from catstudio.core.types import ImageRecord
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge

_IN_FLIGHT = 2  # Few at a time, so that what scrolled out of sight is never far ahead of us.
_STORED = 256  # Import writes this size; any other means decoding the original.
_STRETCH = 1.4  # So much larger is still sharp enough to judge, and a hundred times faster.
_LARGE = 512
_PICTURE_SIDES = (512, 1024, 2048, 4096)

Decode = Callable[[Studio, ImageRecord, int], QImage]


class _Kept(NamedTuple):
    side: int
    pixmap: QPixmap

    @property
    def size(self) -> int:
        return self.pixmap.width() * self.pixmap.height() * 4


class Thumbnails(QObject):
    """Hands out pixmaps by image; asks for those it does not have.

    ``ready(id)`` tells that an image's pixmap has come, or that it never will
    (:meth:`failure`). Ask again then. ``decode`` makes an image that fits a side in device
    pixels, on a background thread. ``limit`` bounds the kept pixels, in bytes.
    """

    ready = Signal(str)

    def __init__(
        self,
        bridge: StudioBridge,
        parent: QObject | None = None,
        limit: int = 128 << 20,
        decode: Decode | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._limit = limit
        self._decode = decode or decode_thumbnail
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._wanted: OrderedDict[str, tuple[ImageRecord, int]] = OrderedDict()
        self._under_way: dict[str, int] = {}
        self._failed: dict[str, str] = {}
        self.requests = 0
        """How many decodes were ever asked for; tests see here that nothing else is touched."""

    @property
    def bytes_kept(self) -> int:
        return self._bytes

    def pixmap(self, record: ImageRecord, side: int) -> QPixmap | None:
        """The whole image within ``side`` x ``side`` device pixels, or what there is of it.

        Returns a pixmap of another size while the right one is being made, or None.
        """
        key = record.sha256
        kept = self._kept.get(key)
        if kept is None or kept.side != side:
            if key not in self._failed and self._under_way.get(key) != side:
                self._wanted[key] = (record, side)
                self._pump()
            return kept.pixmap if kept else None
        self._kept.move_to_end(key)
        return kept.pixmap

    def failure(self, record: ImageRecord) -> str | None:
        """Why the image cannot be decoded (its file is missing or damaged), or None."""
        return self._failed.get(record.sha256)

    def keep_only(self, records: Collection[ImageRecord]) -> None:
        """Forget what was asked for and not begun, but for ``records``: the view scrolled on."""
        keys = {record.sha256 for record in records}
        for key in [key for key in self._wanted if key not in keys]:
            del self._wanted[key]

    def _pump(self) -> None:
        while self._wanted and len(self._under_way) < _IN_FLIGHT:
            key, (record, side) = self._wanted.popitem(last=False)
            if key in self._under_way:
                self._wanted[key] = (record, side)  # The old size has to come back first.
                return
            self._under_way[key] = side
            self.requests += 1
            self._begin(record, side)

    def _begin(self, record: ImageRecord, side: int) -> None:
        decode, studio = self._decode, self._bridge.studio
        self._bridge.fetch(
            lambda: decode(studio, record, side),
            lambda image: self._take(record, side, image),
            lambda error: self._fail(record, error),
            receiver=self,
        )

    def _take(self, record: ImageRecord, side: int, image: QImage) -> None:
        self._keep(record.sha256, _Kept(side, QPixmap.fromImage(image)))
        self._end(record)

    def _fail(self, record: ImageRecord, error: CatStudioError) -> None:
        self._failed[record.sha256] = error.message
        self._end(record)

    def _end(self, record: ImageRecord) -> None:
        self._under_way.pop(record.sha256, None)
        self.ready.emit(record.id)
        self._pump()

    def _keep(self, key: str, kept: _Kept) -> None:
        old = self._kept.pop(key, None)
        self._bytes += kept.size - (old.size if old else 0)
        self._kept[key] = kept
        while self._bytes > self._limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size


def decode_thumbnail(studio: Studio, record: ImageRecord, side: int) -> QImage:
    """The image scaled to fit ``side`` device pixels, ready to become a pixmap. Slow.

    Raises :class:`CatStudioError` (of any kind) when the original is gone or damaged.
    """
    size = _STORED if side <= _STORED * _STRETCH else _LARGE
    path = studio.thumbnail(record, size)
    image = QImageReader(str(path)).read()
    if image.isNull():
        path.unlink(missing_ok=True)  # Only a cache: make it again from the original.
        image = QImageReader(str(studio.thumbnail(record, size))).read()
    if image.isNull():
        raise ImageRefusedError(f"{record.name} cannot be shown: its thumbnail cannot be read.")
    if max(image.width(), image.height()) != side:
        image = image.scaled(
            QSize(side, side),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return image.convertToFormat(QImage.Format.Format_RGB32)


def decode_picture(studio: Studio, record: ImageRecord, side: int) -> QImage:
    """The original, no larger than ``side`` device pixels, in sRGB and upright. Slow.

    Raises :class:`ImageRefusedError` when it is gone or damaged.
    """
    picture = open_rgb(studio.image_path(record))
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    width, height = picture.size
    data = picture.tobytes()
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # Copies: ``data`` may go.


def picture_side(pixels: float) -> int:
    """The side to decode a picture at for ``pixels`` on the screen: few sizes, so that a small
    resize decodes nothing anew."""
    return next((side for side in _PICTURE_SIDES if side >= pixels), _PICTURE_SIDES[-1])
