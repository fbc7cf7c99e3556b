"""Which square of a photo is shown: its subject in the middle, so that subjects meet."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from catstudio.engine.blend.arrays import Map, Pixels
from catstudio.engine.blend.cutout import saliency

_MARGIN = 1.3
"""How much larger than its subject a window is."""
_LEAST = 0.5
"""A window is at least this part of the photo's short side: a guess at the subject may be small."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of a photo, in its pixels, seen mirrored if ``flip``."""

    left: float
    top: float
    side: float
    flip: bool = False

    def params(self, photo: Image.Image) -> dict[str, float | bool]:
        """The window in parts of the photo's width (left) and height (top, side), as plain JSON."""
        return {
            "left": round(self.left / photo.width, 5),
            "top": round(self.top / photo.height, 5),
            "side": round(self.side / photo.height, 5),
            "flip": self.flip,
        }

    def show(self, photo: Image.Image, size: int) -> Pixels:
        """What is seen through it, as ``size`` × ``size`` pixels."""
        shown = photo.resize((size, size), Image.Resampling.LANCZOS, box=self._box())
        return self._seen(np.asarray(shown))

    def show_map(self, values: Map, size: int) -> Map:
        """The same part of a map of the photo's size."""
        shown = Image.fromarray(values).resize(
            (size, size), Image.Resampling.BILINEAR, box=self._box()
        )
        return self._seen(np.asarray(shown)).clip(0, 1)

    def place(
        self, box: tuple[float, float, float, float], size: int
    ) -> tuple[float, float, float, float]:
        """``box`` (left, top, right, bottom in photo pixels) in pixels of an image of ``size``."""
        scale = size / self.side
        left, right = ((at - self.left) * scale for at in (box[0], box[2]))
        if self.flip:
            left, right = size - right, size - left
        top, bottom = ((at - self.top) * scale for at in (box[1], box[3]))
        left, top, right, bottom = (min(max(at, 0.0), size) for at in (left, top, right, bottom))
        return left, top, max(right, left + 1), max(bottom, top + 1)

    def _box(self) -> tuple[float, float, float, float]:
        return self.left, self.top, self.left + self.side, self.top + self.side

    def _seen(self, array: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(array[:, ::-1]) if self.flip else array


def draw_window(
    photo: Image.Image, variety: float, rng: Generator, margin: float = _MARGIN
) -> Window:
    """A window around the subject of ``photo``, inside it; at ``variety`` 0 always the same.

    Subjects of two photos have about the same place and size in it. Variety moves, scales and
    mirrors it. It is ``margin`` times as large as the subject, if the photo is.
    """
    left, top, right, bottom = subject_box(np.asarray(photo))
    short = min(photo.size)
    side = min(max(margin * max(right - left, bottom - top), _LEAST * short), short)
    side = min(side * math.exp(rng.uniform(-0.2, 0.2) * variety), short)
    # Plain floats: numpy's cannot be written into the provenance.
    shift = [float(at) * variety * side for at in rng.uniform(-0.08, 0.08, 2)]
    flip = bool(rng.random() < 0.5 and variety > 0)
    return inside(photo, (left + right) / 2 + shift[0], (top + bottom) / 2 + shift[1], side, flip)


def draw_anywhere(photo: Image.Image, variety: float, rng: Generator) -> Window:
    """A window anywhere in ``photo``, between 0.55 times as large as it may be and that."""
    side = min(photo.size) * rng.uniform(0.55, 1.0)
    x, y = rng.uniform(0, photo.width), rng.uniform(0, photo.height)
    return inside(photo, x, y, side, bool(rng.random() < 0.5 and variety > 0))


def inside(photo: Image.Image, x: float, y: float, side: float, flip: bool) -> Window:
    """The window of ``side`` pixels around (``x``, ``y``), moved until it lies in the photo."""
    left = min(max(x - side / 2, 0.0), photo.width - side)
    top = min(max(y - side / 2, 0.0), photo.height - side)
    return Window(left, top, side, flip)


def facing(photo: Image.Image, window: Window, like: Pixels) -> Window:
    """``window``, mirrored if its view resembles ``like`` more that way: heads meet heads."""
    model = coarse(like)
    views = [replace(window, flip=flip) for flip in (False, True)]
    alike = [float((coarse(view.show(photo, 64)) * model).sum()) for view in views]
    return views[int(alike[1] > alike[0])]


def subject_box(photo: Pixels) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the subject in pixels; the whole photo if none stands out."""
    chance = saliency(photo)
    likely = np.where(chance > 0.5, chance, 0)
    total = float(likely.sum())
    height, width = chance.shape
    if total <= 0:
        return 0.0, 0.0, float(width), float(height)
    found = []
    for axis in (0, 1):
        reached = np.cumsum(likely.sum(axis)) / total
        found.append((int(np.searchsorted(reached, 0.02)), int(np.searchsorted(reached, 0.98))))
    (left, right), (top, bottom) = found
    return float(left), float(top), float(right + 1), float(bottom + 1)


def coarse(view: Pixels) -> Map:
    """Brightness at 16 × 16, less its mean, of length 1: two of them correlate by their product."""
    gray = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(gray, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    unit: Map = small / (np.linalg.norm(small) + 1e-6)
    return unit
