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
PROBLEM_FROM = 0.15
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
    # Where held-out photos are mistaken as often, or there are none, the task may just be hard.
    if verdict is Verdict.PROBLEM and not _is_more(value - low, value, held, groups[n_training:]):
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


def _is_more(below: float, value: float, held: NDArray[np.bool_], groups: Ints) -> bool:
    """Is the share ``value``, uncertain by ``below``, more than that of ``held`` beyond chance?

    The distances to the bounds of both are added in squares (MOVER, Zou & Donner 2008).
    """
    if len(held) < MIN_HELD:
        return False
    share, n = float(held.mean()), len(held) * effective_share(groups)
    above = wilson(share * n, n)[1] - share
    return value - share > float(np.hypot(below, above))
