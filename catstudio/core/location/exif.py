"""Location in a TIFF structure: a TIFF file, or the EXIF block of any other format.

Layouts: TIFF 6.0 (1992), BigTIFF, and Exif 3.0 (CIPA DC-008-2023), chapter 4.6.6 on GPS.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import islice

from msgspec import Struct

from catstudio.core.location import iptc, xmp
from catstudio.core.location.patch import Redact

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PREFIX = b"Exif\0\0"

_GPS, _EXIF_IFD, _SUB_IFDS = 0x8825, 0x8769, 0x014A
_BLOCKS: dict[int, Redact] = {
    700: xmp.without_location,
    33723: iptc.records_without_location,
    34377: iptc.without_location,
}
_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""Bytes that one value takes, by its type's number."""
_LAST_GPS_TAG = 31
_NO_PLACE = {0, 7, 9, 10, 11, 18, 29}
"""GPS tags that tell no place: version, time, status, mode, precision, datum, date."""
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_BYTES = 64, 4096, 1 << 16


class _Entry(Struct, frozen=True):
    tag: int
    at: int
    """Where the entry itself lies."""
    value_at: int
    size: int
    """Where its values lie, and how many bytes they take."""
    width: int
    """The size of one value."""
    is_inline: bool


class _Directory(Struct, frozen=True):
    at: int
    first: int
    """Where its first entry lies."""
    entries: list[_Entry]
    is_whole: bool
    end: int
    """Behind its last entry, where the offset of the next directory is."""


def without_location(block: bytes) -> bytes:
    """``block`` without its GPS directory and other locations; itself when there is none.

    The entry that leads to the directory goes too, so that readers see none. Raises nothing:
    what points outside of the block is passed over.
    """
    if block[:6] == _PREFIX:
        body = block[6:]
        new = without_location(body)
        return block if new is body else _PREFIX + new
    if block[:4] not in SIGNATURES:
        return block
    tiff = _Tiff(block)
    tiff.walk()
    return bytes(tiff.data) if tiff.data != block else block


class _Tiff:
    """One structure under redaction; ``data`` is its bytes so far."""

    def __init__(self, block: bytes) -> None:
        self.data = bytearray(block)
        self._order = "<" if block[:2] == b"II" else ">"
        self._is_big = b"+" in block[2:4]
        self._word = 8 if self._is_big else 4
        self._entry = 20 if self._is_big else 12
        self._count_size = 8 if self._is_big else 2

    def walk(self) -> None:
        """Visit every directory once."""
        waiting = [self._number(8 if self._is_big else 4, self._word)]
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_DIRECTORIES:
            at = waiting.pop()
            if at in seen or not 0 < at < len(self.data):
                continue
            seen.add(at)
            directory = self._read(at)
            gone = []
            for entry in directory.entries:
                if entry.tag in (_EXIF_IFD, _SUB_IFDS):
                    waiting += self._pointers(entry)
                elif entry.tag == _GPS:
                    gone += [entry] if self._blank_gps(entry) else []
                elif entry.tag in _BLOCKS and not entry.is_inline:
                    self._redact(entry, _BLOCKS[entry.tag])
            if directory.is_whole:
                waiting.append(self._number(directory.end, self._word))
            self._remove(directory, gone)

    def _number(self, at: int, size: int) -> int:
        """An unsigned integer of ``size`` bytes; 0 outside of the block."""
        raw = self.data[at : at + size] if at >= 0 else b""
        if len(raw) < size:
            return 0
        return int.from_bytes(raw, "little" if self._order == "<" else "big")

    def _read(self, at: int) -> _Directory:
        """The directory at ``at``, as many of its entries as there are bytes for."""
        count = self._number(at, self._count_size)
        first = at + self._count_size
        n = min(count, _MOST_ENTRIES, max(0, len(self.data) - first) // self._entry)
        entries = []
        for i in range(n):
            place = first + i * self._entry
            kind = self._number(place + 2, 2)
            width = _SIZES[kind] if kind < len(_SIZES) else 0
            size = width * self._number(place + 4, self._word)
            value_at = place + 4 + self._word
            is_inline = size <= self._word
            if not is_inline:
                value_at = self._number(value_at, self._word)
            entries.append(_Entry(self._number(place, 2), place, value_at, size, width, is_inline))
        return _Directory(at, first, entries, n == count, first + n * self._entry)

    def _pointers(self, entry: _Entry) -> list[int]:
        if entry.width not in (4, 8):
            return []
        places = range(entry.value_at, entry.value_at + entry.size, entry.width)
        return [self._number(at, entry.width) for at in islice(places, _MOST_DIRECTORIES)]

    def _blank_gps(self, pointer: _Entry) -> bool:
        """Blank the GPS directory; False when it tells no place."""
        at = next(iter(self._pointers(pointer)), 0)
        if not 0 < at < len(self.data):
            return False
        directory = self._read(at)
        known = [entry for entry in directory.entries if entry.tag <= _LAST_GPS_TAG]
        if not any(e.tag not in _NO_PLACE and e.size for e in known):
            return False
        for entry in known:
            if not entry.is_inline and entry.size <= _MOST_BYTES:
                self._zero(entry.value_at, entry.size)
            self._zero(entry.at, self._entry)
        if len(known) == len(directory.entries):
            self._zero(directory.at, self._count_size)
        return True

    def _zero(self, at: int, size: int) -> None:
        size = min(size, len(self.data) - at)
        if size > 0:
            self.data[at : at + size] = bytes(size)

    def _redact(self, entry: _Entry, redact: Callable[[bytes], bytes]) -> None:
        block = bytes(self.data[entry.value_at : entry.value_at + entry.size])
        new = redact(block)
        if new is not block:
            self.data[entry.value_at : entry.value_at + len(new)] = new

    def _remove(self, directory: _Directory, gone: list[_Entry]) -> None:
        """Close the gaps that ``gone`` leave; values lie elsewhere and keep their places."""
        if not gone:
            return
        size = self._entry
        places = {entry.at for entry in gone}
        kept = b"".join(
            bytes(self.data[entry.at : entry.at + size])
            for entry in directory.entries
            if entry.at not in places
        )
        end = directory.end
        if directory.is_whole:
            kept += bytes(self.data[end : end + self._word])
            end = min(end + self._word, len(self.data))
        self.data[directory.first : end] = kept.ljust(end - directory.first, b"\0")
        count = self._number(directory.at, self._count_size) - len(gone)
        code = "Q" if self._is_big else "H"
        struct.pack_into(self._order + code, self.data, directory.at, max(0, count))
