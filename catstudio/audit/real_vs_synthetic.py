"""Can a machine tell fakes from photos? A classifier two-sample test within each label."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict, verdict_of
from catstudio.audit.cells import (
    EVERY,
    Cell,
    cells,
    gravest,
    listed,
    made_in_training,
    one_made_by,
    sampled,
)
from catstudio.learn.answer import percent
from catstudio.learn.pixel_statistics import OF_THE_SQUARE
from catstudio.learn.two_sample import MIN_FAMILIES, ToldApart, standardised, told_apart

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]

FINE_BELOW = 0.7
"""Area up to which two sets of real photos of different origin come (0.53 to 0.65 of 360 photos)."""
PROBLEM_FROM = 0.9
"""From here on nine pairs in ten are told apart: a label can hide behind the source."""
MOST_A_SIDE = 300
"""Images of a kind that are looked at in one label and source: ample for an area ± 0.05."""
MOST_CELLS = 8
"""Labels times sources up to which ``MOST_A_SIDE`` are looked at; with more, fewer in each."""
PIXEL_STRENGTH = 3.0
"""Of the classifier on the pixel statistics; chosen on photos changed in six ways."""
MOST_SHOWN = 12
_SEEN = {
    "embedding": "by what the model sees of them",
    "pixels": "by pixels alone (spectrum, noise, tones)",
}


@dataclass(frozen=True)
class Asked:
    """What was found in one cell, by ``kind`` of features ("embedding", "pixels")."""

    cell: Cell
    kind: str
    found: ToldApart
    index: Ints


@dataclass(frozen=True)
class Figure:
    """The mean over labels of one source's areas."""

    source: str
    kind: str
    value: float
    low: float
    high: float
    n: int
    verdict: Verdict
    by_label: dict[str, dict[str, float]]


def run(data: AuditData) -> Finding:
    """Tell made images from photos of the same label, by embedding and by pixels.

    The figure is the area under the ROC curve of the source that is told apart most surely,
    averaged over the labels that have enough of both.
    """
    asked = [one for cell in _wanted(data) for one in _ask(data, cell)]
    figures = _figures(data, asked)
    if not figures:
        return _nothing(data)
    verdict = _verdict(figures)
    worst = _worst(figures, verdict)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=worst.value,
        low=worst.low,
        high=worst.high,
        n=worst.n,
        unit="auc",
        text=_text(data, figures, worst),
        advice=_advice(verdict, worst),
        images=()
        if verdict is Verdict.OK
        else _shown(data, [a for a in asked if (a.cell.source, a.kind) == _key(worst)]),
        details={
            "seen_by": worst.kind,
            "source": worst.source,
            "figures": [_plain(figure) for figure in figures],
        },
    )


def _wanted(data: AuditData) -> list[Cell]:
    """Each label's made images taken together, then source by source where there are several."""
    together, apart = cells(data, per_source=False), cells(data)
    if len({cell.source for cell in apart}) > 1:
        together += apart
    else:
        together = apart
    return together


def _ask(data: AuditData, cell: Cell) -> list[Asked]:
    n_cells = len(_wanted(data))
    most = int(MOST_A_SIDE * min(1.0, sqrt(MOST_CELLS / n_cells)))
    real = sampled(cell.real, most, data.seed)
    made = sampled(cell.made, most, data.seed + 1)
    index = np.concatenate([real, made])
    is_made = np.arange(len(index)) >= len(real)
    lineages = [data.items[int(i)].lineages for i in index]
    pixels = data.pixels[index][:, OF_THE_SQUARE].astype(np.float64)
    asked = []
    for kind, features, strength in (
        ("embedding", data.x[index], 10.0),
        ("pixels", standardised(pixels), PIXEL_STRENGTH),
    ):
        data.check_cancelled()
        found = told_apart(features, is_made, lineages, data.seed, strength)
        if found:
            asked.append(Asked(cell, kind, found, index))
    return asked


def _figures(data: AuditData, asked: list[Asked]) -> list[Figure]:
    figures = []
    for key in dict.fromkeys((one.cell.source, one.kind) for one in asked):
        parts = [one for one in asked if (one.cell.source, one.kind) == key]
        areas = [one.found for one in parts]
        value = float(np.mean([found.auc for found in areas]))
        # Labels have photos of their own, so their errors add in squares (Zou & Donner 2008).
        below = sqrt(sum((found.auc - found.low) ** 2 for found in areas)) / len(areas)
        above = sqrt(sum((found.high - found.auc) ** 2 for found in areas)) / len(areas)
        low, high = max(0.0, value - below), min(1.0, value + above)
        figures.append(
            Figure(
                *key,
                value,
                low,
                high,
                sum(found.n_first + found.n_second for found in areas),
                _judged(value, low, high),
                {
                    data.labels[one.cell.label]: {
                        "value": one.found.auc,
                        "low": one.found.low,
                        "high": one.found.high,
                        "n_real": one.found.n_first,
                        "n_made": one.found.n_second,
                    }
                    for one in parts
                },
            )
        )
    return figures


