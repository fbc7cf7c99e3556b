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


def arrange(
    x: Floats,
    start: Floats,
    *,
    is_onward: bool = False,
    seed: int = 0,
    n_jobs: int = 1,
    on_step: Callable[[str, int, int, Floats | None], None] = lambda *_: None,
) -> Floats:
    """Positions [n, 2] of the rows of ``x`` [n, d], as far apart as their neighbourhoods.

    van der Maaten and Hinton 2008, begun from ``start`` [n, 2] as Kobak and Berens 2019 advise,
    with the gradient interpolated on a grid (FIt-SNE, Linderman et al. 2019) for many points.
    ``is_onward`` goes on from a map that has its shape: images stay about where they are.
    ``on_step(stage, done, total, xy)`` hears how far it is, and may raise to end it. Needs at
    least ``FEWEST`` rows.
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
    stages = ((1.0, 0.8, _ONWARD),) if is_onward else ((12.0, 0.5, _EARLY), (1.0, 0.8, _LATER))
    embedding = TSNEEmbedding(
        _parted(start.astype(np.float64), _FIRST) if is_onward else _small(start),
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
    return _parted(centered * (_FIRST / spread if spread > 0 else 0.0), _FIRST / 10)


def _parted(xy: Floats, by: float) -> Floats:
    """``xy`` with a little noise: points on one place have no direction in which to part."""
    parted: Floats = xy + np.random.default_rng(0).normal(scale=by, size=xy.shape)
    return parted
