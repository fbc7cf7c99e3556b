"""What to do next, the most worthwhile first: what to mend, to leave out, and to photograph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Finding, Verdict
from catstudio.learn.answer import missing_photos, percent
from catstudio.learn.intervals import wilson

Json = dict[str, Any]
Ints = NDArray[np.intp]

HALF_WIDTH = 0.05
"""The interval of accuracy that a team can decide by: ±5 points."""
MOST_WANTED = 10_000
SURE = 0.8
"""Held-out photos that get their own label with less than this are worth more like them."""
MOST_DOUBTED = 3
"""From so many photos on that it only doubts, and gets right, they show more than chance."""
MOST_SHOWN = 6
_MENDED = {
    "leakage": ("remove", "Keep near-copies apart"),
    "label_errors": ("relabel", "Look at these labels"),
    "image_quality": ("remove", "Look through poor images"),
    "copies": ("remove", "Look at copies among made images"),
}
"""Checks whose images a person mends one by one, in the order in which it is worthwhile."""


def next_steps(
    data: AuditData, findings: Sequence[Finding], worth: Mapping[str, Any]
) -> list[Json]:
    """A ranked list of steps: ``kind``, ``title``, ``text``, ``images`` (ids) and ``score``.

    ``worth`` is what :func:`catstudio.learn.worth.value_sources` found. What spoils the figures
    comes first, then what spoils the model, then what would make either better; what is only
    worth a look comes last. Empty when nothing is warranted.
    """
    steps = [
        *_mend(findings, Verdict.PROBLEM),
        *_drop(worth),
        *_photograph(data),
        *_test_more(data),
        *_mend(findings, Verdict.LOOK),
    ]
    n = len(steps)
    return [{**step, "score": round(1.0 - at / n, 3)} for at, step in enumerate(steps)]


def wanted_for(accuracy: float, half_width: float = HALF_WIDTH) -> int:
    """The smallest n whose Wilson interval around ``accuracy`` is at most ±``half_width``.

    The interval's half-width falls with n, so n is found by halving; at most ``MOST_WANTED``.
    """
    low, high = 1, MOST_WANTED
    while low < high:
        n = (low + high) // 2
        bounds = wilson(accuracy * n, n)
        if (bounds[1] - bounds[0]) / 2 <= half_width:
            high = n
        else:
            low = n + 1
    return low


def _mend(findings: Sequence[Finding], verdict: Verdict) -> Iterator[Json]:
    found = {finding.id: finding for finding in findings}
    for id_, (kind, title) in _MENDED.items():
        finding = found.get(id_)
        if finding is None or finding.verdict is not verdict or not finding.images:
            continue
        # Of a pair both are wanted: which of them goes is the person's to say.
        pairs = [[one.id, one.beside] if one.beside else [one.id] for one in finding.images]
        shown = pairs[: MOST_SHOWN // len(pairs[0])]
        rest = (
            f" The first {len(shown)} of {len(pairs)} are shown." if len(pairs) > len(shown) else ""
        )
        text = f"{finding.text} {finding.advice}{rest}"
        yield _step(kind, title, text, [id_ for pair in shown for id_ in pair])


def _drop(worth: Mapping[str, Any]) -> Iterator[Json]:
    """Sources without which the model is better, as far as the whole interval goes."""
    for source in worth.get("sources") or ():
        without = source.get("without")
        if source["is_real"] or not without or without["low"] is None or without["low"] <= 0:
            continue
        yield {
            **_step(
                "drop_source",
                f"Leave out {source['source']}",
                f"Without these {source['n']:,} images the model does better: {without['text']}",
                [],
            ),
            "source": source["source"],
        }


def _photograph(data: AuditData) -> Iterator[Json]:
    """For each label, the held-out photos that training comes least near to, and is unsure of.

    The nearness is the cosine to the nearest real training photo of the same label: where it is
    low for a photo of the label, the map has an empty region.
    """
    held = np.concatenate([data.val, data.test])
    real = data.train[data.is_real[data.train]]
    if not len(held):
        return
    p = data.head.probabilities(data.x[held].astype(np.float64))
    for c, label in enumerate(data.labels):
        data.check_cancelled()
        rows = np.flatnonzero(data.y[held] == c)
        of_label = real[data.y[real] == c]
        if not len(rows):
            continue
        own, answer = p[rows, c], p[rows].argmax(axis=1)
        missed = np.flatnonzero((own < SURE) | (answer != c))
        wrong = int((answer[missed] != c).sum())
        if not wrong and len(missed) < MOST_DOUBTED:
            continue
        match = _nearness(data, held[rows[missed]], of_label)
        order = missed[np.lexsort((own[missed], match))]
        images = [data.items[int(held[rows[i]])].id for i in order[:MOST_SHOWN]]
        where = (
            "Those with no training photo near come first."
            if len(of_label)
            else f"There is no real photo of {label} to train on."
        )
        is_are = "is" if len(missed) == 1 else "are"
        yield _step(
            "photograph",
            f"Photograph more like these ({label})",
            f"{len(missed):,} of {len(rows):,} real photos of {label} held back {is_are} called "
            f"something else ({wrong:,}) or {label} with less than {percent(SURE)}% certainty. "
            f"{where} Take new photos of that kind to train on, not these.",
            images,
        )


def _nearness(data: AuditData, rows: Ints, against: Ints) -> NDArray[np.floating]:
    if not len(against):
        return np.zeros(len(rows))
    cosines = data.x[rows].astype(np.float32) @ data.x[against].astype(np.float32).T
    nearest: NDArray[np.floating] = cosines.max(axis=1)
    return nearest


def _test_more(data: AuditData) -> Iterator[Json]:
    n = len(data.test)
    counts = np.bincount(data.y[data.test], minlength=len(data.labels))
    if n == 0 or not counts.all():
        missing = missing_photos(data.labels, dict(zip(data.labels, counts.tolist(), strict=True)))
        words = ", ".join(f"{k:,} of {label}" for label, k in missing.items() if k)
        yield _step(
            "test_photos",
            "Add real photos to test on",
            f"Nothing can be measured without: set aside {words}.",
            [],
        )
        return
    right = data.head.scores(data.x[data.test].astype(np.float64)).argmax(axis=1)
    accuracy = float(np.mean(right == data.y[data.test]))
    low, high = wilson(accuracy * n, n)
    more = wanted_for(accuracy) - n
    if more <= 0:
        return
    each = -(-more // len(data.labels))
    yield _step(
        "test_photos",
        f"Add about {each * len(data.labels):,} real photos to test on",
        f"Now it is right on {percent(accuracy)}% ({percent(low)} to {percent(high)}%, n = {n:,}). "
        f"About {each:,} more of each label would tell it to ±{percent(HALF_WIDTH)} points.",
        [],
    )


def _step(kind: str, title: str, text: str, images: Sequence[str]) -> Json:
    return {"kind": kind, "title": title, "text": text.strip(), "images": list(images)}
