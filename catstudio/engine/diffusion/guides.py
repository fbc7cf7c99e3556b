"""What a ControlNet reads from a guide image: edges, a drawing's lines, coarse shapes."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageOps

_BLUR_SIDE = 64
"""Coarse shapes keep about this many pixels on the short side."""


def control_image(kind: str, guide: Image.Image) -> Image.Image:
    """The RGB control image of ``guide``, of its size.

    ``kind`` is "canny" (white edges on black), "scribble" (white lines on black; a drawing of
    dark lines on a light ground is inverted), "blur" (what a tile ControlNet takes) or "as-is".
    """
    if kind == "canny":
        return _canny(guide)
    if kind == "scribble":
        return _scribble(guide)
    if kind == "blur":
        return _blurred(guide)
    return guide


def _canny(guide: Image.Image) -> Image.Image:
    """Canny edges; both thresholds from the median brightness, as is common (± a third)."""
    grey = cv2.GaussianBlur(np.asarray(guide.convert("L")), (0, 0), 1.0)
    median = float(np.median(grey))
    low = max(10.0, 0.66 * median)
    edges = cv2.Canny(grey, low, max(low + 20.0, min(255.0, 1.33 * median)))
    return Image.fromarray(edges).convert("RGB")


def _scribble(guide: Image.Image) -> Image.Image:
    grey = guide.convert("L")
    if np.asarray(grey).mean() > 127:
        grey = ImageOps.invert(grey)
    return ImageOps.autocontrast(grey).convert("RGB")


def _blurred(guide: Image.Image) -> Image.Image:
    factor = min(1.0, _BLUR_SIDE / min(guide.size))
    small = (max(1, round(guide.width * factor)), max(1, round(guide.height * factor)))
    reduced = guide.resize(small, Image.Resampling.BOX)
    return reduced.resize(guide.size, Image.Resampling.BICUBIC)
