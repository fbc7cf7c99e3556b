"""Weighted ridge classification in closed form, and what it would say of photos it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.lineages import LeaveOut

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Ridge:
    """A fitted one-against-the-rest ridge.

    ``weights`` [classes, dim] and ``bias`` [classes] give the raw outputs ``x @ weights.T +
    bias``; ``alpha`` [n, classes] are the dual coefficients, ``weights = alpha.T @ x``.
    """

    weights: Floats
    bias: Floats
    alpha: Floats

    def __call__(self, x: Floats) -> Floats:
        outputs: Floats = x @ self.weights.T + self.bias
        return outputs


def fit_ridge(x: Floats, targets: Floats, sample_weights: Floats) -> Ridge:
    """Minimise ``|v|² / 2 + Σ w_i (t_i - v·x_i - b)² / 2`` for each column of ``targets``.

    ``x`` [n, dim]; ``targets`` [n, classes] of ±1; ``sample_weights`` [n] > 0. Solved in the
    dual with few photos and in the primal with many, whichever system is smaller (least squares
    support vector machine, Suykens & Vandewalle 1999).
    """
    if len(x) <= x.shape[1]:
        return _fit_dual(x.astype(np.float64), targets, sample_weights)
    return _fit_primal(x, targets, sample_weights)


def _fit_dual(x: Floats, targets: Floats, sample_weights: Floats) -> Ridge:
    return fit_kernel(x @ x.T, x, targets, sample_weights)


def fit_kernel(kernel: Floats, x: Floats, targets: Floats, sample_weights: Floats) -> Ridge:
    """:func:`fit_ridge` where the photos' dot products ``kernel`` [n, n] are known already."""
    n = len(x)
    system = bordered(kernel, sample_weights)
    right = np.vstack([targets, np.zeros((1, targets.shape[1]))])
    solution = np.linalg.solve(system, right)
    alpha = solution[:n]
    return Ridge(alpha.T @ x, solution[n], alpha)


def _fit_primal(x: Floats, targets: Floats, sample_weights: Floats) -> Ridge:
    # The intercept leaves the system by centring on the weighted means.
    share = (sample_weights / sample_weights.sum()).astype(x.dtype)
    mean_x = share @ x
    mean_t = share @ targets.astype(x.dtype)
    scaled = (x - mean_x) * np.sqrt(sample_weights).astype(x.dtype)[:, None]
    gram = scaled.T @ scaled
    gram.flat[:: len(gram) + 1] += 1.0
    moment = scaled.T @ ((targets - mean_t) * np.sqrt(sample_weights)[:, None]).astype(x.dtype)
    weights = np.linalg.solve(gram, moment).T
    bias = mean_t - weights @ mean_x
    alpha = sample_weights[:, None] * (targets - x @ weights.T - bias)
    return Ridge(weights, bias, alpha)


@dataclass(frozen=True)
class Moments:
    """Weighted sums over images that a ridge is solved from; those of two parts add up.

    With weights w, vectors x and targets t: ``xx`` [dim, dim] is Σ w x xᵀ, ``xt`` [dim, classes]
    Σ w x tᵀ, ``x`` [dim] Σ w x, ``t`` [classes] Σ w t, and ``w`` Σ w.
    """

    xx: Floats
    xt: Floats
    x: Floats
    t: Floats
    w: float

    @classmethod
    def of(cls, x: Floats, targets: Floats, sample_weights: Floats) -> Moments:
        """Those of ``x`` [n, dim], ``targets`` [n, classes] and ``sample_weights`` [n] > 0."""
        # A matrix times its own transpose costs a fraction of a product of two.
        scaled = x * np.sqrt(sample_weights).astype(x.dtype)[:, None]
        weighted = (targets * np.sqrt(sample_weights)[:, None]).astype(x.dtype)
        w = sample_weights.astype(x.dtype)
        return cls(
            scaled.T @ scaled,
            scaled.T @ weighted,
            w @ x,
            sample_weights @ targets,
            float(sample_weights.sum()),
        )

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.xx + other.xx,
            self.xt + other.xt,
            self.x + other.x,
            self.t + other.t,
            self.w + other.w,
        )

    def __rmul__(self, factor: float) -> Moments:
        f = float(factor)
        return Moments(f * self.xx, f * self.xt, f * self.x, f * self.t, f * self.w)


def fit_moments(moments: Moments, x: Floats, targets: Floats, sample_weights: Floats) -> Ridge:
    """:func:`fit_ridge` of images whose ``moments`` are known already, in their precision."""
    mean_x, mean_t = moments.x / moments.w, moments.t / moments.w
    gram = moments.xx - np.outer(moments.x, mean_x)
    gram.flat[:: len(gram) + 1] += 1.0
    moment = moments.xt - np.outer(moments.x, mean_t).astype(gram.dtype)
    weights = np.linalg.solve(gram, moment).T
    bias = mean_t - weights @ mean_x
    return Ridge(weights, bias, sample_weights[:, None] * (targets - x @ weights.T - bias))


def bordered(kernel: Floats, sample_weights: Floats) -> Floats:
    """The symmetric system [[K + diag(1/w), 1], [1', 0]] of the dual, [n + 1, n + 1]."""
    n = len(kernel)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = kernel
    system[np.arange(n), np.arange(n)] += 1.0 / sample_weights
    system[n, n] = 0.0
    return system


def left_out_outputs(
    kernel: Floats, targets: Floats, sample_weights: Floats, groups: Sequence[LeaveOut]
) -> Floats:
    """Outputs [n, classes] of each group's judged photos by the ridge fitted without the group.

    ``kernel`` [n, n] holds the photos' dot products. Exact and without refitting: with C the
    inverse of the bordered system, the residuals of a left-out group G are
    ``inv(C[G, G]) @ alpha[G]`` (Cawley 2006, extended to groups). Images that no group judges
    are answered without themselves alone.
    """
    n = len(kernel)
    inverse = np.linalg.inv(bordered(kernel, sample_weights))
    alpha = inverse[:n, :n] @ targets
    # Most groups are one photo; those need no system of their own.
    outputs: Floats = targets - alpha / np.diag(inverse)[:n, None]
    for judged, left_out in groups:
        if len(left_out) > 1:
            block = inverse[np.ix_(left_out, left_out)]
            residuals = np.linalg.solve(block, alpha[left_out])
            outputs[judged] = targets[judged] - residuals[np.searchsorted(left_out, judged)]
    return outputs
