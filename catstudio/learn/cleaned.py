"""Heads fitted without the photos that contradict them, so that wrong labels blur no answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.cross_validation import LeftOut, left_out, subset
from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.head import Head

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

ROUNDS = 2
"""Wrong labels hide each other; once the plainest are gone, more of them show."""
MIN_KEPT = 3
"""Real photos of each label that stay whatever is said of them, the likeliest."""


def cleaned(
    data: TrainingSet,
    labels: Sequence[str],
    space: FeatureSpace,
    strength: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> TrainingSet:
    """``data`` without the real photos that heads fitted without them take for another label.

    With them goes all that shares a lineage with them. A photo may come back in the second
    round, when it is judged by a head that has seen none of those left out. The whole of
    ``data`` where a label has too few photos to leave any out. ``check`` raises to end it.
    """
    kept: Ints = np.arange(len(data.y))
    for _ in range(ROUNDS):
        part = subset(data, kept)
        found = left_out(part, labels, space, strength, lambda *_: check())
        if found is None:
            break
        p = fit_head(part, labels, space, strength=strength).probabilities(data.x)
        p[kept[part.is_real]] = found.probabilities
        kept = _uncontradicted(p, data)
    return subset(data, kept)


def left_out_by_cleaned(
    data: TrainingSet,
    labels: Sequence[str],
    space: FeatureSpace,
    strength: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[LeftOut, Head] | None:
    """Answers as of :func:`left_out`, each head fitted on what is :func:`cleaned`; and one more
    head, fitted on all of ``data`` that way, for photos that are not in it.

    What is left out of a fit takes no part in the cleaning before it, so that photos of ``data``
    are treated as any new photo is: of right labels as many are contradicted among both.
    """

    def clean(part: TrainingSet) -> TrainingSet:
        return cleaned(part, labels, space, strength, check)

    found = left_out(data, labels, space, strength, lambda *_: check(), clean)
    if found is None:
        return None
    return found, fit_head(clean(data), labels, space, strength=strength)


def _uncontradicted(p: Floats, data: TrainingSet) -> Ints:
    """All but real photos with a likelier label than theirs, and but what derives from them.

    The ``MIN_KEPT`` best real photos of each label stay.
    """
    own = p[np.arange(len(p)), data.y]
    is_best = np.zeros(len(p), bool)
    for c in np.unique(data.y):
        of_label = np.flatnonzero(data.is_real & (data.y == c))
        is_best[of_label[np.argsort(-own[of_label], kind="stable")[:MIN_KEPT]]] = True
    is_wrong = data.is_real & (p.argmax(axis=1) != data.y) & ~is_best
    names = {name for i in np.flatnonzero(is_wrong) for name in data.lineages[int(i)]}
    derives = np.array([not names.isdisjoint(lineages) for lineages in data.lineages], bool)
    return np.flatnonzero(is_best | ~(is_wrong | derives))
