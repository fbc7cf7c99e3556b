"""The command line in this process, with what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catstudio.__main__ import main


@dataclass(frozen=True)
class Ran:
    """One finished command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of standard output, which must be its only one."""
        assert len(self.out.splitlines()) == 1, self.out
        return json.loads(self.out)


Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call the command line as a person would: ``cli("new", path, "--json").status``."""

    def run(*args: object) -> Ran:
        capsys.readouterr()
        try:
            status = main([str(arg) for arg in args])
        except SystemExit as end:  # argparse: wrong usage, --help, --version
            status = int(end.code or 0)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Ran(status, printed.out, printed.err)

    return run


@pytest.fixture
def project(cli: Cli, tmp_path: Path) -> Path:
    """An empty project for cats and the rest."""
    path = tmp_path / "Cats.catstudio"
    assert cli("new", path).status == 0
    return path


@pytest.fixture
def filled(cli: Cli, project: Path, example_photos: Path) -> Path:
    """A project with the example photos: one cat and a dozen not-cats."""
    for label in ("cat", "not-cat"):
        assert cli("import", project, example_photos / label, "--label", label).status == 0
    return project
