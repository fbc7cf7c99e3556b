"""Is there variety? How many different images each source's amount to, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict, verdict_of
from catstudio.audit.cells import Cell, cells, gravest, made_in_training, sampled
from catstudio.audit.nearest import (
    MEANT_TO_BE_NEAR,
    MIN_REFERENCES,
    Yardstick,
    matches,
    yardstick,
)
from catstudio.learn.answer import percent
from catstudio.learn.diversity import vendi
from catstudio.learn.features import unit
from catstudio.learn.intervals import Z, wilson
from catstudio.learn.lineages import family_numbers
from catstudio.learn.manifold import kernel_distance, manifold

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]

FINE_BELOW = 0.3
"""Share of the photos' variety that is missing: made images may keep closer to what is typical."""
PROBLEM_FROM = 0.6
"""From here on less than half of the variety is there: the generator repeats itself. Planted sets of
one or two pictures over and over lack 0.65 to 0.95, sets without that flaw at most 0.2."""
REPEATS_FINE_BELOW, REPEATS_PROBLEM_FROM = 0.3, 0.5
"""Shares of made images, beyond chance, with another nearer than two photos ever are. Wide
variations of four pictures come to 0.78 to 0.98, images of something new each to 0.39 at most."""
MIN_IMAGES = 8
"""Images of either kind, in one label, below which varieties cannot be compared."""
MOST = 250
"""Images a side that are compared in one label and source."""
MOST_CELLS = 8
MOST_REPEATS = 1500
HALVES = 12
"""Halves whose spread tells how far the figure depends on which images there are."""
NEIGHBOURS = 5
MOST_SHOWN = 12


@dataclass(frozen=True)
class Variety:
    """One source's images of one label beside as many photos of it.

    ``lacks`` is 1 less the ratio of both Vendi scores at equal number, with its interval;
    ``effective`` the Vendi score of all ``n_made`` that were looked at.
    """

    cell: Cell
    lacks: float
    low: float
    high: float
    effective: float
    n_real: int
    n_made: int
    manifold: dict[str, float]
    kid: dict[str, float]
    made: Ints

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.lacks, self.low, self.high, FINE_BELOW, PROBLEM_FROM)


@dataclass(frozen=True)
class Repeats:
    """``k`` of ``n`` images from ``source`` have another one of it nearer than two photos ever are.

    ``reference`` is what nearness is measured by.
    """

    source: str
    k: int
    n: int
    reference: Yardstick

    @property
    def verdict(self) -> Verdict:
        value, (low, high) = self.k / self.n, wilson(self.k, self.n)
        by = self.reference.chance
        limits = REPEATS_FINE_BELOW, REPEATS_PROBLEM_FROM
        return verdict_of(value - by, low - by, high - by, *limits)

    @property
    def text(self) -> str:
        return (
            f"{self.k:,} of {self.n:,} images from '{self.source}' have another one that is "
            f"nearer than any two of {self.reference.n:,} real photos are."
        )


def run(data: AuditData) -> Finding:
    """Compare the variety of each source's images with that of as many real photos of any split.

    The figure is the share of the photos' variety that the least varied source lacks in a label.
    Beside it stands how many of a source's images repeat another: wide variations of a few
    pictures hardly lower the variety of a few images, but are nearer to each other than photos.
    """
    if not len(made_in_training(data)):
        text = "All training images are photos; the variety of made ones is what is asked here."
        return Finding(id=CHECK.id, verdict=Verdict.OK, text=text)
    wanted = sorted(cells(data), key=lambda cell: -len(cell.made))
    found: list[Variety] = []
    for cell in wanted:
        if min(len(cell.real), len(cell.made)) >= MIN_IMAGES and len(found) < MOST_CELLS:
            data.check_cancelled()
            found.append(_variety(data, cell))
    if not found:
        return _too_few(data)
    verdict = gravest([one.verdict for one in found])
    worst = max((one for one in found if one.verdict is verdict), key=lambda one: one.lacks)
    repeats = _repeats(data)
    most = max(repeats, key=lambda one: one.k / one.n, default=None)
    if most and most.verdict.is_found:
        verdict = gravest([verdict, most.verdict])
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=max(0.0, worst.lacks),
        low=max(0.0, worst.low),
        high=max(0.0, worst.high),
        n=worst.n_made,
        unit="share",
        text=_text(data, worst) + (f" {most.text}" if most and most.verdict.is_found else ""),
        advice=_advice(verdict, worst),
        images=_shown(data, worst) if verdict.is_found else (),
        details={
            "sources": [_plain(data, one) for one in found],
            "repeats": [{"source": one.source, "k": one.k, "n": one.n} for one in repeats],
        },
    )


def _repeats(data: AuditData) -> list[Repeats]:
    """Of each source that is not meant to stay near a photo, where enough photos measure it."""
    real = sampled(np.flatnonzero(data.is_real), MOST_REPEATS, data.seed)
    reference = yardstick(data, real, real)
    if reference.n < MIN_REFERENCES:
        return []
    made = made_in_training(data)
    sources = data.sources[made]
    found = []
    for source in np.setdiff1d(sources, MEANT_TO_BE_NEAR):
        # As many as there are photos: among more images each has a nearer one.
        images = sampled(made[sources == source], reference.n, data.seed)
        if len(images) >= MIN_IMAGES:
            k = int(np.sum(matches(data, images, images)[0] > reference.limit))
            found.append(Repeats(str(source), k, len(images), reference))
    return found


