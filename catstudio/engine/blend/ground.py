"""A photo without its subject: what a swapped-in subject is put on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from catstudio.engine.blend.arrays import Map, Pixels

_SIDE = 128
"""Where to take the filling from is looked for at this size."""
_STEPS = 12
_ERODED = 3
"""Pixels that OpenCV's seamless clone takes off the rim of its mask."""
_FADE = 0.06
"""How deep the target's colours reach in, in parts of the height, where the source keeps its own."""


def without_subject(photo: Pixels, alpha: Map) -> tuple[Pixels, NDArray[np.bool_]]:
    """``photo`` with its subject filled in by ground from beside it; and where that is.

    The hole is filled with a shifted or mirrored copy of the photo, the one whose ground fits
    best along the hole's rim, joined without a seam (Pérez et al., 2003). What that copy cannot
    give is drawn in from the rim (Telea, 2004).
    """
    height, width = photo.shape[:2]
    reach = max(2, round(0.02 * max(height, width)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    hole = cv2.dilate((alpha > 0.15).astype(np.uint8), kernel) > 0
    if not hole.any() or hole.mean() > 0.9:
        return photo, np.zeros_like(hole)
    mirrored, dx, dy = _best_shift(photo, hole)
    # Drawn in everywhere first: neither rim may show the colours of the old subject.
    plate = _drawn_in(photo, hole)
    source, blocked = _shifted(plate, hole, mirrored, dx, dy)
    taken = hole & ~blocked
    if taken.any():
        plate = paste_seamlessly(source, plate, taken)
    return plate, hole


def paste_seamlessly(
    source: Pixels, target: Pixels, region: NDArray[np.bool_], own: float = 0.0
) -> Pixels:
    """``target`` with ``region`` of ``source``, both of one size, its light fitted at the rim.

    "Poisson Image Editing" (Pérez, Gangnet and Blake, 2003): inside, the steps from pixel to
    pixel are the source's; on the rim, the colours are the target's. ``own`` in [0, 1] is how
    much of its own colour the source keeps deep inside: at 0, a grey cat in grass turns green.
    """
    height, width = target.shape[:2]
    pad = max(4 * _ERODED, height // 16)
    inner = (slice(pad, pad + height), slice(pad, pad + width))
    # A region that reaches the border has no rim there: it goes on outside, with the source.
    wide_target = cv2.copyMakeBorder(target, pad, pad, pad, pad, cv2.BORDER_REFLECT_101)
    wide_source = cv2.copyMakeBorder(source, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    rest = 2 * _ERODED
    grown = pad - rest
    mask = region.astype(np.uint8) * 255
    mask = cv2.copyMakeBorder(mask, grown, grown, grown, grown, cv2.BORDER_REPLICATE)
    mask = cv2.copyMakeBorder(mask, rest, rest, rest, rest, cv2.BORDER_CONSTANT, value=0)
    # OpenCV takes this much off the mask first, and its rim would be the old subject's; it
    # also writes into the mask that it is given.
    wide = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=_ERODED)
    left, top, across, down = cv2.boundingRect(wide)
    middle = left + across // 2, top + down // 2
    joined = cv2.seamlessClone(wide_source, wide_target, wide, middle, cv2.NORMAL_CLONE)[inner]
    # What was added to the source is smooth; further in, less of it is kept.
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)[inner]
    kept = 1 - own * (1 - np.exp(-depth / (_FADE * height)))[..., None]
    toned = source + kept * (joined.astype(np.float32) - source)
    blended: Pixels = np.clip(np.rint(toned), 0, 255).astype(np.uint8)
    return np.where(region[..., None], blended, target)


def _best_shift(photo: Pixels, hole: NDArray[np.bool_]) -> tuple[bool, float, float]:
    """Whether to mirror, and the shift (x, y in parts of the sides), that fit the rim best."""
    small = cv2.resize(photo, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    closed = cv2.resize(hole.astype(np.uint8), (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST) > 0
    ring = (cv2.dilate(closed.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~closed
    best, chosen = np.inf, (False, 0.0, 0.0)
    for mirrored in (False, True):
        for across in range(-_STEPS + 1, _STEPS):
            for down in range(-_STEPS + 1, _STEPS):
                dx, dy = across / _STEPS, down / _STEPS
                source, blocked = _shifted(small, closed, mirrored, dx, dy)
                real = 1 - float(blocked[closed].mean())
                seen = ring & ~blocked
                if real < 0.05 or seen.sum() < 0.2 * ring.sum():
                    continue
                gap = np.abs(source[seen].astype(np.int16) - small[seen].astype(np.int16))
                # What is missing is drawn in as a blur: worse than a rim that fits less well.
                cost = float(gap.mean()) + 60 * max(0.0, 1 - real) + 10 * abs(dy)
                if cost < best:
                    best, chosen = cost, (mirrored, dx, dy)
    return chosen


def _shifted(
    photo: Pixels, hole: NDArray[np.bool_], mirrored: bool, dx: float, dy: float
) -> tuple[Pixels, NDArray[np.bool_]]:
    """``photo`` shifted by parts of its sides, and where that shows its subject or nothing."""
    height, width = hole.shape
    blocked = hole.astype(np.uint8)
    if mirrored:
        photo, blocked = (
            np.ascontiguousarray(photo[:, ::-1]),
            np.ascontiguousarray(blocked[:, ::-1]),
        )
    move = np.array([[1, 0, round(dx * width)], [0, 1, round(dy * height)]], np.float32)
    size = (width, height)
    # Drawn out, not black: the steps just beyond a border count at a seam that runs along it.
    source = cv2.warpAffine(
        photo, move, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    closed = cv2.warpAffine(
        blocked, move, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=1
    )
    return source, closed > 0


def _drawn_in(plate: Pixels, rest: NDArray[np.bool_]) -> Pixels:
    """``rest`` of ``plate`` filled from its rim, at a small size: it is smooth anyway."""
    height, width = rest.shape
    factor = min(1.0, 256 / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(plate, size, interpolation=cv2.INTER_AREA)
    closed = cv2.resize(rest.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    closed = cv2.dilate(closed, np.ones((3, 3), np.uint8))
    filled = cv2.resize(
        cv2.inpaint(small, closed, 3, cv2.INPAINT_TELEA),
        (width, height),
        interpolation=cv2.INTER_LINEAR,
    )
    share = cv2.GaussianBlur(rest.astype(np.float32), (0, 0), 1.5)[..., None]
    share = np.maximum(share, rest[..., None])
    drawn: Pixels = np.rint(plate * (1 - share) + filled * share).astype(np.uint8)
    return drawn
