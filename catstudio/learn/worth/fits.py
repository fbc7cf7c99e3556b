"""Heads of many parts of one training set, at little more than the cost of its linear systems."""

from __future__ import annotations

import functools
import operator
from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.deflation import Sample, outlook, thresholds
from catstudio.learn.fitting import TrainingSet, balanced_weights, effective_families
from catstudio.learn.kin import Kin
from catstudio.learn.lineages import FamilyCounts, partners
from catstudio.learn.ridge import Moments, Ridge, fit_kernel, fit_moments, fit_ridge

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

MAX_KERNEL = 3000
"""Images up to which all their dot products are kept: 72 MB."""
MAX_BYTES = 700_000_000
"""For the moments of all sources and labels; beyond, each part is summed up anew."""
_PARTS_KEPT = 24


class PartFitter:
    """Fits the head of any part of ``data``, and says what it answers.

    The answers are those of :func:`catstudio.learn.fitting.fit_head` on that part alone: same
    weights, same thresholds. What the parts have in common is computed once: the dot products of
    few images, or the moments of every block and label of many. In a part these weigh as much as
    the part's balance between labels says, so that a coalition of sources costs one Cholesky-sized
    solution instead of a pass over its images.

    ``blocks`` [n] numbers the sources, which mostly come whole; ``strength`` is the run's.
    """

    def __init__(self, data: TrainingSet, blocks: Ints, n_classes: int, strength: float) -> None:
        self._data = data
        self._n_classes = n_classes
        self._strength = strength
        self._targets = data.targets(n_classes)
        self._families = FamilyCounts(data.lineages, data.is_real, data.y, n_classes)
        self._kin = Kin.of(data.x, data.y, partners(data.lineages))
        self._copies = data.copies.astype(float)
        self._cell = blocks * n_classes + data.y
        self._cell_sizes = np.bincount(self._cell)
        self._kernel: Floats | None = None
        self._whole: OrderedDict[bytes, Moments] = OrderedDict()
        self._parts: OrderedDict[bytes, Moments] = OrderedDict()
        cells = np.count_nonzero(self._cell_sizes) + _PARTS_KEPT
        self._is_shared = cells * data.x.shape[1] ** 2 * data.x.itemsize <= MAX_BYTES

    def scores(self, rows: Ints, x: Floats) -> Floats:
        """Scores [m, classes] for ``x`` [m, dim] by the head of ``rows``, sorted indices.

        Every class must be among ``rows``.
        """
        y = self._data.y[rows]
        n_families = effective_families(*self._families.of(rows))
        weights = self._strength * balanced_weights(y, self._data.copies[rows], n_families)
        kin = self._kin.part(rows)
        ridge = self._ridge(rows, kin.x, weights)
        sample = Sample(kin, y, self._data.is_real[rows])
        offset, scale = thresholds(outlook(sample, ridge, self._n_classes))
        scores: Floats = (ridge(x) - offset) * scale
        return scores

    def _ridge(self, rows: Ints, x: Floats, weights: Floats) -> Ridge:
        targets = self._targets[rows]
        if len(rows) <= x.shape[1]:
            if len(self._data.y) > MAX_KERNEL:
                return fit_ridge(x, targets, weights)
            kernel = self._all_products()[np.ix_(rows, rows)]
            return fit_kernel(kernel, x.astype(np.float64), targets, weights)
        if not self._is_shared:
            return fit_ridge(x, targets, weights)
        return fit_moments(self._moments(rows, weights), x, targets, weights)

    def _all_products(self) -> Floats:
        if self._kernel is None:
            x = self._data.x.astype(np.float64)
            self._kernel = x @ x.T
        return self._kernel

    def _moments(self, rows: Ints, weights: Floats) -> Moments:
        """Those of ``rows`` under ``weights``: in each class a factor times the copies.

        But for a picture that may be capped, because its copies outnumber all others of its
        source and label; such pictures are added one by one.
        """
        per_copy = weights / self._copies[rows]
        factor = np.zeros(self._n_classes)
        np.maximum.at(factor, self._data.y[rows], per_copy)
        terms = []
        for cell, members in self._cells(rows):
            copies = self._copies[members]
            outnumbers = 2 * copies > copies.sum()
            for row in members[outnumbers]:
                weight = weights[np.searchsorted(rows, [row])]
                terms.append(self._of_rows(np.array([row]), weight))
            if not outnumbers.all():
                usual = self._of_cell(cell, members[~outnumbers])
                terms.append(factor[cell % self._n_classes] * usual)
        return functools.reduce(operator.add, terms)

    def _cells(self, rows: Ints) -> Iterator[tuple[int, Ints]]:
        """Each source and label among ``rows`` as one number, and its rows."""
        order = np.argsort(self._cell[rows], kind="stable")
        numbers, starts = np.unique(self._cell[rows][order], return_index=True)
        for number, members in zip(numbers, np.split(rows[order], starts[1:]), strict=True):
            yield int(number), members

    def _of_cell(self, cell: int, members: Ints) -> Moments:
        # Whole sources come again and again; a part of the photos with each source in turn.
        is_whole = len(members) >= self._cell_sizes[cell] - 1
        kept = self._whole if is_whole else self._parts
        key = members.tobytes()
        if key not in kept:
            kept[key] = self._of_rows(members, self._copies[members])
        if not is_whole and len(kept) > _PARTS_KEPT:
            kept.popitem(last=False)
        return kept[key]

    def _of_rows(self, rows: Ints, weights: Floats) -> Moments:
        return Moments.of(self._data.x[rows], self._targets[rows], weights)
