"""The turkey test: what the model answers to photos of neither class, and whether it notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict, verdict_of
from catstudio.learn.answer import percent
from catstudio.learn.intervals import auc_interval, wilson
from catstudio.learn.metrics import auc
from catstudio.learn.open_set import nearest_match

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

CONFIDENT = 0.8
"""From this probability on an answer counts as said with confidence, as on Huxley's ladder."""
FINE_BELOW = 0.2
"""A stranger in five taken for something: some do look like it."""
PROBLEM_FROM = 0.5
"""From every second stranger on, the model answers whatever it is shown."""
KNOWN_KEPT = 0.95
"""Share of known photos that the open-set threshold must let through when strangers are counted."""
NEIGHBOURS = 10
"""The k of the k-nearest-neighbour distance (Sun et al. 2022), at most a tenth of the photos."""
MIN_KNOWN = 10
_REST = frozenset(
    "other others rest the-rest background none neither negative unknown else misc".split()
)
_NOT = ("not", "non", "no")


def is_rest(label: str) -> bool:
    """Does ``label`` stand for everything else ("not-cat", "other"), so that a stranger is one?"""
    words = label.strip().lower().replace("_", "-").replace(" ", "-")
    first, _, more = words.partition("-")
    return words in _REST or (first in _NOT and bool(more))


@dataclass(frozen=True)
class Separation:
    """How well a score (high: known) tells known photos from strangers.

    ``auroc`` and ``fpr95`` are (value, low, high); ``fpr95`` is the share of strangers at or
    above the score that ``KNOWN_KEPT`` of the known photos reach.
    """

    auroc: tuple[float, float, float]
    fpr95: tuple[float, float, float]


def separation(known: Floats, strangers: Floats) -> Separation:
    """Of scores [n] and [m], neither empty."""
    scores = np.concatenate([known, strangers])
    area = auc(scores, np.arange(len(scores)) < len(known))
    # The largest score that still lets KNOWN_KEPT of the known photos through.
    kept = np.sort(known)[::-1][int(np.ceil(KNOWN_KEPT * len(known) - 1e-9)) - 1]
    passed = int(np.sum(strangers >= kept))
    return Separation(
        (area, *auc_interval(area, len(known), len(strangers))),
        (passed / len(strangers), *wilson(passed, len(strangers))),
    )


def neighbour_score(x: Floats, against: Floats, k: int) -> Floats:
    """Cosine of each row of ``x`` [n, dim] to its k-th nearest of ``against`` [m, dim], [n]."""
    cosines = x.astype(np.float32) @ against.astype(np.float32).T
    k = min(k, cosines.shape[1])
    nearest: Floats = -np.partition(-cosines, k - 1, axis=1)[:, k - 1]
    return nearest


def energy_score(scores: Floats, temperature: float) -> Floats:
    """Negative free energy T·log Σ exp(s/T) of ``scores`` [n, labels] (Liu et al. 2020), [n]."""
    scaled = scores / temperature
    top = scaled.max(axis=1, keepdims=True)
    energy: Floats = temperature * (np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0])
    return energy


def run(data: AuditData) -> Finding:
    """Ask the model about photos of neither class.

    The figure is the share of strangers that it calls something with ``CONFIDENT`` and without
    abstaining; answering the label of everything else ("not-cat") is right for a stranger and
    does not count. The open-set figures compare strangers with the real test photos.
    """
    strangers = data.strangers
    m = len(strangers.names)
    if not m:
        return Finding(
            id=CHECK.id,
            verdict=Verdict.UNKNOWN,
            text="There was no photo of neither class to ask it about.",
            advice="Give a folder of photos that show none of the labels.",
        )
    p = data.head.probabilities(strangers.x.astype(np.float64))
    match = nearest_match(strangers.x, data.head.exemplars)
    abstains = match < data.head.abstain_below
    is_rest_label = np.array([is_rest(label) for label in data.labels])
    answer, confidence = p.argmax(axis=1), p.max(axis=1)
    fooled = (confidence >= CONFIDENT) & ~abstains & ~is_rest_label[answer]
    k, (low, high) = int(fooled.sum()), wilson(int(fooled.sum()), m)
    open_set = _open_set(data, match)
    verdict = verdict_of(k / m, low, high, FINE_BELOW, PROBLEM_FROM)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=k / m,
        low=low,
        high=high,
        n=m,
        unit="share",
        text=" ".join(_sentences(data, k, m, (low, high), int(abstains.sum()), open_set)),
        advice=_advice(data, verdict, m),
        images=_shown(data, fooled, answer, confidence),
        details={
            "confident_from": CONFIDENT,
            "abstained": int(abstains.sum()),
            "abstain_below": data.head.abstain_below,
            "n_known": len(data.test),
            "open_set": open_set,
            "strangers": [
                {
                    "name": strangers.names[i],
                    "label": data.labels[int(answer[i])],
                    "probability": round(float(confidence[i]), 4),
                    "match": round(float(match[i]), 4),
                    "abstains": bool(abstains[i]),
                    "is_fooled": bool(fooled[i]),
                }
                for i in np.argsort(-(confidence * fooled), kind="stable")
            ],
        },
    )


