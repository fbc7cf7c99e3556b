"""The lists that ``__name__`` in a prompt draws from: those that come along, and the person's own."""

from __future__ import annotations

import re
from pathlib import Path

from catstudio.core.errors import BadInputError
from catstudio.core.paths import data_dir
from catstudio.resources import resource

FOLDER = "wildcards"
_MAX_BYTES = 4 * 2**20


def user_folder() -> Path:
    """Where a person's own lists lie: ``wildcards/`` in the data folder. May not exist."""
    return data_dir() / FOLDER


def names() -> tuple[str, ...]:
    """The names of all lists, sorted."""
    return tuple(sorted(_files()))


def load() -> dict[str, tuple[str, ...]]:
    """Every list by name: ``animal.txt`` is ``animal``. A person's list replaces one that comes along.

    A list is a UTF-8 text file: a line is a choice; empty lines and those that begin with ``#``
    are left out. Raises :class:`BadInputError` for a file that cannot be read as such.
    """
    return {name: _lines(path) for name, path in _files().items()}


def _files() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in (resource(FOLDER), user_folder()):
        if folder.is_dir():
            # A name that could not be written between underscores gets hyphens.
            found |= {
                re.sub(r"[^A-Za-z0-9_]+", "-", path.stem).strip("-_"): path
                for path in sorted(folder.glob("*.txt"))
            }
    return found


def _lines(path: Path) -> tuple[str, ...]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadInputError(
                f"{path} is too large for a list: over {_MAX_BYTES // 2**20} MiB.", "Shorten it."
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check that you may open it.",
        ) from error
    except UnicodeDecodeError:
        raise BadInputError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
