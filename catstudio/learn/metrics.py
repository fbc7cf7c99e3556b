"""Figures on held-out photos: each a value with its 95% interval, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.intervals import (
    auc_interval,
    lineage_draws,
    mean_of_proportions,
    percentile,
    wider,
    wilson,
)

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

MAX_BINS = 15
MIN_PER_BIN = 5


def evaluate(
    probabilities: Floats,
    truth: Ints,
    labels: Sequence[str],
    groups: Ints | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """All figures of one evaluation.

    ``probabilities`` [n, labels]; ``truth`` [n] indices into ``labels``; ``groups`` [n] numbers
    the lineages (each photo its own when None). n must be at least 1. Labels without a photo
    are left out of balanced accuracy and AUC; ``auc`` has a null value when fewer than two
    labels have photos.

    Returns ``n``, ``accuracy``, ``balanced_accuracy``, ``auc``, ``ece``, ``brier`` (each
    ``{value, low, high}``), ``per_class``, ``confusion`` (rows: truth), ``labels`` and
    ``baseline``.
    """
    n = len(truth)
    groups = np.arange(n) if groups is None else np.asarray(groups)
    draws = lineage_draws(groups, truth, seed)
    n_lineages = len(np.unique(groups))
    predicted = probabilities.argmax(axis=1)
    table = confusion(truth, predicted, len(labels))
    # Near-copies answer alike, so a proportion's n is about its number of lineages.
    per_photo = effective_share(groups)
    shares = _shares(groups, truth, len(labels))
    common = int(np.bincount(truth, minlength=len(labels)).argmax())
    majority = float(np.mean(truth == common))
    return {
        "n": n,
        **headline(probabilities, truth, groups, draws),
        "per_class": _per_class(table, labels, truth, predicted, draws, shares, per_photo),
        "confusion": table.tolist(),
        "labels": list(labels),
        "ece": _or_anything(_ece(probabilities, truth, draws), n_lineages, 1.0),
        "brier": _or_anything(
            _mean_with_interval(brier_terms(probabilities, truth), draws), n_lineages, 2.0
        ),
        "baseline": {
            "label": labels[common],
            "accuracy": majority,
            "balanced_accuracy": 1.0 / max(1, len(np.unique(truth))),
        },
    }


def headline(
    probabilities: Floats, truth: Ints, groups: Ints, draws: Floats
) -> dict[str, dict[str, Any]]:
    """``accuracy``, ``balanced_accuracy`` and ``auc`` of :func:`evaluate`, and nothing else.

    ``draws`` [resamples, n] are those of :func:`catstudio.learn.intervals.lineage_draws`; they
    are looked at only where photos share lineages.
    """
    n_labels = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    table = confusion(truth, predicted, n_labels)
    shares = _shares(groups, truth, n_labels)
    return {
        "accuracy": _proportion(float(np.trace(table)), len(truth), effective_share(groups)),
        "balanced_accuracy": _balanced(table, truth, predicted, draws, shares),
        "auc": _auc(probabilities, truth, draws, shares),
    }


def _shares(groups: Ints, truth: Ints, n_labels: int) -> list[float]:
    return [effective_share(groups[truth == c]) for c in range(n_labels)]


def effective_share(groups: Ints) -> float:
    """How many independent photos one of ``groups`` [n] counts as, in (0, 1]; 1 for none.

    n / Σ m² with m photos in a lineage (Kish 1965): a burst of twelve among single photos costs
    more than the number of lineages says.
    """
    if not len(groups):
        return 1.0
    sizes = np.unique(groups, return_counts=True)[1]
    return float(len(groups) / (sizes**2).sum())


def confusion(truth: Ints, predicted: Ints, n_classes: int) -> Ints:
    """Counts [classes, classes]: rows are the truth, columns the answer."""
    table = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(table, (truth, predicted), 1)
    return table


def balanced_accuracy(truth: Ints, predicted: Ints) -> float:
    """Mean recall over the labels that occur in ``truth``."""
    return float(np.mean([np.mean(predicted[truth == c] == c) for c in np.unique(truth)]))


def auc(scores: Floats, is_positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve; ties count half. nan when one side is empty."""
    return float(weighted_auc(scores, is_positive, np.ones((1, len(scores))))[0])


def weighted_auc(scores: Floats, is_positive: NDArray[np.bool_], draws: Floats) -> Floats:
    """AUC under each row of weights in ``draws`` [resamples, n]; nan where a side is empty."""
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    weights = draws[:, order].astype(np.float64)
    is_pos = is_positive[order]
    pos = np.add.reduceat(weights * is_pos, starts, axis=1)
    neg = np.add.reduceat(weights * ~is_pos, starts, axis=1)
    below = np.cumsum(neg, axis=1) - neg / 2
    pairs = pos.sum(axis=1) * neg.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        areas: Floats = (pos * below).sum(axis=1) / pairs
    return areas


def brier_terms(probabilities: Floats, truth: Ints) -> Floats:
    """Squared error summed over the labels, per photo, in [0, 2] [Brier 1950]."""
    target = truth[:, None] == np.arange(probabilities.shape[1])
    terms: Floats = ((probabilities - target) ** 2).sum(axis=1)
    return terms


