"""Decoding images for real: validation, EXIF orientation, sRGB, and a perceptual hash."""

from __future__ import annotations

import io
import re
import stat
import struct
import warnings
from functools import cache
from pathlib import Path

import pi_heif
from msgspec import Struct
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from catstudio.core.errors import ImageRefusedError
from catstudio.core.wording import shown

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "HEIF", "AVIF")
EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .webp .bmp .dib .gif .tif .tiff .heic .heif .hif .avif".split()
)
MIN_SIDE = 16
"""The shortest side accepted, in pixels: below it there is nothing to learn from."""
MAX_PIXELS = 178_956_970
"""The most pixels accepted when decoded: Pillow's own limit against decompression bombs."""
MAX_BYTES = 512 * 2**20

# Pillow warns from half its limit on; the limit itself is enforced here, with a sentence.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Nor is a broken block of EXIF anything that a person could mend; the picture is sound.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
# What is wrong with a photo's metadata is no news to whoever imports it.
warnings.filterwarnings("ignore", "Corrupt EXIF data", UserWarning)

# What Pillow and its codecs raise on broken files, found by changing bytes at random: SyntaxError
# for PNG chunks, RuntimeError for AVIF and HEIC, struct.error and LookupError for headers.
DECODERS_SAY = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, RuntimeError, LookupError, TypeError,
    ArithmeticError,
)  # fmt: skip
_EXIF_IFD = 0x8769
_TIME_TAKEN, _SUBSECONDS_TAKEN, _OFFSET_TAKEN = 0x9003, 0x9291, 0x9011
_OFFSET = re.compile(r"[+-]\d\d:\d\d", re.ASCII)


class DecodedImage(Struct, frozen=True):
    """An image that really decodes.

    ``image`` is RGB, oriented, in sRGB; ``width`` and ``height`` are its size in pixels;
    ``captured_at`` is the EXIF time, as exact as it is given (``2026:01:02 03:04:05.678+02:00``),
    or ""; ``dhash`` is :func:`difference_hash`.
    """

    image: Image.Image
    format: str
    width: int
    height: int
    captured_at: str
    dhash: int


@cache
def _register_heif() -> None:
    pi_heif.register_heif_opener()


def decode(data: bytes, name: str, side: int | None = None) -> DecodedImage:
    """Decode every pixel of ``data``; ``name`` is what messages call the file.

    When ``side`` pixels of the shorter side are enough, a large JPEG is decoded at a half, a
    quarter or an eighth of its size, which is up to ten times faster.

    Raises :class:`ImageRefusedError` when the file is empty, not an image, of an unknown kind,
    cut short, corrupt, too small, or too large when decoded.
    """
    _register_heif()
    if not data:
        raise ImageRefusedError(f"{name} is empty (0 bytes).", "Copy the photo again.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image.width, image.height, name)
            if side is not None:
                # Each side keeps at least ``side`` pixels; formats other than JPEG ignore it.
                image.draft(None, (side, side))
            image.load()
            captured_at = _time_taken(image)
            kind = "JPEG" if image.format == "MPO" else image.format or ""
            rgb = to_srgb(_upright(image))
    except Image.DecompressionBombError:
        raise ImageRefusedError(
            f"{name} is too large: it has more than {MAX_PIXELS // 10**6} million pixels.",
            "Save it at a smaller size and add that.",
        ) from None
    except UnidentifiedImageError:
        raise ImageRefusedError(
            f"{name} is not an image that can be read.",
            "Use JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF.",
        ) from None
    except DECODERS_SAY as error:
        reason = "cut short" if _is_truncation(error) else "damaged"
        raise ImageRefusedError(
            f"{name} is {reason}: not all of the picture can be decoded.",
            "Copy the photo again from where it came from.",
        ) from error
    return DecodedImage(rgb, kind, rgb.width, rgb.height, captured_at, difference_hash(rgb))


def open_rgb(path: str | Path, side: int | None = None) -> Image.Image:
    """The image at ``path`` as RGB in sRGB, oriented; with ``side``, perhaps a smaller version
    whose shorter side still has that many pixels. Raises :class:`ImageRefusedError`."""
    path = Path(path)
    return decode(read_bytes(path), shown(path.name), side).image


def read_bytes(path: Path) -> bytes:
    """The file's bytes; :class:`ImageRefusedError` when it is missing, unreadable or huge."""
    name = shown(path.name)
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise ImageRefusedError(
                f"{name} is a folder without an image that can be read.",
                "Choose image files, or a folder of them that you may open.",
            )
        if not stat.S_ISREG(info.st_mode):
            # A pipe or a device may never end.
            raise ImageRefusedError(f"{name} is not a file.", "Choose an image file.")
        if info.st_size > MAX_BYTES:
            raise ImageRefusedError(
                f"{name} is too large: over {MAX_BYTES // 2**20} MiB.",
                "Save it as JPEG or PNG and add that.",
            )
        return path.read_bytes()
    except OSError as error:
        raise ImageRefusedError(
            f"{name} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check that the file is still there and that you may open it.",
        ) from error


def to_srgb(image: Image.Image) -> Image.Image:
    """``image`` as 8-bit RGB in sRGB; transparency is laid on white.

    An embedded profile that cannot be used is ignored, as image viewers do.
    """
    if image.mode in ("I", "I;16", "I;16L", "I;16B", "F"):
        image = _to_8_bit(image)
    profile = image.info.get("icc_profile")
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if has_alpha:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "CMYK", "L"):
        image = image.convert("RGB")
    if profile and image.mode != "L":
        image = _apply_profile(image, profile)
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")


