"""Are images poor? Blur, exposure, empty or tiny pictures, unreadable files, copies of photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict
from catstudio.audit.near_copies import hashes, within
from catstudio.learn.answer import percent
from catstudio.learn.intervals import wilson
from catstudio.learn.pixel_statistics import column

MIN_IMAGES = 10
MIN_SIDE = 64
"""Pixels of the shorter side below which the backbone is shown more than there is."""
MOST_LENGTHENED = 3.0
"""Longer side over shorter; the backbone is shown a square. The longest of 360 photos was 2.1."""
BLURRED = 1.0
"""log10 of the variance of the Laplacian. 360 photos measured 1.002 to 3.85; half of those blurred
by a Gaussian of 2 pixels fell below 1.0, and nine in ten of 3 pixels."""
FLAT = 4.0
"""Bits of the luminance histogram. The emptiest of 360 photos had 4.8; one grey has 0."""
DARK, BRIGHT = 0.06, 0.93
"""Mean luminance. 360 photos measured 0.076 to 0.80; dimmed to a tenth, 95 in 100 fall to 0.06."""
CLIPPED = 0.85
"""Share of pixels that are black or white; at most 0.16 were in 360 photos, but a product on a
white ground may well have 0.7."""
NATURE = 0.5
"""A flaw of the picture that most images have is what they show: stars are black, pages white."""
PROBLEM_FROM = 0.1
MOST_SHOWN = 60
MOST_PAIRS = 20_000
"""Pairs of copies after which no more are looked for: a folder of one picture has all of them."""


class Flaw(NamedTuple):
    """What is wrong with item ``image``: the kind's name, words, the image it is a copy of."""

    image: int
    kind: str
    note: str
    beside: int = -1


_KINDS = {
    "same": "the same file twice",
    "near": "copies of another photo",
    "tiny": "tiny",
    "flat": "nearly empty",
    "dark": "almost black",
    "bright": "almost white",
    "blurred": "blurred",
    "long": "very long",
}
"""In the order in which they are told and shown; the first is named of an image with several."""


def run(data: AuditData) -> Finding:
    """Look at every image once, and at every pair of images that were brought in separately.

    The figure is the share of files that are poor or could not be read. A problem is any
    unreadable file, or a share of ``PROBLEM_FROM`` that an interval bears out; a few poor images
    are worth a look: some may be meant so.
    """
    n = len(data.items) + len(data.unreadable)
    if not n:
        return Finding(id=CHECK.id, verdict=Verdict.UNKNOWN, text="There is no image to look at.")
    data.check_cancelled()
    flaws = _first_of_each([*_copies(data), *_sizes(data), *_pixels(data)])
    n_poor = len(flaws) + len(data.unreadable)
    low, high = wilson(n_poor, n)
    counts = Counter(flaw.kind for flaw in flaws)
    verdict = _verdict(n_poor, len(data.unreadable), n, low)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=n_poor / n,
        low=low,
        high=high,
        n=n,
        unit="share",
        text=_text(counts, data.unreadable, n, (low, high)),
        advice=_advice(verdict, len(data.unreadable), bool(flaws)),
        images=tuple(_shown(data, flaw) for flaw in flaws[:MOST_SHOWN]),
        details={
            "counts": {kind: counts[kind] for kind in _KINDS if counts[kind]},
            "unreadable": [{"name": name, "reason": why} for name, why in data.unreadable],
            "poor": [
                {"id": data.items[flaw.image].id, "kind": flaw.kind, "note": flaw.note}
                for flaw in flaws
            ],
        },
    )


def _first_of_each(flaws: list[Flaw]) -> list[Flaw]:
    """One flaw an image, the first by ``_KINDS``; sorted by kind, then by image."""
    order = list(_KINDS)
    found: dict[int, Flaw] = {}
    for flaw in sorted(flaws, key=lambda one: (order.index(one.kind), one.image)):
        found.setdefault(flaw.image, flaw)
    return list(found.values())


def _sizes(data: AuditData) -> Iterator[Flaw]:
    for i, item in enumerate(data.items):
        short, long = sorted((item.width, item.height))
        # 0 where the size of the file was not kept.
        if short and short < MIN_SIDE:
            side = "wide" if item.width <= item.height else "high"
            yield Flaw(i, "tiny", f"{short} px {side}")
        elif short and long > MOST_LENGTHENED * short:
            yield Flaw(i, "long", f"{long / short:.1f} times as long as it is wide")


