"""What image files carry beside their pixels: texts, EXIF, XMP and C2PA boxes, read within bounds."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from msgspec import Struct
from PIL import Image

from catstudio.core.pixels import DECODERS_SAY

MAX_TEXT = 2**20
"""Longer texts are cut, in bytes: a workflow of ComfyUI has some 100 kB."""
_MAX_CHUNKS = 10_000
_PNG = b"\x89PNG\r\n\x1a\n"
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_EXIF_TEXTS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x9C9C: "XPComment",
}
_TIFF_C2PA = 52545
_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


class Metadata(Struct, frozen=True):
    """``texts`` are PNG chunks, EXIF tags and JPEG comments by their names; ``xmp`` is the XMP
    packet, ``c2pa`` the JUMBF box of content credentials; empty when there is none."""

    texts: dict[str, str]
    xmp: str = ""
    c2pa: bytes = b""


def read_metadata(data: bytes) -> Metadata:
    """The metadata of an image file; what is broken in it is passed over, nothing is raised."""
    texts: dict[str, str] = {}
    xmp, c2pa = b"", b""
    try:
        if data.startswith(_PNG):
            texts, xmp, c2pa = _png(data)
        elif data.startswith(b"\xff\xd8"):
            texts, xmp, c2pa = _jpeg(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            xmp, c2pa = _webp(data)
        elif data[4:8] == b"ftyp":
            c2pa = _boxes(data)
    except (struct.error, ValueError, LookupError):
        pass  # A damaged block: what was read before it stands.
    exif, more = _with_pillow(data)
    texts = {**exif, **texts}
    return Metadata(texts, _text(xmp or more[0]), c2pa or more[1])


def _with_pillow(data: bytes) -> tuple[dict[str, str], tuple[bytes, bytes]]:
    """EXIF texts; XMP and C2PA of the formats that are not read here (TIFF, HEIF, AVIF)."""
    texts: dict[str, str] = {}
    try:
        with Image.open(io.BytesIO(data)) as image:
            xmp = image.info.get("xmp") or b""
            exif = image.getexif()
            for tag, name in _EXIF_TEXTS.items():
                if tag in exif:
                    texts[name] = _exif_text(exif[tag], tag)
            comment = exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT, b"")
            if comment:
                texts["UserComment"] = _user_comment(comment)
            signed = exif.get(_TIFF_C2PA, b"")
    except DECODERS_SAY:
        return texts, (b"", b"")
    return texts, (
        xmp if isinstance(xmp, bytes) else str(xmp).encode(),
        signed if isinstance(signed, bytes) else b"",
    )


def _png(data: bytes) -> tuple[dict[str, str], bytes, bytes]:
    texts: dict[str, str] = {}
    xmp, c2pa = b"", b""
    for kind, body in _png_chunks(data):
        if kind == b"caBX":
            c2pa += body
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            key, _, rest = body.partition(b"\0")
            if kind == b"zTXt":
                rest = _inflated(rest[1:])
            elif kind == b"iTXt":
                is_packed = rest[:1] == b"\x01"
                rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
                rest = _inflated(rest) if is_packed else rest
            name = key.decode("latin-1")
            if name == "XML:com.adobe.xmp":
                xmp = rest
            else:
                texts[name] = _text(rest)
    return texts, xmp, c2pa


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind != b"IDAT":
            yield kind, data[place + 8 : place + 8 + length]
        place += length + 12


def _jpeg(data: bytes) -> tuple[dict[str, str], bytes, bytes]:
    texts: dict[str, str] = {}
    xmp = b""
    boxes: dict[int, bytes] = {}
    place = 2
    for _ in range(_MAX_CHUNKS):
        marker, length = struct.unpack_from(">HH", data, place)
        if marker == 0xFFDA or marker < 0xFF00:
            break
        body = data[place + 4 : place + 2 + length]
        if marker == 0xFFE1 and body.startswith(_XMP_HEAD):
            xmp = body[len(_XMP_HEAD) :]
        elif marker == 0xFFFE:
            texts["Comment"] = _text(body)
        elif marker == 0xFFED:
            texts["IPTC"] = _text(body)
        elif marker == 0xFFEB and body.startswith(b"JP"):
            # One box in several segments: each repeats the 8 bytes of the box's own header.
            instance = struct.unpack_from(">H", body, 2)[0]
            part = body[16:] if instance in boxes else body[8:]
            boxes[instance] = boxes.get(instance, b"") + part
        place += 2 + length
    c2pa = b"".join(box for box in boxes.values() if b"c2pa" in box)
    return texts, xmp, c2pa


def _webp(data: bytes) -> tuple[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 12
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind in (b"XMP ", b"C2PA"):
            found[kind] = data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    return found.get(b"XMP ", b""), found.get(b"C2PA", b"")


def _boxes(data: bytes) -> bytes:
    """The C2PA box of a HEIF or AVIF file."""
    place = 0
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, place)
        if length == 1:
            length = struct.unpack_from(">Q", data, place + 8)[0]
        if kind == b"uuid" and data[place + 8 : place + 24] == _C2PA_UUID:
            return data[place + 24 : place + length]
        if length < 8:
            break
        place += length
    return b""


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MAX_TEXT)
    except zlib.error:
        return b""


def _text(raw: bytes) -> str:
    cut = raw[:MAX_TEXT]
    try:
        return cut.decode("utf-8")
    except UnicodeDecodeError:
        return cut.decode("latin-1")


def _exif_text(value: object, tag: int) -> str:
    if isinstance(value, bytes):
        return value[:MAX_TEXT].decode("utf-16-le" if tag == 0x9C9C else "latin-1", "replace")
    return str(value)[:MAX_TEXT].strip("\0 ")


def _user_comment(value: object) -> str:
    """EXIF's UserComment: eight bytes that name the encoding, then the text."""
    if not isinstance(value, bytes):
        return str(value)[:MAX_TEXT]
    head, body = value[:8], value[8 : 8 + MAX_TEXT]
    if head.startswith(b"UNICODE"):
        # In the byte order of whoever wrote it: Latin text has its zeros first in big endian.
        is_big = body[0:16:2].count(0) >= body[1:16:2].count(0)
        return body.decode("utf-16-be" if is_big else "utf-16-le", "replace").strip("\0 ")
    if head.startswith((b"ASCII", b"\0\0\0\0\0\0\0\0")):
        return _text(body).strip("\0 ")
    return _text(value).strip("\0 ")
