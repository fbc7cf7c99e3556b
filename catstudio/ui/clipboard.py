"""What a drop or a paste brings: files, folders, pictures without a file; links are refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QImage

_ENCODED = (("image/png", "png"), ("image/jpeg", "jpg"), ("image/webp", "webp"))
_WEB = ("http://", "https://")
LINK_REFUSED = "CatStudio does not fetch pictures from the web."
LINK_HINT = "Save the picture to a file first (and note its licence), then drop the file."


@dataclass(frozen=True)
class Incoming:
    """What was dropped or pasted.

    ``paths`` are local files and folders. ``blobs`` are encoded pictures with a name.
    ``images`` are pictures still to be encoded, which :meth:`encoded` does (slow for large
    ones: call it off the GUI thread). ``links`` are remote addresses, refused.
    """

    paths: tuple[str, ...] = ()
    blobs: tuple[tuple[str, bytes], ...] = ()
    images: tuple[tuple[str, QImage], ...] = ()
    links: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when there is nothing that can be added."""
        return not (self.paths or self.blobs or self.images)

    @property
    def count(self) -> int:
        return len(self.paths) + len(self.blobs) + len(self.images)

    def encoded(self) -> tuple[tuple[str, bytes], ...]:
        """All pictures that have no file, as (name, bytes)."""
        return (*self.blobs, *((name, _png(image)) for name, image in self.images))


def can_take(mime: QMimeData) -> bool:
    """Is there something to add, or a link that deserves an explanation?"""
    if mime.hasUrls() or mime.hasImage() or _written_link(mime):
        return True
    return any(mime.hasFormat(kind) for kind, _ in _ENCODED)


def read(mime: QMimeData) -> Incoming:
    """What ``mime`` brings. Files win over a picture, a picture over the link it came from."""
    urls = mime.urls() if mime.hasUrls() else []
    paths = tuple(url.toLocalFile() for url in urls if url.isLocalFile())
    if paths:
        return Incoming(paths=paths, links=_links(urls))
    name = f"pasted {datetime.now().astimezone():%Y-%m-%d %H.%M.%S}"
    for kind, suffix in _ENCODED:
        if mime.hasFormat(kind):
            data = bytes(mime.data(kind).data())
            if data:
                return Incoming(blobs=((f"{name}.{suffix}", data),))
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return Incoming(images=((f"{name}.png", image),))
    return Incoming(links=_links(urls) or _written_link(mime))


def file_names(paths: tuple[str, ...], limit: int = 3) -> str:
    """``a.jpg, b.jpg and 5 more``: for a message."""
    names = [Path(path).name for path in paths]
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _links(urls: list[QUrl]) -> tuple[str, ...]:
    return tuple(url.toString() for url in urls if not url.isLocalFile())


def _written_link(mime: QMimeData) -> tuple[str, ...]:
    """The address that was copied as text, if the text is one and nothing else."""
    text = mime.text().strip() if mime.hasText() else ""
    return (text,) if text.startswith(_WEB) and len(text.split()) == 1 else ()


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs lack the device overload
    buffer.close()
    return bytes(data.data())
