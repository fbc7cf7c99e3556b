"""The command demo: Huxley's ladder from the free example photos, without any network."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import msgspec

from catstudio import __version__
from catstudio.cli.ladder import CONFIDENT, NOT_EVALUATED, Ladder
from catstudio.cli.ladder_page import page
from catstudio.cli.output import DONE, Output, add_command
from catstudio.core.files import explain_os_error, write_atomic
from catstudio.resources import resource
from catstudio.studio import Studio

NAME = "HuxleysLadder.catstudio"


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(
        commands, "demo", demo, "Huxley's ladder: what each way to get more data buys."
    )
    parser.add_argument(
        "--out",
        default="catstudio-demo",
        metavar="DIR",
        help="where the project and the report go (default: ./%(default)s)",
    )


def demo(args: argparse.Namespace, output: Output) -> int:
    """``catstudio demo``."""
    started = time.monotonic()
    out = Path(args.out).absolute()
    examples = resource("examples")
    with Studio.create(out / NAME, ("cat", "not-cat")) as studio:
        ladder = Ladder(studio, examples, output.say, output.progress)
        rungs = ladder.climb()
        report = {
            "title": "Huxley's ladder",
            "catstudio": __version__,
            "project": str(studio.root),
            "confident_from": CONFIDENT,
            "cats": {"n": 0, "why_not": NOT_EVALUATED},
            "rungs": [rung.report() for rung in rungs],
            "seconds": round(time.monotonic() - started, 1),
        }
        html = page(report, studio, examples)
    paths = {"report": out / "report.json", "html": out / "report.html"}
    try:
        write_atomic(paths["report"], msgspec.json.format(msgspec.json.encode(report)))
        write_atomic(paths["html"], html.encode())
    except OSError as error:
        raise explain_os_error(error, str(out)) from error
    output.say(NOT_EVALUATED)
    output.say(f"Took {report['seconds']:.0f} s. The project: {report['project']}")
    output.say(f"The report: {paths['html']}")
    output.result({**report, **{name: str(path) for name, path in paths.items()}})
    return DONE
