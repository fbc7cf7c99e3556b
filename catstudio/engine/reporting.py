"""What a training or an evaluation reports: figures on real photos, mistakes, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.engine.embeddings import Embeddings, classes_of
from catstudio.learn.answer import (
    answer_sentence,
    answers,
    missing_photos,
    mistakes,
    why_not_evaluated,
)
from catstudio.learn.cross_validation import cross_validate
from catstudio.learn.diversity import vendi
from catstudio.learn.features import unit
from catstudio.learn.fitting import TrainingSet
from catstudio.learn.head import Head
from catstudio.learn.intervals import wilson
from catstudio.learn.lineages import family_numbers
from catstudio.learn.metrics import evaluate, figure

Rows = NDArray[np.float32]
Ints = NDArray[np.intp]

MAX_COUNTED = 2000
"""Images up to which a training says how many different ones they amount to: the eigenvalues of
that many take 0.3 s, and one press of a button should stay a matter of seconds."""


def training_notes(data: TrainingSet, labels: Sequence[str]) -> list[str]:
    """What a person should know about the labels' images: synthetic alone, or one photo."""
    notes = []
    for c, label in enumerate(labels):
        of_class = data.y == c
        if not data.is_real[of_class].any():
            notes.append(f"'{label}' was trained on synthetic images alone.")
        elif (
            len({tuple(data.lineages[int(i)]) for i in np.flatnonzero(of_class & data.is_real)})
            == 1
        ):
            notes.append(
                f"'{label}' rests on one real photo: three or more would say better what it is."
            )
    return notes


def training_report(
    head: Head,
    training_set: TrainingSet,
    data: Embeddings,
    test: Embeddings,
    notes: list[str],
    on_fold: Callable[[int, int], None],
) -> dict[str, Any]:
    """The report of one training, without times; figures only where every label was tested.

    ``on_fold`` hears of each fold of a cross-validation and may raise to end it.
    """
    n_test = Counter(item.label for item in test.items)
    report: dict[str, Any] = {
        "labels": list(head.labels),
        "n_train": dict(Counter(item.source for item in data.items)),
        "n_train_by_label": dict(Counter(item.label for item in data.items)),
        "effective_n": effective_numbers(training_set, head),
        "n_test": {label: n_test.get(label, 0) for label in head.labels},
        "metrics": None,
        "why_not": why_not_evaluated(head.labels, n_test) or None,
        "missing": missing_photos(head.labels, n_test),
        "mistakes": [],
        "predictions": [],
        "cross_validated": None,
        "synthetic_accuracy": _synthetic_accuracy(head, data),
        "notes": notes,
        "temperature": head.temperature,
        "head": head.info,
        "open_set": {
            "score": "largest cosine to a training photo",
            "abstain_below": head.abstain_below,
            "from": head.info["abstention_from"],
        },
    }
    if report["why_not"] is None:
        report.update(tested(head, test))
    else:
        report["answer"] = report["why_not"]
        # The head's own strength: one choice of five from all lineages flatters no fold, and
        # choosing it in every fold anew would take five times as long.
        report["cross_validated"] = cross_validate(
            training_set, head.labels, head.space, head.info.get("strength"), on_fold
        )
        if report["cross_validated"]:
            sentence = answer_sentence(
                report["cross_validated"], "its own real photos, each left out in turn"
            )
            report["answer"] += f" Until then, by cross-validation: {sentence}"
    return report


def effective_numbers(data: TrainingSet, head: Head) -> dict[str, float] | None:
    """How many different images was trained on, of each label and in "all" (Vendi score).

    Copies count as often as they are trained on. None for more than ``MAX_COUNTED`` images.
    """
    if len(data.y) > MAX_COUNTED:
        return None
    look = unit(data.x[:, : head.space.n_features])
    found = {"all": vendi(look, data.copies)}
    for c, label in enumerate(head.labels):
        rows = data.y == c
        if rows.any():
            found[label] = vendi(look[rows], data.copies[rows])
    return {name: round(value, 2) for name, value in found.items()}


def tested(head: Head, test: Embeddings) -> dict[str, Any]:
    """The part of a report that needs real photos: metrics, answer, mistakes, predictions.

    ``test`` holds at least one photo, each with a label of ``head``.
    """
    prediction = head.predict(test.rows)
    truth = classes_of(test, head.labels)
    ids = [item.id for item in test.items]
    groups = family_numbers([item.lineages for item in test.items])
    metrics = evaluate(prediction.probabilities, truth, head.labels, groups)
    predictions = answers(ids, truth, prediction.probabilities, head.labels)
    for row, score, abstains in zip(
        predictions, prediction.open_set_score, prediction.abstains, strict=True
    ):
        row["open_set_score"] = round(float(score), 6)
        row["abstains"] = bool(abstains)
    return {
        "metrics": metrics,
        "answer": answer_sentence(metrics),
        "mistakes": mistakes(ids, truth, prediction.probabilities, head.labels),
        "predictions": predictions,
        "abstained": int(prediction.abstains.sum()),
        "n_test": {label: sum(item.label == label for item in test.items) for label in head.labels},
    }


def _synthetic_accuracy(head: Head, data: Embeddings) -> dict[str, Any] | None:
    """How easy the fakes are: the share of its own synthetic images that it gets right."""
    synthetic = data.part([not item.is_real for item in data.items])
    if not len(synthetic):
        return None
    # Not predict(): thousands of them would be matched with every exemplar for nothing.
    answered = head.probabilities(head.space(synthetic.rows)).argmax(axis=1)
    right = float(np.sum(answered == classes_of(synthetic, head.labels)))
    n = len(synthetic)
    return {
        **figure(right / n, wilson(right, n)),
        "n": n,
        "meaning": "how easy the fakes are; it says nothing about real photos",
    }
