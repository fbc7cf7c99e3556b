"""The example project: one cat and a dozen other free photos, each with its own credit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from catstudio.resources import resource

if TYPE_CHECKING:
    from catstudio.studio import Studio

_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_LINK = re.compile(r"\[(.+?)\]\(.+?\)")


def example_photos() -> list[tuple[Path, str, str, str]]:
    """(file, label, licence, author) of each photo; the folder's name is the label."""
    folder = resource("examples")
    rows = _ROW.findall((folder / "LICENSES.md").read_text(encoding="utf-8"))
    return [
        (folder / name, name.split("/")[0], _LINK.sub(r"\1", words).strip(), who.strip())
        for name, words, who in rows
    ]


def fill_example(studio: Studio) -> None:
    """Bring the example photos into a new project. Takes about a second: not on the GUI thread."""
    for path, label, license_, author in example_photos():
        request = studio.import_request(
            (path,), label=label, origin="CatStudio's examples", license=license_, author=author
        )
        studio.run(request)
