"""Where to put a label's threshold when one kind of mistake costs more than another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn import threshold_words as words
from catstudio.learn.answer import why_not_evaluated
from catstudio.learn.intervals import sum_of_proportions
from catstudio.learn.metrics import effective_share
from catstudio.learn.paired import Interval, balanced_mean

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

USUAL = 0.5
"""The threshold at which the likeliest label is the answer."""
MIN_LINEAGES = 10
"""Lineages of the label, and of the others together, from which on photos may choose."""
MOST_TRIED = 200
"""Thresholds that are tried on the photos that choose."""
DRAWN = 50
"""Steps of the curve from 0 to 1."""


def scores(probabilities: Floats, label: int) -> Floats:
    """How strongly each image is ``label`` rather than the likeliest other, [n] in [0, 1].

    ``probabilities`` [n, labels], two labels or more. From :data:`USUAL` on the label is the
    likeliest answer. With two labels it is the label's probability.
    """
    own = probabilities[:, label]
    both = own + np.delete(probabilities, label, axis=1).max(axis=1)
    found: Floats = own / np.maximum(both, np.finfo(float).tiny)
    return found


def answers(probabilities: Floats, label: int, threshold: float) -> Ints:
    """[n], ``label`` where its score reaches ``threshold``, else the likeliest of the others."""
    others = probabilities.copy()
    others[:, label] = -1.0
    found: Ints = np.where(scores(probabilities, label) >= threshold, label, others.argmax(axis=1))
    return found


@dataclass(frozen=True)
class Answered:
    """Real photos and what a head says of them that was fitted without them.

    ``probabilities`` [n, labels]; ``truth`` [n] class indices; ``groups`` [n] numbers the
    lineages. ``what`` names them for people, as in "validation photos".
    """

    probabilities: Floats
    truth: Ints
    groups: Ints
    what: str

    def scores(self, label: int) -> Floats:
        """:func:`scores` of ``label``."""
        return scores(self.probabilities, label)

    def answers(self, label: int, threshold: float) -> Ints:
        """:func:`answers` with ``label`` from ``threshold`` on."""
        return answers(self.probabilities, label, threshold)

    def n_lineages(self, rows: Bools) -> int:
        """How many lineages the photos ``rows`` are of."""
        return len(np.unique(self.groups[rows]))


@dataclass(frozen=True)
class Costs:
    """What mistakes cost, in any unit, and how often each label occurs where the model is used.

    ``matrix`` [labels, labels] >= 0: rows are the truth, columns the answer, 0 on the diagonal.
    ``shares`` [labels] >= 0 sum to 1.
    """

    matrix: Floats
    shares: Floats

    def __post_init__(self) -> None:
        n = len(self.matrix)
        if self.matrix.shape != (n, n) or self.shares.shape != (n,) or n < 2:
            raise ValueError("The costs must be square, with one share a label.")
        if (self.matrix < 0).any() or self.matrix.diagonal().any() or not self.matrix.any():
            raise ValueError("Mistakes must cost 0 or more, some of them more, right answers 0.")
        if (self.shares < 0).any() or abs(self.shares.sum() - 1.0) > 1e-6:
            raise ValueError("The labels' shares must sum to 1.")

    @classmethod
    def of(
        cls,
        n_labels: int,
        label: int,
        miss: float,
        false_alarm: float,
        mix_up: float = 0.0,
        shares: Floats | None = None,
    ) -> Costs:
        """One cost for a missed ``label``, one for a false alarm, one for mixing up the others."""
        matrix = np.full((n_labels, n_labels), float(mix_up))
        matrix[:, label], matrix[label] = false_alarm, miss
        np.fill_diagonal(matrix, 0.0)
        alike = np.full(n_labels, 1.0 / n_labels)
        return cls(matrix, alike if shares is None else np.asarray(shares, float))

    def from_costs_alone(self, label: int) -> float:
        """The cheapest threshold if probabilities were honest (Elkan 2001).

        For a head whose labels were balanced in training, as all of ours are. With more than two
        labels the others count as their means.
        """
        n = len(self.shares)
        others = np.arange(n) != label
        miss = self.shares[label] * self.matrix[label, others].mean()
        alarm = (self.shares[others] * self.matrix[others, label]).mean()
        return float(alarm / (alarm + miss)) if alarm + miss > 0 else USUAL


@dataclass(frozen=True)
class Choice:
    """A threshold, the interval that cannot be told from the best, and how it was chosen.

    ``how`` is "costs" where it follows from the costs alone: there are too few photos (``low``
    and ``high`` are None), or what they say does not contradict it; otherwise "photos".
    """

    threshold: float
    low: float | None
    high: float | None
    how: str


def threshold_costs(
    choosing: Answered, test: Answered, labels: Sequence[str], label: str, costs: Costs
) -> dict[str, Any]:
    """What each threshold of ``label`` costs on ``test``, and which to take.

    The threshold is chosen on ``choosing``, validation photos or training photos that were left
    out, and never on ``test``, which then says what it is worth. Plain JSON: ``best``
    ``{threshold, low, high, how}``; ``points``, the curve on the test photos, each
    ``{threshold, cost, low, high, misses, false_alarms, mix_ups}``; ``table``, those of them to
    show as rows; ``saved``, the cost a photo at the usual threshold less that at the best one;
    ``chosen_on`` and ``judged_on`` ``{what, n, n_label, n_others}``; ``text``; ``why_not``, a
    sentence where there is no test photo of some label, and else "".
    """
    c = list(labels).index(label)
    choice = choose_threshold(choosing, c, costs)
    found: dict[str, Any] = {
        "label": label,
        "labels": list(labels),
        "costs": costs.matrix.tolist(),
        "shares": dict(zip(labels, costs.shares.tolist(), strict=True)),
        "usual": USUAL,
        "best": {
            "threshold": choice.threshold,
            "low": choice.low,
            "high": choice.high,
            "how": choice.how,
        },
        "chosen_on": _counts(choosing, c),
        "judged_on": _counts(test, c),
        "points": [],
        "table": [],
        "saved": None,
    }
    n_test = np.bincount(test.truth, minlength=len(labels)).tolist()
    why_not = why_not_evaluated(labels, dict(zip(labels, n_test, strict=True)))
    chosen = words.chosen_text(found)
    if why_not:
        return {**found, "why_not": why_not, "text": f"{chosen} {why_not}"}
    rows = {0.1 * k for k in range(1, 10)} | {choice.threshold}
    drawn = sorted({k / DRAWN for k in range(DRAWN + 1)} | rows)
    # Of two thresholds that differ by rounding alone one is enough.
    thresholds = [t for t, before in zip(drawn, [-1.0, *drawn], strict=False) if t - before > 1e-9]
    found["points"] = [point(test, c, costs, t) for t in thresholds]
    found["table"] = [one for one in found["points"] if _is_near(one["threshold"], rows)]
    gaps = _paid(test, c, costs, USUAL) - _paid(test, c, costs, choice.threshold)
    value, low, high = _difference(test, costs, gaps)
    found["saved"] = {"value": value, "low": low, "high": high}
    return {**found, "why_not": "", "text": f"{chosen} {words.judged_text(found)}"}


def choose_threshold(photos: Answered, label: int, costs: Costs) -> Choice:
    """The threshold that follows from the costs, unless ``photos`` contradict it.

    They contradict it where the 95% interval of what it costs more than the cheapest lies above
    0; then the cheapest is taken. To take that always would be worse: the cost of few photos
    falls and rises by chance wherever one of them changes sides.
    """
    alone = costs.from_costs_alone(label)
    is_label = photos.truth == label
    missing = np.bincount(photos.truth, minlength=len(costs.shares)) == 0
    fewest = min(photos.n_lineages(is_label), photos.n_lineages(~is_label))
    if fewest < MIN_LINEAGES or missing[costs.shares > 0].any():
        return Choice(alone, None, None, "costs")
    tried = np.append(_candidates(photos.scores(label)), alone)
    paid = [_paid(photos, label, costs, t) for t in tried]
    totals = np.array([_weights(photos, costs) @ one for one in paid])
    cheapest = paid[int(np.argmin(totals))]
    within = np.array([_difference(photos, costs, one - cheapest)[1] <= 0 for one in paid])
    low, high = float(tried[within].min()), float(tried[within].max())
    if (low, high) == (0.0, 1.0):
        # They cannot even tell it from always or never answering the label.
        return Choice(alone, None, None, "costs")
    if within[-1]:
        return Choice(alone, low, high, "costs")
    level = tried[totals <= totals.min() + 1e-12]
    best = float(level[np.argmin(np.abs(level - alone))])
    return Choice(best, low, high, "photos")


def point(photos: Answered, label: int, costs: Costs, threshold: float) -> dict[str, Any]:
    """Cost a photo with its 95% interval, and the mistakes counted, at one threshold.

    ``photos`` holds some of every label. The interval is that of a sum of proportions, one for
    each kind of mistake; near-copies count as their lineage's share.
    """
    answers = photos.answers(label, threshold)
    value, parts = 0.0, []
    for truth in np.unique(photos.truth):
        rows = photos.truth == truth
        share = effective_share(photos.groups[rows])
        counts = np.bincount(answers[rows], minlength=len(costs.shares))
        factors = costs.shares[truth] * costs.matrix[truth]
        value += float(factors @ counts) / rows.sum()
        parts += [
            (float(factors[a]), float(counts[a]) * share, float(rows.sum()) * share)
            for a in np.flatnonzero(factors)
        ]
    low, high = sum_of_proportions(parts)
    is_label, is_wrong = photos.truth == label, answers != photos.truth
    return {
        "threshold": float(threshold),
        "cost": value,
        "low": max(0.0, low),
        "high": min(float(costs.shares @ costs.matrix.max(axis=1)), high),
        "misses": int(np.sum(is_label & is_wrong)),
        "false_alarms": int(np.sum(~is_label & (answers == label))),
        "mix_ups": int(np.sum(~is_label & is_wrong & (answers != label))),
    }


def _difference(photos: Answered, costs: Costs, gaps: Floats) -> Interval:
    """The mean over labels, by their shares, of ``gaps`` [n], differences of what photos cost.

    Where no photo was missed the resamples of a bootstrap miss none either, whatever a miss
    costs; this interval allows for one more of either kind, at each label's greatest cost.
    """
    present = np.unique(photos.truth)
    most = np.maximum(costs.matrix.max(axis=1), np.finfo(float).tiny)
    factors = (costs.shares * most)[present]
    value, low, high = balanced_mean(
        gaps / most[photos.truth], photos.truth, photos.groups, factors / factors.sum()
    )
    return factors.sum() * value, factors.sum() * low, factors.sum() * high


def _paid(photos: Answered, label: int, costs: Costs, threshold: float) -> Floats:
    """What each photo costs, [n]."""
    paid: Floats = costs.matrix[photos.truth, photos.answers(label, threshold)]
    return paid


def _weights(photos: Answered, costs: Costs) -> Floats:
    """What each photo counts, [n], so that every label counts its share."""
    counts = np.bincount(photos.truth, minlength=len(costs.shares))
    weights: Floats = (costs.shares / np.maximum(counts, 1))[photos.truth]
    return weights


def _candidates(scores: Floats) -> Floats:
    """Half-way between neighbouring scores, and both ends; :data:`MOST_TRIED` at most."""
    steps = np.unique(scores)
    between = np.concatenate([[0.0], (steps[1:] + steps[:-1]) / 2, [1.0]])
    if len(between) <= MOST_TRIED:
        return between
    some: Floats = between[np.linspace(0, len(between) - 1, MOST_TRIED).round().astype(int)]
    return some


def _counts(photos: Answered, label: int) -> dict[str, Any]:
    n, n_label = len(photos.truth), int(np.sum(photos.truth == label))
    return {"what": photos.what, "n": n, "n_label": n_label, "n_others": n - n_label}


def _is_near(threshold: float, rows: set[float]) -> bool:
    return any(abs(threshold - row) < 1e-9 for row in rows)
