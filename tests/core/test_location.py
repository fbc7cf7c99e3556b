"""Location taken out of files: gone for every reader, and nothing else is changed."""

import io
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from catstudio.core import pixels
from catstudio.core.location import without_location

DATA = Path(__file__).parent / "data"
PACKET = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    b' xmlns:e2="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    b' exif:GPSLatitude="48,8.2N" e2:GPSLongitude = \'11,34E\' exif:Flash="1" exif:GPSVersionID="2.3">'
    b"<photoshop:City>Munich</photoshop:City><photoshop:State/><dc:title>Citycat</dc:title>"
    b'<Iptc4xmpExt:LocationCreated rdf:parseType="Resource"><Iptc4xmpExt:City>Munich'
    b"</Iptc4xmpExt:City></Iptc4xmpExt:LocationCreated>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
LOCATED = (b"48,8.2N", b"11,34E", b"Munich")


def exif(*, has_place: bool = True) -> Image.Exif:
    result = Image.Exif()
    result[0x010F] = "Phone"
    taken = result.get_ifd(0x8769)
    taken[36867], taken[0x9011] = "2026:01:02 03:04:05", "+02:00"
    gps = result.get_ifd(0x8825)
    gps[0] = b"\2\3\0\0"
    gps[29] = "2026:01:02"
    if has_place:
        gps |= {1: "N", 2: (48.0, 8.0, 12.5), 3: "E", 4: (11.0, 34.0, 30.0), 6: 519.25}
    result[0x0132] = "2026:01:02 03:04:06"
    return result


def photo() -> Image.Image:
    return Image.linear_gradient("L").resize((64, 48)).convert("RGB")


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    photo().save(buffer, kind, **options)
    return buffer.getvalue()


def phone(kind: str, *, has_place: bool = True) -> bytes:
    """A picture with what a phone writes into EXIF."""
    block = exif(has_place=has_place)
    if kind != "TIFF":
        return encoded(kind, exif=block)
    fields = dict(block)
    for directory in (0x8769, 0x8825):
        fields[directory] = dict(block.get_ifd(directory))
    written = ImageFileDirectory_v2()
    for tag, value in fields.items():
        written[tag] = value
    return encoded(kind, tiffinfo=written)


def png(text: str, **options: object) -> bytes:
    info = PngImagePlugin.PngInfo()
    if text == "iTXt":
        info.add_itxt("XML:com.adobe.xmp", PACKET.decode(), **options)
    else:
        block = exif().tobytes()
        rows = "\n".join(block.hex()[i : i + 72] for i in range(0, 2 * len(block), 72))
        info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{rows}\n", **options)
    return encoded("PNG", pnginfo=info)


def iim(**places: str) -> bytes:
    """IPTC records in a Photoshop resource in an APP13 segment's body."""
    numbers = {"caption": 120, "city": 90, "country": 101}
    records = b"".join(
        b"\x1c\x02" + bytes([numbers[name]]) + struct.pack(">H", len(value)) + value.encode()
        for name, value in places.items()
    )
    padded = records + b"\0" * (len(records) % 2)
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + padded


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def film() -> bytes:
    """The boxes of a phone's short film, with its place said in all three ways."""
    place = b"\0\x12\x15\xc7+48.1370+011.575/"
    key = box(b"mdta", b"com.apple.quicktime.location.ISO6709")
    other = box(b"mdta", b"com.apple.quicktime.make")
    keys = box(b"keys", b"\0\0\0\0\0\0\0\2", other, key)
    values = box(
        b"ilst",
        box(b"\0\0\0\1", box(b"data", b"\0\0\0\1\0\0\0\0", b"Phone")),
        box(b"\0\0\0\2", box(b"data", b"\0\0\0\1\0\0\0\0", b"+48.1370+011.575/")),
    )
    meta = box(b"meta", box(b"hdlr", bytes(24)), keys, values)
    user = box(
        b"udta", box(b"\xa9xyz", place), box(b"loci", b"\0\0\0\0\x15\xc7Munich\0" + bytes(13))
    )
    return (
        box(b"ftyp", b"mp42\0\0\0\0") + box(b"mdat", b"\xff\xd8 frames") + box(b"moov", user, meta)
    )


