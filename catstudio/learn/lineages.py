"""Which training images share a lineage, as index arrays that the numbers are taken over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]


def partners(lineages: Sequence[Sequence[str]]) -> list[Ints]:
    """For each image the indices of all images that share a lineage with it, itself included.

    A blend shares a lineage with both of its parents' families; the families themselves stay
    apart. An image without lineage is alone. Images of the same lineages share one array.
    """
    members: dict[str, list[int]] = {}
    for index, names in enumerate(lineages):
        for name in set(names):
            members.setdefault(name, []).append(index)
    arrays = {name: np.array(found, np.intp) for name, found in members.items()}
    together: dict[frozenset[str], Ints] = {
        frozenset([name]): found for name, found in arrays.items()
    }
    result: list[Ints] = []
    for index, names in enumerate(lineages):
        key = frozenset(names)
        if not key:
            result.append(np.array([index], np.intp))
            continue
        if key not in together:
            together[key] = np.unique(np.concatenate([arrays[name] for name in key]))
        result.append(together[key])
    return result


class LeaveOut(NamedTuple):
    """Photos to answer together, and all that may not be trained on meanwhile.

    ``judged`` are the real photos of one family; ``left_out`` those and every image that
    derives from one of them, wholly or in part. Both are sorted.
    """

    judged: Ints
    left_out: Ints


def leave_outs(lineages: Sequence[Sequence[str]], is_real: NDArray[np.bool_]) -> list[LeaveOut]:
    """One entry a family of real photos, then one a family of made images without any of those.

    An image made from two photos is left out with either, and does not make one family of
    them: a few variations with several parents would else tie all photos of a label together.
    """
    members: dict[str, list[int]] = {}
    for index, names in enumerate(lineages):
        for name in names:
            members.setdefault(name, []).append(index)
    real = np.flatnonzero(is_real)
    found: list[LeaveOut] = []
    is_tied = np.zeros(len(lineages), bool)
    for family in families([lineages[int(i)] for i in real]):
        judged = np.sort(real[family])
        derived = {i for j in judged for name in lineages[int(j)] for i in members[name]}
        left_out = np.union1d(judged, np.fromiter(derived, np.intp, len(derived)))
        found.append(LeaveOut(judged, left_out))
        is_tied[left_out] = True
    free = np.flatnonzero(~is_tied)
    for family in families([lineages[int(i)] for i in free]):
        alone = np.sort(free[family])
        found.append(LeaveOut(alone, alone))
    return found


def families(lineages: Sequence[Sequence[str]]) -> list[Ints]:
    """The images split into connected families: two that share a lineage are in the same one.

    Families are what a bootstrap draws.
    """
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for names in lineages:
        for name in names[1:]:
            root[find(name)] = find(names[0])
    members: dict[str, list[int]] = {}
    for index, names in enumerate(lineages):
        key = find(names[0]) if names else f"\x00{index}"
        members.setdefault(key, []).append(index)
    return [np.array(found, np.intp) for found in members.values()]


def family_numbers(lineages: Sequence[Sequence[str]]) -> Ints:
    """The number of each image's family, [n]."""
    numbers = np.empty(len(lineages), np.intp)
    for number, members in enumerate(families(lineages)):
        numbers[members] = number
    return numbers


class FamilyCounts:
    """How many families any part of a set has, in the sense of :func:`leave_outs`.

    For one part after another: the names are numbered once, and of images with one lineage at
    most, which is nearly all of them, nothing is looked at one by one.

    ``lineages`` as of :func:`leave_outs`, ``y`` [n] class indices.
    """

    def __init__(
        self,
        lineages: Sequence[Sequence[str]],
        is_real: NDArray[np.bool_],
        y: NDArray[np.integer],
        n_classes: int,
    ) -> None:
        number: dict[object, int] = {}
        # An image without lineage has one that nobody shares, which is no text.
        numbered = [
            [number.setdefault(name, len(number)) for name in names or (("", i),)]
            for i, names in enumerate(lineages)
        ]
        self._first = np.array([one[0] for one in numbered], np.intp)
        self._several = {i: one for i, one in enumerate(numbered) if len(one) > 1}
        self._is_several = np.zeros(len(numbered), bool)
        self._is_several[list(self._several)] = True
        self._is_real, self._y, self._n_classes = is_real, y, n_classes
        self._n_names = len(number)

    def of(self, rows: Ints) -> tuple[int, Ints]:
        """Of the images ``rows``: all families, and those that judge a photo of each class."""
        real, made = rows[self._is_real[rows]], rows[~self._is_real[rows]]
        is_taken = np.zeros(self._n_names, bool)
        is_taken[self._first[real]] = True
        for i in real[self._is_several[real]]:
            is_taken[self._several[int(i)]] = True
        is_tied = is_taken[self._first[made]]
        for place in np.flatnonzero(self._is_several[made]):
            is_tied[place] = is_taken[self._several[int(made[place])]].any()
        total, per_class = 0, np.zeros(self._n_classes, np.intp)
        for members in (real, made[~is_tied]):
            n, of_class = self._connected(members)
            total, per_class = total + n, per_class + of_class
        return total, per_class

    def _connected(self, rows: Ints) -> tuple[int, Ints]:
        """Connected families among ``rows``, and how many of them have each class."""
        root: dict[int, int] = {}

        def find(name: int) -> int:
            while root.get(name, name) != name:
                name = root[name]
            return name

        for i in rows[self._is_several[rows]]:
            first, *others = self._several[int(i)]
            for name in others:
                root[find(name)] = find(first)
        family = self._first[rows]
        if root:
            leader = np.arange(self._n_names)
            leader[list(root)] = [find(name) for name in root]
            family = leader[family]
        both = np.unique(family * self._n_classes + self._y[rows])
        n_families = len(np.unique(both // self._n_classes))
        return n_families, np.bincount(both % self._n_classes, minlength=self._n_classes)
