"""Figures without a test set: each lineage answered by a head that was fitted without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.lineages import LeaveOut, family_numbers, leave_outs
from catstudio.learn.metrics import evaluate

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

FOLDS = 10
FOLDS_OF_MANY = 5
MANY = 600
"""Images from which on fewer folds say as much."""
MIN_LINEAGES = 2
"""Real lineages a label below which nothing can be left out."""


def cross_validate(
    data: TrainingSet,
    labels: Sequence[str],
    space: FeatureSpace,
    strength: float | None = None,
    on_fold: Callable[[int, int], None] | None = None,
) -> dict[str, Any] | None:
    """Metrics of :func:`catstudio.learn.metrics.evaluate` over the real photos of ``data``.

    Each is answered as in :func:`left_out`, which says what the parameters are and when there is
    None.
    """
    found = left_out(data, labels, space, strength, on_fold)
    if found is None:
        return None
    metrics = evaluate(found.probabilities, found.truth, labels, found.groups)
    return {**metrics, "method": f"leaving lineages out, {found.n_folds} folds"}


@dataclass(frozen=True)
class LeftOut:
    """What is said of real photos by heads that were fitted without their families.

    ``probabilities`` [n, labels]; ``truth`` [n] class indices; ``groups`` [n] numbers the
    families. In the order of the real photos among the training images.
    """

    probabilities: Floats
    truth: Ints
    groups: Ints
    n_folds: int


def left_out(
    data: TrainingSet,
    labels: Sequence[str],
    space: FeatureSpace,
    strength: float | None = None,
    on_fold: Callable[[int, int], None] | None = None,
    prepare: Callable[[TrainingSet], TrainingSet] | None = None,
) -> LeftOut | None:
    """Answers for the real photos of ``data``, family after family.

    Whole families are left out together, with all that derives from them, so that no photo is
    answered by a head that has seen a variation of it. None when a label has fewer than
    ``MIN_LINEAGES`` real lineages, or when there is one label only. ``strength`` fixes the
    regularisation of every fold. ``on_fold`` is called with (done, total) before each fold; what
    it raises ends the work. ``prepare`` is given what each head may be fitted on.
    """
    folds = grouped_folds(data, len(labels))
    if folds is None:
        return None
    probabilities = np.zeros((len(data.y), len(labels)))
    for done, fold in enumerate(folds):
        if on_fold:
            on_fold(done, len(folds))
        kept = subset(data, np.setdiff1d(np.arange(len(data.y)), fold.left_out))
        if prepare:
            kept = prepare(kept)
        head = fit_head(kept, labels, space, strength=strength)
        probabilities[fold.judged] = head.probabilities(data.x[fold.judged])
    real = np.flatnonzero(data.is_real)
    groups = family_numbers([data.lineages[int(i)] for i in real])
    return LeftOut(probabilities[real], data.y[real], groups, len(folds))


def grouped_folds(data: TrainingSet, n_classes: int) -> list[LeaveOut] | None:
    """The real photos in folds: families stay whole, labels spread evenly; None if too few."""
    if n_classes < 2:
        return None
    by_label: dict[int, list[LeaveOut]] = {c: [] for c in range(n_classes)}
    for family in leave_outs(data.lineages, data.is_real):
        if data.is_real[family.judged[0]]:
            by_label[int(data.y[family.judged[0]])].append(family)
    counts = [len(group) for group in by_label.values()]
    if min(counts) < MIN_LINEAGES:
        return None
    n_folds = min(FOLDS if len(data.y) < MANY else FOLDS_OF_MANY, max(counts))
    # Dealt out label by label: two families of a label never share a fold with all the others.
    return [
        _merged([f for g in by_label.values() for f in g[fold::n_folds]]) for fold in range(n_folds)
    ]


def _merged(families: Sequence[LeaveOut]) -> LeaveOut:
    return LeaveOut(
        np.sort(np.concatenate([family.judged for family in families])),
        np.unique(np.concatenate([family.left_out for family in families])),
    )


def subset(data: TrainingSet, index: Ints) -> TrainingSet:
    """The images ``index`` of ``data``."""
    return TrainingSet(
        x=data.x[index],
        y=data.y[index],
        lineages=[data.lineages[i] for i in index],
        is_real=data.is_real[index],
        copies=data.copies[index],
        shares=None if data.shares is None else data.shares[index],
    )
