"""Figures without a test set: each lineage answered by a head that was fitted without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.lineages import families, family_numbers
from catstudio.learn.metrics import evaluate

Ints = NDArray[np.intp]

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

    Whole families are left out together, so that no photo is answered by a head that has seen
    a variation of it. None when a label has fewer than ``MIN_LINEAGES`` real lineages, or when
    there is one label only. ``strength`` fixes the regularisation of every fold. ``on_fold`` is
    called with (done, total) before each fold; what it raises ends the work.
    """
    folds = grouped_folds(data, len(labels))
    if folds is None:
        return None
    probabilities = np.zeros((len(data.y), len(labels)))
    n_folds = int(folds.max()) + 1
    for fold in range(n_folds):
        if on_fold:
            on_fold(fold, n_folds)
        left_out = folds == fold
        kept = subset(data, np.flatnonzero(~left_out))
        head = fit_head(kept, labels, space, strength=strength)
        probabilities[left_out] = head.probabilities(data.x[left_out])
    real = np.flatnonzero(data.is_real)
    groups = family_numbers(data.lineages)[real]
    metrics = evaluate(probabilities[real], data.y[real], labels, groups)
    return {**metrics, "method": f"leaving lineages out, {n_folds} folds"}


def grouped_folds(data: TrainingSet, n_classes: int) -> Ints | None:
    """The fold of each image, [n]: families stay whole, labels spread evenly; None if too few."""
    if n_classes < 2:
        return None
    found = families(data.lineages)
    by_label: dict[int, list[Ints]] = {c: [] for c in range(n_classes)}
    for family in found:
        real = family[data.is_real[family]]
        speaking = real if len(real) else family
        by_label[int(data.y[speaking[0]])].append(family)
    real_families = {
        c: sum(bool(data.is_real[f].any()) for f in group) for c, group in by_label.items()
    }
    if min(real_families.values()) < MIN_LINEAGES:
        return None
    most = FOLDS if len(data.y) < MANY else FOLDS_OF_MANY
    n_folds = min(most, max(real_families.values()))
    folds = np.zeros(len(data.y), np.intp)
    for group in by_label.values():
        # Families with a real photo first: two of them never share a fold with all the others.
        group.sort(key=lambda f: not data.is_real[f].any())
        for position, family in enumerate(group):
            folds[family] = position % n_folds
    return folds


def subset(data: TrainingSet, index: Ints) -> TrainingSet:
    """The images ``index`` of ``data``."""
    return TrainingSet(
        x=data.x[index],
        y=data.y[index],
        lineages=[data.lineages[i] for i in index],
        is_real=data.is_real[index],
        copies=data.copies[index],
    )
