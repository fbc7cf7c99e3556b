"""Where JPEG, PNG, WebP and GIF files keep what is said about a picture."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterator

from catstudio.core.location import boxes, exif, iptc, xmp
from catstudio.core.location.patch import Patch, Redact, redacted

# In a scan 0xFF is followed by 0 or a restart marker; anything else ends it.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_APPENDED = re.compile(rb"\xff\xd8\xff|ftyp")
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MORE_XMP_HEADER = 40  # The packet's digest, its length, and where this part belongs.
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_MOST_TEXT = 16 << 20


def whole(data: bytes, redact: Redact) -> Iterator[Patch]:
    """The file as one block."""
    return redacted(data, [(0, len(data))], redact)


def jpeg(data: bytes) -> Iterator[Patch]:
    """The picture, the further ones behind it (MPO, gain maps), and a motion photo's film."""
    end = yield from _one_jpeg(data, 0)
    while end is not None and (found := _APPENDED.search(data, end)):
        if found[0] == b"ftyp":
            yield from boxes.walk(data, found.start() - 4, len(data))
            return
        end = yield from _one_jpeg(data, found.start())


def _one_jpeg(data: bytes, start: int) -> Generator[Patch, None, int | None]:
    """The segments of the picture at ``start``; returns where it ends, None when it does not."""
    at = start + 2
    while True:
        if data[at : at + 1] != b"\xff":
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return at + 2
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 2:
            return None
        body, end = at + 4, at + 2 + size
        if marker == 0xE1:
            yield from _app1(data, body, end)
        elif marker == 0xED:
            yield from redacted(data, [(body, end)], iptc.without_location)
        at = end
        if marker == 0xDA:
            found = _END_OF_SCAN.search(data, at)
            if found is None:
                return None
            at = found.start()


def _app1(data: bytes, body: int, end: int) -> Iterator[Patch]:
    if data.startswith(_EXIF, body):
        yield from redacted(data, [(body, end)], exif.without_location)
    elif data.startswith(_XMP, body):
        yield from redacted(data, [(body + len(_XMP), end)], xmp.without_location)
    elif data.startswith(_MORE_XMP, body):
        start = body + len(_MORE_XMP) + _MORE_XMP_HEADER
        yield from redacted(data, [(start, end)], xmp.without_location)


def png(data: bytes) -> Iterator[Patch]:
    """Its eXIf chunk and texts; the checksum of a chunk that changes is renewed."""
    at = 8
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"IEND" or at + 12 + size > len(data):
            return
        redact = _PNG.get(kind)
        if redact is not None:
            body = data[at + 8 : at + 8 + size]
            new = redact(body)
            if new != body:
                yield at + 8, new + zlib.crc32(kind + new).to_bytes(4, "big")
        at += 12 + size


def _international(body: bytes) -> bytes:
    """An iTXt chunk: keyword, whether and how it is packed, language, keyword again, text."""
    keyword, _, rest = body.partition(b"\0")
    if keyword != b"XML:com.adobe.xmp" or len(rest) < 2:
        return body
    language = rest.find(b"\0", 2)
    translated = rest.find(b"\0", language + 1) if language >= 0 else -1
    if translated < 0:
        return body
    text = rest[translated + 1 :]
    redact = _packed(xmp.without_location) if rest[0] else xmp.without_location
    return body[: len(body) - len(text)] + redact(text)


def _text(body: bytes) -> bytes:
    """A tEXt chunk: keyword and text."""
    keyword, zero, text = body.partition(b"\0")
    return keyword + zero + _profile(keyword, text)


def _packed_text(body: bytes) -> bytes:
    """A zTXt chunk: keyword, a byte for the method, packed text."""
    keyword, zero, rest = body.partition(b"\0")
    redact = _packed(lambda text: _profile(keyword, text))
    return keyword + zero + rest[:1] + redact(rest[1:])


def _packed(redact: Redact) -> Redact:
    """``redact`` on what zlib unpacks. Blanked text packs better; the rest is filled with zeros,
    which readers leave alone behind the end of the stream."""

    def redact_packed(packed: bytes) -> bytes:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, _MOST_TEXT)
        new = redact(text)
        if new == text:
            return packed
        result = zlib.compress(new, 9)
        if len(result) > len(packed):
            result = zlib.compress(b" " * len(text), 9)
        return result.ljust(len(packed), b"\0")[: len(packed)]

    return redact_packed


def _profile(keyword: bytes, text: bytes) -> bytes:
    """ImageMagick's way: a block in hexadecimal digits, after its name and its length."""
    if keyword == b"XML:com.adobe.xmp":
        return xmp.without_location(text)
    redact = _PROFILES.get(keyword)
    head = re.match(rb"\s*\w+\s+\d+\s+", text)
    if redact is None or head is None:
        return text
    digits = text[head.end() :]
    try:
        block = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return text
    new = redact(block)
    if new is block:
        return text
    written = iter(new.hex().encode())
    return text[: head.end()] + bytes(
        next(written) if chr(digit) in "0123456789abcdefABCDEF" else digit for digit in digits
    )


_PNG: dict[bytes, Callable[[bytes], bytes]] = {
    b"eXIf": exif.without_location,
    b"iTXt": _international,
    b"tEXt": _text,
    b"zTXt": _packed_text,
}
_PROFILES: dict[bytes, Redact] = {
    b"Raw profile type exif": exif.without_location,
    b"Raw profile type APP1": exif.without_location,
    b"Raw profile type xmp": xmp.without_location,
    b"Raw profile type iptc": iptc.without_location,
    b"Raw profile type 8bim": iptc.without_location,
}


def webp(data: bytes) -> Iterator[Patch]:
    """Its EXIF and XMP chunks."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        span = (at + 8, min(at + 8 + size, len(data)))
        if kind == b"EXIF":
            yield from redacted(data, [span], exif.without_location)
        elif kind == b"XMP ":
            yield from redacted(data, [span], xmp.without_location)
        at += 8 + size + size % 2


def gif(data: bytes) -> Iterator[Patch]:
    """Its XMP packet, which lies unpacked behind its name."""
    start = data.find(_GIF_XMP)
    if start >= 0:
        start += len(_GIF_XMP)
        end = data.find(b"<?xpacket end", start)
        yield from redacted(data, [(start, end if end >= 0 else start)], xmp.without_location)
