"""Answers to real photos as an audit keeps them, and what mistakes cost by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.intervals import wilson
from catstudio.learn.metrics import effective_share
from catstudio.learn.threshold_costs import USUAL, Answered, Costs, threshold_costs

MOST_KEPT = 2000
"""Photos of either kind that are kept; of more, the rarer labels stay whole."""
_DIGITS = 5

Json = Mapping[str, Any]
Ints = NDArray[np.intp]


def kept(
    labels: Sequence[str], choosing: Answered, test: Answered, seed: int = 0
) -> dict[str, Any]:
    """Both as plain JSON: ``labels``, ``choose`` and ``judge``.

    Each ``{what, probabilities, truth, groups, shares}``; ``shares`` is how often each label
    occurs among all the photos, those left out for their number too.
    """
    return {
        "labels": list(labels),
        "choose": _as_json(choosing, len(labels), seed),
        "judge": _as_json(test, len(labels), seed),
    }


def costs_by(
    part: Json, label: str, miss: float, false_alarm: float, share: float | None = None
) -> dict[str, Any]:
    """:func:`threshold_costs` of what :func:`kept` returned.

    ``share`` in [0, 1] is how often ``label`` occurs where the model is used, as in the test
    photos without it; the others keep their proportions. With ``rates`` besides: the photos
    that are missed and falsely called at the usual threshold and at the best one, each
    ``{threshold, misses: {count, n, value, low, high}, false_alarms: {...}}``. Where too few
    photos choose, there is none of the best.
    """
    labels = list(part["labels"])
    choosing, test = (_from_json(part[key], len(labels)) for key in ("choose", "judge"))
    c = labels.index(label)
    shares = _shares(part["judge"]["shares"], c, share)
    costs = Costs.of(len(labels), c, miss, false_alarm, shares=shares)
    found = threshold_costs(choosing, test, labels, label, costs)
    best = found["best"]
    wanted = [USUAL] + ([best["threshold"]] if best["low"] is not None else [])
    rates = [_rates(test, c, one) for one in wanted] if found["points"] else []
    return {**found, "rates": rates}


def says_something(found: Json) -> bool:
    """Do the test photos show that another threshold than the usual one is cheaper?"""
    saved, best = found["saved"], found["best"]
    return bool(saved is not None and best["low"] is not None and saved["low"] > 0)


def _rates(photos: Answered, label: int, threshold: float) -> dict[str, Any]:
    called = photos.answers(label, threshold) == label
    is_label = photos.truth == label
    return {
        "threshold": float(threshold),
        "misses": _rate(photos.groups, is_label, ~called),
        "false_alarms": _rate(photos.groups, ~is_label, called),
    }


def _rate(groups: NDArray[np.integer], of: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> Json:
    count, n, share = int(np.sum(of & wrong)), int(np.sum(of)), effective_share(groups[of])
    low, high = wilson(count * share, n * share)
    return {"count": count, "n": n, "value": count / n, "low": low, "high": high}


def _shares(of_test: Sequence[float], label: int, share: float | None) -> NDArray[np.floating]:
    shares: NDArray[np.floating] = np.array(of_test, float)
    if not shares.sum():
        shares[:] = 1.0 / len(shares)
    shares /= shares.sum()
    if share is None:
        return shares
    others = np.arange(len(shares)) != label
    rest = shares[others].sum()
    shares[others] = shares[others] / rest if rest else 1.0 / others.sum()
    shares[others] *= 1.0 - share
    shares[label] = share
    return shares


def _as_json(photos: Answered, n_labels: int, seed: int) -> dict[str, Any]:
    counts = np.bincount(photos.truth, minlength=n_labels)
    rows = _some(photos.truth, counts, seed)
    return {
        "what": photos.what,
        "probabilities": np.round(photos.probabilities[rows].astype(float), _DIGITS).tolist(),
        "truth": photos.truth[rows].tolist(),
        "groups": photos.groups[rows].tolist(),
        "shares": (counts / max(1, counts.sum())).round(6).tolist(),
    }


def _some(truth: NDArray[np.integer], counts: NDArray[np.integer], seed: int) -> Ints:
    """At most :data:`MOST_KEPT` rows, in their order, as many of each label as it goes."""
    if len(truth) <= MOST_KEPT:
        return np.arange(len(truth))
    left, rows = MOST_KEPT, []
    generator = np.random.default_rng(seed)
    for done, c in enumerate(np.argsort(counts, kind="stable")):
        of_label = np.flatnonzero(truth == c)
        take = min(len(of_label), left // (len(counts) - done))
        rows.append(generator.choice(of_label, take, replace=False))
        left -= take
    return np.sort(np.concatenate(rows))


def _from_json(part: Json, n_labels: int) -> Answered:
    return Answered(
        np.array(part["probabilities"], float).reshape(-1, n_labels),
        np.array(part["truth"], np.intp),
        np.array(part["groups"], np.intp),
        str(part["what"]),
    )
