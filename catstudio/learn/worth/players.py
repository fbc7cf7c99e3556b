"""The sources of a training set as players: which images are whose, and how many they amount to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.diversity import vendi
from catstudio.learn.features import FeatureSpace, unit
from catstudio.learn.fitting import TrainingSet

Ints = NDArray[np.intp]


class Players:
    """The sources of ``data``, in the order of their first image.

    Attributes
    ----------
    names : [players].
    numbers : [n], which of them each image is of.
    real : rows of the real images, of whatever source.
    """

    def __init__(
        self,
        data: TrainingSet,
        sources: Sequence[str],
        labels: Sequence[str],
        space: FeatureSpace,
    ) -> None:
        self.names = list(dict.fromkeys(sources))
        number = {name: k for k, name in enumerate(self.names)}
        self.numbers = np.array([number[source] for source in sources], np.intp)
        self.real = np.flatnonzero(data.is_real)
        self._data, self._labels, self._space = data, labels, space

    def rows(self, names: Iterable[str]) -> Ints:
        """All images of the sources ``names``."""
        wanted = [self.names.index(name) for name in names]
        return np.flatnonzero(np.isin(self.numbers, wanted))

    @property
    def everything(self) -> Ints:
        """All images."""
        return np.arange(len(self.numbers))

    def all_but(self, name: str) -> Ints:
        """All images of the other sources."""
        return np.setdiff1d(self.everything, self.rows([name]))

    def is_real(self, name: str) -> bool:
        """Whether all its images are real."""
        return bool(self._data.is_real[self.rows([name])].all())

    @property
    def made(self) -> list[str]:
        """Sources that are not real."""
        return [name for name in self.names if not self.is_real(name)]

    def described(self, name: str) -> dict[str, Any]:
        """``source``, ``is_real``, ``n``, ``n_by_label`` and ``effective_n`` of one source.

        The effective number is the Vendi score of the likeness between the images, each counted
        as often as it is trained on; ``n`` counts an image once.
        """
        rows = self.rows([name])
        counts = np.bincount(self._data.y[rows], minlength=len(self._labels))
        look = unit(self._data.x[rows, : self._space.n_features])
        return {
            "source": name,
            "is_real": self.is_real(name),
            "n": len(rows),
            "n_with_copies": int(self._data.copies[rows].sum()),
            "n_by_label": {
                label: int(n) for label, n in zip(self._labels, counts, strict=True) if n
            },
            "effective_n": vendi(look, self._data.copies[rows]),
        }
