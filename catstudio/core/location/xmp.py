"""Location in an XMP packet: properties are blanked by spaces, so the packet keeps its length.

Names: XMP specification part 2 (exif, photoshop), IPTC Photo Metadata Standard 2023.1.
"""

from __future__ import annotations

import re
from functools import cache

_PROPERTIES: dict[bytes, tuple[bytes, bytes]] = {
    b"exif": (b"http://ns.adobe.com/exif/1.0/", rb"GPS(?!VersionID|TimeStamp|DateStamp)\w+"),
    b"photoshop": (b"http://ns.adobe.com/photoshop/1.0/", rb"City|State|Country"),
    b"Iptc4xmpCore": (
        b"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
        rb"Location|CountryCode",
    ),
    b"Iptc4xmpExt": (
        b"http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        rb"LocationCreated|LocationShown",
    ),
    b"drone-dji": (b"http://www.dji.com/drone-dji/1.0/", rb"G[Pp][Ss]\w+|\w*Latitude|\w*Longitude"),
}
"""By the usual prefix: the namespace, and the local names that tell a place."""
_HINT = re.compile(rb"G[Pp][Ss]|City|State|Country|Location|Latitude|Longitude")
_DECLARED = re.compile(rb"xmlns:([\w.-]+)\s*=\s*[\"']([^\"'<>]*)[\"']")


def without_location(packet: bytes) -> bytes:
    """``packet`` (UTF-8) without the properties that tell a place; itself when it has none."""
    if not _HINT.search(packet):
        return packet
    data = bytearray(packet)
    for prefix, names in _prefixes(packet):
        attribute, element = _patterns(prefix, names)
        for found in attribute.finditer(packet):
            data[found.start() : found.end()] = b" " * len(found[0])
        _blank_elements(data, element)
    return packet if data == packet else bytes(data)


def _prefixes(packet: bytes) -> set[tuple[bytes, bytes]]:
    """(prefix, names) pairs: the usual prefixes, and those that the packet declares."""
    pairs = {(prefix, names) for prefix, (_, names) in _PROPERTIES.items()}
    namespaces = dict(_PROPERTIES.values())
    for prefix, namespace in _DECLARED.findall(packet):
        if namespace in namespaces:
            pairs.add((prefix, namespaces[namespace]))
    return pairs


@cache
def _patterns(prefix: bytes, names: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    name = re.escape(prefix) + rb":(?:" + names + rb")"
    attribute = rb"(?<=\s)" + name + rb"\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')"
    element = rb"<(" + name + rb")(?=[\s/>])[^<>]*>"
    return re.compile(attribute), re.compile(element)


def _blank_elements(data: bytearray, element: re.Pattern[bytes]) -> None:
    packet = bytes(data)
    at = 0
    while found := element.search(packet, at):
        at = end = found.end()
        if not found[0].endswith(b"/>"):
            closing = b"</" + found[1] + b">"
            close = packet.find(closing, end)
            if close >= 0:
                at = end = close + len(closing)
            else:
                # Damaged: what stands right behind the tag is its value.
                behind = packet.find(b"<", end)
                end = behind if behind >= 0 else len(packet)
                data[found.end() : end] = b" " * (end - found.end())
                continue
        data[found.start() : end] = b" " * (end - found.start())
