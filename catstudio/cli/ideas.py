"""The command ideas: prompts that ask for what a label's images do not show yet."""

from __future__ import annotations

import argparse
from typing import Any

from catstudio.cli.output import DONE, Output, add_command
from catstudio.sources.ideas import suggest
from catstudio.studio import Studio


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(commands, "ideas", ideas, "Suggest prompts for what is missing.")
    parser.add_argument("project")
    parser.add_argument("--label", required=True, help="what the prompts are about")
    parser.add_argument("--count", type=int, default=8, metavar="N", help="how many (default 8)")
    parser.add_argument("--seed", type=int, default=0, help="another number, other ideas")


def ideas(args: argparse.Namespace, output: Output) -> int:
    """``catstudio ideas``."""
    with Studio.open(args.project) as studio:
        found = suggest(args.label, studio.written_about(args.label), args.count, args.seed)
    for idea in found:
        output.say(f"{idea.prompt}  ({idea.why})")
    output.result({"ideas": found})
    return DONE
