"""A row of the images table as a record."""

from __future__ import annotations

from typing import Any

import msgspec

from catstudio.core.types import ImageRecord, Provenance, Split, State

COLUMNS = (
    "id, sha256, label, state, split, source, is_real, width, height, format, name, weight, "
    "provenance, author, created, tags, "
    "(SELECT group_concat(lineage) FROM lineages WHERE image = images.id)"
)
"""What :func:`record` reads, in its order."""


def record(row: tuple[Any, ...]) -> ImageRecord:
    """The record of one row of :data:`COLUMNS`."""
    (id_, digest, label, state, split, source, is_real, width, height, format_, name, weight) = row[
        :12
    ]
    provenance, author, created, tags, lineages = row[12:]
    return ImageRecord(
        id=id_,
        sha256=digest,
        label=label,
        state=State(state),
        split=Split(split) if split else None,
        source=source,
        is_real=bool(is_real),
        width=width,
        height=height,
        format=format_,
        name=name,
        weight=weight,
        lineages=tuple(lineages.split(",")) if lineages else (),
        provenance=msgspec.json.decode(provenance, type=Provenance),
        author=author,
        created=created,
        tags=tuple(msgspec.json.decode(tags)),
    )
