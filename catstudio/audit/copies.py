"""Are the fakes copies? Generated images nearer to a training photo than other photos ever are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict, verdict_of
from catstudio.audit.cells import made_in_training, sampled
from catstudio.audit.nearest import (
    MEANT_TO_BE_NEAR,
    MIN_REFERENCES,
    Yardstick,
    matches,
    yardstick,
)
from catstudio.learn.answer import percent
from catstudio.learn.intervals import wilson

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]

FINE_BELOW = 0.03
"""Share of copies beyond chance that costs a training set nothing."""
PROBLEM_FROM = 0.1
"""One image in ten that brings nothing but a photo again."""
MOST = 3000
"""Of each kind that are compared."""
MOST_SHOWN = 24


def run(data: AuditData) -> Finding:
    """Compare each generated image's match with its nearest training photo with real photos'.

    The figure is the share of generated images nearer to a training photo than any real photo
    outside that photo's lineage is. With few photos to measure by some share is beaten by
    chance; the verdict is on what exceeds the most that chance explains.
    """
    made = made_in_training(data)
    is_meant = np.isin(data.sources[made], MEANT_TO_BE_NEAR)
    n_meant, made = int(is_meant.sum()), made[~is_meant]
    if not len(made):
        return _nothing(n_meant)
    photos = sampled(data.train[data.is_real[data.train]], MOST, data.seed)
    real = np.flatnonzero(data.is_real)
    reference = yardstick(data, sampled(real, MOST, data.seed), photos)
    if reference.n < MIN_REFERENCES:
        return _too_few(reference.n, len(made))
    made = sampled(made, MOST, data.seed)
    match, nearest = matches(data, made, photos)
    order = np.argsort(-match, kind="stable")
    copies = order[match[order] > reference.limit]
    n, k = len(made), len(copies)
    low, high = wilson(k, n)
    chance = reference.chance
    verdict = verdict_of(k / n - chance, low - chance, high - chance, FINE_BELOW, PROBLEM_FROM)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=k / n,
        low=low,
        high=high,
        n=n,
        unit="share",
        text=_text(k, n, (low, high), reference, n_meant),
        advice=_advice(verdict),
        images=_shown(data, made, photos, match, nearest, copies)
        if verdict is not Verdict.OK
        else (),
        details=_details(data, made, copies, reference),
    )


def _nothing(n_meant: int) -> Finding:
    if not n_meant:
        text = "No training image was generated, so none can be a copy."
    else:
        text = (
            f"No training image was generated. The {n_meant:,} augmentations, blends and copies "
            "are meant to be near their photos, and are not counted."
        )
    return Finding(id=CHECK.id, verdict=Verdict.OK, text=text)


def _too_few(n_reference: int, n: int) -> Finding:
    return Finding(
        id=CHECK.id,
        verdict=Verdict.UNKNOWN,
        n=n,
        text=(
            f"Too few real photos (n = {n_reference}) to know how near to each other two "
            f"different ones can be; {MIN_REFERENCES} would do."
        ),
        advice=f"Add {MIN_REFERENCES - n_reference} or more real photos.",
    )


def _text(
    k: int,
    n: int,
    interval: tuple[float, float],
    reference: Yardstick,
    n_meant: int,
) -> str:
    found = (
        f"{k:,} of {n:,} generated images ({percent(k / n)}%, {percent(interval[0])} to "
        f"{percent(interval[1])}%) are nearer to a training photo than any of {reference.n:,} "
        f"real photos is to one outside its own lineage. Chance explains up to {percent(reference.chance)}%."
    )
    if n_meant:
        found += (
            f" The {n_meant:,} augmentations, blends and copies are meant to be near, and are "
            "not counted."
        )
    return found


def _advice(verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return ""
    if verdict is Verdict.UNKNOWN:
        return "Add real photos, or more generated images, to tell."
    return (
        "Make new ones that go further from the photo, with a higher strength, or drop the copies."
    )


def _shown(
    data: AuditData, made: Ints, photos: Ints, match: Floats, nearest: Ints, copies: Ints
) -> tuple[Shown, ...]:
    return tuple(
        Shown(
            data.items[int(made[i])].id,
            f"from '{data.items[int(made[i])].source}': matches this photo at {match[i]:.2f}",
            data.items[int(photos[nearest[i]])].id,
        )
        for i in copies[:MOST_SHOWN]
    )


def _details(data: AuditData, made: Ints, copies: Ints, reference: Yardstick) -> dict[str, Any]:
    sources = data.sources
    of_source = {
        str(source): {
            "n": int(np.sum(sources[made] == source)),
            "copies": int(np.sum(sources[made[copies]] == source)),
        }
        for source in np.unique(sources[made])
    }
    return {
        "limit": reference.limit,
        "by_chance": reference.chance,
        "n_reference": reference.n,
        "by_source": of_source,
        "not_counted": list(MEANT_TO_BE_NEAR),
    }


CHECK = Check(
    id="copies",
    title="Are the fakes copies?",
    question="Do generated images merely repeat the photos they were made from?",
    meaning=(
        "The share of generated images that are nearer to a training photo than two different "
        "photos ever are. Augmentations are meant to be near, and are not counted."
    ),
    source="Distance to the closest record; Carlini et al. 2023",
    run=run,
)
