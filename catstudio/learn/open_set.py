"""Photos of neither class: how near the nearest training photo is, and when not to answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

MISSED_SHARE = 0.05
"""Share of the known classes' photos that the threshold may turn away."""
MIN_PHOTOS = 10
"""Matches needed before the threshold is read off them instead of assumed."""
DEFAULT_THRESHOLD = 0.05
"""Used while there are too few photos: nearly unrelated to everything in training."""
MAX_EXEMPLARS = 4000
MAX_JUDGES = 1000
"""Left-out photos whose matches the threshold is read off: ample for a 5% quantile."""
_CHUNK = 512


def nearest_match(x: Floats, exemplars: Floats) -> Floats:
    """The largest cosine of each row of ``x`` [n, dim] to any of ``exemplars`` [m, dim]."""
    against = exemplars.astype(np.float32).T
    best = [
        (x[i : i + _CHUNK].astype(np.float32) @ against).max(axis=1)
        for i in range(0, len(x), _CHUNK)
    ]
    return np.concatenate(best) if best else np.zeros(0, np.float32)


def left_out_matches(
    x: Floats, index: Ints, partners: Sequence[Ints], exemplars: Ints, seed: int = 0
) -> tuple[Floats, Ints]:
    """For the photos ``index``, the nearest of ``exemplars`` outside their own lineages.

    Of more than ``MAX_JUDGES`` photos a random part is asked; photos without an exemplar
    outside their lineages are left out of the answer: matches [k] and which photos [k].
    """
    if len(index) > MAX_JUDGES:
        index = np.random.default_rng(seed).choice(index, MAX_JUDGES, replace=False)
    column = np.full(len(x), -1, np.intp)
    column[exemplars] = np.arange(len(exemplars))
    against = x[exemplars].T
    matches = []
    for start in range(0, len(index), _CHUNK):
        asked = index[start : start + _CHUNK]
        cosines = x[asked] @ against
        for row, i in enumerate(asked):
            own = column[partners[i]]
            cosines[row, own[own >= 0]] = -np.inf
        matches.append(cosines.max(axis=1))
    found = np.concatenate(matches).astype(np.float64) if matches else np.zeros(0)
    is_known = np.isfinite(found)
    return found[is_known], index[is_known]


def abstention_threshold(matches: Floats, classes: Ints) -> float:
    """The match under which to abstain, from ``matches`` [n] of photos of known ``classes`` [n].

    The ``MISSED_SHARE`` quantile, each class counting the same: among three thousand photos of
    one class the next is always near, and three of another must not be measured by that. With
    fewer than ``MIN_PHOTOS`` matches a quantile says nothing and :data:`DEFAULT_THRESHOLD`
    stands in.
    """
    if len(matches) < MIN_PHOTOS:
        return DEFAULT_THRESHOLD
    weights = 1.0 / np.bincount(classes)[classes]
    quantile = np.quantile(matches, MISSED_SHARE, weights=weights, method="inverted_cdf")
    return float(quantile)


def choose_exemplars(y: Ints, is_real: NDArray[np.bool_], seed: int = 0) -> Ints:
    """Which of [n] training images new ones are matched against: at most ``MAX_EXEMPLARS``.

    Each class keeps as many as any other while it has them, real photos before synthetic ones:
    five photos must not vanish among thousands of another class or of their own variations.
    """
    n = len(y)
    if n <= MAX_EXEMPLARS:
        return np.arange(n)
    order = np.random.default_rng(seed).permutation(n)
    order = order[np.argsort(~is_real[order], kind="stable")]
    turn = np.empty(n, np.intp)
    for c in np.unique(y):
        of_class = order[y[order] == c]
        turn[of_class] = np.arange(len(of_class))
    return np.sort(np.argsort(turn, kind="stable")[:MAX_EXEMPLARS])
