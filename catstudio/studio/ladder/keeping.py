"""What the ladder keeps beside its project: its report, from which a climb goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.files import explain_os_error, write_atomic
from catstudio.core.paths import data_dir
from catstudio.core.project import SUFFIX
from catstudio.studio.ladder.rungs import RUNGS

Json = dict[str, Any]
NAME = "HuxleysLadder"
REPORT, PAGE, AUDIT = "report.json", "report.html", "audit.html"
CHARTS = {"light": "ladder-light.svg", "dark": "ladder-dark.svg"}


class Kept(Struct, frozen=True):
    """The report of a climb that lies in a folder, finished or not; ``rungs`` as far as it got."""

    folder: Path
    report: Json

    @property
    def rungs(self) -> list[Json]:
        found: list[Json] = self.report.get("rungs", [])
        return found

    @property
    def project(self) -> Path:
        return self.folder / str(self.report.get("project_name", ""))

    @property
    def is_finished(self) -> bool:
        """Has every rung been climbed, or said to be skipped?"""
        return len(self.rungs) == len(RUNGS) and "seconds" in self.report

    @property
    def page(self) -> Path | None:
        return self._there(PAGE)

    @property
    def audit(self) -> Path | None:
        return self._there(AUDIT)

    def _there(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.is_file() else None


def ladder_folder() -> Path:
    """Where the window's ladder lies: in the data folder of this user."""
    return data_dir() / "ladder"


def kept(folder: Path) -> Kept | None:
    """The climb that lies in ``folder``; None when there is none, or its project is gone."""
    try:
        report = msgspec.json.decode((folder / REPORT).read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    if not isinstance(report, dict) or not isinstance(report.get("rungs"), list):
        return None
    found = Kept(folder, report)
    return found if found.project.suffix == SUFFIX and found.project.is_dir() else None


def free_project(folder: Path) -> Path:
    """A path for a new project in ``folder``; one of an earlier climb is left alone."""
    path, number = folder / f"{NAME}{SUFFIX}", 2
    while path.exists():
        path, number = folder / f"{NAME}-{number}{SUFFIX}", number + 1
    return path


def write(path: Path, data: bytes) -> None:
    """Write a file of the ladder, whole or not at all. Raises :class:`CatStudioError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    except OSError as error:
        raise explain_os_error(error, str(path)) from error


def write_report(folder: Path, report: Json) -> None:
    """Keep what is known so far."""
    write(folder / REPORT, msgspec.json.format(msgspec.json.encode(report)))
