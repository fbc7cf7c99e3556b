"""What a run says for itself: the answer in one sentence, what is missing, the mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.splits import TEST_TARGET

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


def percent(share: float) -> str:
    """Whole percent, without calling 99.6% certain or 0.4% nothing."""
    percents = 100 * share
    # A bound of an interval may miss 0 or 1 by rounding only.
    if 0.5 <= percents < 99.5 or percents < 1e-9 or percents > 100 - 1e-9:
        return str(round(percents))
    return f"{min(max(percents, 0.1), 99.9):.1f}"


def answer_sentence(metrics: Mapping[str, Any], what: str = "real photos it never saw") -> str:
    """ "Right on 93% of real photos it never saw (84 to 97%, n = 40). Always answering …"."""
    accuracy, baseline = metrics["accuracy"], metrics["baseline"]
    return (
        f"Right on {percent(accuracy['value'])}% of {what} "
        f"({percent(accuracy['low'])} to {percent(accuracy['high'])}%, n = {metrics['n']}). "
        f"Always answering '{baseline['label']}' scores {percent(baseline['accuracy'])}%."
    )


def missing_photos(labels: Sequence[str], n_test: Mapping[str, int]) -> dict[str, int]:
    """Real test photos still needed of each label to reach ``TEST_TARGET``; 0 left out."""
    short = {label: TEST_TARGET - n_test.get(label, 0) for label in labels}
    return {label: n for label, n in short.items() if n > 0}


def why_not_evaluated(labels: Sequence[str], n_test: Mapping[str, int]) -> str:
    """Why there is no figure, and what to add; "" when every label has a test photo."""
    without = [label for label in labels if not n_test.get(label)]
    if not without:
        return ""
    missing = missing_photos(labels, n_test)
    total = sum(missing.values())
    parts = ", ".join(f"{n} of {label}" for label, n in missing.items())
    tested = [label for label in labels if n_test.get(label)]
    reason = f" All its test photos are '{tested[0]}'." if len(tested) == 1 else ""
    return (
        f"Trained, not evaluated: add {total} real photos that you do not train on ({parts})."
        f"{reason}"
    )


def mistakes(
    ids: Sequence[str], truth: Ints, probabilities: Floats, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The wrong answers, the most confident first: ``{id, label, predicted, probability}``."""
    rows = answers(ids, truth, probabilities, labels)
    wrong = [row for row in rows if row["label"] != row["predicted"]]
    return sorted(wrong, key=lambda row: -float(row["probability"]))


def answers(
    ids: Sequence[str], truth: Ints, probabilities: Floats, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """One ``{id, label, predicted, probability}`` a photo, in order."""
    top = probabilities.argmax(axis=1)
    return [
        {
            "id": id_,
            "label": labels[int(true)],
            "predicted": labels[int(best)],
            "probability": round(float(row[best]), 6),
        }
        for id_, true, best, row in zip(ids, truth, top, probabilities, strict=True)
    ]
