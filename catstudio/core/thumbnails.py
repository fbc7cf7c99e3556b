"""Thumbnails: small JPEGs in the project's cache, made on import or when first asked for."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from catstudio.core.files import explain_os_error, write_atomic
from catstudio.core.pixels import open_rgb

SIZES = (128, 256, 512)


def thumbnail_path(cache: Path, sha256: str, size: int) -> Path:
    """Where the thumbnail of at most ``size`` pixels a side lies, whether or not it is there."""
    return cache / "thumbnails" / str(size) / sha256[:2] / f"{sha256}.jpg"


def write_thumbnail(image: Image.Image, cache: Path, sha256: str, size: int) -> Path:
    """Make the thumbnail from an already decoded ``image`` (RGB); returns its path."""
    path = thumbnail_path(cache, sha256, size)
    buffer = io.BytesIO()
    shrunk(image, size).save(buffer, "JPEG", quality=88)
    try:
        write_atomic(path, buffer.getvalue(), durable=False)
    except OSError as error:
        raise explain_os_error(error, "A thumbnail") from error
    return path


def shrunk(image: Image.Image, size: int) -> Image.Image:
    """``image`` (RGB) with at most ``size`` pixels a side; itself when it is small already.

    Not ``Image.thumbnail``, which would need a second copy of a picture of half a gigabyte.
    """
    scale = size / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def thumbnail(original: Path, cache: Path, sha256: str, size: int) -> Path:
    """The thumbnail of ``original``; made if it is not there.

    Raises :class:`ImageRefusedError` when the original cannot be decoded, and what a full disk
    or a read-only cache is called. Decodes, so never
    call it on a thread that draws.
    """
    path = thumbnail_path(cache, sha256, size)
    try:
        # It is not flushed to the disk: after a power cut it may be there and empty.
        is_there = path.stat().st_size > 0
    except OSError:
        is_there = False
    return path if is_there else write_thumbnail(open_rgb(original), cache, sha256, size)
