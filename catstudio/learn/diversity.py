"""How many different images a set amounts to, whatever their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def vendi(x: Floats, copies: Floats | None = None) -> float:
    """The Vendi score of unit vectors ``x`` [n, dim] under cosine similarity; 0 for none.

    exp of the entropy of the eigenvalues of K / n (Friedman & Dieng, "The Vendi score", 2023):
    n for images with nothing in common, 1 for n copies of one. ``copies`` [n] > 0 counts exact
    copies, which carry weight and no variety. The eigenvalues are those of the smaller of the
    Gram and the moment matrix, in the precision of ``x``: of 10,000 vectors as fast as of 1,280.
    """
    if not len(x):
        return 0.0
    weights = np.ones(len(x)) if copies is None else np.asarray(copies, float)
    scaled = x * np.sqrt(weights / weights.sum())[:, None].astype(x.dtype)
    small = scaled @ scaled.T if len(x) <= x.shape[1] else scaled.T @ scaled
    values = np.linalg.eigvalsh(small).astype(np.float64)
    values = values[values > np.finfo(x.dtype).eps]
    # An image at the very centre has no direction; all of them there are one image.
    if not len(values):
        return 1.0
    values /= values.sum()
    return float(np.exp(-np.sum(values * np.log(values))))