def _variety(data: AuditData, cell: Cell) -> Variety:
    real, made = sampled(cell.real, MOST, data.seed), sampled(cell.made, MOST, data.seed)
    x = data.x
    generator = np.random.default_rng(data.seed)
    half = min(len(real), len(made)) // 2
    ratios = []
    for _ in range(HALVES):
        data.check_cancelled()
        parts = [generator.choice(side, half, replace=False) for side in (made, real)]
        scores = [vendi(x[part]) for part in parts]
        # Of m images 1 is the least; what exceeds it is variety.
        ratios.append(log(max(scores[0] - 1.0, 1e-3)) - log(max(scores[1] - 1.0, 1e-3)))
    middle, spread = float(np.mean(ratios)), float(np.std(ratios, ddof=1))
    return Variety(
        cell=cell,
        lacks=1.0 - exp(middle),
        low=1.0 - exp(middle + Z * spread),
        high=1.0 - exp(middle - Z * spread),
        effective=vendi(x[made]),
        n_real=len(real),
        n_made=len(made),
        manifold=_manifold(data, real, made),
        kid=_kid(data, real, made),
        made=made,
    )


def _manifold(data: AuditData, real: Ints, made: Ints) -> dict[str, float]:
    sides = unit(data.pooled[real]), unit(data.pooled[made])
    found = manifold(*sides, NEIGHBOURS, data.check_cancelled)
    return {
        "precision": found.precision,
        "recall": found.recall,
        "density": found.density,
        "coverage": found.coverage,
    }


def _kid(data: AuditData, real: Ints, made: Ints) -> dict[str, float]:
    """{} where too few families take part."""
    family = family_numbers([data.items[int(i)].lineages for i in (*real, *made)])
    of_real, of_made = family[: len(real)], family[len(real) :]
    pooled = data.pooled
    try:
        found = kernel_distance(
            pooled[real], pooled[made], of_real, of_made, data.seed, data.check_cancelled
        )
    except ValueError:
        return {}
    return {"value": found.value, "error": found.error, "low": found.low, "high": found.high}


def _too_few(data: AuditData) -> Finding:
    n = len(made_in_training(data))
    return Finding(
        id=CHECK.id,
        verdict=Verdict.UNKNOWN,
        n=n,
        text=(
            f"Too few to compare: no label has {MIN_IMAGES} real photos and as many "
            f"images from one source ({n:,} images were made)."
        ),
        advice=f"Add real photos until a label with made images has {MIN_IMAGES} or more.",
    )


def _text(data: AuditData, worst: Variety) -> str:
    lacks, label = max(0.0, worst.lacks), data.labels[worst.cell.label]
    seen = worst.manifold
    return (
        f"The {worst.n_made:,} images of {label} from '{worst.cell.source}' that were looked at "
        f"amount to {worst.effective:.1f} different ones. Beside as many of {worst.n_real:,} real "
        f"photos they lack {percent(lacks)}% of the variety "
        f"({percent(max(0.0, worst.low))} to {percent(max(0.0, worst.high))}%). "
        f"{percent(seen['precision'])}% of them lie where photos lie, and {percent(seen['coverage'])}% "
        "of the photos have one nearby."
    )


def _advice(verdict: Verdict, worst: Variety) -> str:
    if verdict is Verdict.OK:
        return ""
    if verdict is Verdict.UNKNOWN:
        return "Add real photos, or more made images, to tell."
    return (
        f"Make images with '{worst.cell.source}' from more different photos, prompts and seeds; "
        "more of the same add nothing."
    )


def _shown(data: AuditData, worst: Variety) -> tuple[Shown, ...]:
    """The images that repeat another most, each beside that one."""
    cosines = data.x[worst.made] @ data.x[worst.made].T
    np.fill_diagonal(cosines, -1.0)
    order = np.argsort(-cosines.max(axis=1), kind="stable")[:MOST_SHOWN]
    return tuple(
        Shown(
            data.items[int(worst.made[i])].id,
            f"{data.labels[worst.cell.label]} from '{worst.cell.source}': much like this one",
            data.items[int(worst.made[int(cosines[i].argmax())])].id,
        )
        for i in order
    )


def _plain(data: AuditData, one: Variety) -> dict[str, Any]:
    return {
        "source": one.cell.source,
        "label": data.labels[one.cell.label],
        "lacks": {"value": one.lacks, "low": one.low, "high": one.high},
        "effective_n": one.effective,
        "n_real": one.n_real,
        "n_made": one.n_made,
        "verdict": str(one.verdict),
        **one.manifold,
        "kid": one.kid or None,
    }


CHECK = Check(
    id="diversity",
    title="Is there variety?",
    question="Do the made images differ from each other as photos do?",
    meaning=(
        "The share of the photos' variety that the least varied source lacks, at equal number: "
        "0% is as varied as photos, 100% is one image over and over."
    ),
    source=(
        "Vendi score (Friedman & Dieng 2023); precision, recall, density and coverage "
        "(Kynkäänniemi 2019, Naeem 2020); KID (Bińkowski 2018)"
    ),
    run=run,
)
