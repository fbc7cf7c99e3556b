"""Data sets from elsewhere: their formats, one module each, listed here. No Qt, torch or store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.files import explain_os_error
from catstudio.core.wording import shown
from catstudio.sources.datasets import coco, folders, huggingface, tabular, webdataset
from catstudio.sources.datasets.archives import is_archive_name, open_archive
from catstudio.sources.datasets.base import (
    DECIDE_LATER,
    LEAVE_OUT,
    Dataset,
    DatasetItem,
    Format,
    suggested,
)
from catstudio.sources.datasets.files import Files, Folder, Listed
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
from catstudio.sources.importing import holds, is_project

FORMATS: dict[str, Format] = {
    one.id: one
    for one in (
        huggingface.FORMAT,
        webdataset.FORMAT,
        coco.FORMAT,
        tabular.FORMAT,
        folders.FORMAT,
    )
}
"""In the order in which they are tried: the first that fits is taken."""

LISTS = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet"})
"""Endings of files that list images lying elsewhere."""


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
    files = _files(where, check)
    try:
        chosen = FORMATS[format] if format != "auto" else _detected(files)
        dataset = Dataset(where, chosen, files, chosen.read(files))
        if not dataset.items and not dataset.refused:
            raise BadInputError(
                f"{files.title} has no images in it.",
                "Choose a folder, archive or list of JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or "
                "AVIF images.",
            )
    except ImageRefusedError as error:
        # A list that cannot be read is no single image's trouble.
        files.close()
        raise BadInputError(error.message, error.hint) from error
    except BaseException:
        files.close()
        raise
    return dataset


def is_dataset(path: str | Path, *, takes_folders: bool = True) -> bool:
    """Would a person who names ``path`` mean a data set? An archive, a list of images, and, where
    ``takes_folders``, a folder with a list, with shards, or with images in sub-folders."""
    where = Path(path)
    if not holds(where.is_dir):
        return where.suffix.lower() in LISTS - {".txt"} or is_archive_name(where.name)
    if not takes_folders or is_project(where):
        return False
    try:
        with open_dataset(where) as dataset:
            return dataset.format.id != folders.FORMAT.id or bool(dataset.raw_labels())
    except BadInputError:
        return False


def _files(path: Path, check: Callable[[], None]) -> Files:
    if is_project(path):
        raise BadInputError(
            f"{shown(path.name)} is a CatStudio project, not a data set.", "Open it instead."
        )
    if holds(path.is_dir):
        folder = Folder(path)
        shards = not folder.images() and folder.ending(".tar", ".tar.gz", ".tgz")
        return webdataset.Shards(folder, check) if shards else folder
    if not holds(path.is_file):
        raise BadInputError(f"{shown(path.name)} is not there.", "Check the path.")
    try:
        archive = open_archive(path, check)
    except OSError as error:
        raise explain_os_error(error, shown(path.name)) from error
    if archive is not None:
        return archive
    if path.suffix.lower() in LISTS:
        return Listed(path)
    raise BadInputError(
        f"{shown(path.name)} is no data set that can be read.",
        "Choose a folder, a zip or tar archive, or a CSV, TSV, JSON, JSON lines or Parquet list.",
    )


def _detected(files: Files) -> Format:
    return next(one for one in FORMATS.values() if one.fits(files))


__all__ = [
    "DECIDE_LATER",
    "FORMATS",
    "LEAVE_OUT",
    "LISTS",
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
    "is_dataset",
    "open_dataset",
    "report_of",
    "suggested",
]
