"""What a rung taught, in one sentence that its numbers can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catstudio.studio.ladder.rungs import CAT

Json = Mapping[str, Any]
_ALIKE = 0.05
"""Relative difference up to which two effective numbers are called the same."""


def compared(first: Sequence[Json], second: Sequence[Json]) -> dict[str, Any] | None:
    """The second model less the first, on the photos that both were asked about.

    The rows are a report's ``predictions``. Returns ``n``, and ``balanced_accuracy`` and ``auc``
    as {value, low, high}; None where they do not share photos of both labels.
    """
    import numpy as np  # The window starts without it.

    from catstudio.learn.paired import auc_difference, balanced_difference

    before = {row["id"]: row for row in first}
    both = [(before[row["id"]], row) for row in second if row["id"] in before]
    truth = np.array([row["label"] == CAT for _, row in both], bool)
    if not truth.any() or truth.all():
        return None
    right = [
        np.array([r["predicted"] == r["label"] for r in rows]) for rows in zip(*both, strict=True)
    ]
    scores = [np.array([_cat_score(r) for r in rows]) for rows in zip(*both, strict=True)]
    names = ("value", "low", "high")
    accuracy = balanced_difference(right[0], right[1], truth.astype(int))
    auc = auc_difference(scores[0], scores[1], truth)
    return {
        "n": len(both),
        "balanced_accuracy": dict(zip(names, map(float, accuracy), strict=True)),
        "auc": dict(zip(names, map(float, auc), strict=True)),
    }


def _cat_score(row: Json) -> float:
    probability = float(row["probability"])
    return probability if row["predicted"] == CAT else 1.0 - probability


def sentence(rung: Json, before: Json | None, change: Json | None) -> str:
    """``before`` is the report of the rung that this one is compared with, ``change`` what
    :func:`compared` says of both."""
    counts = _counts(rung)
    if before is None:
        return f"{counts}, and {_strangers(rung)}."
    if change is None:
        return f"{counts}; {_strangers(rung)}, {_told(before)} before."
    return f"{counts}; {_verdict(change, before)}."


def _counts(rung: Json) -> str:
    n, effective = rung["n_images"], rung["effective_n"]
    images = "1 image" if n == 1 else f"{n:,} images"
    if effective is None:
        return images
    if n == 1 or abs(n - effective) <= _ALIKE * n:
        return images
    return f"{images}, as varied as {effective:,.1f} that have nothing in common"


def _strangers(rung: Json) -> str:
    turkeys = rung["turkeys"]
    return f"{_told(rung)} of {turkeys['n']} strangers are called a cat with confidence"


def _told(rung: Json) -> str:
    return str(rung["turkeys"]["called_cat_with_confidence"] or "none")


def _verdict(change: Json, before: Json) -> str:
    accuracy, auc = change["balanced_accuracy"], change["auc"]
    n = f"n = {change['n']}"
    points = f"balanced accuracy {_points(accuracy)}"
    ranking = f"AUC {auc['value']:+.3f}, {auc['low']:+.3f} to {auc['high']:+.3f}"
    against = f"compared with “{before['title']}”"
    if auc["low"] > 0 or auc["high"] < 0:
        how = "better" if auc["low"] > 0 else "worse"
        line = ""
        if accuracy["low"] > 0 or accuracy["high"] < 0:
            where = "better" if accuracy["low"] > 0 else "worse"
            line = f", and its yes or no is right {_more(where)} ({points})"
        return f"{against} it tells cats apart {how} ({ranking}, {n}){line}"
    if accuracy["low"] > 0:
        return (
            f"{against} it moved the line between yes and no to a better place ({points}, {n}) and "
            f"taught nothing more that could be shown ({ranking})"
        )
    if accuracy["high"] < 0:
        return f"{against} it moved the line between yes and no to a worse place ({points}, {n})"
    return f"no difference can be shown {against} ({points}; {ranking}; {n})"


def _more(where: str) -> str:
    return "more often" if where == "better" else "less often"


def _points(figure: Json) -> str:
    # With the sign of a bound that rounds to 0: it says on which side of it the interval ends.
    value, low, high = (100 * figure[name] for name in ("value", "low", "high"))
    return f"{value:+.0f} points, {low:+.0f} to {high:+.0f}"
