"""How made images lie among real ones: precision, recall, density, coverage, kernel distance.

All work block by block, so that no table of all pairs is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.intervals import Z

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

NEIGHBOURS = 5
"""The k whose distance is an image's radius: the value of Naeem et al. 2020."""
BLOCKS = 20
"""Parts that the kernel distance's standard error is told from by leaving one out in turn."""
MIN_FAMILIES = 4
"""Of either kind: with one left out, there must be pairs left."""
_ROWS = 512


@dataclass(frozen=True)
class Manifold:
    """Shares in [0, 1], but ``density`` may exceed 1.

    Attributes
    ----------
    precision : share of made images that lie where real ones do (Kynkäänniemi et al. 2019).
    recall : share of real images that lie where made ones do (the same).
    density : how many real neighbourhoods a made image lies in, over k (Naeem et al. 2020).
    coverage : share of real images with a made one in their neighbourhood (the same).
    is_precise : [made], which made images ``precision`` counts.
    is_covered : [real], which real images ``coverage`` counts.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    is_precise: NDArray[np.bool_]
    is_covered: NDArray[np.bool_]


def manifold(
    real: Floats, made: Floats, k: int = NEIGHBOURS, check: Callable[[], None] = lambda: None
) -> Manifold:
    """Of ``real`` [n, dim] and ``made`` [m, dim] under Euclidean distance; n and m exceed ``k``.

    An image's neighbourhood is the ball that reaches its ``k``-th nearest of its own kind.
    Raises ValueError when one side has too few. ``check`` is called before each block.
    """
    n, m = len(real), len(made)
    if min(n, m) <= k:
        raise ValueError(f"{k} neighbours need more than {k} images on either side")
    of_real, of_made = _radii(real, k, check), _radii(made, k, check)
    within_real = np.zeros(m, np.intp)
    is_covered, is_recalled = np.zeros(n, bool), np.zeros(n, bool)
    for rows, squares in _blocks(real, made, check):
        inside = squares <= of_real[rows, None]
        within_real += inside.sum(axis=0)
        is_covered[rows] = inside.any(axis=1)
        is_recalled[rows] = (squares <= of_made).any(axis=1)
    return Manifold(
        precision=float(np.mean(within_real > 0)),
        recall=float(is_recalled.mean()),
        density=float(within_real.sum() / (k * m)),
        coverage=float(is_covered.mean()),
        is_precise=within_real > 0,
        is_covered=is_covered,
    )


def _blocks(
    rows: Floats, columns: Floats, check: Callable[[], None]
) -> Iterator[tuple[slice, Floats]]:
    """Squared distances of a few ``rows`` at a time to all ``columns``."""
    lengths = np.einsum("ij,ij->i", columns, columns)
    for start in range(0, len(rows), _ROWS):
        check()
        part = rows[start : start + _ROWS]
        own = np.einsum("ij,ij->i", part, part)
        squares = own[:, None] + lengths - 2.0 * (part @ columns.T)
        yield slice(start, start + len(part)), np.maximum(squares, 0.0)


def _radii(x: Floats, k: int, check: Callable[[], None]) -> Floats:
    """Squared distance of each of ``x`` to its ``k``-th nearest other."""
    radii = np.empty(len(x), x.dtype)
    for rows, squares in _blocks(x, x, check):
        # Rounding may put a twin before the image itself; it is taken out, not counted off.
        squares[np.arange(len(squares)), np.arange(rows.start, rows.stop)] = np.inf
        radii[rows] = np.partition(squares, k - 1, axis=1)[:, k - 1]
    return radii


@dataclass(frozen=True)
class KernelDistance:
    """The kernel inception distance: 0 where both sides come from one distribution.

    ``value`` may be slightly negative, being unbiased; ``error`` is its standard error, and
    ``low`` to ``high`` the 95% interval.
    """

    value: float
    error: float

    @property
    def low(self) -> float:
        return self.value - Z * self.error

    @property
    def high(self) -> float:
        return self.value + Z * self.error


def kernel_distance(
    real: Floats,
    made: Floats,
    groups_real: Ints | None = None,
    groups_made: Ints | None = None,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
) -> KernelDistance:
    """KID of activations ``real`` [n, dim] and ``made`` [m, dim] (Bińkowski et al. 2018).

    The unbiased squared maximum mean discrepancy under the kernel (x·y / dim + 1)³. Its standard
    error is the jackknife's over up to ``BLOCKS`` parts, each left out in turn. ``groups_real``
    and ``groups_made`` number the families, in one numbering: a photo and what was made from it
    are left out together, so that neither bursts nor derived images make it look sure. Raises
    ValueError with fewer than ``MIN_FAMILIES`` of one kind.
    """
    groups_real = np.arange(len(real)) if groups_real is None else groups_real
    groups_made = len(real) + np.arange(len(made)) if groups_made is None else groups_made
    part_real, part_made, n_parts = _parts(groups_real, groups_made, seed)
    sides = (real, part_real), (made, part_made)
    within = [_kernel_sums(x, p, x, p, n_parts, check, is_same=True) for x, p in sides]
    between = _kernel_sums(real, part_real, made, part_made, n_parts, check)
    counts = [np.bincount(part, minlength=n_parts) for part in (part_real, part_made)]

    def distance(kept: NDArray[np.bool_]) -> float:
        n, m = (int(count[kept].sum()) for count in counts)
        own = [float(table[np.ix_(kept, kept)].sum()) for table in within]
        cross = float(between[np.ix_(kept, kept)].sum())
        return own[0] / (n * (n - 1)) + own[1] / (m * (m - 1)) - 2 * cross / (n * m)

    everything = np.ones(n_parts, bool)
    left_out = np.array([distance(np.arange(n_parts) != part) for part in range(n_parts)])
    squares = float(((left_out - left_out.mean()) ** 2).sum())
    return KernelDistance(distance(everything), sqrt((n_parts - 1) / n_parts * squares))


def _parts(groups_real: Ints, groups_made: Ints, seed: int) -> tuple[Ints, Ints, int]:
    """The part of each image of both sides: whole families, dealt out evenly."""
    both = np.concatenate([groups_real, groups_made])
    names, inverse = np.unique(both, return_inverse=True)
    n = len(groups_real)
    # Families with photos alone, with both, with made images alone: dealt out in this order, each
    # part gets some of either kind.
    has_real, has_made = np.zeros(len(names), bool), np.zeros(len(names), bool)
    has_real[inverse[:n]] = has_made[inverse[n:]] = True
    fewest = int(min(has_real.sum(), has_made.sum()))
    if fewest < MIN_FAMILIES:
        raise ValueError("too few families to tell the distance of")
    n_parts = min(BLOCKS, fewest)
    kind = has_made.astype(np.intp) - has_real
    order = np.lexsort((np.random.default_rng(seed).random(len(names)), kind))
    part = np.empty(len(names), np.intp)
    part[order] = np.arange(len(names)) % n_parts
    of_image = part[inverse]
    return of_image[:n], of_image[n:], n_parts


def _kernel_sums(
    rows: Floats,
    part_rows: Ints,
    columns: Floats,
    part_columns: Ints,
    n_parts: int,
    check: Callable[[], None],
    is_same: bool = False,
) -> Floats:
    """The kernel summed over the pairs of each two parts, [n_parts, n_parts], float64.

    ``is_same`` leaves out each image's pair with itself.
    """
    member = (part_columns[:, None] == np.arange(n_parts)).astype(rows.dtype)
    sums = np.zeros((n_parts, n_parts))
    for start in range(0, len(rows), _ROWS):
        check()
        part = rows[start : start + _ROWS]
        kernel = (part @ columns.T / rows.shape[1] + 1.0) ** 3
        if is_same:
            kernel[np.arange(len(part)), np.arange(start, start + len(part))] = 0.0
        np.add.at(sums, part_rows[start : start + _ROWS], kernel @ member)
    return sums
