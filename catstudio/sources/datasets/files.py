"""The files of a data set by their names inside it: a folder, or what a list names. Archives are beside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath

from catstudio.core.errors import ImageRefusedError
from catstudio.core.pixels import EXTENSIONS, MAX_BYTES, read_bytes
from catstudio.core.wording import shown
from catstudio.sources.importing import Dead, holds, walk

MAX_TABLE_BYTES = MAX_BYTES
"""The largest table or JSON file that is read, in bytes."""


class Files(ABC):
    """Files that can be listed and read; ``names`` are relative, with ``/``, in reading order.

    ``refused`` are entries that were left out, each with the reason; ``notes`` concern the
    whole. ``listing`` is the one file that names the images, "" where there is none.
    """

    is_archive = True
    listing = ""

    def __init__(self, title: str) -> None:
        self.title = title
        self.names: list[str] = []
        self.refused: list[Dead] = []
        self.notes: list[str] = []

    @abstractmethod
    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """The bytes of ``name``; :class:`ImageRefusedError` when they cannot be had."""

    @abstractmethod
    def path_of(self, name: str) -> Path | None:
        """The file on disk, None in an archive."""

    @abstractmethod
    def close(self) -> None:
        """Free what is held open; may be called twice."""

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def has(self, name: str) -> bool:
        """Is there a file of that name?"""
        return name in self._known

    def images(self) -> list[str]:
        """The names that end like an image, without what systems put beside them."""
        return [name for name in self.names if ends_like_image(name) and is_meant(name)]

    def ending(self, *suffixes: str) -> list[str]:
        """The names with one of these endings (lower case, with the dot)."""
        return [n for n in self.names if n.lower().endswith(suffixes) and is_meant(n)]


def is_meant(name: str) -> bool:
    """False for hidden files and for what macOS packs beside each file."""
    return not any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def ends_like_image(name: str) -> bool:
    """Has the name an ending of an image format?"""
    return PurePosixPath(name).suffix.lower() in EXTENSIONS


class Folder(Files):
    """A folder on disk, walked as every import does: no hidden files, no links to folders."""

    is_archive = False

    def __init__(self, root: Path) -> None:
        super().__init__(shown(root.name or str(root)))
        self.root = root
        start = len(root.parts)
        self.names = ["/".join(path.parts[start:]) for path in walk(root, self.refused)]

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        return bounded(read_bytes(self.path_of(name)), name, limit)

    def path_of(self, name: str) -> Path:
        return self.root / name

    def close(self) -> None:
        """Nothing is held open."""


class Listed(Files):
    """The files around one list of images (a table, a COCO file), which is named itself.

    The folder may be somebody's whole home: it is not walked, only what the list names is
    looked for.
    """

    is_archive = False

    def __init__(self, listing: Path) -> None:
        super().__init__(shown(listing.name))
        self.root = listing.parent
        self.listing = listing.name
        self.names = [listing.name]

    def has(self, name: str) -> bool:
        return holds((self.root / name).is_file)

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        return bounded(read_bytes(self.path_of(name)), name, limit)

    def path_of(self, name: str) -> Path:
        return self.root / name

    def close(self) -> None:
        """Nothing is held open."""


def bounded(data: bytes, name: str, limit: int) -> bytes:
    """``data``, or :class:`ImageRefusedError` when it is longer than ``limit`` bytes."""
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


def folder_of(name: str) -> str:
    """The folder that ``name`` lies in, "" for the root."""
    return name.rpartition("/")[0]


def stem_of(name: str) -> str:
    """``name`` without what follows the first dot of its last part: a WebDataset's key."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"


def common_top(names: Iterable[str]) -> str:
    """The one folder that all of ``names`` begin with, "" when there is none."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    return tops.pop() if len(tops) == 1 else ""
