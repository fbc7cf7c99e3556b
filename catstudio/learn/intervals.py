"""Intervals at 95%: closed forms for proportions and AUC, a bootstrap over lineages beside them."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

LEVEL = 0.95
RESAMPLES = 2000
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
"""Standard errors to either bound of an interval at ``LEVEL`` of what is normal."""


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Score interval for a proportion [Wilson 1927]; (0, 1) when nothing was counted."""
    if n <= 0:
        return 0.0, 1.0
    p, z2 = successes / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_of_proportions(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Interval for the mean of independent proportions, given as (successes, n) each."""
    low, high = sum_of_proportions([(1.0 / len(parts), s, n) for s, n in parts])
    return max(0.0, low), min(1.0, high)


def sum_of_proportions(parts: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Interval for a sum of independent proportions, given as (factor >= 0, successes, n) each.

    The Wilson bounds' distances to their estimates are added in squares (MOVER, Zou & Donner
    2008). Unlike a bootstrap it does not shrink to a point when every answer was right.
    """
    total, below, above = 0.0, 0.0, 0.0
    for factor, successes, n in parts:
        value = successes / n
        low, high = wilson(successes, n)
        total += factor * value
        below += (factor * (value - low)) ** 2
        above += (factor * (high - value)) ** 2
    return total - sqrt(below), total + sqrt(above)


def auc_interval(auc: float, positives: float, negatives: float) -> tuple[float, float]:
    """Score interval for an area under the curve (Newcombe 2006, method 5).

    The bounds are where Hanley and McNeil's variance at the bound itself just allows the
    estimate; so a perfect ranking of few photos keeps a lower bound below 1.
    """
    average = (positives + negatives) / 2

    def slack(theta: float) -> float:
        q = (1 - theta) / (2 - theta) + theta / (1 + theta)
        variance = theta * (1 - theta) * (1 + (average - 1) * q) / (positives * negatives)
        return abs(auc - theta) - Z * sqrt(max(variance, 0.0))

    def solve(outside: float) -> float:
        if slack(outside) <= 0:
            return outside
        inside = auc
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if slack(middle) > 0 else (middle, outside)
        return (inside + outside) / 2

    return solve(0.0), solve(1.0)


def lineage_draws(groups: Ints, strata: Ints, seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """How often each photo occurs in each bootstrap resample, [resamples, n].

    ``groups`` [n] numbers the lineages: whole lineages are drawn, with replacement, as many as
    there are within each stratum. ``strata`` [n] is the label, taken from a lineage's first
    photo; so no resample loses a label.
    """
    names, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    generator = np.random.default_rng(seed)
    counts = np.zeros((resamples, len(names)), np.float32)
    of_group = strata[first]
    for stratum in np.unique(of_group):
        columns = np.flatnonzero(of_group == stratum)
        share = np.full(len(columns), 1.0 / len(columns))
        counts[:, columns] = generator.multinomial(len(columns), share, size=resamples)
    draws: Floats = counts[:, inverse]
    return draws


def percentile(statistics: Floats) -> tuple[float, float]:
    """The central 95% of bootstrap ``statistics``; those that are not finite are left out."""
    finite = statistics[np.isfinite(statistics)]
    low, high = np.quantile(finite, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def wider(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """The interval that covers both."""
    return min(first[0], second[0]), max(first[1], second[1])
