"""What an image has besides what it shows: source, format, size, shape, blocks, blur, cast, grain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Item
from catstudio.audit.cells import sampled
from catstudio.learn.association import Association, association, firmest_cell
from catstudio.learn.lineages import family_numbers
from catstudio.learn.pixel_statistics import NAMES, column
from catstudio.learn.two_sample import MIN_FAMILIES, ToldApart, standardised, told_apart

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]

STANDARD_SIZE = 0.1
"""Share of the images from which on one exact size is a value of its own (512 × 512)."""
SQUARE = 1.05
"""Long over short side up to which an image counts as square."""
BLOCKS_FROM = 0.3
"""Blockiness from which on a codec's blocks can be seen: at most 0.24 in photos as they were, 0.33
to 2.7 once stored as JPEG of quality 10, 0.18 to 1.4 at 20."""
BLURRED_BELOW = 50.0
"""Detail of which photos have more (52 to 173) and none that was enlarged from 40 pixels has (24 to
38); of those enlarged from 64 pixels three in four have less."""
MOST_A_SIDE = 250
"""Images of either kind that a trait of the pixels is looked for in."""
MOST_PARTS = 8
"""Sources times labels in which it is looked for; those with most images come first."""
PIXEL_STRENGTH = 3.0
_BLOCKY = ("with the blocks of a low JPEG quality", "without such blocks")
_BLURRED = ("blurred or enlarged", "sharp")
_FLAWS = (_BLOCKY[0], _BLURRED[0])
_COLOURLESS = 0.2
"""Black and white photos vary less than this in their cast, as a share of colour photos."""


@dataclass(frozen=True)
class Tie:
    """How firmly one trait goes with the label.

    Attributes
    ----------
    trait : its id: "source", "format", "size", "shape", "blocks", "blur", "cast" or "grain".
    value, low, high : 0 not at all, 1 entirely: Cramér's V, or 2·AUC - 1 for cast and grain.
    n : images, ``n_families`` independent ones among them.
    label : the label that shows it most, an index.
    what : the value of the trait that goes with it, in words.
    own, rest : the share of that label's images with it, and of the others'; for cast and grain
        the share of pairs that the trait alone puts right, and ``rest`` is 0.5.
    typical, odd : images of the label with that value, and images that are the other way round.
    source : within which source it was looked for; "" for all.
    nmi : normalised mutual information with its bounds; None for cast and grain.
    table : counts [labels, values], with what the values are called.
    """

    trait: str
    value: float
    low: float
    high: float
    n: int
    n_families: int
    label: int
    what: str
    own: float
    rest: float
    typical: Ints
    odd: Ints
    source: str = ""
    nmi: tuple[float, float, float] | None = None
    table: tuple[tuple[str, ...], list[list[int]]] | None = None


def counted_ties(data: AuditData) -> list[Tie]:
    """Ties of traits that an image has or has not, over the training images."""
    items = [data.items[int(i)] for i in data.train]
    groups = family_numbers([item.lineages[:1] for item in items])
    ties = []
    for trait, values in (
        ("source", [f"from '{item.source}'" for item in items]),
        ("format", [item.format or "of unknown format" for item in items]),
        ("size", sizes(items)),
        ("shape", [shape(item.width, item.height) for item in items]),
        ("blocks", _either(data, "blockiness", lambda b: b >= BLOCKS_FROM, _BLOCKY)),
        ("blur", _either(data, "detail", lambda d: d < BLURRED_BELOW, _BLURRED)),
    ):
        data.check_cancelled()
        names, columns = np.unique(values, return_inverse=True)
        if len(names) > 1:
            found = association(data.y[data.train], columns, groups, data.seed)
            ties.append(_counted(data, trait, names, columns, found))
    return ties


def _counted(
    data: AuditData, trait: str, names: NDArray[np.str_], columns: Ints, found: Association
) -> Tie:
    # A flaw is told of the label that has it, not of the ones that lack it.
    flaw = np.flatnonzero(np.isin(names, _FLAWS))
    label, column, own, rest = firmest_cell(found.table, int(flaw[0]) if len(flaw) else None)
    has, is_of = columns == column, data.y[data.train] == label
    return Tie(
        trait,
        *found.v,
        n=len(columns),
        n_families=found.n_families,
        label=label,
        what=str(names[column]),
        own=own,
        rest=rest,
        typical=data.train[has & is_of],
        odd=data.train[has != is_of],
        nmi=found.nmi,
        table=(tuple(map(str, names)), found.table.tolist()),
    )


def _either(
    data: AuditData, name: str, has: Callable[[Floats], NDArray[np.bool_]], words: tuple[str, str]
) -> list[str]:
    """The first or the second of ``words`` for each training image."""
    return [words[0] if it else words[1] for it in has(column(data.pixels[data.train], name))]


def sizes(items: Sequence[Item]) -> list[str]:
    """For each image its exact size where that is a standard here, else how long its long side."""
    exact = [(item.width, item.height) for item in items]
    known = Counter(exact)
    words = []
    for width, height in exact:
        if known[width, height] >= STANDARD_SIZE * len(exact):
            words.append(f"{width} × {height} pixels")
            continue
        low = 1 << max(max(width, height, 1).bit_length() - 1, 0)
        words.append(f"{low} to {2 * low - 1} pixels on the long side")
    return words


def shape(width: int, height: int) -> str:
    """ "square", "wide" or "upright"."""
    if max(width, height) <= SQUARE * min(width, height):
        return "square"
    return "wide" if width > height else "upright"


@dataclass(frozen=True)
class PixelTrait:
    """Columns of the pixel statistics that depend little on what a photo shows."""

    trait: str
    columns: tuple[str, ...]
    words: Callable[[Floats, float], str]
    """What a label has more of: from its mean in each column less the others', in deviations, and
    how much it varies, as a share of how much the others do."""


def _cast(difference: Floats, variety: float) -> str:
    if variety < _COLOURLESS:
        return "hardly any colour"
    red, blue = difference[0] + difference[2], difference[1] + difference[3]
    if red > 0 > blue or abs(red - blue) > abs(red + blue):
        return "a warmer cast" if red > blue else "a colder cast"
    return "a cast towards purple" if red + blue > 0 else "a cast towards green"


def _grain(difference: Floats, _variety: float) -> str:
    return "more fine detail or noise" if difference[-1] > 0 else "less fine detail"


PIXEL_TRAITS = (
    PixelTrait("cast", NAMES[-4:], _cast),
    PixelTrait(
        "grain",
        (*NAMES[8:16], "noise", "noise_kurtosis", "noise_correlation", "sharpness", "detail"),
        _grain,
    ),
)


def pixel_ties(data: AuditData) -> list[Tie]:
    """Ties of cast and grain, looked for within one source at a time.

    Between sources they differ anyway, and that is the source's tie. Only sources with enough
    images of two labels are looked at.
    """
    sources = data.sources[data.train]
    parts = []
    for source in np.unique(sources):
        index = data.train[sources == source]
        labels = [c for c in range(len(data.labels)) if np.sum(data.y[index] == c) >= MIN_FAMILIES]
        # Of two labels, one tells the other.
        parts += [(str(source), index, c) for c in labels[: 1 if len(labels) == 2 else None]]
    parts.sort(key=lambda part: -len(part[1]))
    ties = []
    for source, index, label in parts[:MOST_PARTS]:
        for trait in PIXEL_TRAITS:
            data.check_cancelled()
            tie = _pixel_tie(data, trait, source, index, label)
            if tie:
                ties.append(tie)
    return ties


def _pixel_tie(
    data: AuditData, trait: PixelTrait, source: str, index: Ints, label: int
) -> Tie | None:
    own = sampled(index[data.y[index] == label], MOST_A_SIDE, data.seed)
    rest = sampled(index[data.y[index] != label], MOST_A_SIDE, data.seed)
    both = np.concatenate([rest, own])
    is_own = np.arange(len(both)) >= len(rest)
    columns = [NAMES.index(name) for name in trait.columns]
    rows = data.pixels[both][:, columns].astype(np.float64)
    lineages = [data.items[int(i)].lineages for i in both]
    found = told_apart(standardised(rows), is_own, lineages, data.seed, PIXEL_STRENGTH)
    if not found:
        return None
    deviation = np.maximum(rows.std(axis=0), 1e-9)
    difference = (rows[is_own].mean(axis=0) - rows[~is_own].mean(axis=0)) / deviation
    order = np.argsort(-np.nan_to_num(found.scores, nan=-np.inf), kind="stable")
    return Tie(
        trait.trait,
        value=2 * found.auc - 1,
        low=2 * found.low - 1,
        high=2 * found.high - 1,
        n=len(both),
        n_families=round(2 * found.families),
        label=label,
        what=trait.words(difference, _variety(rows[is_own], rows[~is_own])),
        own=found.auc,
        rest=0.5,
        typical=both[order[is_own[order]]],
        odd=both[order[~is_own[order]]],
        source=source,
    )


def _variety(own: Floats, rest: Floats) -> float:
    return float(np.median(own.std(axis=0) / np.maximum(rest.std(axis=0), 1e-9)))


def visible(data: AuditData, tie: Tie) -> ToldApart | None:
    """Does the model see a trait that images have or have not: are images with it told apart within one label?

    Asked of the label that has most of both; None where none has enough.
    """
    has = np.zeros(len(data.items), bool)
    has[tie.typical] = True
    others = data.train[data.y[data.train] != tie.label]
    has[np.intersect1d(others, tie.odd)] = True
    best: tuple[int, Ints, Ints] = (0, np.zeros(0, np.intp), np.zeros(0, np.intp))
    for c in range(len(data.labels)):
        of_label = data.train[data.y[data.train] == c]
        sides = of_label[has[of_label]], of_label[~has[of_label]]
        if min(map(len, sides)) > best[0]:
            best = (min(map(len, sides)), *sides)
    _, with_it, without = best
    with_it, without = (sampled(side, MOST_A_SIDE, data.seed) for side in (with_it, without))
    both = np.concatenate([without, with_it])
    lineages = [data.items[int(i)].lineages for i in both]
    return told_apart(data.x[both], np.arange(len(both)) >= len(without), lineages, data.seed)
