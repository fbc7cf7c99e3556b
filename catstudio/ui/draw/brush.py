"""The brush: how much of each pixel a stroke covers, along a smooth curve, one numpy pass a piece.

A piece is a segment between two points of the curve, each with its own radius and flow. Its
coverage follows from each pixel's distance to the segment, which is what infinitely close
stamps would give: there is no spacing to see, and a piece costs its bounding box only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect

MIN_SIZE, MAX_SIZE = 1.0, 500.0
_LONGEST = 48.0
"""Pieces longer than this (beside their width) are cut: a diagonal's box is mostly empty."""
_FLAT = 0.2
"""How far, in pixels, a curve may leave the lines that stand for it."""
_LEAST = 0.05
"""What the lightest touch leaves of size and opacity: Krita's and Photoshop's pens fade to a
hair too, and a stroke that vanishes looks broken."""


@dataclass(frozen=True, slots=True)
class Brush:
    """``size`` is the diameter in pixels of the picture, ``hardness`` in [0, 1] the part of the
    radius that is fully covered, ``opacity`` in [0, 1] what a whole stroke covers at most.

    A pen's pressure changes the width, the opacity, both or nothing; a mouse presses fully.
    """

    size: float = 24.0
    hardness: float = 0.8
    opacity: float = 1.0
    pressure_sizes: bool = True
    pressure_fades: bool = False

    def dab(self, x: float, y: float, pressure: float = 1.0) -> Dab:
        """The brush at a point of the picture, with ``pressure`` in [0, 1]."""
        pressed = min(1.0, max(_LEAST, pressure))
        radius = self.size / 2 * (pressed if self.pressure_sizes else 1.0)
        return Dab(x, y, radius, pressed if self.pressure_fades else 1.0)


class Dab(NamedTuple):
    """The brush at one point: place and radius in pixels, flow in [0, 1]."""

    x: float
    y: float
    radius: float
    flow: float

    def to(self, other: Dab, t: float) -> Dab:
        """The dab at ``t`` in [0, 1] of the straight way to ``other``."""
        return Dab(*(a + (b - a) * t for a, b in zip(self, other, strict=True)))


class Curve:
    """Turns the points of a hand into short pieces of a smooth curve.

    Each point but the first and last is the control point of a quadratic Bézier curve between
    the middles of its neighbouring segments, so the curve has no corners and needs no point
    of the future but one.
    """

    def __init__(self, first: Dab) -> None:
        self._last = first
        self._middle = first

    def begin(self) -> Iterator[tuple[Dab, Dab]]:
        """The dot that a press leaves."""
        yield self._last, self._last

    def move(self, to: Dab) -> Iterator[tuple[Dab, Dab]]:
        """The pieces that the next point adds."""
        start, control = self._middle, self._last
        end = control.to(to, 0.5)
        self._last, self._middle = to, end
        yield from _bezier(start, control, end)

    def end(self) -> Iterator[tuple[Dab, Dab]]:
        """What is missing up to the last point."""
        yield from pieces(self._middle, self._last)
        self._middle = self._last


def _bezier(start: Dab, control: Dab, end: Dab) -> Iterator[tuple[Dab, Dab]]:
    bend = math.hypot(start.x - 2 * control.x + end.x, start.y - 2 * control.y + end.y)
    # The chord of a quadratic curve's n-th part leaves it by bend / (4 n²).
    count = min(32, max(1, math.ceil(math.sqrt(bend / (4 * _FLAT)))))
    before = start
    for step in range(1, count + 1):
        t = step / count
        after = start.to(control, t).to(control.to(end, t), t)
        yield from pieces(before, after)
        before = after


def pieces(one: Dab, other: Dab) -> Iterator[tuple[Dab, Dab]]:
    """The straight way from ``one`` to ``other`` in pieces whose boxes are not mostly empty."""
    length = math.hypot(other.x - one.x, other.y - one.y)
    count = max(1, math.ceil(length / (_LONGEST + 2 * max(one.radius, other.radius))))
    before = one
    for step in range(1, count + 1):
        after = one.to(other, step / count)
        yield before, after
        before = after


def cover(target: NDArray[np.uint8], one: Dab, other: Dab, hardness: float) -> QRect:
    """Raise ``target`` (uint8 [height, width]) to the coverage of a piece; returns what changed.

    The highest coverage of a stroke counts, however often it crosses itself, so that opacity
    is the stroke's, and soft edges stay soft.
    """
    height, width = target.shape
    reach = max(one.radius, other.radius) + 1.0
    left = max(0, math.floor(min(one.x, other.x) - reach))
    top = max(0, math.floor(min(one.y, other.y) - reach))
    right = min(width, math.ceil(max(one.x, other.x) + reach))
    bottom = min(height, math.ceil(max(one.y, other.y) + reach))
    if left >= right or top >= bottom:
        return QRect()
    # Pixel (i, j) is the square around its centre (i + 0.5, j + 0.5).
    across = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - one.x)
    down = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - one.y))[:, None]
    dx, dy = np.float32(other.x - one.x), np.float32(other.y - one.y)
    squared = float(dx * dx + dy * dy)
    covered = _falloff(across, down, (dx, dy, squared), (one, other), hardness)
    box = target[top:bottom, left:right]
    np.maximum(box, (covered * np.float32(255) + np.float32(0.5)).astype(np.uint8), out=box)
    return QRect(left, top, right - left, bottom - top)


def _falloff(
    across: NDArray[np.float32],
    down: NDArray[np.float32],
    way: tuple[np.float32, np.float32, float],
    ends: tuple[Dab, Dab],
    hardness: float,
) -> NDArray[np.float32]:
    """Coverage in [0, 1] by distance: one inside, falling to none over the soft rim, which is
    never narrower than a pixel (that is the antialiasing)."""
    dx, dy, squared = way
    one, other = ends
    radius: float | NDArray[np.float32] = one.radius
    flow: float | NDArray[np.float32] = one.flow
    if squared < 1e-6:
        distance = np.sqrt(across * across + down * down)
    else:
        along = (across * dx + down * dy) * np.float32(1 / squared)
        np.clip(along, 0, 1, out=along)
        distance = np.hypot(across - along * dx, down - along * dy)
        if one.radius != other.radius:
            radius = np.float32(one.radius) + along * np.float32(other.radius - one.radius)
        if one.flow != other.flow:
            flow = np.float32(one.flow) + along * np.float32(other.flow - one.flow)
    rim = max(1.0, max(one.radius, other.radius) * (1 - hardness))
    covered = np.clip((radius + np.float32(0.5) - distance) * np.float32(1 / rim), 0, 1)
    if rim > 1.0:
        covered = covered * covered * (3 - 2 * covered)
    result: NDArray[np.float32] = np.asarray(covered * flow, np.float32)
    return result
