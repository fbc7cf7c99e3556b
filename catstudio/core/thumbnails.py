"""Thumbnails: small JPEGs in the project's cache, made on import or when first asked for."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from catstudio.core.files import write_atomic
from catstudio.core.pixels import open_rgb

SIZES = (128, 256, 512)


def thumbnail_path(cache: Path, sha256: str, size: int) -> Path:
    """Where the thumbnail of at most ``size`` pixels a side lies, whether or not it is there."""
    return cache / "thumbnails" / str(size) / sha256[:2] / f"{sha256}.jpg"


def write_thumbnail(image: Image.Image, cache: Path, sha256: str, size: int) -> Path:
    """Make the thumbnail from an already decoded ``image`` (RGB); returns its path."""
    path = thumbnail_path(cache, sha256, size)
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=88)
    write_atomic(path, buffer.getvalue(), durable=False)
    return path


def thumbnail(original: Path, cache: Path, sha256: str, size: int) -> Path:
    """The thumbnail of ``original``; made if it is not there.

    Raises :class:`ImageRefusedError` when the original cannot be decoded. Decodes, so never
    call it on a thread that draws.
    """
    path = thumbnail_path(cache, sha256, size)
    return path if path.exists() else write_thumbnail(open_rgb(original), cache, sha256, size)
