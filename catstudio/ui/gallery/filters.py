"""Which images the gallery shows, in which order, and how many each chip would show. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import SOURCES

EVERYTHING: frozenset[Any] = frozenset()


class Sort(StrEnum):
    """The order of the gallery; the value is what the menu calls it."""

    NEWEST = "Newest first"
    OLDEST = "Oldest first"
    NAME = "Name"
    LABEL = "Label"
    SCORE = "Best score first"
    FLAGGED = "Flagged first"


@dataclass(frozen=True)
class Found:
    """Images that were looked for by likeness, the most alike first; ``title`` says like what."""

    ids: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class Filter:
    """What to show. An empty set leaves that property free; None stands for "none".

    All properties must hold; within one, any of its values will do. ``text`` are words that
    must all occur in name, label, tags, prompt or source. Trashed images show only when
    ``states`` names them. ``found`` shows those images only, in their order.
    """

    sources: frozenset[str] = EVERYTHING
    labels: frozenset[str | None] = EVERYTHING
    states: frozenset[State] = EVERYTHING
    splits: frozenset[Split | None] = EVERYTHING
    text: str = ""
    found: Found | None = None

    @property
    def is_everything(self) -> bool:
        return self == Filter()


@dataclass
class Facets:
    """Counts for the status line and the chips.

    A chip's count is what it would show: images that pass all *other* properties.
    ``lineages`` is how many independent photos (or bursts) the shown images go back to;
    ``counted`` how many training counts of them, copies too.
    """

    total: int = 0
    shown: int = 0
    lineages: int = 0
    counted: int = 0
    pending: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    labels: Counter[str | None] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)
    splits: Counter[Split | None] = field(default_factory=Counter)


def searchable(record: ImageRecord) -> str:
    """What a text search looks through, in lower case."""
    source = SOURCES.get(record.source)
    prompt = record.provenance.params.get("prompt", "")
    words = (
        record.name,
        record.label or "",
        " ".join(record.tags),
        prompt if isinstance(prompt, str) else "",
        source.title if source else record.source,
    )
    return "\n".join(words).casefold()


def choose(records: Collection[ImageRecord], wanted: Filter) -> tuple[list[ImageRecord], Facets]:
    """The records that ``wanted`` lets through, in their order, and the counts; one pass."""
    facets = Facets()
    shown: list[ImageRecord] = []
    lineages: set[str] = set()
    words = wanted.text.casefold().split()
    states = wanted.states
    sought = frozenset(wanted.found.ids) if wanted.found is not None else None
    for record in records:
        if record.state is not State.TRASHED:
            facets.total += 1
            facets.pending += record.state is State.PENDING
        if sought is not None and record.id not in sought:
            continue
        if words:
            text = searchable(record)
            if not all(word in text for word in words):
                continue
        by_source = not wanted.sources or record.source in wanted.sources
        by_label = not wanted.labels or record.label in wanted.labels
        by_split = not wanted.splits or record.split in wanted.splits
        is_kept = record.state is not State.TRASHED
        by_state = record.state in states if states else is_kept
        if by_source and by_label and by_split:
            facets.states[record.state] += 1
            if by_state:
                shown.append(record)
                lineages.update(record.lineages)
                facets.counted += record.weight
        if not by_state:
            continue
        if by_label and by_split:
            facets.sources[record.source] += 1
        if by_source and by_split:
            facets.labels[record.label] += 1
        if by_source and by_label:
            facets.splits[record.split] += 1
    facets.shown = len(shown)
    facets.lineages = len(lineages)
    return shown, facets


class Asked(NamedTuple):
    """What the gallery's rows depend on; ``records`` come oldest first."""

    records: list[ImageRecord]
    wanted: Filter
    sort: Sort
    labels: tuple[str, ...]


class Rows(NamedTuple):
    """The ``ids`` to show, the row of each, and the counts."""

    ids: list[str]
    numbers: dict[str, int]
    facets: Facets


def rows_of(asked: Asked) -> Rows:
    """The gallery's rows. Of many images this takes a few frames."""
    shown, facets = choose(asked.records, asked.wanted)
    ids = arrange(shown, asked.sort, asked.labels, asked.wanted.found)
    return Rows(ids, {id_: row for row, id_ in enumerate(ids)}, facets)


def arrange(
    records: Iterable[ImageRecord],
    sort: Sort,
    labels: tuple[str, ...],
    found: Found | None = None,
) -> list[str]:
    """The ids of ``records``, which come oldest first, in the order ``sort``, or as ``found``."""
    oldest_first = list(records)
    if found is not None:
        there = {record.id for record in oldest_first}
        return [id_ for id_ in found.ids if id_ in there]
    if sort is Sort.OLDEST:
        return [record.id for record in oldest_first]
    newest_first = oldest_first[::-1]
    if sort is Sort.NAME:
        newest_first.sort(key=lambda record: record.name.casefold())
    elif sort is Sort.LABEL:
        position = {label: i for i, label in enumerate(labels)}
        newest_first.sort(key=lambda record: position.get(record.label or "", len(labels)))
    elif sort is Sort.SCORE:
        newest_first.sort(key=_score, reverse=True)
    elif sort is Sort.FLAGGED:
        newest_first.sort(key=lambda record: not record.provenance.params.get("flags"))
    return [record.id for record in newest_first]


def _score(record: ImageRecord) -> float:
    score = record.provenance.params.get("score")
    return float(score) if isinstance(score, int | float) else float("-inf")
