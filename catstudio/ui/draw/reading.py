"""Decoding the project's images for the canvas; for background threads."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QImage

from catstudio.core.pixels import open_rgb


def read_image(path: Path) -> QImage:
    """The image at ``path``, upright and in sRGB as everywhere else in the program.

    Raises :class:`~catstudio.core.errors.ImageRefusedError` when it cannot be decoded.
    """
    image = open_rgb(path).convert("RGBA")
    data = image.tobytes()
    shown = QImage(data, image.width, image.height, QImage.Format.Format_RGBA8888)
    return shown.convertToFormat(QImage.Format.Format_RGB32)
