"""What becomes of each image of a data set: its label by the mapping, and which stay outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from catstudio.sources.datasets.base import LEAVE_OUT, Dataset, DatasetItem, Mapped, suggested
from catstudio.sources.datasets.report import RawLabel


class Planned(Struct, frozen=True):
    """An image that is to come in, and its label in the project (None: decide later)."""

    item: DatasetItem
    label: str | None


class Plan(Struct, frozen=True):
    """``entering`` in reading order; ``unmapped`` raw labels that mean nothing yet, with counts;
    ``left_out`` images that the person left out."""

    entering: tuple[Planned, ...]
    unmapped: dict[str, int]
    left_out: int
    labels: tuple[RawLabel, ...]


def plan(
    dataset: Dataset,
    labels: Iterable[str],
    mapping: Mapped,
    *,
    unlabelled: str | None = None,
    leave_out: Iterable[str] = (),
) -> Plan:
    """Apply ``mapping`` over the one that suggests itself for the project's ``labels``."""
    means = {**suggested(dataset.raw_labels(), labels), **mapping}
    outside = frozenset(leave_out)
    entering: list[Planned] = []
    unmapped: Counter[str] = Counter()
    left_out = 0
    for item in dataset.items:
        label = unlabelled if item.label is None else means.get(item.label, LEAVE_OUT)
        if item.name in outside or (label == LEAVE_OUT and item.label in means):
            left_out += 1
        elif item.label is not None and item.label not in means:
            unmapped[item.label] += 1
        else:
            entering.append(Planned(item, label))
    counts = dataset.label_counts()
    raw = tuple(
        RawLabel(name, n, means.get(name), name in means)
        for name, n in counts.items()
        if name is not None
    )
    return Plan(tuple(entering), dict(unmapped.most_common()), left_out, raw)
