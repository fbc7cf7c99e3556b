"""Data sets from elsewhere: their formats, one module each, listed here. No Qt, torch or store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from catstudio.core.errors import BadInputError
from catstudio.core.wording import shown
from catstudio.sources.datasets import folders
from catstudio.sources.datasets.base import (
    DECIDE_LATER,
    LEAVE_OUT,
    Dataset,
    DatasetItem,
    Format,
    suggested,
    unmapped,
)
from catstudio.sources.datasets.files import Files, Folder
from catstudio.sources.datasets.report import (
    ClassFacts,
    Finding,
    Group,
    Marked,
    RawLabel,
    RiskReport,
    Verdict,
    report_of,
)
from catstudio.sources.importing import holds

FORMATS: dict[str, Format] = {one.id: one for one in (folders.FORMAT,)}
"""In the order in which they are tried: the first that fits is taken."""


def open_dataset(
    path: str | Path,
    format: str = "auto",  # noqa: A002 - its usual name
    check: Callable[[], None] = lambda: None,
) -> Dataset:
    """Open the data set at ``path``: a folder, an archive, or the file that lists the images.

    ``format`` is a key of :data:`FORMATS` or ``auto``. Raises :class:`BadInputError` when there
    is no such path or format, or nothing in it can be read; single files that cannot be used
    are in the data set's ``refused``. Reads names and tables, no images: seconds for the
    largest, so call it off the GUI thread; ``check`` is called now and then and may raise to stop.
    """
    if format != "auto" and format not in FORMATS:
        raise BadInputError(
            f"There is no data set format called {format!r}.",
            f"Known formats: auto, {', '.join(FORMATS)}.",
        )
    where = Path(path)
    files = _files(where)
    try:
        chosen = FORMATS[format] if format != "auto" else _detected(files)
        return Dataset(where, chosen, files, chosen.read(files))
    except BaseException:
        files.close()
        raise


def _files(path: Path) -> Files:
    if holds(path.is_dir):
        return Folder(path)
    raise BadInputError(f"{shown(path.name)} is no data set.", "Choose a folder or an archive.")


def _detected(files: Files) -> Format:
    return next(one for one in FORMATS.values() if one.fits(files))


__all__ = [
    "DECIDE_LATER",
    "FORMATS",
    "LEAVE_OUT",
    "ClassFacts",
    "Dataset",
    "DatasetItem",
    "Finding",
    "Format",
    "Group",
    "Marked",
    "RawLabel",
    "RiskReport",
    "Verdict",
    "open_dataset",
    "report_of",
    "suggested",
    "unmapped",
]
