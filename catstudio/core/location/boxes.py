"""Location in files made of boxes: HEIC and AVIF pictures, QuickTime and MP4 films.

Layouts: ISO/IEC 14496-12 (boxes, items), 23008-12 (HEIF), 3GPP TS 26.244 (``loci``), and
Apple's QuickTime File Format (``©xyz``, metadata keys).
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from msgspec import Struct

from catstudio.core.location import exif, xmp
from catstudio.core.location.patch import Patch, Span, redacted

_HOLDERS = {b"moov", b"trak", b"udta", b"mdia", b"minf", b"ilst", b"mpvd"}
_PLACES = {b"\xa9xyz", b"loci"}
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MOST_ITEMS, _MOST_EXTENTS, _DEEPEST = 4096, 256, 8


class Box(Struct, frozen=True):
    """One box: its four-letter kind, where it begins, and where its contents lie."""

    kind: bytes
    start: int
    body: int
    end: int


def children(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between ``start`` and ``end``, up to the first that cannot be one."""
    end = min(end, len(data))
    while start + 8 <= end:
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        body = start + 8
        if size == 1:
            size, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        elif size == 0:
            size = end - start
        if size < body - start:
            return
        yield Box(kind, start, body, min(start + size, end))
        start += size


def walk(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[Patch]:
    """Blank what tells a place in the boxes between ``start`` and ``end``."""
    if depth > _DEEPEST:
        return
    for box in children(data, start, end):
        if box.kind in _PLACES:
            # A free box is passed over by readers, and its length keeps all others in place.
            yield box.start + 4, b"free"
            yield box.body, bytes(box.end - box.body)
        elif box.kind in _HOLDERS:
            yield from walk(data, box.body, box.end, depth + 1)
        elif box.kind == b"meta":
            yield from _meta(data, box, depth)
        elif box.kind == b"uuid" and data[box.body : box.body + 16] == _XMP_UUID:
            yield from redacted(data, [(box.body + 16, box.end)], xmp.without_location)


def _meta(data: bytes, box: Box, depth: int) -> Iterator[Patch]:
    # QuickTime's has no version in front of its boxes, ISO's has one of four bytes.
    skip = 0 if data[box.body + 4 : box.body + 8] == b"hdlr" else 4
    inner = {one.kind: one for one in children(data, box.body + skip, box.end)}
    if b"keys" in inner and b"ilst" in inner:
        yield from _keyed(data, inner[b"keys"], inner[b"ilst"])
    if b"iinf" in inner and b"iloc" in inner:
        yield from _items(data, inner)
    yield from walk(data, box.body + skip, box.end, depth + 1)


def _keyed(data: bytes, keys: Box, values: Box) -> Iterator[Patch]:
    """QuickTime metadata: values are boxes named after the number of their key, from 1."""
    names = children(data, keys.body + 8, keys.end)
    places = {
        number.to_bytes(4, "big")
        for number, key in enumerate(names, 1)
        if b"location" in data[key.body : key.end].lower()
    }
    for value in children(data, values.body, values.end):
        if value.kind in places:
            for one in children(data, value.body, value.end):
                if one.kind == b"data":
                    start = min(one.body + 8, one.end)
                    yield start, b" " * (one.end - start)


# -- the items of HEIC and AVIF --------------------------------------------------------------


def _items(data: bytes, inner: dict[bytes, Box]) -> Iterator[Patch]:
    kinds = _item_kinds(data, inner[b"iinf"])
    for id_, spans in _item_places(data, inner[b"iloc"], inner.get(b"idat")):
        if kinds.get(id_) == b"Exif":
            # Four bytes say how far behind them the TIFF header lies.
            head = b"".join(data[start:end] for start, end in spans)[:4]
            skip = 4 + int.from_bytes(head, "big")
            yield from redacted(data, spans, exif.without_location, skip)
        elif kinds.get(id_) == b"mime":
            yield from redacted(data, spans, xmp.without_location)


def _item_kinds(data: bytes, box: Box) -> dict[int, bytes]:
    """The kind of every item whose kind is written: ``Exif``, ``mime``, ``hvc1`` ..."""
    version = data[box.body]
    kinds = {}
    for one in children(data, box.body + (6 if version == 0 else 8), box.end):
        wide = {2: 2, 3: 4}.get(data[one.body]) if one.kind == b"infe" else None
        if wide is not None:
            at = one.body + 4
            id_ = int.from_bytes(data[at : at + wide], "big")
            kinds[id_] = data[at + wide + 2 : at + wide + 6]
    return kinds


def _item_places(data: bytes, box: Box, inline: Box | None) -> Iterator[tuple[int, list[Span]]]:
    """Where every item's bytes lie; those of other files are left out."""
    reader = BytesIO(data[box.body : box.end])

    def number(size: int) -> int:
        return int.from_bytes(reader.read(size), "big")

    version = number(1)
    number(3)
    sizes = number(2)
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, sizes & 15
    id_size = 2 if version < 2 else 4
    for _ in range(min(number(id_size), _MOST_ITEMS)):
        id_ = number(id_size)
        method = number(2) & 15 if version in (1, 2) else 0
        is_here = number(2) == 0
        base = number(base_size)
        spans = []
        for _ in range(min(number(2), _MOST_EXTENTS)):
            number(index_size if version in (1, 2) else 0)
            start, length = base + number(offset_size), number(length_size)
            first = inline.body if method == 1 and inline is not None else 0
            last = inline.end if method == 1 and inline is not None else len(data)
            end = first + start + length if length else last
            spans.append((min(first + start, last), min(end, last)))
        if is_here and method in (0, 1):
            yield id_, spans
