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
_CHUNK = 512


def nearest_match(x: Floats, exemplars: Floats) -> Floats:
    """The largest cosine of each row of ``x`` [n, dim] to any of ``exemplars`` [m, dim]."""
    against = exemplars.astype(np.float32).T
    best = [
        (x[i : i + _CHUNK].astype(np.float32) @ against).max(axis=1)
        for i in range(0, len(x), _CHUNK)
    ]
    return np.concatenate(best) if best else np.zeros(0, np.float32)


def left_out_matches(x: Floats, index: Ints, partners: Sequence[Ints]) -> Floats:
    """For the photos ``index``, the nearest match outside their own lineages, [len(index)].

    Photos without anything outside their lineages are left out of the answer.
    """
    matches = []
    for i in index:
        cosines = x @ x[i]
        cosines[partners[i]] = -np.inf
        matches.append(cosines.max())
    found = np.array(matches, np.float64)
    return found[np.isfinite(found)]


def abstention_threshold(matches: Floats) -> float:
    """The match under which to abstain, from matches of photos of the known classes.

    The ``MISSED_SHARE`` quantile; with fewer than ``MIN_PHOTOS`` matches a quantile says
    nothing and :data:`DEFAULT_THRESHOLD` stands in.
    """
    if len(matches) < MIN_PHOTOS:
        return DEFAULT_THRESHOLD
    return float(np.quantile(matches, MISSED_SHARE))


def thin_out(x: Floats, seed: int = 0) -> Floats:
    """At most ``MAX_EXEMPLARS`` rows, a random part of them when there are more."""
    if len(x) <= MAX_EXEMPLARS:
        return x
    kept = np.sort(np.random.default_rng(seed).choice(len(x), MAX_EXEMPLARS, replace=False))
    return x[kept]
