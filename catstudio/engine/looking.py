"""What is seen of an image file: one normalisation for all, the backbone's views, pixel statistics."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from catstudio.core.pixels import decode, read_bytes, to_srgb
from catstudio.engine.backbones import Backbone
from catstudio.learn import pixel_statistics

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]

PREPROCESSING = "1"
"""Version of :func:`canonical` and :func:`views`: part of every cache key, to be raised with every change to it."""
JPEG_QUALITY = 90
_FILTER = Image.Resampling.HAMMING  # Sharp as bicubic at the cost of bilinear.


def canonical_size(backbone: Backbone) -> int:
    """Pixels a side of the square that all views of ``backbone`` are cut from."""
    return round(backbone.input_size / min(backbone.views))


def canonical(image: Image.Image, backbone: Backbone) -> Image.Image:
    """The square that stands for one RGB ``image`` from here on.

    Real and synthetic images are treated alike, so that neither file format nor size can tell
    them apart ("Fake or JPEG?", Grommelt et al. 2024): the whole picture is resized to one
    square with one filter, stored as JPEG of one quality and decoded again.
    """
    side = canonical_size(backbone)
    return _through_jpeg(image.resize((side, side), _FILTER, reducing_gap=2.0))


def views(square: Image.Image, backbone: Backbone) -> Pixels:
    """What ``backbone`` is shown of a :func:`canonical` square: uint8 [views, size, size, 3].

    The whole, and centred crops.
    """
    size, side = backbone.input_size, square.width
    shown = []
    for share in backbone.views:
        margin = (side - share * side) / 2
        box = (margin, margin, side - margin, side - margin)
        view = square if side == size else square.resize((size, size), _FILTER, box)
        shown.append(np.asarray(view))
    return np.stack(shown)


def _through_jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    again = Image.open(buffer)
    again.load()
    return again


@dataclass(frozen=True)
class Looked:
    """What was seen of one file: ``views`` for the backbone, ``statistics`` of its pixels."""

    views: Pixels
    statistics: Rows


def look(path: str | Path, backbone: Backbone) -> Looked:
    """Views and statistics of a file; :class:`ImageRefusedError` if unreadable."""
    stored = load(path, backbone)
    square = canonical(stored, backbone)
    return Looked(views(square, backbone), _statistics(square, stored))


def measure(path: str | Path, backbone: Backbone) -> Rows:
    """The statistics of a file alone; :class:`ImageRefusedError` if unreadable."""
    stored = load(path, backbone)
    return _statistics(canonical(stored, backbone), stored)


def _statistics(square: Image.Image, stored: Image.Image) -> Rows:
    return pixel_statistics.measure(np.asarray(square), np.asarray(stored))


def load(path: str | Path, backbone: Backbone) -> Image.Image:
    """The picture in a file, perhaps smaller, but not so small that ``backbone`` would see it.

    Raises :class:`ImageRefusedError` if it is unreadable.
    """
    path = Path(path)
    data = read_bytes(path)
    return _draft(data, 2 * canonical_size(backbone)) or decode(data, path.name).image


def _draft(data: bytes, at_least: int) -> Image.Image | None:
    """A JPEG decoded at the smallest scale of ``at_least`` pixels a side: many times faster.

    None for other formats, and for anything odd: then the careful decoder looks at it.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if min(image.size) < at_least // 16:
                return None
            image.draft(None, (at_least, at_least))
            image.load()
            return to_srgb(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError):
        return None
