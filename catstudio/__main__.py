"""The window, or the command line when given a command."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from catstudio.core.errors import NotPossibleError


def main(argv: Sequence[str] | None = None) -> int:
    """Do what ``argv`` (default: this process's arguments) says; returns the exit status.

    With nothing, or with a project's folder alone, the window opens.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--worker"]:  # a frozen program has no -m to start its worker by
        from catstudio.jobs import worker

        worker.main()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?"
    if arguments and (arguments[0].startswith("-") or len(Path(arguments[0]).parts) == 1):
        # Slow to come: where the argument can be no command's name, the window does without.
        from catstudio.cli.main import build_parser, command_names
        from catstudio.cli.main import main as run_command

        parser = build_parser()
        if arguments[0].startswith("-") or arguments[0] in command_names(parser):
            _heed_ctrl_c()
            return run_command(arguments, parser)
    return _open_window(arguments)


def _heed_ctrl_c() -> None:
    """Cancel on SIGINT even where a script started this in its background, which ignores it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def window() -> int:
    """The desktop entry's start: the window, with the folder it is given if any."""
    return _open_window(sys.argv[1:2])


def _open_window(arguments: list[str]) -> int:
    if arguments and not _may_be_project(arguments[0]):
        return _explain(arguments[0])
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        return _cannot_open(
            "There is no display here, so the window cannot open.",
            "catstudio demo shows the same without a window; catstudio --help lists all commands.",
        )
    try:
        from catstudio.ui import app
    except ImportError as missing:
        return _cannot_open(
            f"The window cannot open: {missing}.",
            "Install Qt's system packages (packaging/debian-packages.txt lists Debian's); "
            "catstudio doctor says what else is missing.",
        )
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop never returns to Python to notice
    status: int = app.main(arguments)
    return status


def _explain(argument: str) -> int:
    """There is neither a command nor a folder of that name."""
    from catstudio.cli.main import build_parser, command_names
    from catstudio.cli.output import WRONG_USAGE, Output

    output = Output()
    near = difflib.get_close_matches(argument, command_names(build_parser()), 1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    output.note(f"catstudio: there is no command or folder called {argument!r}.")
    output.note(f"  {meant}See catstudio --help.")
    return WRONG_USAGE


def _cannot_open(message: str, hint: str) -> int:
    from catstudio.cli.output import Output

    error = NotPossibleError(message, hint)
    Output().error(error)
    return error.exit_status


def _may_be_project(argument: str) -> bool:
    path = Path(argument)
    return path.exists() or path.suffix == ".catstudio" or len(path.parts) > 1


if __name__ == "__main__":
    sys.exit(main())
