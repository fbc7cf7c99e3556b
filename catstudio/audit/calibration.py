"""Is the model honest? Whether it is right as often as it says, beyond what chance does to n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict
from catstudio.learn.answer import percent
from catstudio.learn.features import softmax
from catstudio.learn.intervals import wilson
from catstudio.learn.lineages import family_numbers
from catstudio.learn.metrics import brier_terms, calibration_bins, ece, evaluate

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

MIN_TEST = 20
"""Test photos below which confidence and outcome can not be compared at all."""
FINE_BELOW = 0.03
"""Excess error that nobody notices: 90% said, 87% right."""
PROBLEM_FROM = 0.08
"""Excess error from which a threshold set on the confidence misses its aim."""
LOOK_P, PROBLEM_P = 0.05, 0.005
"""How seldom an honest model may show as much before it is told to look, or called a problem."""
SIMULATIONS = 2000
_MOST_AT_ONCE = 4_000_000
MOST_SHOWN = 24


@dataclass(frozen=True)
class Honest:
    """Calibration errors that a perfectly calibrated model shows on these photos by chance."""

    errors: Floats

    @property
    def expected(self) -> float:
        return float(self.errors.mean())

    @property
    def most(self) -> float:
        """What it stays below 97.5 times in a hundred."""
        return float(np.quantile(self.errors, 0.975))

    def chance_of(self, error: float) -> float:
        """How likely it is to show ``error`` or more."""
        return float((1 + np.sum(self.errors >= error - 1e-12)) / (1 + len(self.errors)))


def honest_errors(probabilities: Floats, groups: Ints, seed: int = 0) -> Honest:
    """Draw outcomes as if every confidence were true, and measure the calibration error of each.

    ``probabilities`` [n, labels]; ``groups`` [n] numbers the lineages, whose photos are right
    or wrong together. The error of few photos is far from 0 for an honest model too: bins of
    five can not but miss their confidence (Bröcker & Smith 2007, consistency resampling).
    """
    confidence = probabilities.max(axis=1)
    bins = calibration_bins(probabilities, np.zeros(len(confidence), np.intp))
    order = np.concatenate(bins)
    starts = np.cumsum([0, *(len(b) for b in bins[:-1])])
    sorted_, group = confidence[order], groups[order]
    generator = np.random.default_rng(seed)
    n_groups, at_once = int(groups.max()) + 1, max(1, _MOST_AT_ONCE // len(confidence))
    errors = []
    for begin in range(0, SIMULATIONS, at_once):
        draws = generator.random((min(at_once, SIMULATIONS - begin), n_groups), np.float32)
        gaps = sorted_ - (draws[:, group] < sorted_)
        errors.append(np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1))
    return Honest(np.concatenate(errors) / len(confidence))


def reliability(probabilities: Floats, truth: Ints) -> list[dict[str, float]]:
    """The diagram's points: mean confidence, share right with its interval, and n of each bin."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    points = []
    for b in calibration_bins(probabilities, truth):
        low, high = wilson(float(right[b].sum()), len(b))
        points.append(
            {
                "confidence": float(confidence[b].mean()),
                "accuracy": float(right[b].mean()),
                "low": low,
                "high": high,
                "n": len(b),
            }
        )
    return points


