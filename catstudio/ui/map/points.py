"""Points on a plane and on the screen: fitting, finding the nearest, thinning out. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

_OUTLIERS = 0.2
"""Per cent at each edge that may lie outside of what is shown at first: one odd image must not
shrink all others to a blot."""
_MOST_ZOOM = 400.0
_SIDEWAYS = 2.0
"""What is aside of the way counts so much farther than what lies ahead."""


@dataclass(frozen=True, eq=False)
class Places:
    """Points on a plane, ``xy`` float32 [n, 2], with what is worked out once for all of them:
    all but far outliers lie between ``low`` and ``high`` [2]; ``mixed`` [n] is an order in which
    no group comes before another."""

    xy: Floats
    low: Floats
    high: Floats
    mixed: Ints

    @classmethod
    def of(cls, xy: Floats) -> Places:
        """For background threads: the parts of numpy that this needs are slow to come."""
        low, high = np.zeros((2, 2))
        if len(xy):
            low, high = np.percentile(xy, (_OUTLIERS, 100 - _OUTLIERS), axis=0)
        mixed = np.random.default_rng(0).permutation(len(xy))
        return cls(np.ascontiguousarray(xy, np.float32), low, high, mixed)


@dataclass(frozen=True)
class View:
    """What is in sight: ``scale`` pixels a unit, with (``x``, ``y``) in the middle of a widget of
    ``width`` x ``height`` pixels. ``least`` and ``most`` bound the scale."""

    scale: float
    x: float
    y: float
    width: float
    height: float
    least: float = 0.0
    most: float = np.inf

    @classmethod
    def fitting(cls, places: Places, width: float, height: float, margin: float) -> View:
        """All of ``places``, but for far outliers, with ``margin`` pixels around it."""
        if not len(places.xy):
            return cls(1.0, 0.0, 0.0, width, height)
        span = np.maximum(places.high - places.low, 0.0)
        room = np.maximum([width - 2 * margin, height - 2 * margin], 1.0)
        # One image, or many on one place, are shown in the middle at any scale.
        scale = float(min((room[i] / span[i] for i in (0, 1) if span[i] > 0), default=1.0))
        middle = (places.low + places.high) / 2
        return cls(
            scale,
            float(middle[0]),
            float(middle[1]),
            width,
            height,
            least=scale / 4,
            most=scale * _MOST_ZOOM,
        )

    def to_screen(self, xy: Floats) -> Floats:
        """Where ``xy`` [n, 2] are in the widget, float32 [n, 2]."""
        shift = np.array(
            [self.width / 2 - self.x * self.scale, self.height / 2 - self.y * self.scale]
        )
        on_screen: Floats = xy * np.float32(self.scale) + shift.astype(np.float32)
        return on_screen

    def moved(self, dx: float, dy: float) -> View:
        """Pushed by so many pixels."""
        return replace(self, x=self.x - dx / self.scale, y=self.y - dy / self.scale)

    def zoomed(self, factor: float, at_x: float, at_y: float) -> View:
        """Larger by ``factor``, within bounds; what is at that pixel stays there."""
        scale = min(max(self.scale * factor, self.least), self.most)
        off_x, off_y = at_x - self.width / 2, at_y - self.height / 2
        return replace(
            self,
            scale=scale,
            x=self.x + off_x / self.scale - off_x / scale,
            y=self.y + off_y / self.scale - off_y / scale,
        )

    def resized(self, width: float, height: float) -> View:
        """In a widget of another size, the middle in the middle."""
        return replace(self, width=width, height=height)


def nearest(screen: Floats, x: float, y: float, within: float, allowed: Mask) -> int | None:
    """The allowed point nearest to a pixel, if it is not farther than ``within`` pixels."""
    off = screen - np.array([x, y], np.float32)
    # A square first: all but a few points are out of the question.
    near = np.flatnonzero((np.abs(off[:, 0]) <= within) & (np.abs(off[:, 1]) <= within) & allowed)
    if not len(near):
        return None
    apart = np.hypot(off[near, 0], off[near, 1])
    best = int(apart.argmin())
    return int(near[best]) if apart[best] <= within else None


def ahead(screen: Floats, at: int, dx: int, dy: int, allowed: Mask) -> int | None:
    """The next allowed point from point ``at`` to one side: (1, 0) is right, (0, 1) down."""
    off = screen - screen[at]
    along = off[:, 0] * dx + off[:, 1] * dy
    across = np.abs(off[:, 0] * dy - off[:, 1] * dx)
    can = allowed & (along > 0) & (across <= along)
    can[at] = False
    if not can.any():
        return None
    return int(np.where(can, along + _SIDEWAYS * across, np.inf).argmin())


def in_sight(screen: Floats, width: float, height: float, reach: float) -> Mask:
    """Which points, ``reach`` pixels wide to each side, can be seen."""
    x, y = screen[:, 0], screen[:, 1]
    seen: Mask = (x > -reach) & (x < width + reach) & (y > -reach) & (y < height + reach)
    return seen


def thinned(screen: Floats, cell: float) -> Ints:
    """Numbers of the points that are left when only the last of each ``cell`` is drawn, in order.

    What is left out would be covered but for a rim of less than a pixel.
    """
    at = np.floor(screen / np.float32(cell)).astype(np.int64)
    at -= at.min(axis=0)
    columns = int(at[:, 0].max()) + 1
    key = at[:, 1] * columns + at[:, 0]
    last = np.zeros(int(key.max()) + 1, np.intp)
    last[key] = np.arange(len(key))
    kept: Ints = np.flatnonzero(last[key] == np.arange(len(key)))
    return kept
