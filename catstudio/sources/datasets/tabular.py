"""CSV or TSV of paths and labels, with a header or without, beside the images or anywhere."""

from __future__ import annotations

from typing import Any

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.wording import shown
from catstudio.sources.datasets.base import DatasetItem, Format, Read, split_named
from catstudio.sources.datasets.columns import Columns, guessed_path, named
from catstudio.sources.datasets.files import MAX_TABLE_BYTES, Files, ends_like_image, folder_of
from catstudio.sources.datasets.locating import Locator
from catstudio.sources.datasets.tables import Table, csv_grid

_ENDINGS = (".csv", ".tsv", ".txt")


def _tables(files: Files) -> list[str]:
    if files.listing:
        return [files.listing] if files.listing.lower().endswith(_ENDINGS) else []
    return files.ending(".csv", ".tsv")


def _fits(files: Files) -> bool:
    if files.listing:
        return bool(_tables(files))
    for name in _tables(files):
        try:
            table = _table(files, name)
        except (BadInputError, ImageRefusedError):
            continue
        # A folder may hold tables that have nothing to do with its images.
        locator = Locator(files)
        path = named(table.columns).path or ""
        if any(locator.find(folder_of(name), row.get(path, "")) for row in table.rows[:20]):
            return True
    return False


def _table(files: Files, name: str) -> Table:
    """The table with a header, one made up when the first row is a row like all others."""
    grid, notes = csv_grid(files.read(name, MAX_TABLE_BYTES), shown(name))
    if not grid:
        raise BadInputError(f"{shown(name)} is empty.", "Choose the table that lists the images.")
    header = [cell.strip() for cell in grid[0]]
    has_header = not any(ends_like_image(cell) for cell in header)
    rows = grid[1:] if has_header else grid
    known = named(header)
    if has_header and known.path is not None and known.label is not None:
        return _headed(header, rows, notes)
    # Words of another language, or no header: what the cells look like decides.
    at = header.index(known.path) if known.path is not None else guessed_path(rows)
    if at is None:
        return _headed(header, rows, notes)
    others = [i for i in range(len(header)) if i != at]
    if known.path is not None and len(others) > 1:
        return _headed(header, rows, notes)  # Width, height ...: no word for a label among them.
    taken = {known.split, known.caption, known.prompt} if has_header else set()
    label = _guessed_label(
        [i for i, word in enumerate(header) if i != at and word not in taken], rows
    )
    header = [
        "path" if i == at else "label" if i == label else word if has_header else f"column {i + 1}"
        for i, word in enumerate(header)
    ]
    return _headed(header, rows, notes)


def _guessed_label(columns: list[int], rows: list[list[str]]) -> int | None:
    """The column with the fewest different words, as labels come again and again."""
    return min(columns, key=lambda i: len({row[i] for row in rows if i < len(row)}), default=None)


def _headed(header: list[str], grid: list[list[str]], notes: tuple[str, ...]) -> Table:
    rows = [dict(zip(header, row, strict=False)) for row in grid]
    return Table(tuple(header), rows, notes)


def _read(files: Files) -> Read:
    tables = _tables(files)
    if not tables:
        raise BadInputError(f"{files.title} has no CSV or TSV in it.", "Choose the table itself.")
    items: dict[str, DatasetItem] = {}
    locator = Locator(files, goes_anywhere=True)
    notes: list[str] = []
    for name in tables:
        try:
            table = _table(files, name)
            columns = named(table.columns)
            if columns.path is None:
                raise BadInputError(
                    f"{shown(name)} has no column of image paths.",
                    "Call the column path or file_name, and the other one label.",
                )
        except BadInputError as error:
            if len(tables) == 1:
                raise
            notes.append(f"{error.message} It was passed over.")
            continue
        notes += table.notes
        for row in table.rows:
            key = locator.find(folder_of(name), row.get(columns.path, ""))
            if key is not None:
                items.setdefault(key, item(key, row, columns))
    return Read(tuple(items.values()), tuple(locator.refused), tuple(notes))


def item(key: str, row: dict[str, str], columns: Columns) -> DatasetItem:
    """The image at ``key`` with what its row says of it."""

    def cell(column: str | None) -> str:
        return row.get(column, "").strip() if column is not None else ""

    params: dict[str, Any] = {}
    if cell(columns.caption):
        params["caption"] = cell(columns.caption)
    if cell(columns.prompt):
        params["prompt"] = cell(columns.prompt)
    return DatasetItem(
        name=shown(key),
        key=key,
        label=cell(columns.label) or None,
        split=split_named(cell(columns.split)),
        params=params,
    )


FORMAT = Format(
    id="csv",
    title="Table of paths and labels",
    summary="A CSV or TSV with a column of image paths and one of labels.",
    fits=_fits,
    read=_read,
)
