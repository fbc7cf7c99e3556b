"""Two models on the same photos: what the difference is, and how sure one can be of it."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.intervals import Z
from catstudio.learn.metrics import effective_share

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]
Interval = tuple[float, float, float]
"""(value, low, high) at 95%."""

RANK_DOUBT = 0.25
"""What two photos not seen yet may do to a ranking, one for each model: see :func:`_variance`.

Chosen by simulation (normal scores, 8 to 200 photos a side, areas of 0.76 to 0.99): the least
at which the interval holds the truth in 93 draws of 100 or more from 8 photos a side on. Without
it the interval of two nearly perfect rankings of 20 misses in up to one draw of four."""

_STEPS = 60


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided exact p that ``gained`` and ``lost`` photos come from a fair coin.

    ``gained`` are right with the second model only, ``lost`` with the first only (McNemar 1947,
    with the binomial distribution). 1 when the models never disagree.
    """
    n, fewer = gained + lost, min(gained, lost)
    # Whole numbers until the end: 2**n is no float from 1,024 disagreements on.
    tail = term = 1
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        tail += term
    p: float = 2 * tail / 2**n
    return min(1.0, p)


def paired_proportions(gained: float, lost: float, n: float) -> tuple[float, float]:
    """Score interval for the difference of two proportions on the same ``n`` photos.

    Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", 1998: the differences that a score test does not reject. Counts may
    be fractions, for photos that count as less than one. (-1, 1) when nothing was counted.
    """
    if n <= 0:
        return -1.0, 1.0
    seen = (gained - lost) / n

    def is_outside(delta: float) -> bool:
        spread = _score_variance(gained, lost, n, delta)
        return (gained - lost - n * delta) ** 2 > Z * Z * spread

    return _edge(seen, -1.0, is_outside), _edge(seen, 1.0, is_outside)


def balanced_difference(
    first: Bools, second: Bools, truth: Ints, groups: Ints | None = None
) -> Interval:
    """The second model's balanced accuracy less the first's.

    ``first`` and ``second`` [n] say which photos each got right, ``truth`` [n] the labels,
    ``groups`` [n] the lineages. The labels' intervals are joined as those of independent
    estimates (MOVER, Zou & Donner 2008). Near-copies count as their lineage's share, as if
    they were always answered alike; unlike a bootstrap's, the interval is never a point where
    the models happen to agree on all photos.
    """
    parts = []
    for label in np.unique(truth):
        rows = truth == label
        share = 1.0 if groups is None else effective_share(groups[rows])
        gained = float(np.sum(second[rows] & ~first[rows])) * share
        lost = float(np.sum(first[rows] & ~second[rows])) * share
        n = float(rows.sum()) * share
        parts.append(((gained - lost) / n, *paired_proportions(gained, lost, n)))
    k = len(parts)
    value = sum(middle for middle, _, _ in parts) / k
    below = sqrt(sum((middle - low) ** 2 for middle, low, _ in parts)) / k
    above = sqrt(sum((high - middle) ** 2 for middle, _, high in parts)) / k
    return value, max(-1.0, value - below), min(1.0, value + above)


def balanced_mean(
    gaps: Floats, truth: Ints, groups: Ints | None = None, shares: Floats | None = None
) -> Interval:
    """The mean over labels of the mean of ``gaps`` [n], one a photo, in [-2, 2].

    For what is no difference of two proportions, such as one difference less another. With
    gaps of -1, 0 and 1 of one label it is the interval of Bonett & Price 2012. ``shares``, one
    for each label in ``truth`` and 1 together, weight the labels; they count alike without.
    """
    labels = np.unique(truth)
    weights = np.full(len(labels), 1.0 / len(labels)) if shares is None else shares
    value, variance = 0.0, 0.0
    for label, weight in zip(labels, weights, strict=True):
        rows = truth == label
        value += float(weight * gaps[rows].mean())
        of_label = _variance(gaps[rows], None if groups is None else groups[rows], 1.0)
        variance += float(weight**2 * of_label)
    half = Z * sqrt(variance)
    return value, max(-2.0, value - half), min(2.0, value + half)


def auc_difference(
    first: Floats, second: Floats, is_positive: Bools, groups: Ints | None = None
) -> Interval:
    """The second scores' area under the ROC curve less the first's; ties count half.

    ``first`` and ``second`` [n] rank the same photos, of which some, not all, are positive.
    They are compared by their structural components (DeLong, DeLong & Clarke-Pearson 1988),
    summed within a lineage (Obuchowski 1997) and widened by :data:`RANK_DOUBT`: where both rank
    alike, the components say nothing of photos not seen.
    """
    parts = [_components(scores, is_positive) for scores in (first, second)]
    value = float(parts[1][0].mean() - parts[0][0].mean())
    variance = 0.0
    for side, rows in ((0, is_positive), (1, ~is_positive)):
        gaps = parts[1][side] - parts[0][side]
        variance += _variance(gaps, None if groups is None else groups[rows], RANK_DOUBT)
    half = Z * sqrt(variance)
    return value, max(-1.0, value - half), min(1.0, value + half)


def mean_auc_difference(
    first: Floats, second: Floats, truth: Ints, groups: Ints | None = None
) -> Interval:
    """:func:`auc_difference` of each label against the rest, averaged with its bounds.

    ``first`` and ``second`` [n, labels]; two labels or more occur in ``truth`` [n]. The average
    of the bounds holds even if the labels' areas err together. With two labels both columns
    rank alike, and one is enough.
    """
    present = np.unique(truth)
    columns = present if first.shape[1] > 2 else present[-1:]
    parts = [auc_difference(first[:, c], second[:, c], truth == c, groups) for c in columns]
    value, low, high = np.mean(parts, axis=0)
    return float(value), float(low), float(high)


def _variance(gaps: Floats, groups: Ints | None, doubt: float) -> float:
    """Variance of the mean of ``gaps`` [n], with two more photos added, one at each ±``doubt``.

    Lineages vary as wholes, and count as many photos as they are worth.
    """
    centred = gaps - gaps.mean()
    share = 1.0
    if groups is not None:
        centred = np.bincount(np.unique(groups, return_inverse=True)[1], centred)
        share = effective_share(groups)
    n = len(gaps) * share
    squares = float(centred @ centred) * share * share
    return (squares + 2 * doubt * doubt) / ((n + 1) * (n + 2))


def _components(scores: Floats, is_positive: Bools) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative that above it."""
    up, down = scores[is_positive], scores[~is_positive]
    ordered_down, ordered_up = np.sort(down), np.sort(up)
    below = np.searchsorted(ordered_down, up, "left") + np.searchsorted(ordered_down, up, "right")
    upto = np.searchsorted(ordered_up, down, "left") + np.searchsorted(ordered_up, down, "right")
    return below / (2 * len(down)), 1 - upto / (2 * len(up))


def _score_variance(gained: float, lost: float, n: float, delta: float) -> float:
    """Variance of ``gained - lost`` if the difference were ``delta``, at the likeliest rest."""
    b = -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    rest = (sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    return n * (2 * rest + delta * (1 - delta))


def _edge(inside: float, outside: float, is_outside: Callable[[float], bool]) -> float:
    """Where ``is_outside`` turns true between the two; ``outside`` itself if it never does."""
    if not is_outside(outside):
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if is_outside(middle) else (middle, outside)
    return (inside + outside) / 2
