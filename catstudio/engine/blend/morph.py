"""Morphing: two pictures warped to common shapes along points that match, and dissolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from catstudio.engine.blend.arrays import Map, Pixels

Points = NDArray[np.floating[Any]]
"""float32 [n, 2]: x and y, in pixels."""

_FEW = 12
"""Fewer matched features than this say nothing about two pictures."""
_RATIO = 0.8
"""Lowe's ratio: the best match must be nearer than this part of the second best."""
_RAYS = 24
_APART = 1 / 24
"""Points nearer to each other than this part of the side fold the mesh and add nothing."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Points of one picture and where each is in the other; ``source`` is what found them."""

    first: Points
    second: Points
    source: str

    def __len__(self) -> int:
        return len(self.first)


def match_features(first: Pixels, second: Pixels) -> Matches | None:
    """Features that both pictures show, or None when there are too few of them.

    SIFT (Lowe, 2004), nearest in both directions and by Lowe's ratio, kept if one homography
    maps them (RANSAC) to within 4 % of the side. They must be spread over a tenth of the picture.
    """
    sift = cv2.SIFT.create(nfeatures=800)
    (points_a, told_a), (points_b, told_b) = (
        sift.detectAndCompute(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), None)
        for view in (first, second)
    )
    if told_a is None or told_b is None or min(len(points_a), len(points_b)) < _FEW:
        return None
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    back = {one.queryIdx: one.trainIdx for one in matcher.match(told_b, told_a)}
    pairs = [
        (best.queryIdx, best.trainIdx)
        for best, other in matcher.knnMatch(told_a, told_b, k=2)
        if best.distance < _RATIO * other.distance and back[best.trainIdx] == best.queryIdx
    ]
    if len(pairs) < _FEW:
        return None
    a = np.array([points_a[i].pt for i, _ in pairs], np.float32)
    b = np.array([points_b[j].pt for _, j in pairs], np.float32)
    _, is_kept = cv2.findHomography(a, b, cv2.RANSAC, 0.04 * first.shape[0])
    if is_kept is None:
        return None
    kept = is_kept.ravel() > 0
    a, b = a[kept], b[kept]
    spread = [cv2.contourArea(cv2.convexHull(points)) for points in (a, b)] if len(a) > 2 else [0]
    if len(a) < _FEW or min(spread) < 0.1 * first.shape[0] * first.shape[1]:
        return None
    return Matches(a, b, "features")


def match_outlines(first: Map, second: Map) -> Matches | None:
    """The outlines of two subjects, matched by direction from the middle; None without a subject.

    ``first`` and ``second`` [side, side] say how much of each pixel is subject.
    """
    found = []
    for alpha in (first, second):
        subject = alpha > 0.5
        if not 0.03 < subject.mean() < 0.9:
            return None
        found.append(_outline(subject))
    return Matches(found[0], found[1], "outlines")


def _outline(subject: NDArray[np.bool_]) -> Points:
    """The middle of ``subject``, and how far it reaches in each of :data:`_RAYS` directions."""
    side = subject.shape[0]
    ys, xs = np.nonzero(subject)
    x, y = float(xs.mean()), float(ys.mean())
    angle = np.arctan2(ys - y, xs - x)
    far = np.hypot(ys - y, xs - x)
    points = [(x, y)]
    step = 2 * np.pi / _RAYS
    for ray in range(_RAYS):
        at = ray * step - np.pi
        off = np.abs((angle - at + np.pi) % (2 * np.pi) - np.pi)
        near = off < step / 4
        reach = float(np.quantile(far[near], 0.98)) if near.any() else 0.02 * side
        points.append((x + reach * np.cos(at), y + reach * np.sin(at)))
    return np.clip(np.array(points, np.float32), 2, side - 3)


