"""Embedded items as the numbers want them: parts, class indices, training sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catstudio.jobs.requests import DataItem
from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet

Rows = NDArray[np.float32]
Ints = NDArray[np.intp]


@dataclass
class Embeddings:
    """Items that could be read, and their embeddings side by side."""

    items: list[DataItem]
    rows: Rows

    def part(self, keep: Sequence[bool]) -> Embeddings:
        chosen = np.flatnonzero(keep)
        return Embeddings([self.items[i] for i in chosen], self.rows[chosen])

    def __len__(self) -> int:
        return len(self.items)


def classes_of(part: Embeddings, labels: Sequence[str]) -> Ints:
    """Indices into ``labels``, [n]."""
    number = {label: c for c, label in enumerate(labels)}
    return np.array([number[item.label] for item in part.items], np.intp)


def of_known_labels(part: Embeddings, labels: Sequence[str]) -> tuple[Embeddings, dict[str, str]]:
    """Those whose label the model can answer, and for the others why not."""
    known = [item.label in labels for item in part.items]
    reasons = {
        item.id: f"The model was not trained to say '{item.label}'."
        for item, is_known in zip(part.items, known, strict=True)
        if not is_known
    }
    return part.part(known), reasons


def training_set(data: Embeddings, labels: Sequence[str], space: FeatureSpace) -> TrainingSet:
    """``data`` as a head is fitted on it; every item has one of ``labels``."""
    return TrainingSet(
        x=space(data.rows),
        y=classes_of(data, labels),
        lineages=[item.lineages for item in data.items],
        is_real=np.array([item.is_real for item in data.items], bool),
        copies=np.array([max(1, item.weight) for item in data.items], float),
        shares=_shares(data.items, labels),
    )


def _shares(items: Sequence[DataItem], labels: Sequence[str]) -> NDArray[np.floating] | None:
    """What part of each label an image is trained as; None when no blend crosses labels.

    A share of a label that is not trained falls to the image's own.
    """
    if not any(item.soft_label for item in items):
        return None
    shares = np.zeros((len(items), len(labels)))
    for row, item in zip(shares, items, strict=True):
        for label, share in item.soft_label or ((item.label, 1.0),):
            row[labels.index(label if label in labels else item.label)] += share
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
