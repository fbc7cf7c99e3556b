"""What a rung's model was trained on and how it answers, as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catstudio.studio.ladder.rungs import CAT, CONFIDENT, COPIES, GREY, Plan

Json = Mapping[str, Any]


def rung_report(
    plan: Plan, trained: Json, predictions: Sequence[Json], why_not: str
) -> dict[str, Any]:
    """``trained`` is the result of its training, ``predictions`` what it says of the strangers.

    ``why_not`` says why it is not measured on cats, "" if it is.
    """
    metrics = trained["metrics"] if not why_not else None
    n_train = dict(trained["n_train"])
    n_images = sum(n_train.values())
    return {
        "id": plan.id,
        "title": plan.title,
        "what": plan.what,
        "run": trained["run"],
        "n_train": n_train,
        "n_images": n_images * COPIES if GREY in plan.uses else n_images,
        "effective_n": (trained.get("effective_n") or {}).get("all"),
        "metrics": metrics,
        "why_not": why_not or trained.get("why_not") or "",
        "turkeys": turkeys(predictions),
    }


def turkeys(predictions: Sequence[Json]) -> dict[str, Any]:
    """How many strangers are called a cat, with confidence, or left open; the share with its
    interval."""
    from catstudio.learn.intervals import wilson  # numpy: the window starts without it.

    answers = [_answer(one) for one in predictions]
    called = [one for one in answers if one["label"] == CAT and not one["abstains"]]
    confident = sum(one["probability"] >= CONFIDENT for one in called)
    low, high = wilson(confident, len(answers))
    return {
        "n": len(answers),
        "called_cat": len(called),
        "called_cat_with_confidence": confident,
        "low": low,
        "high": high,
        "abstained": sum(one["abstains"] for one in answers),
        "answers": answers,
    }


def _answer(prediction: Json) -> dict[str, Any]:
    return {
        "photo": Path(prediction["path"]).stem,
        "label": prediction["label"],
        "probability": prediction["probability"],
        "abstains": prediction["abstains"],
    }
