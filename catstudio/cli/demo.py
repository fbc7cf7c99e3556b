"""The command demo: Huxley's ladder, from the free photos and those of a folder, without a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from catstudio.cli.output import DONE, Output, add_command
from catstudio.core.wording import duration
from catstudio.report.ladder_page import figure, strangers_told, what_on
from catstudio.studio.ladder import Climb, Heard, own_photos
from catstudio.studio.ladder.keeping import AUDIT, CHARTS, PAGE, REPORT


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
    parser.add_argument(
        "--photos",
        metavar="DIR",
        help="your own photos to measure on: a sub-folder cat, and others with what is no cat",
    )
    parser.add_argument(
        "--model",
        metavar="ID",
        help='the diffusion model of the rung "generated" (default: the first on this computer; '
        "none: leave it out)",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="climb anew, in a fresh project, instead of going on with the one that is there",
    )


def demo(args: argparse.Namespace, output: Output) -> int:
    """``catstudio demo``."""
    out = Path(args.out).absolute()
    own = own_photos(args.photos) if args.photos else None
    heard = Heard(finished=lambda rung: _say(rung, output), event=output.progress)
    model = "" if args.model == "none" else args.model
    climb = Climb(out, own, model=model, again=args.again, heard=heard)
    report = climb.run()
    output.say(what_on(report))
    output.say(f"Took {duration(report['seconds'])}. The project: {out / report['project_name']}")
    output.say(f"The report: {out / PAGE}")
    audit = report.get("audit") or {}
    if audit.get("why_not"):
        output.note(f"The last rung could not be questioned: {audit['why_not']}")
    paths = {
        "project": out / report["project_name"],
        "report": out / REPORT,
        "html": out / PAGE,
        **{f"chart_{theme}": out / name for theme, name in CHARTS.items()},
        **({} if audit.get("why_not") else {"audit_html": out / AUDIT}),
    }
    output.result({**report, **{name: str(path) for name, path in paths.items()}})
    return DONE


def _say(rung: dict[str, Any], output: Output) -> None:
    if "skipped" in rung:
        output.say(f"{rung['title']}: {rung['skipped']}")
        return
    score = figure(rung["metrics"], "balanced_accuracy")
    right = f" Balanced accuracy {score}, n = {rung['metrics']['n']}." if score else ""
    asked = strangers_told(rung["turkeys"])
    output.say(f"{rung['title']}:{right} Called a cat with confidence: {asked} strangers.")
    output.say(f"  {rung['taught']}")
