"""Location in Photoshop's image resources and the IPTC records (IIM 4.2) that they hold."""

from __future__ import annotations

from catstudio.core.location import xmp

_PREFIX = b"Photoshop 3.0\0"
_RESOURCE = b"8BIM"
_IPTC, _XMP = 0x0404, 0x0424
_PLACES = {26, 27, 90, 92, 95, 100, 101}
"""Datasets of record 2: content location code and name, city, sublocation, state, country code
and name."""


def without_location(block: bytes) -> bytes:
    """``block`` of resources, with Photoshop's prefix or without; itself when it tells no place."""
    data = bytearray(block)
    at = len(_PREFIX) if block[: len(_PREFIX)] == _PREFIX else 0
    while block[at : at + 4] == _RESOURCE and at + 7 <= len(block):
        kind = int.from_bytes(block[at + 4 : at + 6], "big")
        name = block[at + 6] + 1
        at += 6 + name + name % 2
        size = int.from_bytes(block[at : at + 4], "big")
        body = block[at + 4 : at + 4 + size]
        if kind in (_IPTC, _XMP):
            redact = records_without_location if kind == _IPTC else xmp.without_location
            data[at + 4 : at + 4 + len(body)] = redact(body)
        at += 4 + size + size % 2
    return block if data == block else bytes(data)


def records_without_location(block: bytes) -> bytes:
    """``block`` of IPTC records with places overwritten by spaces; itself when it has none."""
    data = bytearray(block)
    at = 0
    while block[at : at + 1] == b"\x1c" and at + 5 <= len(block):
        record, dataset = block[at + 1], block[at + 2]
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:
            break  # An extended dataset: places are at most 64 characters long.
        if record == 2 and dataset in _PLACES:
            size_here = min(size, len(block) - at)
            data[at : at + size_here] = b" " * size_here
        at += size
    return block if data == block else bytes(data)
