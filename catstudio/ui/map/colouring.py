"""By what the points of a map are coloured, into which groups that parts the images. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import SOURCES

COLOURS = (
    "source:photo",
    "source:seed",
    "source:augment",
    "source:diffusers",
    "source:vendor",
    "source:blend",
    "source:drawing",
    "source:copy",
)
"""The theme's marks that stay apart for colour-blind eyes, the most different first."""
NONE = "muted"
_SPLITS: tuple[tuple[Split | None, str, str], ...] = (
    (Split.TRAIN, "Train", "source:photo"),
    (Split.VAL, "Validation", "source:augment"),
    (Split.TEST, "Test", "source:seed"),
    (None, "No split", NONE),
)
_RIGHT, _WRONG, _UNTESTED = "right", "wrong", "untested"


class ColourBy(StrEnum):
    """What the colours say; the value is what a person calls it."""

    SOURCE = "Source"
    LABEL = "Label"
    SPLIT = "Split"
    MISTAKE = "Mistakes"


@dataclass(frozen=True)
class Group:
    """Images of one colour. ``role`` is the theme's name for it; ``is_marked`` draws crosses, on
    top of all others."""

    key: Hashable
    title: str
    role: str
    count: int = 0
    is_marked: bool = False


@dataclass(frozen=True)
class Answers:
    """What a run said of its test photos: ids of those it called wrongly, and of all."""

    run: int
    wrong: frozenset[str]
    all: frozenset[str]

    @classmethod
    def of(cls, run: int, report: Mapping[str, Any]) -> Answers:
        """From a run's report."""
        wrong = frozenset(str(one["id"]) for one in report.get("mistakes") or ())
        said = frozenset(str(one["id"]) for one in report.get("predictions") or ())
        return cls(run, wrong, said | wrong)


@dataclass(frozen=True)
class Colouring:
    """``codes`` number the group of each image, in the order given."""

    groups: tuple[Group, ...]
    codes: list[int]


def colouring(
    records: Sequence[ImageRecord | None],
    by: ColourBy,
    labels: Sequence[str],
    tested: Answers | None,
) -> Colouring:
    """Part ``records`` into groups; None stands for an image that is gone, and has code -1.

    Groups without images are left out, but for mistakes; labels keep their colours whatever is there.
    """
    known = _groups(by, labels, records)
    key = _key(by, tested)
    number = {group.key: i for i, group in enumerate(known)}
    codes = [number.get(key(record), -1) if record is not None else -1 for record in records]
    counts = Counter(codes)
    # No mistakes is an answer, too.
    there = [i for i, g in enumerate(known) if counts[i] or (g.is_marked and tested)]
    renumbered = {old: new for new, old in enumerate(there)}
    groups = tuple(
        Group(known[i].key, known[i].title, known[i].role, counts[i], known[i].is_marked)
        for i in there
    )
    return Colouring(groups, [renumbered.get(code, -1) for code in codes])


def is_shown(record: ImageRecord | None) -> bool:
    """Has the image a place on the map? Not in the trash."""
    return record is not None and record.state is not State.TRASHED


def _groups(
    by: ColourBy, labels: Sequence[str], records: Sequence[ImageRecord | None]
) -> list[Group]:
    if by is ColourBy.SOURCE:
        known = [Group(id_, source.title, f"source:{id_}") for id_, source in SOURCES.items()]
        others = sorted({r.source for r in records if r is not None} - SOURCES.keys())
        return [*known, *(Group(id_, id_, NONE) for id_ in others)]
    if by is ColourBy.LABEL:
        named = [Group(label, label, COLOURS[i % len(COLOURS)]) for i, label in enumerate(labels)]
        return [*named, Group(None, "No label", NONE)]
    if by is ColourBy.SPLIT:
        return [Group(key, title, role) for key, title, role in _SPLITS]
    return [
        Group(_UNTESTED, "Not tested on", "disabled"),
        Group(_RIGHT, "Called rightly", COLOURS[0]),
        Group(_WRONG, "Mistakes", COLOURS[1], is_marked=True),
    ]


def _key(by: ColourBy, tested: Answers | None) -> Callable[[ImageRecord], Hashable]:
    if by is ColourBy.SOURCE:
        return lambda record: record.source
    if by is ColourBy.LABEL:
        return lambda record: record.label
    if by is ColourBy.SPLIT:
        return lambda record: record.split
    if tested is None:
        return lambda _: _UNTESTED
    wrong, seen = tested.wrong, tested.all
    return lambda record: (
        _WRONG if record.id in wrong else _RIGHT if record.id in seen else _UNTESTED
    )
