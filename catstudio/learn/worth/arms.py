"""Heads of parts of the training set, and what each answers on the test photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.features import softmax
from catstudio.learn.intervals import lineage_draws
from catstudio.learn.metrics import auc, balanced_accuracy, headline
from catstudio.learn.worth.fits import PartFitter

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
Figures = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class TestPhotos:
    """Real photos that nothing was fitted on.

    ``x`` [n, dim] unit vectors of the head's space; ``y`` [n] class indices; ``groups`` [n]
    numbers their lineages, from :func:`catstudio.learn.lineages.family_numbers`.
    """

    __test__ = False  # Not a test case, whatever its name says to a test runner.

    x: Floats
    y: Ints
    groups: Ints

    @property
    def n(self) -> int:
        return len(self.y)

    @cached_property
    def draws(self) -> Floats:
        """Bootstrap resamples of whole lineages, [resamples, n]."""
        return lineage_draws(self.groups, self.y)


@dataclass(frozen=True)
class Arm:
    """A head's ``scores`` [n_test, classes] on ``test``.

    ``n`` is how many images it was fitted on, and ``lacks`` names the labels without any: such a
    head cannot be fitted and answers always the same, with scores of 0, which is chance by
    balanced accuracy and by AUC. ``temperature`` is the same for all arms.
    """

    n: int
    scores: Floats
    test: TestPhotos
    lacks: tuple[str, ...] = ()
    temperature: float = 1.0

    @cached_property
    def ranks(self) -> Floats:
        """Probabilities [n_test, classes] that the test photos are ranked by."""
        return softmax(self.scores / self.temperature)

    @cached_property
    def right(self) -> Bools:
        """[n_test], which photos it got right."""
        right: Bools = self.scores.argmax(axis=1) == self.test.y
        return right

    @cached_property
    def right_at_best(self) -> Bools:
        """[n_test], which it would get right with the thresholds that suit these photos best."""
        best = self.scores + best_shifts(self.scores, self.test.y)
        right: Bools = best.argmax(axis=1) == self.test.y
        return right

    @cached_property
    def balanced_accuracy(self) -> float:
        return balanced_accuracy(self.test.y, self.scores.argmax(axis=1))

    @cached_property
    def auc(self) -> float:
        """Mean area of each label against the rest; one label of two says it all."""
        n_classes = self.scores.shape[1]
        columns = range(n_classes) if n_classes > 2 else (1,)
        return float(np.mean([auc(self.ranks[:, c], self.test.y == c) for c in columns]))

    @cached_property
    def figures(self) -> Figures:
        """Accuracy, balanced accuracy and AUC with their intervals, as in the run's report."""
        found = headline(self.ranks, self.test.y, self.test.groups, self.test.draws)
        if self.lacks:
            # Guessing is no estimate.
            return {key: {**one, "low": None, "high": None} for key, one in found.items()}
        return found


class Arms:
    """The arms of one training set, each fitted when it is first asked for.

    ``labels`` names the classes of ``y`` [n]; ``expected`` is about how many fits there will be,
    and ``on_fit`` is told (done, expected) before each.
    """

    def __init__(
        self,
        fitter: PartFitter,
        y: Ints,
        labels: Sequence[str],
        test: TestPhotos,
        temperature: float,
        on_fit: Callable[[int, int], None] | None,
        expected: int,
    ) -> None:
        self.test = test
        self._fitter, self._y, self._labels = fitter, y, labels
        self._temperature = temperature
        self._on_fit, self._expected = on_fit, expected
        self._known: dict[bytes, Arm] = {}

    def of(self, rows: Rows) -> Arm:
        """The arm of the images ``rows``, sorted indices."""
        key = rows.tobytes()
        if key not in self._known:
            self._known[key] = self._fitted(rows)
        return self._known[key]

    def _fitted(self, rows: Rows) -> Arm:
        done = len(self._known)
        if self._on_fit:
            self._on_fit(done, max(done, self._expected))
        lacks = labels_without(self._y[rows], self._labels)
        if lacks:
            scores: Floats = np.zeros((self.test.n, len(self._labels)), np.float32)
        else:
            scores = self._fitter.scores(rows, self.test.x).astype(np.float32)
        return Arm(len(rows), scores, self.test, lacks, self._temperature)


def labels_without(y: Ints, labels: Sequence[str]) -> tuple[str, ...]:
    """Those of ``labels`` that no index in ``y`` [n] stands for."""
    counts = np.bincount(y, minlength=len(labels))
    return tuple(label for label, n in zip(labels, counts, strict=True) if not n)


def best_shifts(scores: Floats, truth: Ints, sweeps: int = 2) -> Floats:
    """What to add to each class's scores for the best balanced accuracy on ``truth``, [classes].

    ``scores`` [n, classes]. Exact for two classes, where one threshold decides; with more the
    classes are moved in turn, each to its best place, which never loses anything.
    """
    n_classes = scores.shape[1]
    shifts = np.zeros(n_classes)
    if n_classes == 2:
        shifts[1] = _best_shift(scores, truth, 1)
        return shifts
    for _ in range(sweeps):
        for c in range(n_classes):
            shifts[c] += _best_shift(scores + shifts, truth, c)
    return shifts


def _best_shift(scores: Floats, truth: Ints, c: int) -> float:
    """The best shift of class ``c`` alone; the smallest of equally good ones, 0 if it is."""
    others = scores.copy()
    others[:, c] = -np.inf
    rival = others.argmax(axis=1)
    # A photo is called c from a shift of this much on.
    needed = others.max(axis=1) - scores[:, c]
    share = 1.0 / np.bincount(truth, minlength=scores.shape[1])[truth]
    gain = np.where(truth == c, share, np.where(rival == truth, -share, 0.0))
    order = np.argsort(needed, kind="stable")
    steps, ends = np.unique(needed[order], return_index=True)
    totals = np.concatenate([[0.0], np.add.reduceat(gain[order], ends).cumsum()])
    between = np.concatenate([[steps[0] - 1.0], (steps[1:] + steps[:-1]) / 2, [steps[-1] + 1.0]])
    if totals[np.searchsorted(steps, 0.0)] >= totals.max() - 1e-12:
        return 0.0
    best = np.flatnonzero(totals >= totals.max() - 1e-12)
    return float(between[best[np.argmin(np.abs(between[best]))]])
