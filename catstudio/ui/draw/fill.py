"""Flood fill over numpy arrays: runs of like pixels, joined row by row, no loop over pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def pixels(image: QImage) -> NDArray[np.uint8]:
    """The bytes of a 32-bit image, uint8 [height, width, 4]; a copy."""
    view = np.frombuffer(image.constBits(), np.uint8)
    rows = view.reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy()


def flood(image: NDArray[np.uint8], x: int, y: int, tolerance: int) -> NDArray[np.uint8]:
    """How much of each pixel a fill from (x, y) covers, uint8 [height, width]: 255 where pixels
    hang together with (x, y) and no channel differs from it by more than ``tolerance`` (0 to
    255), and less on the rim, where antialiased lines mix with what is filled.
    """
    differs = difference(image, image[y, x])
    inside = region(differs <= tolerance, x, y)
    return _with_rim(inside, differs)


def difference(image: NDArray[np.uint8], color: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest difference of any channel to ``color``, uint8 [height, width]."""
    result = np.zeros(image.shape[:2], np.uint8)
    for channel, wanted in enumerate(color):
        values = image[:, :, channel]
        np.maximum(result, np.maximum(values, wanted) - np.minimum(values, wanted), out=result)
    return result


def region(like: NDArray[np.bool_], x: int, y: int) -> NDArray[np.bool_]:
    """The pixels of ``like`` (bool [height, width]) that hang together with (x, y), by sides.

    Rows are cut into runs; a run's neighbours are those of the row below that share a column,
    found for all runs at once by binary search, and joined into sets by hooking and pointer
    jumping (Shiloach and Vishkin, 1982).
    """
    height, width = like.shape
    # One unlike column at the end of each row keeps runs from going on in the next row.
    line = width + 1
    padded = np.zeros((height, line), np.int8)
    padded[:, :width] = like
    step = np.diff(padded.ravel(), prepend=np.int8(0))
    starts, ends = np.flatnonzero(step == 1), np.flatnonzero(step == -1)
    reached = _connected(starts, ends, line, at=y * line + x)
    marks = np.zeros(height * line, np.int8)
    marks[starts[reached]] = 1
    marks[ends[reached]] -= 1
    inside = np.cumsum(marks, dtype=np.int8).astype(bool).reshape(height, line)
    return inside[:, :width]


def _with_rim(inside: NDArray[np.bool_], differs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``inside`` with two pixels around it covered by how near they are to what was filled.

    A pixel halfway to the line's colour gets three quarters: no fringe of the ground stays, and
    the line keeps its smooth edge.
    """
    part, shape = _around(inside, 4), inside.shape
    inside, differs = inside[part], differs[part]
    result = inside.astype(np.uint8) * np.uint8(255)
    rim = (grown(result, 2) > 0) & ~inside
    most = grown(differs, 2).astype(np.float32)
    share = differs / np.maximum(most, 1)
    result[rim] = np.rint(255 * (1 - share[rim] ** 2)).astype(np.uint8)
    whole = np.zeros(shape, np.uint8)
    whole[part] = result
    return whole


def _around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The rows and columns of all that is set, and ``margin`` more on each side."""
    slices = []
    for axis in (1, 0):
        found = np.flatnonzero(mask.any(axis=axis))
        slices.append(slice(max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin))
    return slices[0], slices[1]


def _connected(
    starts: NDArray[np.intp], ends: NDArray[np.intp], line: int, at: int
) -> NDArray[np.bool_]:
    """Which runs [start, end) of a raster with rows of ``line`` hang together with the one at
    ``at``."""
    first = np.searchsorted(ends, starts + line, "right")
    behind = np.searchsorted(starts, ends + line, "left")
    one = np.repeat(np.arange(len(starts)), np.maximum(behind - first, 0))
    other = _ranges(first, behind)
    root = np.arange(len(starts))
    while one.size:
        of_one, of_other = root[one], root[other]
        differ = of_one != of_other
        one, other = one[differ], other[differ]
        of_one, of_other = of_one[differ], of_other[differ]
        np.minimum.at(root, np.maximum(of_one, of_other), np.minimum(of_one, of_other))
        while not np.array_equal(further := root[root], root):
            root = further
    pressed = np.searchsorted(starts, at, "right") - 1
    result: NDArray[np.bool_] = root == root[pressed]
    return result


def _ranges(low: NDArray[np.intp], high: NDArray[np.intp]) -> NDArray[np.intp]:
    """All whole numbers of the ranges [low, high), one after the other."""
    counts = np.maximum(high - low, 0)
    total = int(counts.sum())
    first = np.repeat(low - (np.cumsum(counts) - counts), counts)
    result: NDArray[np.intp] = first + np.arange(total)
    return result


def grown(mask: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """``mask`` with its edge moved outwards by ``by`` pixels (inwards when negative): the
    largest, or smallest, value of the disc around each pixel, built of small crosses and squares."""
    result = mask
    pick = np.maximum if by > 0 else np.minimum
    for step in range(abs(by)):
        # Crosses and squares in turn make an octagon, which is round enough for a selection.
        result = _spread(result, pick, is_square=step % 2 == 1)
    return result


def _spread(mask: NDArray[np.uint8], pick: np.ufunc, is_square: bool) -> NDArray[np.uint8]:
    across = mask.copy()
    pick(across[:, 1:], mask[:, :-1], out=across[:, 1:])
    pick(across[:, :-1], mask[:, 1:], out=across[:, :-1])
    of = across if is_square else mask
    result = across.copy()
    pick(result[1:], of[:-1], out=result[1:])
    pick(result[:-1], of[1:], out=result[:-1])
    return result


def feathered(mask: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """``mask`` with a soft edge: three box means of about ``radius`` pixels in all, which is close to
    a Gaussian (the central limit theorem)."""
    result = mask.astype(np.float32)
    side = max(1, round(radius / 1.5))
    for _ in range(3):
        result = _mean(_mean(result, side).T, side).T
    softened: NDArray[np.uint8] = np.rint(result).clip(0, 255).astype(np.uint8)
    return softened


def _mean(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The mean of 2 × reach + 1 neighbours along each row, edges repeated."""
    padded = np.pad(values, ((0, 0), (reach + 1, reach)), mode="edge")
    total = np.cumsum(padded, axis=1, dtype=np.float64)
    window = 2 * reach + 1
    result: NDArray[np.float32] = ((total[:, window:] - total[:, :-window]) / window).astype(
        np.float32
    )
    return result
