"""t-SNE by openTSNE: a plane in which each image keeps its neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.projection import nearest

Floats = NDArray[np.floating]

FEWEST = 10
"""Below so many images neighbourhoods mean nothing: principal components show all there is."""
_PERPLEXITY = 30.0
_BARNES_HUT = 5_000
"""Up to so many points the exact tree is faster than the interpolation grid."""
_FIRST, _EARLY, _LATER = 1e-4, 200, 400
_ONWARD = 250
_EVERY = 5
"""Iterations between two looks at whether the person cancelled."""
_KIN = 3


def arrange(
    x: Floats,
    start: Floats,
    *,
    is_known: NDArray[np.bool_] | None = None,
    seed: int = 0,
    n_jobs: int = 1,
    on_step: Callable[[str, int, int, Floats | None], None] = lambda *_: None,
) -> Floats:
    """Positions [n, 2] of the rows of ``x`` [n, d], as far apart as their neighbourhoods.

    van der Maaten and Hinton 2008, begun from ``start`` [n, 2] as Kobak and Berens 2019 advise,
    with the gradient interpolated on a grid (FIt-SNE, Linderman et al. 2019) for many points.
    ``is_known`` marks rows of ``start`` that come from an earlier map: they stay about where
    they are, and the others begin beside their neighbours. ``on_step(stage, done, total, xy)``
    hears how far it is, and may raise to end it. Needs at least ``FEWEST`` rows.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n = len(x)
    perplexity = min(_PERPLEXITY, (n - 1) / 3)
    numbers, distances = nearest(
        x, math.floor(3 * perplexity), lambda done, total: on_step("neighbours", done, total, None)
    )
    affinities = PerplexityBasedNN(
        perplexity=perplexity,
        knn_index=PrecomputedNeighbors(numbers, distances),
        n_jobs=n_jobs,
        random_state=seed,
    )
    is_onward = is_known is not None and bool(is_known.any())
    stages = ((1.0, 0.8, _ONWARD),) if is_onward else ((12.0, 0.5, _EARLY), (1.0, 0.8, _LATER))
    begin = _beside(start, is_known, numbers) if is_known is not None and is_onward else start
    embedding = TSNEEmbedding(
        begin.astype(np.float64) if is_onward else _small(begin),
        affinities,
        negative_gradient_method="bh" if n <= _BARNES_HUT else "fft",
        n_jobs=n_jobs,
        random_state=seed,
    )
    total = sum(iterations for _, _, iterations in stages)
    done = 0
    for exaggeration, momentum, iterations in stages:

        def heard(step: int, _error: float, xy: Floats, before: int = done) -> None:
            on_step("t-sne", before + step, total, xy)

        embedding = embedding.optimize(
            n_iter=iterations,
            exaggeration=exaggeration,
            momentum=momentum,
            callbacks=heard,
            callbacks_every_iters=_EVERY,
        )
        done += iterations
    return np.asarray(embedding, np.float32)


def _small(start: Floats) -> Floats:
    """``start`` so near together that the first steps are not held up by its distances."""
    centered = start.astype(np.float64) - start.mean(axis=0)
    spread = float(centered[:, 0].std())
    # Equal points have no direction in which to part.
    noise = np.random.default_rng(0).normal(scale=_FIRST / 10, size=centered.shape)
    small: Floats = centered * (_FIRST / spread if spread > 0 else 0.0) + noise
    return small


def _beside(start: Floats, is_known: NDArray[np.bool_], numbers: NDArray[np.int32]) -> Floats:
    """``start``, the rows that are new in the middle of their nearest known neighbours."""
    placed = start.astype(np.float64).copy()
    middle = placed[is_known].mean(axis=0)
    for row in np.flatnonzero(~is_known):
        kin = [other for other in numbers[row] if is_known[other]][:_KIN]
        placed[row] = placed[kin].mean(axis=0) if kin else middle
    # Two new images with the same neighbours would lie on one point and never part.
    placed += np.random.default_rng(0).normal(scale=_FIRST, size=placed.shape)
    return placed
