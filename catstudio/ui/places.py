"""Where projects are begun, and what they may be called."""

from __future__ import annotations

import os
import re
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from catstudio.core.project import SUFFIX

DEFAULT_NAME = "My images"
EXAMPLE_NAME = "Example"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def projects_folder() -> Path:
    """``CATSTUDIO_HOME``/projects, else CatStudio in the person's documents."""
    home = os.environ.get("CATSTUDIO_HOME")
    if home:
        return Path(home) / "projects"
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return (Path(documents) if documents else Path.home()) / "CatStudio"


def project_path(folder: Path, name: str) -> Path:
    """A free path for a project called ``name``: ``name.catstudio``, ``name 2.catstudio``…"""
    clean = _FORBIDDEN.sub(" ", name).strip(" .").removesuffix(SUFFIX) or DEFAULT_NAME
    path = folder / f"{clean}{SUFFIX}"
    number = 2
    while path.exists():
        path = folder / f"{clean} {number}{SUFFIX}"
        number += 1
    return path


def parse_labels(text: str) -> tuple[str, ...]:
    """Labels typed with commas between them; empty ones and repetitions are left out."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
