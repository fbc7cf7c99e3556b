"""What the check remembers of one image: its file, its hashes, two tiny pictures. No numpy yet."""

from __future__ import annotations

import io

from msgspec import Struct
from PIL import Image, ImageStat

from catstudio.core.files import sha256
from catstudio.core.generated import Claim
from catstudio.core.pixels import DECODERS_SAY
from catstudio.sources.importing import Sound

TINY = 64
"""Below this shorter side, in pixels, an image shows little."""
LONG = 4.0
"""Above this ratio of the sides an image is a strip."""
BLANK = 4.0
"""Below this standard deviation of brightness (0 to 255) there is nothing to see."""
COLOR_SIDE, SHAPE_SIDE = 8, 32


class Looked(Struct, frozen=True):
    """One image that decodes. Sides in pixels, ``size`` in bytes.

    ``quality`` is a coarse measure of JPEG compression (the sum of the brightness table in
    steps of a quarter octave), -1 for others. ``color`` is 8 x 8 RGB, ``shape`` 32 x 32 grey,
    one byte a value, row-major.
    """

    name: str
    label: str | None
    sha256: str
    dhash: int
    codec: str
    width: int
    height: int
    size: int
    quality: int
    odd: str
    claim: Claim | None
    color: bytes
    shape: bytes


def look(sound: Sound, label: str | None) -> Looked:
    """Take down what matters of a decoded image."""
    new, small = sound.new, sound.small
    quality, oddity = _header(new.data)
    gray = small.convert("L")
    return Looked(
        name=new.name,
        label=label,
        sha256=sha256(new.data),
        dhash=new.dhash,
        codec=new.format,
        width=new.width,
        height=new.height,
        size=len(new.data),
        quality=quality,
        odd=_odd(new.width, new.height, ImageStat.Stat(gray).stddev[0]) or oddity,
        claim=sound.claim,
        color=small.resize((COLOR_SIDE, COLOR_SIDE), Image.Resampling.BOX).tobytes(),
        shape=gray.resize((SHAPE_SIDE, SHAPE_SIDE), Image.Resampling.BOX).tobytes(),
    )


def _odd(width: int, height: int, deviation: float) -> str:
    if min(width, height) < TINY:
        return f"is tiny: {width} × {height} pixels"
    if max(width, height) > LONG * min(width, height):
        return f"is a strip: {width} × {height} pixels"
    if deviation < BLANK:
        return "is blank: it has nearly one brightness all over"
    return ""


def _header(data: bytes) -> tuple[int, str]:
    """(quality step, what is odd about the file); the pixels are not decoded again."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            table = getattr(image, "quantization", {}).get(0, ())
            # A doubling of the table is a clear step in quality; scanners and phones differ less.
            quality = sum(table).bit_length() if table else -1
            if image.mode == "CMYK":
                return quality, "has colours for print (CMYK)"
            if image.format != "MPO" and getattr(image, "is_animated", False):
                return quality, "is animated or has several pages: only the first is used"
            return quality, ""
    except DECODERS_SAY:
        return -1, ""  # The decoder had no trouble with it: nothing to say.
