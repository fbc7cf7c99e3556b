"""The whole command line: its parser, and what exit status each end becomes."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence

from catstudio import __version__
from catstudio.cli import (
    auditing,
    dataset,
    demo,
    doctor,
    generating,
    ideas,
    importing,
    models,
    personalising,
    training,
)
from catstudio.cli.output import CANCELLED, JOB_FAILED, Output
from catstudio.core.errors import CancelledError, CatStudioError
from catstudio.core.paths import log_dir

_GROUPS = (
    dataset,
    importing,
    generating,
    ideas,
    personalising,
    training,
    auditing,
    models,
    demo,
    doctor,
)


def main(arguments: Sequence[str], parser: argparse.ArgumentParser | None = None) -> int:
    """Do the command that ``arguments`` say; returns the exit status.

    ``parser`` is what :func:`build_parser` made, where it is at hand already.
    """
    args = (parser or build_parser()).parse_args(arguments)
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
