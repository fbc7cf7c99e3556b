"""Made-up training sets with several sources, for the tests of what sources are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from catstudio.learn.features import FeatureSpace, unit
from catstudio.learn.fitting import TrainingSet
from catstudio.learn.worth import TestPhotos

DIM = 60
LABELS = ("cat", "dog")


def plain_space(dim: int = DIM) -> FeatureSpace:
    """Vectors that are likeness alone."""
    return FeatureSpace(np.zeros(dim, np.float32), np.zeros((0, 0), np.float32))


def photos(
    n: int, label: int, seed: int, width: float = 2.2, shift: float = 0.0, dim: int = DIM
) -> np.ndarray:
    """Unit vectors around axis ``label``, moved by ``shift`` along the last axis.

    ``width`` is the length of what makes an image itself, beside its label's mean of length 1.
    """
    rows = np.random.default_rng(seed).normal(size=(n, dim)) * width / np.sqrt(dim)
    rows[:, label] += 1.0
    rows[:, -1] += shift
    return unit(rows.astype(np.float32))


@dataclass
class World:
    """Images added source by source."""

    x: list[np.ndarray] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    lineages: list[tuple[str, ...]] = field(default_factory=list)
    is_real: list[bool] = field(default_factory=list)
    copies: list[float] = field(default_factory=list)

    def add(
        self,
        source: str,
        x: np.ndarray,
        y: int,
        *,
        is_real: bool = False,
        lineages: Sequence[tuple[str, ...]] | None = None,
        copies: float = 1.0,
    ) -> World:
        """Each image is its own lineage unless ``lineages`` say otherwise."""
        own = [(f"{source}{len(self.y) + i}",) for i in range(len(x))]
        self.x.append(x)
        self.y += [y] * len(x)
        self.sources += [source] * len(x)
        self.lineages += list(own if lineages is None else lineages)
        self.is_real += [is_real] * len(x)
        self.copies += [copies] * len(x)
        return self

    @property
    def training(self) -> TrainingSet:
        return TrainingSet(
            np.concatenate(self.x),
            np.array(self.y),
            self.lineages,
            np.array(self.is_real),
            np.array(self.copies),
        )


def real_world(n: int, seed: int = 0, width: float = 2.2) -> World:
    """``n`` real photos of each of two labels."""
    world = World()
    for label in (0, 1):
        world.add("photo", photos(n, label, seed + label, width), label, is_real=True)
    return world


def unseen(n: int, seed: int = 100, width: float = 2.2) -> TestPhotos:
    """``n`` real photos of each of two labels, each its own lineage."""
    x = [photos(n, label, seed + label, width) for label in (0, 1)]
    return TestPhotos(np.concatenate(x), np.repeat([0, 1], n), np.arange(2 * n))
