"""Real photos answered by heads that have not seen them: what doubts about labels rest on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData
from catstudio.learn.cleaned import left_out_by_cleaned
from catstudio.learn.lineages import family_numbers

MOST_CLEANED = 200
"""Training images up to which two hundred fits take about a second; among more, wrong labels blur
answers less, and there are enough contradictions to tell by."""

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Share(NamedTuple):
    """What share ``value`` of ``n`` families is contradicted: a burst counts once. 0 of none."""

    value: float
    n: int


@dataclass(frozen=True)
class Judged:
    """Answers to n real photos: the first ``n_left_out`` training photos, the others held out.

    ``index`` [n] into the items, ``p`` [n, labels] probabilities, ``y`` [n] the given labels,
    ``groups`` [n] their families.
    """

    index: Ints
    p: Floats
    y: Ints
    groups: Ints
    n_left_out: int

    @property
    def is_contradicted(self) -> Bools:
        """[n]: another label is likelier, by however little."""
        found: Bools = self.p.argmax(axis=1) != self.y
        return found

    @property
    def of_training(self) -> Share:
        """How much of the training photos is contradicted."""
        return _share(self.is_contradicted[: self.n_left_out], self.groups[: self.n_left_out])

    @property
    def of_held(self) -> Share:
        """How much of the held-out photos is contradicted."""
        return _share(self.is_contradicted[self.n_left_out :], self.groups[self.n_left_out :])

    @property
    def n_held(self) -> int:
        return len(self.y) - self.n_left_out


def judged(data: AuditData) -> Judged | None:
    """All real photos but blends, each by heads fitted without its family; None if there is none."""
    data.check_cancelled()
    rows, whole = _left_out_rows(data)
    parts = [data.left_out.probabilities[whole]] if data.left_out else []
    held = _held(data)
    if len(held):
        parts.append(data.head.probabilities(data.x[held].astype(np.float64)))
    if not parts:
        return None
    index = np.concatenate([rows, held])
    groups = family_numbers([data.items[int(i)].lineages for i in index])
    return Judged(index, np.concatenate(parts), data.y[index], groups, len(rows))


def judged_by_cleaned(data: AuditData, photos: Judged) -> Judged:
    """The same ``photos``, by heads fitted without the photos that contradict them.

    ``photos`` themselves with more than ``MOST_CLEANED`` training images.
    """
    if len(data.train) > MOST_CLEANED:
        return photos
    found = left_out_by_cleaned(
        data.training, data.labels, data.head.space, data.strength, data.check_cancelled
    )
    if found is None:
        return photos
    left_out, head = found
    held = photos.index[photos.n_left_out :]
    of_training = left_out.probabilities[_left_out_rows(data)[1]]
    of_held = head.probabilities(data.x[held].astype(np.float64))
    return replace(photos, p=np.concatenate([of_training, of_held]))


def _left_out_rows(data: AuditData) -> tuple[Ints, Bools]:
    """Which items are judged by leaving them out, and which of the left-out answers theirs are."""
    real = np.flatnonzero(data.training.is_real)
    shares = data.training.shares
    # A blend has no one label that could be wrong.
    is_whole = np.ones(len(real), bool) if shares is None else shares[real].max(axis=1) >= 1.0
    rows = data.train[real[is_whole]] if data.left_out else np.zeros(0, np.intp)
    return rows, is_whole


def _held(data: AuditData) -> Ints:
    held = np.concatenate([data.val, data.test])
    return held[data.is_real[held]] if len(held) else held


def _share(hits: Bools, groups: Ints) -> Share:
    families, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n = len(families)
    return Share(float((hits / sizes[number]).sum()) / n if n else 0.0, n)
