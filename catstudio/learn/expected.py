"""What a backbone's own parameters say about photographs, without any photograph."""

from __future__ import annotations

from math import erf, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def clipped_normal_mean(mean: Floats, deviation: Floats, low: float, high: float) -> Floats:
    """Mean of a normal variable clipped to [``low``, ``high``], elementwise; deviations > 0."""
    a, b = (low - mean) / deviation, (high - mean) / deviation
    inside = _cumulative(b) - _cumulative(a)
    expected: Floats = (
        mean * inside
        + deviation * (_density(a) - _density(b))
        + low * _cumulative(a)
        + high * (1.0 - _cumulative(b))
    )
    return expected


def _cumulative(z: Floats) -> Floats:
    return np.array([0.5 * (1.0 + erf(value / sqrt(2.0))) for value in z.ravel()]).reshape(z.shape)


def _density(z: Floats) -> Floats:
    values: Floats = np.exp(-0.5 * z * z) / sqrt(2.0 * pi)
    return values
