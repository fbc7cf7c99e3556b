"""Soft edges: from a hard cut to how much of each pixel is subject, and the subject's own colours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from catstudio.engine.blend.arrays import Map, Pixels

_BAND = 0.015
"""Half the width of the uncertain edge, in parts of the photo's long side."""
_EPSILON = 1e-4
"""Below this variance of brightness the guided filter sees no edge: 1 % of full scale, squared."""


def refine(photo: Pixels, cut: NDArray[np.bool_]) -> Map:
    """``cut`` (of any size) as a soft map of ``photo``'s size that follows its edges.

    The guided filter (He, Sun and Tang, 2010) inside a band around the cut's outline; away from
    it the cut stays what it is.
    """
    height, width = photo.shape[:2]
    hard = cv2.resize(cut.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    radius = max(2, round(_BAND * max(height, width)))
    soft = _guided(photo.astype(np.float32) / 255, hard, radius)
    # A filter leaves a haze of a few per cent: what is almost nothing is nothing.
    soft = np.clip((soft - 0.1) / 0.8, 0, 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    solid = (hard > 0.5).astype(np.uint8)
    # Beyond a photo's border its subject goes on: no edge is made along it.
    inner, outer = cv2.erode(solid, kernel), cv2.dilate(solid, kernel)
    return np.where(inner > 0, 1.0, np.where(outer > 0, soft, 0.0)).astype(np.float32)


def own_colours(photo: Pixels, alpha: Map) -> NDArray[np.floating[Any]]:
    """The subject's colours [h, w, 3] in [0, 1], also where ground shines through its edge.

    Without this a soft edge brings a halo of the old background. Blurred estimates of subject
    and ground, corrected by what they leave unexplained, in two passes: "Approximate Fast
    Foreground Colour Estimation" (Forte, 2021).
    """
    image = photo.astype(np.float32) / 255
    share = alpha[..., None]
    front: NDArray[np.floating[Any]] = image
    back: NDArray[np.floating[Any]] = image
    longest = max(alpha.shape)
    for radius in (max(3, longest // 12), max(2, longest // 100)):
        front, back = _fused(image, front, back, share, radius)
    found: NDArray[np.floating[Any]] = np.clip(front, 0, 1).astype(np.float32)
    return found


def _fused(
    image: NDArray[np.floating[Any]],
    front: NDArray[np.floating[Any]],
    back: NDArray[np.floating[Any]],
    share: NDArray[np.floating[Any]],
    radius: int,
) -> tuple[NDArray[np.floating[Any]], NDArray[np.float32]]:
    # Mixed pixels know neither colour: the fourth power leaves the word to pure ones.
    is_front, is_back = share**4, (1 - share) ** 4
    blurred_front = _box(front * is_front, radius) / _whole(is_front, radius)
    blurred_back = _box(back * is_back, radius) / _whole(is_back, radius)
    rest = image - share * blurred_front - (1 - share) * blurred_back
    return np.clip(blurred_front + share * rest, 0, 1), np.clip(blurred_back, 0, 1)


def _whole(weight: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    whole: NDArray[np.float32] = _box(weight[..., 0], radius)[..., None] + 1e-6
    return whole


def _guided(guide: NDArray[np.floating[Any]], hard: Map, radius: int) -> Map:
    """The guided filter with a colour guide: ``hard`` as a local linear function of colour."""
    mean = _box(guide, radius)
    level = _box(hard, radius)
    covariance = _box(guide * hard[..., None], radius) - mean * level[..., None]
    spread = np.empty((*hard.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            both = _box(guide[..., i] * guide[..., j], radius) - mean[..., i] * mean[..., j]
            spread[..., i, j] = spread[..., j, i] = both
    spread += _EPSILON * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread, covariance[..., None])[..., 0]
    offset = level - (slope * mean).sum(-1)
    fitted: Map = (_box(slope, radius) * guide).sum(-1) + _box(offset, radius)
    return fitted


def _box(values: NDArray[np.floating[Any]], radius: int) -> NDArray[np.float32]:
    """The mean over a square of 2 × ``radius`` + 1 pixels; beyond the border it is mirrored."""
    side = 2 * radius + 1
    mean: NDArray[np.floating[Any]] = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    return mean