def _open_set(data: AuditData, match: Floats) -> dict[str, Any]:
    """AUROC and FPR95 of each score, strangers against real test photos; {} with too few."""
    if len(data.test) < MIN_KNOWN:
        return {}
    known, strangers = data.x[data.test], data.strangers.x
    exemplars, head = data.head.exemplars, data.head
    k = max(1, min(NEIGHBOURS, len(exemplars) // 10))
    scores = {
        "match": (nearest_match(known, exemplars), match),
        "neighbours": (
            neighbour_score(known, exemplars, k),
            neighbour_score(strangers, exemplars, k),
        ),
        "energy": (
            energy_score(head.scores(known.astype(np.float64)), head.temperature),
            energy_score(head.scores(strangers.astype(np.float64)), head.temperature),
        ),
    }
    found: dict[str, Any] = {}
    for name, (of_known, of_strangers) in scores.items():
        one = separation(of_known, of_strangers)
        found[name] = {
            "auroc": dict(zip(("value", "low", "high"), one.auroc, strict=True)),
            "fpr95": dict(zip(("value", "low", "high"), one.fpr95, strict=True)),
        }
    found["neighbours"]["k"] = k
    return found


def _sentences(
    data: AuditData,
    fooled: int,
    m: int,
    interval: tuple[float, float],
    abstained: int,
    open_set: dict[str, Any],
) -> list[str]:
    positive = [label for label in data.labels if not is_rest(label)]
    rest = [label for label in data.labels if is_rest(label)]
    what = " or ".join(positive) if len(positive) <= 3 else "one of its labels"
    found = [
        f"Of {m} photos of neither class it called {fooled} {what} with at least "
        f"{percent(CONFIDENT)}% certainty ({percent(interval[0])} to {percent(interval[1])}% of "
        f"such photos)."
    ]
    if rest:
        found.append(f"Answering '{rest[0]}' is right for a stranger and is not counted.")
    if "one_class" in data.head.info:
        found.append(
            "It was trained on one label only, so it never abstains: every stranger gets an answer."
        )
    else:
        found.append(f"It did not answer {abstained} of them.")
    if open_set:
        area, passed = open_set["match"]["auroc"], open_set["match"]["fpr95"]
        found.append(
            f"By its likeness to training photos a test photo ranks above a stranger in "
            f"{percent(area['value'])} of 100 pairs ({percent(area['low'])} to "
            f"{percent(area['high'])}, n = {len(data.test)} and {m}); a threshold that lets 95% "
            f"of the test photos through lets {percent(passed['value'])}% of the strangers through."
        )
    elif len(data.test) < MIN_KNOWN:
        found.append(
            f"With {len(data.test)} test photos it can not be said how far apart strangers and "
            f"known photos lie; {MIN_KNOWN} would do."
        )
    return found


def _advice(data: AuditData, verdict: Verdict, m: int) -> str:
    if verdict is Verdict.OK:
        return ""
    if verdict is Verdict.UNKNOWN:
        return f"{m} photos of neither class are too few to be sure: give a folder with more."
    if any(is_rest(label) for label in data.labels):
        return "Add photos of what it confuses, under the label for everything else."
    return "Add a label for everything else, with photos of what it was fooled by."


def _shown(
    data: AuditData, fooled: Bools, answer: NDArray[np.intp], confidence: Floats
) -> tuple[Shown, ...]:
    """For each stranger it was fooled by, the training photo that is nearest to it."""
    index = np.flatnonzero(fooled)
    if not len(index) or not len(data.train):
        return ()
    nearest = (data.strangers.x[index] @ data.x[data.train].T).argmax(axis=1)
    order = np.argsort(-confidence[index], kind="stable")
    return tuple(
        Shown(
            data.items[int(data.train[nearest[i]])].id,
            f"the training image nearest to “{data.strangers.names[index[i]]}”, which it called "
            f"{data.labels[int(answer[index[i]])]} with {percent(float(confidence[index[i]]))}%",
        )
        for i in order
    )


CHECK = Check(
    id="turkey_test",
    title="The turkey test",
    question="What does it say of photos that show none of the labels?",
    meaning=(
        "The share of such photos that it gives a label with at least 80% certainty. A model "
        "that knows its limits answers few of them."
    ),
    source="OpenOOD (Yang et al. 2022); nearest neighbours (Sun et al. 2022); energy (Liu 2020)",
    run=run,
)
