"""Real and made images of one label, side by side: what comparisons of the two are made within."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Verdict

Ints = NDArray[np.intp]

EVERY = ""
"""The source of a cell that holds the made images of all sources."""
_GRAVITY = (Verdict.PROBLEM, Verdict.LOOK, Verdict.UNKNOWN, Verdict.OK)


class Cell(NamedTuple):
    """The photos ``real`` of one label, and what ``source`` made for it (indices, sorted)."""

    label: int
    source: str
    real: Ints
    made: Ints


def made_in_training(data: AuditData) -> Ints:
    """Which training images were made."""
    return data.train[~data.is_real[data.train]]


def cells(data: AuditData, per_source: bool = True) -> list[Cell]:
    """All photos of each label, in whatever split, beside the training images made for it.

    One cell a label and source with images of both kinds; or, unless ``per_source``, a label.
    """
    made, sources, is_real = made_in_training(data), data.sources, data.is_real
    found = []
    for label in range(len(data.labels)):
        real = np.flatnonzero(is_real & (data.y == label))
        of_label = made[data.y[made] == label]
        if not len(real) or not len(of_label):
            continue
        if not per_source:
            found.append(Cell(label, EVERY, real, of_label))
            continue
        found += [
            Cell(label, str(source), real, of_label[sources[of_label] == source])
            for source in np.unique(sources[of_label])
        ]
    return found


def sampled(index: Ints, most: int, seed: int) -> Ints:
    """At most ``most`` of ``index``, drawn and sorted."""
    if len(index) <= most:
        return index
    return np.sort(np.random.default_rng(seed).choice(index, most, replace=False))


def gravest(verdicts: list[Verdict]) -> Verdict:
    """The verdict that comes before the others; unknown comes before ok, and stands for none."""
    return min(verdicts, key=_GRAVITY.index, default=Verdict.UNKNOWN)


def one_made_by(source: str) -> str:
    """An image from ``source``, in a few words."""
    return "a made image" if source == EVERY else f"an image from '{source}'"


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