def difference_hash(image: Image.Image) -> int:
    """A 128-bit perceptual hash: the signs of horizontal and of vertical brightness steps.

    Near-copies (resized, recompressed, slightly retouched) differ in few bits; unrelated
    photos in about 64. The difference hash of N. Krawetz, "Kind of like that" (2013), taken
    in both directions.
    """
    gray = image.convert("L")
    wide = gray.resize((9, 8), Image.Resampling.BOX).tobytes()
    tall = gray.resize((8, 9), Image.Resampling.BOX).tobytes()
    bits = 0
    for y in range(8):
        for x in range(8):
            bits = bits << 1 | (wide[y * 9 + x] < wide[y * 9 + x + 1])
    for y in range(8):
        for x in range(8):
            bits = bits << 1 | (tall[y * 8 + x] < tall[y * 8 + x + 8])
    return bits


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise Image.DecompressionBombError
    if min(width, height) < MIN_SIDE:
        raise ImageRefusedError(
            f"{name} is too small: {width} × {height} pixels.",
            f"The shorter side must have at least {MIN_SIDE} pixels.",
        )


def _is_truncation(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, EOFError) or any(
        word in text for word in ("truncated", "unexpected end", "end of file", "incomplete", "eof")
    )


def _time_taken(image: Image.Image) -> str:
    try:
        taken = image.getexif().get_ifd(_EXIF_IFD)
        time, part, offset = (
            str(taken.get(tag, "")).strip("\x00 ")
            for tag in (_TIME_TAKEN, _SUBSECONDS_TAKEN, _OFFSET_TAKEN)
        )
    except DECODERS_SAY:
        return ""  # A broken EXIF block is no reason to refuse a sound picture.
    if not time:
        return ""
    # Exif 3.0, 4.6.6.6: digits of a second, and hours and minutes from UTC.
    part = f".{part}" if part.isascii() and part.isdigit() else ""
    return time + part + (offset if _OFFSET.fullmatch(offset) else "")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except DECODERS_SAY:
        return image


def _to_8_bit(image: Image.Image) -> Image.Image:
    low, high = image.getextrema()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return image.convert("RGB")
    # 16-bit files use the full range by definition; floats and 32-bit integers have none.
    scale = 255 / 65535 if image.mode.startswith("I;16") else 255 / (high - low or 1)
    shift = 0.0 if image.mode.startswith("I;16") else -low * scale
    return image.convert("F").point(lambda v: v * scale + shift).convert("L")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted or image
