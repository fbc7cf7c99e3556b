"""Temperature: how fast confidence grows with the score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.features import softmax

Floats = NDArray[np.floating]

TEMPERATURES: Floats = np.geomspace(0.05, 20.0, 121)
"""The grid that is searched; scores are scaled so that class means lie at ±1."""


def fit_temperature(scores: Floats, classes: NDArray[np.integer], weights: Floats) -> float:
    """The temperature that minimises the weighted negative log-likelihood [Guo 2017].

    ``scores`` [n, classes]; ``classes`` [n] the true ones; ``weights`` [n] >= 0.
    """
    rows = np.arange(len(scores))
    share = weights / weights.sum()
    losses = [
        -share @ np.log(np.maximum(softmax(scores / t)[rows, classes], 1e-12)) for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])
