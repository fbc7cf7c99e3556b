"""The files of a data set by their names inside it: a folder here, archives in the module beside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from catstudio.core.errors import ImageRefusedError
from catstudio.core.pixels import EXTENSIONS, MAX_BYTES, read_bytes
from catstudio.core.wording import shown
from catstudio.sources.importing import Dead, walk

MAX_TABLE_BYTES = 512 * 2**20
"""The largest table or JSON file that is read, in bytes."""


class Files(ABC):
    """Files that can be listed and read; ``names`` are relative, with ``/``, in reading order.

    ``refused`` are entries that were left out, each with the reason; ``notes`` concern the
    whole.
    """

    is_archive = True

    def __init__(self, title: str) -> None:
        self.title = title
        self.names: list[str] = []
        self.refused: list[Dead] = []
        self.notes: list[str] = []

    @abstractmethod
    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """The bytes of ``name``; :class:`ImageRefusedError` when they cannot be had."""

    def path_of(self, name: str) -> Path | None:
        """The file on disk, None in an archive."""
        return None

    def close(self) -> None:
        """Free what is held open; may be called twice."""

    def images(self) -> list[str]:
        """The names that end like an image, without what systems put beside them."""
        return [name for name in self.names if _is_image(name)]


def _is_image(name: str) -> bool:
    parts = name.split("/")
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    return PurePosixPath(parts[-1]).suffix.lower() in EXTENSIONS


class Folder(Files):
    """A folder on disk, walked as every import does: no hidden files, no links to folders."""

    is_archive = False

    def __init__(self, root: Path) -> None:
        super().__init__(shown(root.name or str(root)))
        self.root = root
        start = len(root.parts)
        self.names = ["/".join(path.parts[start:]) for path in walk(root, self.refused)]

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        path = self.path_of(name)
        return _bounded(read_bytes(path), name, limit)

    def path_of(self, name: str) -> Path:
        return self.root / name


def _bounded(data: bytes, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise ImageRefusedError(
            f"{shown(name)} is too large: over {limit // 2**20} MiB.", "Leave it out, or split it."
        )
    return data


def is_inside(name: str) -> bool:
    """Does a relative name stay inside its root? Absolute ones, ``..`` and drives do not."""
    plain = name.replace("\\", "/")
    if not plain or plain.startswith("/") or "\0" in plain:
        return False
    parts = plain.split("/")
    return ".." not in parts and not (len(parts[0]) >= 2 and parts[0][1] == ":")


def joined(base: str, name: str) -> str:
    """``name`` as seen from the folder ``base`` ("" for the root), both relative, with ``/``."""
    plain = name.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    return "/".join(([base] if base else []) + parts)


def folder_of(name: str) -> str:
    """The folder that ``name`` lies in, "" for the root."""
    return name.rpartition("/")[0]


def common_top(names: Iterable[str]) -> str:
    """The one folder that all of ``names`` begin with, "" when there is none."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    return tops.pop() if len(tops) == 1 else ""
