"""Commands that question a model: audit, and the report to read or send."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from catstudio.cli.output import DONE, Output, add_command
from catstudio.jobs.events import AnyEvent, Found
from catstudio.sources import SOURCES
from catstudio.studio import Studio

_MARKS = {"ok": "ok     ", "look": "look   ", "problem": "PROBLEM", "unknown": "?      "}


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(
        commands, "audit", audit, "What each source bought, and the flaws that no eye sees."
    )
    parser.add_argument("project")
    _add_run(parser)
    parser.add_argument(
        "--strangers",
        nargs="+",
        metavar="PATH",
        help="photos of neither class for the turkey test, or folders of them "
        "(default: the example photos)",
    )
    parser.add_argument("--seed", type=int, default=0)

    parser = add_command(commands, "report", report, "Write a run's report as one HTML file.")
    parser.add_argument("project")
    _add_run(parser)
    parser.add_argument("out", metavar="OUT.html")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", dest="number", type=int, metavar="N", help="default: the newest")


def audit(args: argparse.Namespace, output: Output) -> int:
    """``catstudio audit``."""

    def on_event(event: AnyEvent) -> None:
        if isinstance(event, Found) and event.part == "check":
            _say_check(event.value, output)
        elif isinstance(event, Found) and event.part == "sources":
            _say_sources(event.value, output)
        else:
            output.progress(event)

    with Studio.open(args.project) as studio:
        request = studio.audit_request(args.number, strangers=args.strangers, seed=args.seed)
        result = studio.run(request, on_event).result
    if result["next"]:
        output.say("Next:")
    for number, step in enumerate(result["next"], 1):
        output.say(f"{number}. {step['title']}: {step['text']}")
    output.result(result)
    return DONE


def report(args: argparse.Namespace, output: Output) -> int:
    """``catstudio report``."""
    out = Path(args.out).absolute()
    with Studio.open(args.project) as studio:
        found, audited = studio.report(args.number), studio.audit(args.number)
        studio.write_report(out, args.number)
    output.say(f"The report: {out}")
    if audited is None:
        output.say("This run was not questioned yet (catstudio audit): its checks are missing.")
    output.result({"html": str(out), "report": found, "audit": audited})
    return DONE


def _say_check(check: dict[str, Any], output: Output) -> None:
    output.say(f"{_MARKS[check['verdict']]}  {check['title']}: {check['text']}")
    if check["advice"] and check["verdict"] != "ok":
        output.say(f"         {check['advice']}")


def _say_sources(found: dict[str, Any], output: Output) -> None:
    for one in found["sources"]:
        source = SOURCES.get(one["source"])
        title = source.title if source else one["source"]
        output.say(f"{title}: {one['text']}")
    for why in found.get("why_not", {}).values():
        output.say(why)
