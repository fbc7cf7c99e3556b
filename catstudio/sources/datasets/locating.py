"""Finding the image that a table or JSON file names, and saying which are missing or lead outside."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from catstudio.core.wording import shown
from catstudio.sources.datasets.files import Files, Listed, ends_like_image, is_inside, is_meant
from catstudio.sources.importing import Dead

_USUAL = ("", "images", "img", "data", "../images", "..")


class Locator:
    """Looks names up in ``files``; collects what it cannot find in ``refused``, each once.

    ``goes_anywhere`` lets the list name absolute paths and ``..`` on disk: a person's own table.
    """

    def __init__(self, files: Files, *, goes_anywhere: bool = False) -> None:
        self._files = files
        self._goes_anywhere = goes_anywhere and isinstance(files, Listed)
        self._composed = {_composed(name): name for name in files.names}
        self._last_parts: dict[str, str | None] = {}
        for name in files.names:
            if ends_like_image(name) and is_meant(name):
                last = _composed(name.rpartition("/")[2])
                # Two of one name: neither is meant for sure.
                self._last_parts[last] = None if last in self._last_parts else name
        self._seen: set[str] = set()
        self.refused: list[Dead] = []

    def find(self, base: str, name: str, extra: tuple[str, ...] = ()) -> str | None:
        """The key of the image called ``name`` in a file of folder ``base``; None when refused.

        Tried in order: beside the list, in folders usual for images and in ``extra``, from the
        root, and by the last part of the name where only one image is called so.
        """
        plain = name.strip().replace("\\", "/").removeprefix("./")
        if not plain or "\0" in plain:
            self._refuse(plain or "(no name)", "names no file")
            return None
        if not is_inside(plain):
            # A drive or absolute path replaces the root when joined.
            if self._goes_anywhere and self._files.has(plain):
                return plain
            where = "is not there" if self._goes_anywhere else "leads out of the data set"
            self._refuse(plain, where)
            return None
        for folder in (*_USUAL, *extra):
            found = self._at(_joined(base, folder, plain))
            if found:
                return found
        found = self._at(plain) or self._last_parts.get(_composed(plain.rpartition("/")[2]))
        if not found:
            self._refuse(plain, "is not there")
        return found

    def _at(self, name: str) -> str | None:
        if self._files.has(name):
            return name
        return self._composed.get(_composed(name))

    def _refuse(self, name: str, reason: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            hint = "It is named in the list; the rest comes in without it."
            last = shown(Path(name).name or name)
            self.refused.append(Dead(shown(name), f"{last} {reason}.", hint))


def _composed(name: str) -> str:
    """macOS stores "é" as two characters, most lists as one."""
    return unicodedata.normalize("NFC", name)


def _joined(*parts: str) -> str:
    """The parts as one relative name, ``..`` resolved as far as it can be."""
    kept: list[str] = []
    for part in "/".join(parts).split("/"):
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept)
