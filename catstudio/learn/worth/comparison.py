"""Two arms on the same test photos: what was gained, and whether it was learned or only moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from catstudio.learn.paired import (
    Interval,
    balanced_difference,
    balanced_mean,
    mcnemar_exact,
    mean_auc_difference,
)
from catstudio.learn.worth.arms import Arm


@dataclass(frozen=True)
class Comparison:
    """The second arm less the first, each (value, low, high) at 95%.

    ``delta`` is of balanced accuracy, ``auc`` of the area under the ROC curve. ``learned`` is
    of balanced accuracy with each arm's thresholds where they suit the test photos best, and
    ``moved`` the rest of ``delta``: what comes of the threshold's place alone. Both thresholds
    are flattered alike by being chosen on the photos that they are judged on.

    ``mcnemar_p`` is the exact p of McNemar's test on accuracy; None where one arm lacks a label
    and only guesses. ``n`` is the number of test photos, ``lacks`` the labels that either arm
    has no image of, ``still_lacks`` those that the second has
    none of.
    """

    delta: Interval
    auc: Interval
    learned: Interval
    moved: Interval
    mcnemar_p: float | None
    n: int
    lacks: tuple[str, ...]
    still_lacks: tuple[str, ...]


def compare(first: Arm, second: Arm) -> Comparison:
    """``second`` less ``first``, with intervals that count near-copies as their lineage's share."""
    truth, groups = first.test.y, first.test.groups
    gained, lost = second.right & ~first.right, first.right & ~second.right
    gaps = second.right.astype(float) - first.right
    at_best = second.right_at_best.astype(float) - first.right_at_best
    lacks = tuple(dict.fromkeys((*first.lacks, *second.lacks)))
    return Comparison(
        delta=balanced_difference(first.right, second.right, truth, groups),
        auc=mean_auc_difference(first.ranks, second.ranks, truth, groups),
        learned=balanced_difference(first.right_at_best, second.right_at_best, truth, groups),
        moved=balanced_mean(gaps - at_best, truth, groups),
        mcnemar_p=None if lacks else mcnemar_exact(int(np.sum(gained)), int(np.sum(lost))),
        n=first.test.n,
        lacks=lacks,
        still_lacks=second.lacks,
    )


def as_json(found: Comparison, text: str) -> dict[str, Any]:
    """Plain JSON: the difference itself flat, its parts as ``{value, low, high}``."""
    value, low, high = found.delta
    return {
        "delta": value,
        "low": low,
        "high": high,
        "n": found.n,
        "mcnemar_p": found.mcnemar_p,
        "delta_auc": interval_json(found.auc),
        "learned": interval_json(found.learned),
        "moved": interval_json(found.moved),
        "text": text,
    }


def interval_json(interval: Interval) -> dict[str, float]:
    """``{value, low, high}``."""
    return dict(zip(("value", "low", "high"), interval, strict=True))
