"""How often labels are contradicted at all, however unsurely: many wrong ones make a model doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import Verdict, verdict_of
from catstudio.learn.answer import percent
from catstudio.learn.intervals import wilson
from catstudio.learn.metrics import effective_share

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

FINE_BELOW = 0.1
"""Share of training photos contradicted although their labels are right: mostly 0 to 0.09 among 28
to 84 real photos. With one label in five wrong it is 0.14 to 0.4."""
PROBLEM_FROM = 0.2
HARD = 0.05
"""A task is hard, rather than its labels wrong, if held-out photos are mistaken as often, within this."""
MIN_PHOTOS = 16
"""Training photos below which a single mistake is a large share already."""
MIN_HELD = 10


@dataclass(frozen=True)
class Disagreement:
    """``rows`` are the training photos that are contradicted, the surest first, with the labels
    ``suggested`` for them; ``text`` says how many they are."""

    rows: Ints
    suggested: Ints
    verdict: Verdict
    text: str


def disagreement(p: Floats, y: Ints, groups: Ints, n_training: int) -> Disagreement:
    """Compare the likeliest of ``p`` [n, labels] with the labels ``y`` [n].

    The first ``n_training`` photos were answered by heads fitted without their ``groups`` [n],
    the others are held out. The verdict is unknown where there are too few.
    """
    best = p.argmax(axis=1)
    is_wrong = best != y
    rows = np.flatnonzero(is_wrong[:n_training])
    odds = p[rows, best[rows]] / np.maximum(p[rows, y[rows]], 1e-12)
    rows = rows[np.argsort(-odds, kind="stable")]
    if n_training < MIN_PHOTOS:
        return Disagreement(rows, best[rows], Verdict.UNKNOWN, "")
    held = is_wrong[n_training:]
    value = len(rows) / n_training
    n = n_training * effective_share(groups[:n_training])
    low, high = wilson(value * n, n)
    verdict = verdict_of(value, low, high, FINE_BELOW, PROBLEM_FROM)
    is_hard = len(held) >= MIN_HELD and value - float(held.mean()) < HARD
    if verdict is Verdict.PROBLEM and is_hard:
        verdict = Verdict.LOOK
    text = (
        f"By however little, models that have not seen them contradict {percent(value)}% of "
        f"{n_training:,} training photos ({percent(low)} to {percent(high)}%)"
    )
    if len(held) >= MIN_HELD:
        text += (
            f" and {percent(float(held.mean()))}% of {len(held):,} held-out ones; were both alike, "
            "the task would be hard"
        )
    return Disagreement(rows, best[rows], verdict, f"{text}.")
