"""From a backbone's raw outputs to the unit vectors that heads, open-set and audits compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

LOOK_SHARE = 0.75
"""Part of a match that is likeness; the rest is kinship. Chosen once, see benchmarks.heads."""
KIN_DIRECTIONS = 128
_CHUNK = 2048


@dataclass(frozen=True)
class FeatureSpace:
    """How one backbone's rows are read.

    A row is, for each view in turn, ``n_features`` pooled activations followed by ``n_logits``
    class logits, float32.

    Attributes
    ----------
    center : [n_features], the mean activation expected on photographs.
    kin : [n_logits, k] from :func:`kinship`; k is 0 for a backbone without a classifier.
    n_views : how many crops of one image a row holds.
    """

    center: Floats
    kin: Floats
    n_views: int = 1

    @property
    def n_features(self) -> int:
        return int(self.center.shape[0])

    @property
    def row_length(self) -> int:
        """How many numbers an embedding row has."""
        return self.n_views * (self.n_features + int(self.kin.shape[0]))

    @property
    def dim(self) -> int:
        """Length of the vectors that :meth:`__call__` returns."""
        return self.n_features + int(self.kin.shape[1])

    def pooled(self, rows: Floats) -> Floats:
        """Mean activation over the views, [n, n_features]: what diversity measures compare."""
        views = np.asarray(rows, np.float32).reshape(
            len(rows), self.n_views, self.row_length // self.n_views
        )
        mean: Floats = views[:, :, : self.n_features].mean(axis=1)
        return mean

    def __call__(self, rows: Floats) -> Floats:
        """Unit vectors [n, dim], float32: what the photo looks like, beside what it is kin to.

        The dot product of two of them is ``LOOK_SHARE`` times the cosine of their centred
        activations plus the rest times the cosine of their kinship. The first tells individuals
        and textures apart; the second knows that a pug and a collie are both dogs, which one
        photo can not say.
        """
        if len(rows) > _CHUNK:
            # The guesses alone would take a copy or two of thousands of rows.
            parts = [self(rows[i : i + _CHUNK]) for i in range(0, len(rows), _CHUNK)]
            return np.concatenate(parts)
        look = unit(self.pooled(rows) - self.center.astype(np.float32))
        if not self.kin.size:
            return look
        views = np.asarray(rows, np.float32).reshape(
            len(rows), self.n_views, self.row_length // self.n_views
        )
        guess = softmax(views[:, :, self.n_features :]).mean(axis=1)
        kin = unit((guess - 1.0 / guess.shape[1]) @ self.kin.astype(np.float32))
        parts = [np.sqrt(LOOK_SHARE) * look, np.sqrt(1.0 - LOOK_SHARE) * kin]
        return np.concatenate(parts, axis=1).astype(np.float32, copy=False)


def kinship(classifier: Floats, n_directions: int = KIN_DIRECTIONS) -> Floats:
    """Coordinates of the backbone's classes in which relatives lie together, [n_logits, k].

    ``classifier`` [n_logits, n_features] holds one weight vector a class. With C the matrix of
    their centred cosines, a guess p becomes ``p @ C``: how akin each class is to what was
    guessed (semantic embedding of the guess, as in ConSE, Norouzi et al. 2014). Only the
    leading directions are kept: those in which large families, not single classes, differ.
    """
    rows = unit(classifier.astype(np.float64) - classifier.mean(axis=0))
    left, singular, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    k = min(n_directions, len(singular))
    coordinates: Floats = (left[:, :k] * singular[:k] ** 2).astype(np.float32)
    return coordinates


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
