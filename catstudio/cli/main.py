"""The command line's entry: which command is meant, and what exit status its end becomes."""

from __future__ import annotations

import argparse
import difflib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from catstudio import __version__
from catstudio.cli import dataset, demo, doctor, generating, models, training
from catstudio.cli.output import CANCELLED, DONE, JOB_FAILED, WRONG_USAGE, Output
from catstudio.core.errors import CancelledError, CatStudioError, NotPossibleError
from catstudio.core.paths import log_dir

_GROUPS = (dataset, generating, training, models, demo, doctor)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what ``argv`` (default: this process's arguments) says; returns the exit status.

    With nothing, or with a project's folder alone, the window opens.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?"
    parser = build_parser()
    if not arguments or not (arguments[0].startswith("-") or arguments[0] in command_names(parser)):
        return _open_window(arguments, parser)
    args = parser.parse_args(arguments)
    output = Output(is_json=args.json, is_quiet=args.quiet)
    try:
        return _run(args, output)
    except BrokenPipeError:
        # The reader is gone (`| head`): there is nobody left to say anything to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return JOB_FAILED


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="catstudio",
        description="From one photo to a classifier you can trust. "
        "Without a command, or with a project's folder alone, the window opens.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"catstudio {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_commands(commands)
    return parser


def command_names(parser: argparse.ArgumentParser) -> list[str]:
    """The commands of ``parser``, in the order of its help."""
    return [
        name
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in action.choices
    ]


def _run(args: argparse.Namespace, output: Output) -> int:
    try:
        status: int = args.run(args, output)
    except CatStudioError as error:
        output.error(error)
        return error.exit_status
    except KeyboardInterrupt:
        output.error(CancelledError("Cancelled.", "Everything finished so far is kept."))
        return CANCELLED
    except BrokenPipeError:
        raise
    except Exception as error:  # the last resort: one sentence for the person, the trace in the log
        output.error(_unexpected(error))
        return JOB_FAILED
    return status


def _unexpected(error: Exception) -> CatStudioError:
    log = log_dir() / "catstudio.log"
    logging.basicConfig(filename=log, format="%(asctime)s %(message)s", force=True)
    logging.getLogger("catstudio").error("%s", "".join(traceback.format_exception(error)))
    logging.shutdown()
    return CatStudioError(
        f"Something unexpected went wrong ({type(error).__name__}: {error}).",
        f"What was finished is kept. The details are in {log}.",
    )


def _open_window(arguments: list[str], parser: argparse.ArgumentParser) -> int:
    output = Output()
    if arguments and not _may_be_project(arguments[0]):
        near = difflib.get_close_matches(arguments[0], command_names(parser), 1)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        output.note(f"catstudio: there is no command or folder called {arguments[0]!r}.")
        output.note(f"  {meant}See catstudio --help.")
        return WRONG_USAGE
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        error = NotPossibleError(
            "There is no display here, so the window cannot open.",
            "catstudio demo shows the same without a window; catstudio --help lists all commands.",
        )
        output.error(error)
        return error.exit_status
    try:
        from catstudio.ui import app
    except ImportError as missing:
        error = NotPossibleError(
            f"The window cannot open: {missing}.",
            "Install Qt's system packages (packaging/debian-packages.txt lists Debian's); "
            "catstudio doctor says what else is missing.",
        )
        output.error(error)
        return error.exit_status
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop never returns to Python to notice
    status: int = app.main(arguments)
    return status


def _may_be_project(argument: str) -> bool:
    path = Path(argument)
    return path.exists() or path.suffix == ".catstudio" or len(path.parts) > 1


__all__ = ["DONE", "build_parser", "command_names", "main"]