def _pixels(data: AuditData) -> Iterator[Flaw]:
    """Flaws of the picture itself, of images that were made as well."""
    light, bits = column(data.pixels, "luminance"), column(data.pixels, "entropy")
    dark, bright = column(data.pixels, "dark"), column(data.pixels, "bright")
    rules = (
        ("dark", (light < DARK) | (dark > CLIPPED), "almost black"),
        ("bright", (light > BRIGHT) | (bright > CLIPPED), "almost white"),
        ("flat", bits < FLAT, "nearly empty: one tone"),
        ("blurred", column(data.pixels, "sharpness") < BLURRED, "blurred"),
    )
    is_named = np.zeros(len(light), bool)
    for kind, is_so, note in rules:
        if is_so.mean() > NATURE:
            continue
        for i in np.flatnonzero(is_so & ~is_named):
            yield Flaw(int(i), kind, note)
        # A black picture is neither empty nor blurred besides.
        is_named |= is_so


def _copies(data: AuditData) -> Iterator[Flaw]:
    """Training photos, and generated images, that repeat an earlier one of another lineage.

    What is made from a photo is meant to be like it, and shares its lineage.
    """
    rows = [int(i) for i in data.train]
    first: dict[str, int] = {}
    is_copy: set[int] = set()
    for i in rows:
        digest = data.items[i].sha256
        original = first.setdefault(digest, i) if digest else i
        if original != i and not _is_kin(data, i, original):
            is_copy.add(i)
            yield Flaw(i, "same", _note(data, i, original, "the same file as"), original)
    words, known = hashes([data.items[i] for i in rows])
    for n_pairs, (a, b, _) in enumerate(within(words, words, data.check_cancelled, is_same=True)):
        if n_pairs >= MOST_PAIRS:
            break
        original, i = rows[known[a]], rows[known[b]]
        # The first of several copies of one picture stays.
        if i in is_copy or original in is_copy or _is_kin(data, i, original):
            continue
        is_copy.add(i)
        yield Flaw(i, "near", _note(data, i, original, "the same picture as"), original)


def _is_kin(data: AuditData, i: int, j: int) -> bool:
    return not set(data.items[i].lineages).isdisjoint(data.items[j].lineages)


def _note(data: AuditData, i: int, original: int, words: str) -> str:
    label, other = data.items[i].label, data.items[original].label
    contrary = f", which is labelled {other} (this one {label})" if label != other else ""
    return f"{words} {data.items[original].name}{contrary}"


def _verdict(n_poor: int, n_unreadable: int, n: int, low: float) -> Verdict:
    if n_unreadable or low > PROBLEM_FROM:
        return Verdict.PROBLEM
    if n_poor:
        return Verdict.LOOK
    # All were looked at, so none is none; but of a handful nothing follows for the rest.
    return Verdict.OK if n >= MIN_IMAGES else Verdict.UNKNOWN


def _text(
    counts: Counter[str],
    unreadable: tuple[tuple[str, str], ...],
    n: int,
    interval: tuple[float, float],
) -> str:
    n_poor = counts.total() + len(unreadable)
    if not n_poor:
        return (
            f"None of {n:,} images is blurred, badly exposed, empty, tiny, very long or a copy of "
            f"another photo (at most {percent(interval[1])}% of such images)."
        )
    parts = [f"{len(unreadable)} can not be read"] if unreadable else []
    parts += [f"{counts[kind]} {words}" for kind, words in _KINDS.items() if counts[kind]]
    return (
        f"{n_poor:,} of {n:,} images are poor ({percent(n_poor / n)}%, {percent(interval[0])} to "
        f"{percent(interval[1])}%): {', '.join(parts)}."
    )


def _advice(verdict: Verdict, n_unreadable: int, is_any_poor: bool) -> str:
    if n_unreadable:
        more = " and look through the poor ones" if is_any_poor else ""
        return f"Bring the files that can not be read anew, or remove them{more}."
    if verdict is Verdict.PROBLEM:
        return "Remove what shows nothing or twice the same, then train again."
    if verdict is Verdict.LOOK:
        return "Look at these images: keep those that are meant to be so, remove the others."
    if verdict is Verdict.UNKNOWN:
        return "Add more images; so few say nothing of those to come."
    return ""


def _shown(data: AuditData, flaw: Flaw) -> Shown:
    beside = data.items[flaw.beside].id if flaw.beside >= 0 else ""
    return Shown(data.items[flaw.image].id, flaw.note, beside)


CHECK = Check(
    id="image_quality",
    title="Are images poor?",
    question="Which images are blurred, too dark, empty, tiny, unreadable or there twice?",
    meaning=(
        "The share of images that show little or nothing new. What is made from a photo on "
        "purpose does not count as its copy."
    ),
    source="Variance of the Laplacian (Pech-Pacheco 2000), tone histogram, perceptual hash",
    run=run,
)