def run(data: AuditData) -> Finding:
    """Compare confidence with outcome on the real test photos.

    The figure is the expected calibration error with its bootstrap interval; the verdict rests
    on its excess over what an honest model would show at this n. A problem is an excess of
    ``PROBLEM_FROM`` that an honest model shows less than once in 200 times, and only in a model
    that is surer than it is right: one that doubts too much asks too often, and hides nothing.
    ok needs photos enough to have seen such an excess.
    """
    n = len(data.test)
    if n < MIN_TEST:
        return Finding(
            id=CHECK.id,
            verdict=Verdict.UNKNOWN,
            n=n,
            unit="error",
            text=f"Too few test photos to compare confidence with outcome (n = {n}).",
            advice=f"Add {MIN_TEST - n} or more real test photos.",
        )
    scores = data.head.scores(data.x[data.test].astype(np.float64))
    truth = data.y[data.test]
    p = softmax(scores / data.head.temperature)
    groups = family_numbers([data.items[int(i)].lineages for i in data.test])
    metrics = evaluate(p, truth, data.labels, groups, data.seed)
    honest = honest_errors(p, groups, data.seed)
    figure, surplus = metrics["ece"], float(p.max(axis=1).mean()) - metrics["accuracy"]["value"]
    verdict = _verdict(figure["value"], surplus, honest)
    raw = softmax(scores)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        **figure,
        n=n,
        unit="error",
        text=_text(figure, surplus, honest, n),
        advice=_advice(verdict, surplus, n, honest),
        images=_surest_mistakes(data, p, truth),
        details={
            "expected_if_honest": honest.expected,
            "most_if_honest": honest.most,
            "chance_if_honest": honest.chance_of(figure["value"]),
            "surer_than_right": surplus,
            "temperature": data.head.temperature,
            "after": _side(p, truth, metrics["brier"]),
            "before": _side(raw, truth, None),
        },
    )


def _side(p: Floats, truth: Ints, brier: dict[str, float] | None) -> dict[str, Any]:
    """ECE, Brier score and reliability diagram of one set of probabilities."""
    return {
        "ece": ece(p, truth),
        "brier": brier or {"value": float(brier_terms(p, truth).mean())},
        "points": reliability(p, truth),
    }


def _verdict(error: float, surplus: float, honest: Honest) -> Verdict:
    excess, chance = error - honest.expected, honest.chance_of(error)
    if excess >= PROBLEM_FROM and chance <= PROBLEM_P and surplus > 0:
        return Verdict.PROBLEM
    if excess >= FINE_BELOW and chance <= LOOK_P:
        return Verdict.LOOK
    return Verdict.OK if honest.most - honest.expected < PROBLEM_FROM else Verdict.UNKNOWN


def _text(figure: dict[str, float], surplus: float, honest: Honest, n: int) -> str:
    direction = "surer than it is right" if surplus > 0 else "less sure than it could be"
    return (
        f"What it says of its own certainty is off by {_points(figure['value'])} on average "
        f"({_points(figure['low'])} to {_points(figure['high'])}, n = {n} test photos). A "
        f"perfectly honest model would show {_points(honest.expected)} on so few, and up to "
        f"{_points(honest.most)} by chance. Over all photos it is {_points(abs(surplus))} {direction}."
    )


def _points(share: float) -> str:
    value = percent(abs(share))
    return f"{value} point{'' if value == '1' else 's'}"


def _advice(verdict: Verdict, surplus: float, n: int, honest: Honest) -> str:
    if verdict is Verdict.UNKNOWN:
        needed = n * ((honest.most - honest.expected) / PROBLEM_FROM) ** 2
        return f"Too few photos to tell: add about {max(1, round(needed - n))} real test photos."
    if verdict is Verdict.OK:
        return ""
    if surplus > 0:
        return (
            "Do not trust its percentages yet: set aside more real photos for validation, from "
            "which its confidence is set, and train again."
        )
    return "Its percentages are too modest: more real validation photos would set them right."


def _surest_mistakes(data: AuditData, p: Floats, truth: Ints) -> tuple[Shown, ...]:
    confidence, answer = p.max(axis=1), p.argmax(axis=1)
    wrong = np.flatnonzero(answer != truth)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_SHOWN]
    return tuple(
        Shown(
            data.items[int(data.test[i])].id,
            f"said {data.labels[int(answer[i])]} with {percent(float(confidence[i]))}%, "
            f"is {data.labels[int(truth[i])]}",
        )
        for i in order
    )


CHECK = Check(
    id="calibration",
    title="Is the model honest?",
    question="When it says 90%, is it right nine times in ten?",
    meaning=(
        "How far its stated certainty is from how often it is right, on real test photos; 0 is "
        "honest, and few photos never show quite 0."
    ),
    source="Expected calibration error (Guo 2017) in bins of equal count (Nixon 2019)",
    run=run,
)