def _judged(value: float, low: float, high: float) -> Verdict:
    verdict = verdict_of(value, low, high, FINE_BELOW, PROBLEM_FROM)
    # An area above 0.7 is common by chance with few images; it must be beyond a coin's.
    return Verdict.UNKNOWN if verdict is Verdict.LOOK and low <= 0.5 else verdict


def _verdict(figures: list[Figure]) -> Verdict:
    """Of all made images taken together; a single source can make it graver, never vaguer."""
    together = figures[0].source
    return gravest(
        [
            figure.verdict
            for figure in figures
            if figure.source == together or figure.verdict.is_found
        ]
    )


def _worst(figures: list[Figure], verdict: Verdict) -> Figure:
    return max((f for f in figures if f.verdict is verdict), key=lambda figure: figure.low)


def _key(figure: Figure) -> tuple[str, str]:
    return figure.source, figure.kind


def _nothing(data: AuditData) -> Finding:
    n = len(made_in_training(data))
    if not n:
        text = "All training images are photos, so there is nothing to tell apart."
        return Finding(id=CHECK.id, verdict=Verdict.OK, unit="auc", text=text)
    return Finding(
        id=CHECK.id,
        verdict=Verdict.UNKNOWN,
        n=n,
        unit="auc",
        text=(
            f"Too few to compare: no label has {MIN_FAMILIES} real photos and made images of "
            f"{MIN_FAMILIES} different origins ({n:,} images were made; variations of one photo "
            "count as one)."
        ),
        advice=f"Add real photos until a label with made images has {MIN_FAMILIES} or more.",
    )


def _text(data: AuditData, figures: list[Figure], worst: Figure) -> str:
    found = [
        f"Shown a photo and {one_made_by(worst.source)} of the same label, a classifier that "
        f"knows neither finds the made one in {percent(worst.value)} of 100 pairs "
        f"({percent(worst.low)} to {percent(worst.high)}, n = {worst.n:,} images) "
        f"{_SEEN[worst.kind]}; 50 is chance."
    ]
    other = [f for f in figures if f.source == worst.source and f.kind != worst.kind]
    found += [
        f"{_capital(_SEEN[f.kind])}: {percent(f.value)} of 100 "
        f"({percent(f.low)} to {percent(f.high)})."
        for f in other
    ]
    made = [c for c in _wanted(data) if c.source == worst.source]
    labels = [data.labels[cell.label] for cell in made]
    if without := [label for label in labels if label not in worst.by_label]:
        few = f"{MIN_FAMILIES} photos and as many independent made images"
        found.append(f"Not compared for {listed(without)}: there are not {few} of it.")
    if worst.verdict is Verdict.UNKNOWN:
        found.append("That is too uncertain to judge.")
    if worst.verdict is Verdict.PROBLEM:
        found.append(
            "By itself this harms nothing; it does where labels have made images in unequal "
            "parts, for then a label can be read off the source."
        )
    return " ".join(found)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _advice(verdict: Verdict, worst: Figure) -> str:
    if verdict is Verdict.OK:
        return ""
    if verdict is Verdict.UNKNOWN:
        return "Add real photos, or made images of more different origins, to tell."
    which = "" if worst.source == EVERY else f" from '{worst.source}'"
    return (
        f"Give every label the same share of made images{which}, and look at the ones below for "
        "what gives them away."
    )


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        "source": figure.source,
        "seen_by": figure.kind,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "n": figure.n,
        "verdict": str(figure.verdict),
        "by_label": figure.by_label,
    }


def _shown(data: AuditData, asked: list[Asked]) -> tuple[Shown, ...]:
    """The made images that look most made, each beside the photo of its label nearest to it."""
    shown = []
    each = max(1, MOST_SHOWN // max(1, len(asked)))
    for one in asked:
        n_real = one.found.n_first
        scores = np.nan_to_num(one.found.scores, nan=-np.inf)
        photos, made = scores[:n_real], scores[n_real:]
        for j in np.argsort(-made, kind="stable")[:each]:
            below = int(np.sum(photos < made[j]))
            if 2 * below <= n_real:
                continue
            i = int(one.index[n_real + j])
            nearest = int(one.index[int(np.argmax(data.x[one.index[:n_real]] @ data.x[i]))])
            label = data.labels[one.cell.label]
            note = f"{label}: looks more made than {below} of {n_real} photos of it"
            shown.append(Shown(data.items[i].id, note, data.items[nearest].id))
    return tuple(shown[:MOST_SHOWN])


CHECK = Check(
    id="real_vs_synthetic",
    title="Can a machine tell fakes from photos?",
    question="Could a classifier learn to spot the made images, instead of what they show?",
    meaning=(
        "The share of pairs, a photo and a made image of one label, that a classifier puts right "
        "without knowing either: 50% is chance, 100% is certainty."
    ),
    source="Classifier two-sample test (Lopez-Paz & Oquab 2017), cross-validated by lineage",
    run=run,
)
