"""What the map shows of a project at one moment, worked out on a reading thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from catstudio.core.types import ImageRecord
from catstudio.ui.map.colouring import Answers, ColourBy, Colouring, colouring, is_shown
from catstudio.ui.map.feed import Layout


@dataclass(frozen=True)
class Shown:
    """``ids`` of the layout's images ("" for one that is gone), their groups, which of them the
    gallery shows, and how many images the map lacks."""

    layout: Layout
    ids: list[str]
    colouring: Colouring
    allowed: list[bool]
    missing: int

    def looks_like(self, other: Shown) -> bool:
        """Are all colours the same, wherever the images lie?"""
        return (
            self.ids == other.ids
            and self.colouring == other.colouring
            and self.allowed == other.allowed
        )


def prepare(
    layout: Layout,
    records: Iterable[ImageRecord],
    visible: Collection[str],
    hidden: Collection[object],
    by: ColourBy,
    labels: Sequence[str],
    tested: Answers | None,
) -> Shown:
    """``visible`` are the ids that pass the gallery's filters, ``hidden`` the keys of groups that
    the legend switches off."""
    known = {record.sha256: record for record in records if is_shown(record)}
    placed = [known.get(one) for one in layout.hashes]
    found = colouring(placed, by, labels, tested)
    off = {i for i, group in enumerate(found.groups) if group.key in hidden}
    allowed = [
        record is not None and record.id in visible and code not in off
        for record, code in zip(placed, found.codes, strict=True)
    ]
    there = sum(record is not None for record in placed)
    ids = [record.id if record is not None else "" for record in placed]
    return Shown(layout, ids, found, allowed, len(known) - there)
