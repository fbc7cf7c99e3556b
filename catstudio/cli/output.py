"""What a command says: text for a person, or one JSON object as the last line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from catstudio.cli.progress import ProgressLine
from catstudio.core.errors import CatStudioError

DONE, WRONG_USAGE, BAD_INPUT, NOT_POSSIBLE, JOB_FAILED, CANCELLED = 0, 2, 3, 4, 5, 130
"""Exit statuses that scripts rely on."""


class Output:
    """Standard output and error of one command.

    Parameters
    ----------
    is_json : the result is printed as one JSON value and nothing else goes to standard output.
    is_quiet : no progress. Results, warnings and errors are still said.
    """

    def __init__(self, is_json: bool = False, is_quiet: bool = False) -> None:
        self.is_json = is_json
        self.progress = ProgressLine(sys.stderr, is_quiet)

    def say(self, text: str = "") -> None:
        """One line for a person; left out where a program reads."""
        if not self.is_json:
            self.progress.clear()
            print(text, flush=True)

    def note(self, text: str) -> None:
        """One line on standard error: a warning, or what was refused."""
        self.progress.clear()
        print(text, file=sys.stderr, flush=True)

    def result(self, value: Any) -> None:
        """The command's result, as JSON where that was asked for. Call once, last."""
        self.progress.clear()
        if self.is_json:
            print(msgspec.json.encode(value).decode(), flush=True)

    def error(self, error: CatStudioError) -> None:
        """Why the command failed and what to do; as JSON too where that was asked for."""
        self.note(f"catstudio: {error.message}")
        if error.hint:
            self.note(f"  {error.hint}")
        said = {"error": error.message, "hint": error.hint, "kind": type(error).__name__}
        self.result({**error.result, **said})


Handler = Callable[[argparse.Namespace, Output], int]


def add_command(commands: Any, name: str, run: Handler, summary: str) -> argparse.ArgumentParser:
    """A subcommand called ``name`` that ``run`` serves, with the options that all have."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, allow_abbrev=False
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=run)
    return parser


def listed(counts: dict[str, int]) -> str:
    """``photo 20, seed 64``."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.items()) or "nothing"