def gps_of(data: bytes) -> dict:
    pixels.decode(data, "x")  # HEIC is registered there
    with Image.open(io.BytesIO(data)) as image:
        return dict(image.getexif().get_ifd(0x8825))


def check(data: bytes) -> bytes:
    """Everything that holds for a file with a location; returns it without."""
    before = pixels.decode(data, "x")
    found = without_location(data)
    assert found != data
    assert len(found) == len(data)
    assert without_location(found) is found
    after = pixels.decode(found, "x")
    assert after.image.tobytes() == before.image.tobytes()
    assert after.captured_at == before.captured_at
    assert not gps_of(found)
    assert not any(word in found for word in LOCATED)
    return found


EXIF_FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"]


@pytest.mark.parametrize("kind", EXIF_FORMATS)
def test_gps_is_gone_and_the_rest_is_kept(kind: str) -> None:
    data = phone(kind)
    assert gps_of(data)
    found = check(data)
    with Image.open(io.BytesIO(found)) as image:
        kept = image.getexif()
        assert kept[0x010F] == "Phone"
        assert kept[0x0132] == "2026:01:02 03:04:06"
        assert kept.get_ifd(0x8769)[36867] == "2026:01:02 03:04:05"


@pytest.mark.parametrize("kind", EXIF_FORMATS)
def test_a_directory_without_a_place_is_left(kind: str) -> None:
    data = phone(kind, has_place=False)
    assert without_location(data) is data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_a_file_without_location_comes_back_itself(kind: str) -> None:
    data = encoded(kind)
    assert without_location(data) is data


def test_a_phones_10_bit_heic() -> None:
    data = (DATA / "phone-10-bit.heic").read_bytes()
    assert gps_of(data)
    found = check(data)
    assert pixels.decode(found, "x").captured_at.startswith("2026:01:02 03:04:05")
    plain = (DATA / "gradient.heic").read_bytes()
    assert without_location(plain) is plain


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "TIFF"])
def test_properties_in_xmp_are_blanked(kind: str) -> None:
    options = {"tiffinfo": {700: PACKET}} if kind == "TIFF" else {"xmp": PACKET}
    found = check(encoded(kind, **options))
    with Image.open(io.BytesIO(found)) as image:
        packet = image.info["xmp"]
    assert ET.fromstring(packet.decode()) is not None
    for kept in (b'exif:Flash="1"', b"<dc:title>Citycat", b"GPSVersionID", b"?xpacket end"):
        assert kept in packet


@pytest.mark.parametrize(
    "data",
    [
        png("iTXt"),
        png("iTXt", zip=True),
        png("tEXt"),
        png("zTXt", zip=True),
    ],
    ids=["iTXt", "packed iTXt", "tEXt", "zTXt"],
)
def test_texts_of_png(data: bytes) -> None:
    found = check(data)
    with Image.open(io.BytesIO(found)) as image:
        image.verify()  # checksums too
        text = image.info.get("xmp") or image.info["Raw profile type exif"]
    assert text
    assert (b"Citycat" in text) if isinstance(text, bytes) else text.startswith("\nexif\n")


def test_xmp_of_gif() -> None:
    data = encoded("GIF")
    head = data[: 13 + 3 * 2 ** ((data[10] & 7) + 1)]
    magic = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    full = head + b"\x21\xff\x0bXMP DataXMP" + PACKET + magic + data[len(head) :]
    check(full)


def test_iptc_places_are_overwritten() -> None:
    body = iim(caption="Cat", city="Munich", country="Germany")
    bare = encoded("JPEG")
    found = check(bare[:2] + segment(0xED, body) + bare[2:])
    assert b"Germany" not in found
    assert b"Cat" in found
    plain = bare[:2] + segment(0xED, iim(caption="Cat")) + bare[2:]
    assert without_location(plain) is plain


