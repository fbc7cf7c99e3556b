"""Where the ladder's photos come from: the free ones in the package, and a folder of one's own."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.core.pixels import EXTENSIONS
from catstudio.resources import resource
from catstudio.sources import importing
from catstudio.studio.ladder.rungs import CAT, REST

HELD_OUT = ("clock-motion", "flower", "grass", "gravel", "hubble-deep-field", "retina")
"""Example photos that are never trained on: strangers, with those in ``resources/strangers``."""
_CATS = frozenset({"cat", "cats", "kitten", "kittens"})
_STRANGERS = frozenset({"turkey", "turkeys", "stranger", "strangers", "neither"})
_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


class FreePhoto(Struct, frozen=True):
    """A photo that comes with CatStudio, and whose it is."""

    path: Path
    label: str
    license: str
    author: str


class OwnPhotos(Struct, frozen=True):
    """A folder of a person's own photos: sub-folders of cats, of other things, of strangers."""

    folder: Path
    cats: tuple[Path, ...]
    rest: tuple[Path, ...]
    strangers: tuple[Path, ...] = ()


def free_photos() -> list[FreePhoto]:
    """Those that are trained on: the one cat first, then the photos of other things."""
    found = [one for one in _listed(resource("examples")) if one.path.stem not in HELD_OUT]
    return sorted(found, key=lambda one: (one.label != CAT, one.path.name))


def strangers() -> list[FreePhoto]:
    """The photos of neither a cat nor anything that is trained on."""
    held = [one for one in _listed(resource("examples")) if one.path.stem in HELD_OUT]
    return held + _listed(resource("strangers"))


def own_photos(folder: str | Path) -> OwnPhotos:
    """What lies in the sub-folders of ``folder``: ``cat`` holds cats, ``turkey`` strangers that
    are never trained on, every other one what is no cat.

    Raises :class:`BadInputError` unless there are photos of cats and of something else.
    """
    root = Path(folder).expanduser().absolute()
    hint = "Give a folder with a sub-folder cat, and others with photos of what is no cat."
    if not importing.holds(root.is_dir):
        raise BadInputError(f"There is no folder {root}.", hint)
    found: dict[str, list[Path]] = {CAT: [], REST: [], "strangers": []}
    for sub in sorted(path for path in root.iterdir() if path.is_dir()):
        name = sub.name.lower()
        kind = CAT if name in _CATS else "strangers" if name in _STRANGERS else REST
        dead: list[importing.Dead] = []
        files = importing.walk(sub, dead)
        found[kind] += [path for path in files if path.suffix.lower() in EXTENSIONS]
    for label in (CAT, REST):
        if not found[label]:
            raise BadInputError(f"{root} has no photos of {label} in a sub-folder.", hint)
    return OwnPhotos(root, *(tuple(found[kind]) for kind in (CAT, REST, "strangers")))


def _listed(folder: Path) -> list[FreePhoto]:
    rows = _ROW.findall((folder / "LICENSES.md").read_text(encoding="utf-8"))
    return [
        FreePhoto(
            folder / name,
            name.split("/")[0] if "/" in name else "",
            re.sub(r"\[(.+?)\]\(.+?\)", r"\1", words).strip(),
            who.strip(),
        )
        for name, words, who in rows
    ]
