"""From many dimensions to the few that differ most, and who is nearest to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int32]

_EXACT = 512
"""Up to so many rows or columns the eigenvectors are exact: that takes a tenth of a second."""
_OVERSAMPLING, _POWERS = 12, 3
_CHUNK = 512


@dataclass(frozen=True)
class Projection:
    """``scores`` [n, k]: where each row lies along the k directions, float32, largest first.

    ``shares`` [k] in [0, 1]: which part of all variance each direction carries.
    """

    scores: Floats
    shares: Floats


def principal(
    x: Floats, k: int = 2, seed: int = 0, check: Callable[[], None] = lambda: None
) -> Projection:
    """The ``k`` principal components of ``x`` [n, d], centred; fewer columns are filled with 0.

    Exact for small ``x``, else by randomised subspace iteration (Halko, Martinsson and Tropp
    2011, algorithms 4.4 and 5.1): the same seed gives the same result. Each direction is turned
    so that its largest loading is positive, because a sign means nothing and must not change
    from one drawing to the next. ``check`` may raise to end it.
    """
    x = np.asarray(x, np.float32)
    n, d = x.shape
    rank = min(n, d, k)
    if not rank:
        return Projection(np.zeros((n, k), np.float32), np.zeros(k))
    centered = x - x.mean(axis=0)
    total = float(np.einsum("ij,ij->", centered, centered, dtype=np.float64))
    is_small = min(n, d) <= _EXACT
    axes = _exact(centered, rank) if is_small else _randomised(centered, rank, seed, check)
    largest = np.abs(axes).argmax(axis=1)
    axes *= np.where(axes[np.arange(rank), largest] < 0, -1, 1)[:, None]
    scores = np.zeros((n, k), np.float32)
    scores[:, :rank] = centered @ axes.T.astype(np.float32)
    power = np.sum(scores.astype(np.float64) ** 2, axis=0)
    return Projection(scores, power / total if total > 0 else np.zeros(k))


def _exact(centered: Floats, k: int) -> Floats:
    """The leading right singular vectors as rows [k, d], by the smaller of the two Gram matrices."""
    n, d = centered.shape
    x = centered.astype(np.float64)
    if d <= n:
        _, vectors = np.linalg.eigh(x.T @ x)
        axes: Floats = np.ascontiguousarray(vectors[:, ::-1][:, :k].T)
        return axes
    _, left = np.linalg.eigh(x @ x.T)
    axes = left[:, ::-1][:, :k].T @ x
    length = np.linalg.norm(axes, axis=1, keepdims=True)
    scaled: Floats = axes / np.maximum(length, np.finfo(np.float64).tiny)
    return scaled


def _randomised(centered: Floats, k: int, seed: int, check: Callable[[], None]) -> Floats:
    n, d = centered.shape
    width = min(k + _OVERSAMPLING, n, d)
    probe = np.random.default_rng(seed).normal(size=(d, width)).astype(np.float32)
    basis = centered @ probe
    for _ in range(_POWERS):
        check()
        basis = np.linalg.qr(centered.T @ np.linalg.qr(basis)[0])[0]
        check()
        basis = centered @ basis
    basis = np.linalg.qr(basis)[0]
    _, _, axes = np.linalg.svd((basis.T @ centered).astype(np.float64), full_matrices=False)
    leading: Floats = axes[:k]
    return leading


def nearest(
    x: Floats, k: int, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> tuple[Ints, Floats]:
    """The ``k`` nearest other rows of each row of ``x`` [n, d], nearest first: exact, in chunks.

    Returns their numbers [n, k] and Euclidean distances [n, k]. Needs k < n. ``on_progress``
    hears of each chunk (rows done, of all) and may raise to end it.
    """
    x = np.ascontiguousarray(x, np.float32)
    n = len(x)
    if not 0 < k < n:
        raise ValueError(f"{k} neighbours of {n} rows")
    squares = np.einsum("ij,ij->i", x, x)
    numbers = np.empty((n, k), np.int32)
    distances = np.empty((n, k), np.float64)
    for start in range(0, n, _CHUNK):
        rows = slice(start, min(start + _CHUNK, n))
        # Half the squared distance but for the row's own length, which changes no order.
        score = squares / 2 - x[rows] @ x.T
        here = np.arange(len(score))
        score[here, here + start] = np.inf
        found = np.argpartition(score, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(score, found, axis=1)
        order = np.lexsort((found, values), axis=1)
        numbers[rows] = np.take_along_axis(found, order, axis=1)
        values = 2.0 * np.take_along_axis(values, order, axis=1) + squares[rows, None]
        distances[rows] = np.sqrt(np.maximum(values, 0.0))
        on_progress(rows.stop, n)
    return numbers, distances


def beside(x: Floats, xy: Floats, is_known: NDArray[np.bool_], k: int = 3) -> Floats:
    """``xy`` [n, 2], the rows that are not known in the middle of their ``k`` nearest that are.

    ``x`` [n, d] says who is near; at least one row must be known.
    """
    placed = np.array(xy, np.float32)
    known, new = x[is_known], np.flatnonzero(~is_known)
    half = np.einsum("ij,ij->i", known, known) / 2
    k = min(k, len(known))
    for start in range(0, len(new), _CHUNK):
        rows = new[start : start + _CHUNK]
        kin = np.argpartition(half - x[rows] @ known.T, k - 1, axis=1)[:, :k]
        placed[rows] = xy[is_known][kin].mean(axis=1)
    return placed
