"""Tables of images: CSV of any delimiter and encoding, JSON lines, Parquet, as rows of text."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.core.wording import shown
from catstudio.sources.datasets.files import MAX_TABLE_BYTES, Files

_DELIMITERS = ",;\t|"
_SAMPLE = 64  # Rows that the delimiter is judged by.
_TEXT = (str, int, float, bool)


class Table(Struct, frozen=True):
    """Rows of equal keys. ``notes`` say how it had to be read (an old encoding)."""

    columns: tuple[str, ...]
    rows: list[dict[str, str]]
    notes: tuple[str, ...] = ()


def read_table(files: Files, name: str) -> Table:
    """The table ``name``, by its ending: ``.jsonl``, ``.parquet``, otherwise CSV with a header.

    Raises :class:`BadInputError` when it cannot be read as that.
    """
    data = files.read(name, MAX_TABLE_BYTES)
    title = shown(name)
    if name.lower().endswith(".parquet"):
        return _parquet(data, title)
    if name.lower().endswith(".jsonl"):
        return _json_lines(data, title)
    grid, notes = csv_grid(data, title)
    if not grid:
        raise BadInputError(f"{title} is empty.", "Choose the table that lists the images.")
    columns = tuple(cell.strip() for cell in grid[0])
    rows = [dict(zip(columns, row, strict=False)) for row in grid[1:]]
    return Table(columns, rows, notes)


def decoded(data: bytes, title: str) -> tuple[str, tuple[str, ...]]:
    """The text of a table and, where it is not Unicode, a sentence that says how it was read."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[:64].count(0) > len(data[:64]) // 4:
        encodings = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding in ("cp1252", "latin-1"):
            note = f"{title} is not in UTF-8; it was read as Windows-1252 (Latin-1)."
            return text, (note,)
        return text, ()
    raise BadInputError(f"{title} is in no encoding that can be read.", "Save it as CSV in UTF-8.")


def csv_grid(data: bytes, title: str) -> tuple[list[list[str]], tuple[str, ...]]:
    """All rows that are not empty, and notes. The delimiter is the one that splits most evenly.

    Raises :class:`BadInputError` when it is no table.
    """
    text, notes = decoded(data, title)
    try:
        rows = _parsed(text, _delimiter(text))
    except csv.Error as error:
        raise BadInputError(
            f"{title} is not a table that can be read: {error}.", "Save it again as CSV in UTF-8."
        ) from error
    return [row for row in rows if any(cell.strip() for cell in row)], notes


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _delimiter(text: str) -> str:
    sample = "".join(text.splitlines(keepends=True)[:_SAMPLE])
    best, found = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in _parsed(sample, delimiter) if row]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count) if widths else 0
        score = (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)
        if score > best:
            best, found = score, delimiter
    return found


def _json_lines(data: bytes, title: str) -> Table:
    rows: list[dict[str, str]] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadInputError(
                f"{title} is not JSON lines: line {number} cannot be read ({error}).",
                "Each line must be one JSON object.",
            ) from error
        if not isinstance(row, dict):
            raise BadInputError(
                f"{title} is not JSON lines: line {number} is no object.",
                "Each line must be one JSON object.",
            )
        rows.append(_texts(row))
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    return Table(columns, rows)


def _texts(row: dict[Any, Any]) -> dict[str, str]:
    """The cells that are plain values; a list of one value is that value."""
    texts: dict[str, str] = {}
    for key, value in row.items():
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(one, _TEXT):
            texts[str(key)] = str(one)
    return texts


def _parquet(data: bytes, title: str) -> Table:
    try:
        # Forty megabytes of library, for this one kind of table alone.
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise BadInputError(
            f"{title} needs pyarrow to be read, which is not installed.",
            "Install it (pip install pyarrow), or save the table as CSV.",
        ) from error
    try:
        table = pq.read_table(pa.BufferReader(data), use_threads=False)
        rows = [_texts(row) for row in table.to_pylist()]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise BadInputError(
            f"{title} is not a Parquet file, or it is damaged.", "Copy it again, or save it as CSV."
        ) from error
    return Table(tuple(map(str, table.column_names)), rows)
