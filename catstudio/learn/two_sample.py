"""Can a machine tell two kinds of images apart? A classifier's ranking of images it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.intervals import auc_interval
from catstudio.learn.lineages import families, family_numbers
from catstudio.learn.metrics import auc, effective_share
from catstudio.learn.ridge import bordered

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Lineages = Sequence[Sequence[str]]

FOLDS = 5
REPEATS = 3
"""Ways to deal the families into folds that are averaged over."""
MIN_FAMILIES = 8
"""Families of either kind, in effect, below which no area under the curve says anything."""
STRENGTH = 10.0
"""Of the classifier; the one that a head is fitted with while it cannot choose."""
_MOST_DEVIATIONS = 5.0
_SHARED = 1.0 + FOLDS / (FOLDS - 1.0)
"""How much more a cross-validated figure varies than one of as many fresh images: its ridges have
learnt from the same ones (Nadeau & Bengio 2003)."""


@dataclass(frozen=True)
class ToldApart:
    """How well images of the second kind rank above those of the first.

    Attributes
    ----------
    auc, low, high : area under the ROC curve with its 95% interval; 0.5 is chance.
    scores : [n], higher for what looks like the second kind; nan where an image could not be
        asked about, because it derives from too many others.
    n_first, n_second : how many images of either kind there were.
    families : how many independent images the smaller kind amounts to (Kish 1965).
    """

    auc: float
    low: float
    high: float
    scores: Floats
    n_first: int
    n_second: int
    families: float


def told_apart(
    x: Floats, is_second: Bools, lineages: Lineages, seed: int = 0, strength: float = STRENGTH
) -> ToldApart | None:
    """Classifier two-sample test (Lopez-Paz & Oquab 2017), cross-validated by lineage.

    ``x`` [n, dim] are features of length about 1, ``lineages`` [n] the names of each image's
    lineages. An image is judged by a ridge fitted without any image that shares a lineage with
    it, and compared only with images judged by the same ridge. A blend of photos in several
    folds is judged without all of them. None with fewer than ``MIN_FAMILIES`` of either kind.
    """
    sides = [np.flatnonzero(~is_second), np.flatnonzero(is_second)]
    if min(map(len, sides)) < MIN_FAMILIES:
        return None
    sizes = [effective_number([lineages[int(i)] for i in side]) for side in sides]
    if min(sizes) < MIN_FAMILIES:
        return None
    inverse, alpha, targets = _solved(x, is_second, sides, sizes, strength)
    generator = np.random.default_rng(seed)
    total, asked = np.zeros(len(x)), np.zeros(len(x))
    wins = pairs = 0.0
    for _ in range(REPEATS):
        for judged, left_out in _folds(lineages, is_second, sides, generator):
            block = inverse[np.ix_(left_out, left_out)]
            residuals = np.linalg.solve(block, alpha[left_out])
            # Rounded, so that copies tie.
            outputs = np.round(targets[judged] - residuals[np.searchsorted(left_out, judged)], 9)
            total[judged] += outputs
            asked[judged] += 1
            n_pairs = float(np.sum(is_second[judged])) * float(np.sum(~is_second[judged]))
            if n_pairs:
                wins += n_pairs * auc(outputs, is_second[judged])
                pairs += n_pairs
    if not pairs:
        return None
    area = wins / pairs
    low, high = auc_interval(area, sizes[1] / _SHARED, sizes[0] / _SHARED)
    scores = np.where(asked > 0, total / np.maximum(asked, 1.0), np.nan)
    return ToldApart(area, low, high, scores, len(sides[0]), len(sides[1]), min(sizes))


def effective_number(lineages: Lineages) -> float:
    """How many independent images these amount to; a blend counts with its first parent."""
    if not len(lineages):
        return 0.0
    groups = family_numbers([names[:1] for names in lineages])
    return len(lineages) * effective_share(groups)


def standardised(columns: Floats) -> Floats:
    """Measurements [n, k] as features of length about 1, [n, 2k]: each beside its square.

    Median and median deviation set the scale, so that one odd image does not. The squares tell
    images that are merely more alike, or less, than others.
    """
    middle = np.median(columns, axis=0)
    spread = np.median(np.abs(columns - middle), axis=0) * 1.4826
    # A column that hardly varies, but in a few images: those few must not blow up.
    spread = np.maximum(spread, columns.std(axis=0) / 4)
    z = (columns - middle) / np.where(spread > 1e-9, spread, 1.0)
    z = np.clip(z, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
    both: Floats = np.concatenate([z, (z * z - 1.0) / 4.0], axis=1) / np.sqrt(2.0 * z.shape[1])
    return both


def _solved(
    x: Floats, is_second: Bools, sides: Sequence[Ints], sizes: Sequence[float], strength: float
) -> tuple[Floats, Floats, Floats]:
    """The inverse of the ridge's system [n, n], its coefficients [n] and targets [n]."""
    targets = np.where(is_second, 1.0, -1.0)
    weights = np.empty(len(x))
    for side in sides:
        weights[side] = strength * sum(sizes) / (2 * len(side))
    kernel = (x @ x.T).astype(np.float64)
    inverse = np.linalg.inv(bordered(kernel, weights))[: len(x), : len(x)]
    return inverse, inverse @ targets, targets


def _folds(
    lineages: Lineages, is_second: Bools, sides: Sequence[Ints], generator: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """(judged, left out), sorted: what is judged shares no lineage with what stays."""
    fold_of = _deal(lineages, sides, generator)
    touched = [frozenset(fold_of[name] for name in names) for names in lineages]
    touches = np.zeros((len(lineages), FOLDS), bool)
    for i, folds in enumerate(touched):
        # An image without a lineage is alone, and dealt out by itself.
        touches[i, list(folds or {int(generator.integers(FOLDS))})] = True
    kinds, kind_of = np.unique(touches, axis=0, return_inverse=True)
    kind_of = kind_of.reshape(-1)
    for number, folds in enumerate(kinds):
        if folds.sum() > FOLDS - 2:
            continue
        left_out = np.flatnonzero(touches[:, folds].any(axis=1))
        judged = kind_of == number
        if folds.sum() > 1:
            # Blends across folds, against the photos of those folds.
            inside = ~touches[:, ~folds].any(axis=1)
            judged = (judged & is_second) | (inside & ~is_second)
        yield np.flatnonzero(judged), left_out


def _deal(
    lineages: Lineages, sides: Sequence[Ints], generator: np.random.Generator
) -> dict[str, int]:
    """The fold of each lineage: families of the first kind stay whole, both kinds spread evenly."""
    first = {name for i in sides[0] for name in lineages[int(i)]}
    members = [
        sorted({name for j in group for name in lineages[int(sides[0][j])]})
        for group in families([lineages[int(i)] for i in sides[0]])
    ]
    alone = [[n for n in lineages[int(i)] if n not in first] for i in sides[1]]
    members += [[name] for name in sorted({name for names in alone for name in names})]
    counts: dict[str, Floats] = {}
    for side, indices in enumerate(sides):
        for i in indices:
            for name in lineages[int(i)]:
                counts.setdefault(name, np.zeros(2))[side] += 1.0 / len(indices)
    loads = np.zeros((FOLDS, 2))
    fold_of: dict[str, int] = {}
    for number in generator.permutation(len(members)):
        names = members[int(number)]
        weight = sum((counts[name] for name in names), np.zeros(2))
        # Where it adds least to the folds' squared loads; a tie is drawn.
        fold = int(np.argmin(loads @ weight + 1e-9 * generator.random(FOLDS)))
        loads[fold] += weight
        fold_of.update(dict.fromkeys(names, fold))
    return fold_of
