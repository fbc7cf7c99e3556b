"""What many images have in common, counted a few at a time. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from catstudio.core.types import ImageRecord, Split, State

_T = TypeVar("_T")


@dataclass
class InCommon:
    """Which values occur among the images that were added, and how often."""

    count: int = 0
    real: int = 0
    labels: Counter[str | None] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    splits: set[Split | None] = field(default_factory=set)
    tags: set[tuple[str, ...]] = field(default_factory=set)
    weights: set[int] = field(default_factory=set)
    lineages: set[str] = field(default_factory=set)

    def add(self, records: Sequence[ImageRecord]) -> None:
        self.count += len(records)
        self.real += sum(r.is_real for r in records)
        self.labels.update(r.label for r in records)
        self.states.update(r.state for r in records)
        self.splits.update(r.split for r in records)
        self.tags.update(r.tags for r in records)
        self.weights.update(r.weight for r in records)
        self.lineages.update(lineage for r in records for lineage in r.lineages)


def only(values: Iterable[_T]) -> tuple[bool, _T | None]:
    """(True, the one value there is), or (False, None) where there are others or none."""
    different = list(values)
    return (True, different[0]) if len(different) == 1 else (False, None)