def calibration_bins(probabilities: Floats, truth: Ints) -> list[Ints]:
    """Photos in order of confidence, cut into bins of equal count [Nixon 2019]."""
    n = len(truth)
    order = np.argsort(probabilities.max(axis=1), kind="stable")
    return list(np.array_split(order, max(1, min(MAX_BINS, n // MIN_PER_BIN))))


def ece(probabilities: Floats, truth: Ints) -> float:
    """Expected calibration error of the top answer, adaptive bins [Guo 2017, Nixon 2019]."""
    gap = probabilities.max(axis=1) - (probabilities.argmax(axis=1) == truth)
    bins = calibration_bins(probabilities, truth)
    return float(sum(abs(gap[b].sum()) for b in bins) / len(truth))


def _or_anything(found: dict[str, float], n_lineages: int, most: float) -> dict[str, float]:
    """``found``, or the whole range while there is too little to draw from again and again."""
    if n_lineages >= MIN_PER_BIN:
        return found
    return figure(found["value"], (0.0, most))


def figure(value: float, bounds: tuple[float, float]) -> dict[str, float]:
    """``{value, low, high}`` with the value inside its bounds."""
    return {"value": value, "low": min(bounds[0], value), "high": max(bounds[1], value)}


def _proportion(successes: float, n: float, per_photo: float) -> dict[str, Any]:
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    bounds = wilson(successes * per_photo, n * per_photo)
    return {**figure(successes / n, bounds), "n": int(n)}


def _balanced(
    table: Ints, truth: Ints, predicted: Ints, draws: Floats, shares: Sequence[float]
) -> dict[str, float]:
    present = np.unique(truth)
    parts = [(float(table[c, c]) * shares[c], float(table[c].sum()) * shares[c]) for c in present]
    bounds = mean_of_proportions(parts)
    if min(shares) < 1:
        right = (predicted == truth).astype(np.float32)
        with np.errstate(invalid="ignore"):
            # A lineage with two labels may leave one of them out of a resample.
            recalls = [
                (draws[:, truth == c] @ right[truth == c]) / draws[:, truth == c].sum(axis=1)
                for c in present
            ]
        bounds = wider(percentile(np.mean(recalls, axis=0)), bounds)
    return figure(balanced_accuracy(truth, predicted), bounds)


def _auc(
    probabilities: Floats, truth: Ints, draws: Floats, shares: Sequence[float]
) -> dict[str, float | None]:
    present = np.unique(truth)
    if len(present) < 2:
        return {"value": None, "low": None, "high": None}
    values, resampled, lows, highs = [], [], [], []
    effective = np.asarray(shares)[truth]
    # With two labels both columns rank alike, and one is enough.
    for c in present if probabilities.shape[1] > 2 else present[-1:]:
        is_pos = truth == c
        values.append(auc(probabilities[:, c], is_pos))
        if min(shares) < 1:
            resampled.append(weighted_auc(probabilities[:, c], is_pos, draws))
        low, high = auc_interval(values[-1], is_pos.sum() * shares[c], effective[~is_pos].sum())
        lows.append(low)
        highs.append(high)
    bounds = float(np.mean(lows)), float(np.mean(highs))
    # Photos of lineages of their own need no bootstrap: the closed form holds by itself.
    if min(shares) < 1:
        bounds = wider(percentile(np.mean(resampled, axis=0)), bounds)
    return {**figure(float(np.mean(values)), bounds)}


def _per_class(
    table: Ints,
    labels: Sequence[str],
    truth: Ints,
    predicted: Ints,
    draws: Floats,
    shares: Sequence[float],
    per_photo: float,
) -> dict[str, Any]:
    rows = {}
    for c, label in enumerate(labels):
        hits, actual, answered = (
            float(table[c, c]),
            float(table[c].sum()),
            float(table[:, c].sum()),
        )
        both = draws @ ((truth == c) & (predicted == c)).astype(np.float32)
        size = draws @ ((truth == c).astype(np.float32) + (predicted == c))
        f1: dict[str, Any] = {"value": None, "low": None, "high": None}
        if actual + answered:
            with np.errstate(invalid="ignore"):
                resampled = percentile(2 * both / size)
            # F1 is 2j / (1 + j) of a proportion j, hits among all that are or were called so;
            # unlike the bootstrap its interval is not a point when every answer was right.
            union = actual + answered - hits
            low, high = wilson(hits * per_photo, union * per_photo)
            closed = 2 * low / (1 + low), 2 * high / (1 + high)
            f1 = figure(2 * hits / (actual + answered), wider(resampled, closed))
        rows[label] = {
            "n": int(actual),
            "recall": _proportion(hits, actual, shares[c]),
            "precision": _proportion(hits, answered, per_photo),
            "f1": f1,
        }
    return rows


def _ece(probabilities: Floats, truth: Ints, draws: Floats) -> dict[str, float]:
    gap = (probabilities.max(axis=1) - (probabilities.argmax(axis=1) == truth)).astype(np.float32)
    bins = calibration_bins(probabilities, truth)
    sums = [np.abs(draws[:, b] @ gap[b]) for b in bins]
    resampled = np.sum(sums, axis=0) / draws.sum(axis=1)
    return figure(ece(probabilities, truth), percentile(resampled))


def _mean_with_interval(terms: Floats, draws: Floats) -> dict[str, float]:
    resampled = (draws @ terms.astype(np.float32)) / draws.sum(axis=1)
    return figure(float(terms.mean()), percentile(resampled))