def thinned(matches: Matches, side: int) -> Matches:
    """``matches`` without points that crowd others or that would fold the mesh over."""
    chosen: list[int] = []
    for k in range(len(matches)):
        gaps = [
            min(
                float(np.hypot(*(points[k] - points[j])))
                for points in (matches.first, matches.second)
            )
            for j in chosen
        ]
        if all(gap > _APART * side for gap in gaps):
            chosen.append(k)
    first, second = matches.first[chosen], matches.second[chosen]
    while len(first):
        folded = _folded(first, second, side)
        if folded is None:
            break
        first, second = np.delete(first, folded, 0), np.delete(second, folded, 0)
    return Matches(first, second, matches.source)


def warp(first: Pixels, second: Pixels, matches: Matches, t: float) -> tuple[Pixels, Pixels]:
    """Both pictures with their matched points moved to where they lie at ``t`` in [0, 1].

    Triangle by triangle (Wolberg, 1998); mixed with weights 1 - ``t`` and ``t`` they are the
    morph. At 0 the first is what it was, at 1 the second.
    """
    side = first.shape[0]
    a, b = _framed(matches.first, side), _framed(matches.second, side)
    between = (1 - t) * a + t * b
    triangles = _triangles((a + b) / 2, side)
    return _warped(first, a, between, triangles), _warped(second, b, between, triangles)


def _framed(points: Points, side: int) -> Points:
    """``points`` and eight of the frame, which stay where they are."""
    at = [0.0, (side - 1) / 2, side - 1.0]
    frame = [(x, y) for y in at for x in at if not x == y == at[1]]
    return np.concatenate([np.array(frame, np.float32), points.reshape(-1, 2)])


def _triangles(points: Points, side: int) -> list[tuple[int, int, int]]:
    """The Delaunay triangulation of ``points``, as indices."""
    plane = cv2.Subdiv2D((-1, -1, side + 2, side + 2))
    known: dict[int, int] = {}
    for index, (x, y) in enumerate(points):
        known.setdefault(plane.insert((float(x), float(y))), index)
    found = []
    for triangle in plane.getTriangleList():
        corners = triangle.reshape(3, 2)
        gaps = np.abs(points[None] - corners[:, None]).max(-1)
        nearest = gaps.argmin(1)
        # Its outermost triangles hang on corners of its own, far outside.
        if gaps[np.arange(3), nearest].max() < 1e-2 and len(set(nearest.tolist())) == 3:
            found.append((int(nearest[0]), int(nearest[1]), int(nearest[2])))
    return found


def _warped(
    image: Pixels, own: Points, target: Points, triangles: list[tuple[int, int, int]]
) -> Pixels:
    """``image`` with ``own`` points moved to ``target`` ones, linear inside each triangle."""
    side = image.shape[0]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    at_x, at_y = x.copy(), y.copy()
    for corners in triangles:
        index = list(corners)
        region = np.zeros((side, side), np.uint8)
        cv2.fillConvexPoly(region, np.rint(target[index]).astype(np.int32), 1)
        inside = region > 0
        matrix = cv2.getAffineTransform(target[index], own[index])
        at_x[inside] = matrix[0, 0] * x[inside] + matrix[0, 1] * y[inside] + matrix[0, 2]
        at_y[inside] = matrix[1, 0] * x[inside] + matrix[1, 1] * y[inside] + matrix[1, 2]
    warped: Pixels = cv2.remap(
        image, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return warped


def _folded(first: Points, second: Points, side: int) -> int | None:
    """The index of a point that is in no triangle or in one that turns over, or None."""
    a, b = _framed(first, side), _framed(second, side)
    frame = len(a) - len(first)
    counts = np.zeros(len(a), int)
    triangles = _triangles((a + b) / 2, side)
    lost = set(range(frame, len(a))).difference(*triangles)
    if lost:
        return min(lost) - frame
    for index in map(list, triangles):
        if _area(a[index]) * _area(b[index]) <= 0:
            counts[index] += 1
    counts[:frame] = 0
    return int(counts.argmax()) - frame if counts.any() else None


def _area(corners: Points) -> float:
    (ax, ay), (bx, by), (cx, cy) = corners.tolist()
    return float((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
