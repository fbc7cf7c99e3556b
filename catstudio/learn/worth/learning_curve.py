"""The learning curve: how balanced accuracy grows with the number of real photos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.fitting import TrainingSet
from catstudio.learn.intervals import percentile
from catstudio.learn.lineages import family_numbers
from catstudio.learn.worth.arms import Arm, TestPhotos

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
FitPart = Callable[[Ints], Arm]

REPEATS = 20
REPEATS_OF_MANY = 8
MANY = 600
"""Real photos from which on fewer subsamples say as much."""
MOST_SIZES = 9
STEP = np.sqrt(0.5)
"""Each size is this much of the next larger one: every second halves the photos."""


class RealPhotos:
    """The real training photos as families, which come and go as wholes.

    ``n`` counts families: near-copies of one photo are one. ``sizes`` [points, classes] says how
    many families of each label every point of the curve has, the smallest first; the shares of
    the labels stay what they are, but no label is ever without a family.
    """

    def __init__(self, data: TrainingSet, n_classes: int) -> None:
        self.rows = np.flatnonzero(data.is_real)
        self._family = family_numbers([data.lineages[int(i)] for i in self.rows])
        first = np.unique(self._family, return_index=True)[1]
        labels = data.y[self.rows[first]]
        self._of_label = [np.flatnonzero(labels == c) for c in range(n_classes)]
        self._links = self._derived(data)
        self.sizes = self._choose_sizes()

    @property
    def n(self) -> int:
        return int(self._family.max()) + 1

    @property
    def counts(self) -> Ints:
        """Families at each point of the curve, [points]."""
        totals: Ints = self.sizes.sum(axis=1)
        return totals

    def draw(self, generator: np.random.Generator) -> list[Ints]:
        """One subsample of families for each size, each within the next larger one."""
        order = [generator.permutation(families) for families in self._of_label]
        return [
            np.concatenate([line[:k] for line, k in zip(order, size, strict=True)])
            for size in self.sizes
        ]

    def photos(self, families: Ints) -> Ints:
        """The real photos of ``families``, as rows of the training set."""
        return self.rows[np.isin(self._family, families)]

    def without_descendants(self, rows: Ints, families: Ints) -> Ints:
        """Those of ``rows`` that derive from no real photo outside ``families``."""
        image, family = self._links
        left_out = image[~np.isin(family, families)]
        return rows[~np.isin(rows, left_out)]

    def _derived(self, data: TrainingSet) -> tuple[Ints, Ints]:
        """(image, family) of each made image and each real family that it shares a lineage with."""
        family_of = {
            name: int(number)
            for row, number in zip(self.rows, self._family, strict=True)
            for name in data.lineages[int(row)]
        }
        links = [
            (int(i), family_of[name])
            for i in np.flatnonzero(~data.is_real)
            for name in data.lineages[int(i)]
            if name in family_of
        ]
        both = np.array(links, np.intp).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def _choose_sizes(self) -> Ints:
        families = np.array([len(of_label) for of_label in self._of_label], np.intp)
        sizes = [families]
        for k in range(1, MOST_SIZES):
            smaller = np.maximum(1, np.rint(families * STEP**k)).astype(np.intp)
            if not np.array_equal(smaller, sizes[-1]):
                sizes.append(smaller)
        return np.array(sizes[::-1])


@dataclass(frozen=True)
class Curve:
    """Arms of subsamples of the real photos.

    ``photos`` describes the sizes; ``arms`` [points][repeats] are fitted, the smallest size
    first and all photos, once, last; ``draws`` [repeats][points] are the families of each.
    """

    photos: RealPhotos
    arms: list[list[Arm]]
    draws: list[list[Ints]]

    @property
    def test(self) -> TestPhotos:
        return self.arms[-1][0].test

    @property
    def n_repeats(self) -> int:
        return len(self.draws)


def repeats_of(n_real: int) -> int:
    """How many subsamples of each size are drawn of ``n_real`` photos."""
    return REPEATS if n_real < MANY else REPEATS_OF_MANY


def measure_curve(photos: RealPhotos, fit: FitPart, everything: Arm, seed: int) -> Curve:
    """Fit all subsamples; ``everything`` is the arm of all real photos, fitted already."""
    generator = np.random.default_rng(seed)
    draws = [photos.draw(generator) for _ in range(repeats_of(len(photos.rows)))]
    arms = [[fit(photos.photos(draw[k])) for draw in draws] for k in range(len(photos.sizes) - 1)]
    return Curve(photos, [*arms, [everything]], draws)


def curve_points(curve: Curve, figure: Callable[[Arm], float]) -> list[dict[str, Any]]:
    """``{n, mean, low, high, repeats}`` a size: the central 95% of the repeats."""
    points = []
    for n, arms in zip(curve.photos.counts, curve.arms, strict=True):
        values = np.array([figure(arm) for arm in arms])
        low, high = percentile(values)
        points.append(
            {
                "n": int(n),
                "mean": float(values.mean()),
                "low": low,
                "high": high,
                "repeats": len(arms),
            }
        )
    return points


class Resampled:
    """Balanced accuracies over resamples of the test lineages and of the repeats at once.

    So every figure carries what the test photos and the choice of subsamples leave open, and
    differences between two figures are paired in both.
    """

    def __init__(self, test: TestPhotos, n_repeats: int, seed: int) -> None:
        self._test = test
        generator = np.random.default_rng(seed)
        share = np.full(n_repeats, 1.0 / n_repeats)
        self._repeats = generator.multinomial(n_repeats, share, size=len(test.draws)) / n_repeats

    def __call__(self, arms: Sequence[Arm]) -> Floats:
        """Mean balanced accuracy of ``arms``, one a repeat or one for all, [resamples]."""
        right = np.array([arm.right for arm in arms], np.float32)
        recalls = []
        for of_label in self._labels():
            draws = self._test.draws[:, of_label]
            # A lineage with two labels may leave one of them out of a resample.
            recalls.append(
                (draws @ right[:, of_label].T) / np.maximum(draws.sum(axis=1), 1)[:, None]
            )
        values = np.mean(recalls, axis=0)
        weights = self._repeats if len(arms) > 1 else np.ones((1, 1))
        mean: Floats = (values * weights).sum(axis=1)
        return mean

    def _labels(self) -> Iterator[Ints]:
        for label in np.unique(self._test.y):
            yield np.flatnonzero(self._test.y == label)
