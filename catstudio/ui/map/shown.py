"""What the map shows of a project at one moment, worked out on a reading thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catstudio.core.types import ImageRecord
from catstudio.ui.map.colouring import Answers, ColourBy, Group, colouring, is_shown
from catstudio.ui.map.feed import Layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from catstudio.ui.map.points import Places


@dataclass(frozen=True, eq=False)
class Shown:
    """``ids`` of the layout's images ("" for one that is gone), the ``rows`` of those that are
    there, their ``places``, their ``groups`` with a code [n] for each (-1 for none), which of them
    [n] the gallery shows, and how many images the map lacks."""

    layout: Layout
    ids: list[str]
    rows: dict[str, int]
    places: Places
    groups: tuple[Group, ...]
    codes: NDArray[np.intp]
    allowed: NDArray[np.bool_]
    missing: int

    def looks_like(self, other: Shown) -> bool:
        """Are all colours the same, wherever the images lie?"""
        return (
            self.groups == other.groups
            and len(self.ids) == len(other.ids)
            and bool((self.codes == other.codes).all() and (self.allowed == other.allowed).all())
            and self.ids == other.ids
        )


def prepare(
    layout: Layout,
    records: Iterable[ImageRecord],
    visible: Iterable[str],
    hidden: Collection[object],
    by: ColourBy,
    labels: Sequence[str],
    tested: Answers | None,
) -> Shown:
    """``visible`` are the ids that pass the gallery's filters, ``hidden`` the keys of groups that
    the legend switches off."""
    # Slow to come, and first needed on this thread.
    import numpy as np

    from catstudio.ui.map.points import Places

    known = {record.sha256: record for record in records if is_shown(record)}
    placed = [known.get(one) for one in layout.hashes]
    found = colouring(placed, by, labels, tested)
    off = {i for i, group in enumerate(found.groups) if group.key in hidden}
    seen = frozenset(visible)
    allowed = [
        record is not None and record.id in seen and code not in off
        for record, code in zip(placed, found.codes, strict=True)
    ]
    ids = [record.id if record is not None else "" for record in placed]
    rows = {id_: row for row, id_ in enumerate(ids) if id_}
    return Shown(
        layout,
        ids,
        rows,
        Places.of(layout.xy),
        found.groups,
        np.array(found.codes, np.intp),
        np.array(allowed, bool),
        missing=len(known) - len(rows),
    )
