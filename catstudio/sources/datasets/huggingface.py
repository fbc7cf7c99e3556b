"""Hugging Face's imagefolder: class folders or a flat heap, with metadata.jsonl, .csv or .parquet."""

from __future__ import annotations

from msgspec import structs

from catstudio.core.errors import BadInputError
from catstudio.core.wording import shown
from catstudio.sources.datasets.base import DatasetItem, Format, Read
from catstudio.sources.datasets.columns import named
from catstudio.sources.datasets.files import Files, folder_of
from catstudio.sources.datasets.folders import places
from catstudio.sources.datasets.locating import Locator
from catstudio.sources.datasets.tables import read_table
from catstudio.sources.datasets.tabular import item

_NAMES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")


def _tables(files: Files) -> list[str]:
    """One table a folder: of several the first kind that the format knows."""
    if files.listing:
        return [files.listing]
    found: dict[str, str] = {}
    for ending in _NAMES:
        for name in files.names:
            if name.rpartition("/")[2] == ending:
                found.setdefault(folder_of(name), name)
    return list(found.values())


def _fits(files: Files) -> bool:
    if files.listing:
        return files.listing.lower().endswith((".jsonl", ".parquet"))
    return bool(_tables(files))


def _read(files: Files) -> Read:
    tables = _tables(files)
    if not tables:
        raise BadInputError(
            f"{files.title} has no metadata.jsonl, metadata.csv or metadata.parquet.",
            "Choose another format, or let it be found out (auto).",
        )
    locator = Locator(files)
    where = places(files.images())
    items: dict[str, DatasetItem] = {}
    notes: list[str] = []
    for name in tables:
        table = read_table(files, name)
        columns = named(table.columns)
        if columns.path is None:
            raise BadInputError(
                f"{shown(name)} has no column file_name.",
                "That column must name each image, as seen from the table's folder.",
            )
        notes += table.notes
        for row in table.rows:
            key = locator.find(folder_of(name), row.get(columns.path, ""))
            if key is not None:
                said = item(key, row, columns)
                label, split = where.get(key, (None, None))
                items[key] = structs.replace(
                    said, label=said.label or label, split=said.split or split
                )
    listed = len(items)
    for key, (label, split) in where.items():
        items.setdefault(key, DatasetItem(name=shown(key), key=key, label=label, split=split))
    if len(items) > listed:
        notes.append(
            f"{len(items) - listed:,} images are in no row of the metadata: their labels are "
            "those of their folders."
        )
    # Archives are read from front to back, whatever the order of the rows.
    order = {key: number for number, key in enumerate(files.names)}
    ranked = sorted(items.values(), key=lambda one: order.get(one.key, len(order)))
    return Read(tuple(ranked), tuple(locator.refused), tuple(notes))


FORMAT = Format(
    id="hf",
    title="Hugging Face imagefolder",
    summary="Images with metadata.jsonl, metadata.csv or metadata.parquet.",
    fits=_fits,
    read=_read,
)