def test_the_film_of_a_motion_photo() -> None:
    data = encoded("JPEG", exif=exif()) + film()
    found = check(data)
    assert b"+48.1370" not in found
    assert found.count(b"Phone") == 2
    assert found[-len(film()) :].startswith(film()[:30])


def test_every_picture_of_several() -> None:
    buffer = io.BytesIO()
    photo().save(
        buffer, "MPO", save_all=True, append_images=[photo().rotate(9)], exif=exif().tobytes()
    )
    gain_map = encoded("JPEG", exif=exif())
    data = buffer.getvalue() + gain_map
    found = check(data)
    assert found.count(b"\x88\x25") + found.count(b"\x25\x88") == 0
    with Image.open(io.BytesIO(found)) as image:
        assert image.n_frames == 2


def test_big_tiff() -> None:
    written = ImageFileDirectory_v2()
    written[0x8825] = {1: "N", 2: (48.0, 8.0, 12.5)}
    data = encoded("TIFF", tiffinfo=written, big_tiff=True)
    assert data[:4] == b"II+\0"
    assert gps_of(data)
    check(data)


def test_the_other_byte_order() -> None:
    pairs = [(0x0001, 2, 2, b"N\0\0\0"), (0x0002, 5, 3, struct.pack(">I", 80))]
    gps = (
        struct.pack(">H", 2)
        + b"".join(struct.pack(">HHI", *e[:3]) + e[3] for e in pairs)
        + bytes(4)
    )
    ifd = struct.pack(">H", 2) + struct.pack(">HHI", 0x010F, 2, 4) + b"Abc\0"
    ifd += struct.pack(">HHII", 0x8825, 4, 1, 40) + bytes(4)
    tiff = b"MM\0*" + struct.pack(">I", 8) + ifd
    tiff = tiff.ljust(40, b"\0") + gps
    tiff = tiff.ljust(80, b"\0") + struct.pack(">IIIIII", 48, 1, 8, 1, 12, 1)
    data = encoded("JPEG")
    data = data[:2] + segment(0xE1, b"Exif\0\0" + tiff) + data[2:]
    assert gps_of(data)
    check(data)


# -- anything at all ---------------------------------------------------------------------------

SOUND = [
    *(phone(kind) for kind in EXIF_FORMATS),
    encoded("JPEG", xmp=PACKET) + film(),
    (DATA / "phone-10-bit.heic").read_bytes(),
    png("iTXt", zip=True),
    png("zTXt", zip=True),
]
MAGIC = [
    b"\xff\xd8\xff\xe1",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\0\0\0\0WEBP",
    b"II*\0",
    b"MM\0+",
    b"GIF89a",
]
MAGIC += [b"\0\0\0\x18ftypheic", b""]


@given(st.sampled_from(MAGIC), st.binary(max_size=400))
def test_random_bytes_never_raise(head: bytes, rest: bytes) -> None:
    data = head + rest
    found = without_location(data)
    assert len(found) == len(data)
    assert without_location(found) is found


@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    st.floats(0.1, 1),
)
def test_damage_never_raises(data: bytes, damage: list[tuple[float, int]], kept: float) -> None:
    broken = bytearray(data[: int(len(data) * kept)])
    for where, value in damage:
        broken[int(where * len(broken))] = value
    found = without_location(bytes(broken))
    assert len(found) == len(broken)
    assert without_location(found) is found


@given(st.binary(min_size=1, max_size=3000))
def test_a_scan_is_never_touched(noise: bytes) -> None:
    """Bytes that look like a location where the pixels are stay."""
    scan = noise.replace(b"\xff", b"\xff\0") + b"Exif\0\0exif:GPSLatitude='1'"
    data = b"\xff\xd8" + segment(0xDA, bytes(10)) + scan + b"\xff\xd9"
    assert without_location(data) is data
    chunk = b"IDAT" + scan
    size = struct.pack(">I", len(scan))
    whole = b"\x89PNG\r\n\x1a\n" + size + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert without_location(whole) is whole
