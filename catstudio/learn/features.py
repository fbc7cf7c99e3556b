"""From a backbone's raw outputs to the unit vectors that heads, open-set and audits compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_SOFTENING = 2.0
"""Logits are divided by this before the softmax: it keeps the lesser guesses, which carry kinship."""


@dataclass(frozen=True)
class FeatureSpace:
    """How one backbone's rows are read.

    A row is, for each view in turn, ``n_features`` pooled activations followed by ``n_logits``
    class logits, float32.

    Attributes
    ----------
    center : [n_features], the mean activation expected on photographs.
    n_logits : number of classes of the backbone's own classifier; 0 when it has none.
    n_views : how many crops of one image a row holds.
    """

    center: Floats
    n_logits: int = 0
    n_views: int = 1

    @property
    def n_features(self) -> int:
        return int(self.center.shape[0])

    @property
    def row_length(self) -> int:
        """How many numbers an embedding row has."""
        return self.n_views * (self.n_features + self.n_logits)

    @property
    def dim(self) -> int:
        """Length of the vectors that :meth:`__call__` returns."""
        return self.n_features + self.n_logits

    def pooled(self, rows: Floats) -> Floats:
        """Mean activation over the views, [n, n_features]: what diversity measures compare."""
        views = np.asarray(rows, np.float32).reshape(len(rows), self.n_views, -1)
        mean: Floats = views[:, :, : self.n_features].mean(axis=1)
        return mean

    def __call__(self, rows: Floats) -> Floats:
        """Unit vectors [n, dim], float32: what the photo looks like beside what it may be.

        Half of the squared length is the centred pooled activation; the other half the centred
        square root of the backbone's class probabilities (Hellinger: the dot product of two
        such vectors is how far two guesses overlap).
        """
        look = unit(self.pooled(rows) - self.center.astype(np.float32))
        if not self.n_logits:
            return look
        views = np.asarray(rows, np.float32).reshape(len(rows), self.n_views, -1)
        guess = np.sqrt(softmax(views[:, :, self.n_features :] / _SOFTENING).mean(axis=1))
        guess = unit(guess - guess.mean(axis=1, keepdims=True))
        both: Floats = np.concatenate([look, guess], axis=1) / np.float32(np.sqrt(2))
        return both


def unit(rows: Floats) -> Floats:
    """Each row divided by its length; a row of zeros stays zero."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Floats = rows / np.maximum(length, np.finfo(rows.dtype).tiny)
    return scaled


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities
