"""Decoding: every format that is promised, what is done to it, and what is refused."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from catstudio.core import pixels
from catstudio.core.errors import ImageRefusedError

DATA = Path(__file__).parent / "data"


def gradient(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, across)).convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_every_format_decodes_to_rgb(kind: str) -> None:
    decoded = pixels.decode(encoded(gradient(), kind), "g")
    assert (decoded.format, decoded.width, decoded.height) == (kind, 64, 48)
    assert decoded.image.mode == "RGB"
    expected, found = gradient().getpixel((50, 10)), decoded.image.getpixel((50, 10))
    assert max(abs(a - b) for a, b in zip(expected, found, strict=True)) < 40


def test_heic_decodes() -> None:
    decoded = pixels.decode((DATA / "gradient.heic").read_bytes(), "gradient.heic")
    assert (decoded.format, decoded.width, decoded.height) == ("HEIF", 64, 48)
    assert decoded.image.getpixel((60, 2))[0] > 200 > 60 > decoded.image.getpixel((3, 2))[0]


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to view
    decoded = pixels.decode(encoded(gradient(), "JPEG", exif=exif), "g.jpg")
    assert (decoded.width, decoded.height) == (48, 64)


def test_time_taken_is_read() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[36867] = "2026:01:02 03:04:05"
    data = encoded(gradient(), "JPEG", exif=exif)
    assert pixels.decode(data, "g.jpg").captured_at == "2026:01:02 03:04:05"


@pytest.mark.parametrize(
    ("part", "offset", "expected"),
    [
        ("678", "+02:00", "2026:01:02 03:04:05.678+02:00"),
        ("", "-11:30", "2026:01:02 03:04:05-11:30"),
        ("07\0", "", "2026:01:02 03:04:05.07"),
        ("x", "   :  ", "2026:01:02 03:04:05"),
    ],
)
def test_time_taken_is_as_exact_as_it_is_given(part: str, offset: str, expected: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Phone"
    taken = exif.get_ifd(0x8769)
    taken[0x9003], taken[0x9291], taken[0x9011] = "2026:01:02 03:04:05", part, offset
    for kind in ("JPEG", "WEBP", "AVIF", "PNG"):
        assert pixels.decode(encoded(gradient(), kind, exif=exif), "g").captured_at == expected


def test_a_phones_10_bit_heic_decodes() -> None:
    decoded = pixels.decode((DATA / "phone-10-bit.heic").read_bytes(), "phone.heic")
    assert (decoded.format, decoded.width, decoded.height) == ("HEIF", 64, 48)
    assert decoded.captured_at == "2026:01:02 03:04:05.678+02:00"
    assert decoded.image.getpixel((60, 2))[0] > 200 > 60 > decoded.image.getpixel((3, 2))[0]


def test_several_pictures_in_one_jpeg_give_the_first() -> None:
    buffer = io.BytesIO()
    second = Image.new("RGB", (64, 48), "red")
    gradient().save(buffer, "MPO", save_all=True, append_images=[second])
    gain_map, film = encoded(gradient(16, 16, "L"), "JPEG"), b"\0\0\0\x10ftypmp42\0\0\0\0 frames"
    for data in (buffer.getvalue(), encoded(gradient(), "JPEG") + gain_map + film):
        decoded = pixels.decode(data, "phone.jpg")
        assert (decoded.format, decoded.width, decoded.height) == ("JPEG", 64, 48)
        assert decoded.image.getpixel((3, 40))[0] < 60


def test_color_profile_is_converted_to_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    lab = gradient().convert("RGB")
    lab = ImageCms.profileToProfile(lab, ImageCms.createProfile("sRGB"), profile, outputMode="LAB")
    data = encoded(lab, "TIFF", icc_profile=profile.tobytes())
    plain = pixels.decode(encoded(gradient(), "TIFF"), "plain").image
    found = pixels.decode(data, "lab").image
    assert found.mode == plain.mode == "RGB"


def test_broken_profile_is_ignored() -> None:
    data = encoded(gradient(), "PNG", icc_profile=b"not a profile")
    assert pixels.decode(data, "g.png").image.getpixel((9, 9)) == gradient().getpixel((9, 9))


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert pixels.decode(encoded(clear, "PNG"), "c.png").image.getpixel((5, 5)) == (255,) * 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = gradient().convert("L").convert("I;16") if mode == "I;16" else gradient(mode=mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert pixels.decode(encoded(image, kind), "g").image.mode == "RGB"


def test_16_bit_keeps_its_brightness() -> None:
    image = Image.new("I;16", (20, 20), 32768)
    level = pixels.decode(encoded(image, "PNG"), "g.png").image.getpixel((3, 3))[0]
    assert abs(level - 127) <= 1


def test_gif_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert pixels.decode(data, "g.gif").image.getpixel((5, 5)) == (255, 0, 0)


def bomb(side: int) -> bytes:
    """A PNG whose header promises ``side`` × ``side`` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"This is a text file, not a cat.", "not an image"),
        (encoded(gradient(400, 300), "JPEG")[:3000], "cut short"),
        (encoded(gradient(400, 300), "PNG")[:300], "cut short"),
        (encoded(gradient(400, 300), "WEBP")[:300], "x.jpg"),
        (encoded(gradient(400, 300), "TIFF")[:9000], "x.jpg"),
        (bomb(40_000), "too large"),
        (encoded(gradient(8, 8), "PNG"), "too small"),
        (b"%PDF-1.4 and so on", "not an image"),
    ],
)
def test_bad_files_are_refused_with_a_reason(data: bytes, says: str) -> None:
    with pytest.raises(ImageRefusedError) as refusal:
        pixels.decode(data, "x.jpg")
    assert says in refusal.value.message
    assert refusal.value.message.startswith("x.jpg")
    assert refusal.value.hint


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow remarks on what it skips.
@given(st.binary(max_size=200), st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"]))
def test_damaged_bytes_never_raise_anything_else(noise: bytes, kind: str) -> None:
    data = bytearray(encoded(gradient(), kind))
    data[40 : 40 + len(noise)] = noise
    try:
        assert pixels.decode(bytes(data), "x").image.mode == "RGB"
    except ImageRefusedError as refusal:
        assert refusal.hint


@pytest.mark.parametrize("kind", ["AVIF", "HEIC"])
def test_broken_pictures_of_newer_formats_are_refused(kind: str) -> None:
    if kind == "AVIF":
        buffer = io.BytesIO()
        Image.effect_mandelbrot((96, 96), (-3, -2.5, 2, 2.5), 100).convert("RGB").save(buffer, kind)
        data = buffer.getvalue()
    else:
        data = (DATA / "gradient.heic").read_bytes()
    start = data.index(b"mdat") + 4
    raised = 0
    for at in range(start, len(data), max(1, (len(data) - start) // 20)):
        broken = data[:at] + b"\x00" * min(9, len(data) - at) + data[at + 9 :]
        try:
            pixels.decode(broken, "x")
        except ImageRefusedError:
            raised += 1
    assert raised


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageRefusedError, match="cannot be read"):
        pixels.open_rgb(tmp_path / "no.jpg")


def test_near_copies_hash_alike_and_others_do_not() -> None:
    first = gradient(300, 200)
    copy = pixels.decode(encoded(first.resize((150, 100)), "JPEG", quality=40), "copy").dhash
    assert (pixels.difference_hash(first) ^ copy).bit_count() <= 12
    other = Image.effect_mandelbrot((300, 200), (-2, -1.5, 1, 1.5), 60)
    assert (pixels.difference_hash(other) ^ copy).bit_count() > 30
