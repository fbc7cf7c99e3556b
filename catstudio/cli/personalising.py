"""The command personalise: teach a diffusion model what a label's own photos show."""

from __future__ import annotations

import argparse
from typing import Any

from catstudio.cli.output import DONE, Output, add_command
from catstudio.core.changes import count_images
from catstudio.core.wording import duration
from catstudio.sources.base import Kind, Parameter
from catstudio.studio import Studio
from catstudio.studio.personal_settings import PARAMETERS
from catstudio.studio.personalising import Chosen


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(
        commands,
        "personalise",
        personalise,
        "Teach a diffusion model a label's photos: trains a LoRA, or a new word.",
    )
    parser.add_argument("project")
    parser.add_argument("--label", required=True, help="whose accepted photos are learned from")
    parser.add_argument("--model", required=True, help="a model's name, path or hub id")
    parser.add_argument("--name", default="", help="what the result is called")
    parser.add_argument("--seed", type=int, help="the same seed learns the same (default 0)")
    parser.add_argument(
        "--resume", action="store_true", help="go on where it was stopped, with its settings"
    )
    parser.add_argument(
        "--estimate", action="store_true", help="say what it would need, and train nothing"
    )
    for parameter in PARAMETERS:
        flag = "--" + parameter.name.replace("_", "-")
        shown = _help(parameter).replace("%", "%%")
        if parameter.kind is Kind.BOOL:
            parser.add_argument(
                flag,
                action=argparse.BooleanOptionalAction,
                dest=f"option_{parameter.name}",
                help=shown,
            )
        else:
            choices = [value for value, _ in parameter.choices] or None
            parser.add_argument(
                flag,
                dest=f"option_{parameter.name}",
                choices=choices,
                metavar=None if choices else "VALUE",
                help=shown,
            )


def personalise(args: argparse.Namespace, output: Output) -> int:
    """``catstudio personalise``."""
    given = {parameter.name: getattr(args, f"option_{parameter.name}") for parameter in PARAMETERS}
    with Studio.open(args.project) as studio:
        request = studio.personalise_request(
            args.label,
            args.model,
            {name: value for name, value in given.items() if value is not None},
            name=args.name,
            seed=args.seed,
            resume=args.resume,
            is_estimate=args.estimate,
        )
        chosen = studio.personal_photos(args.label)
        _say_photos(chosen, output)
        result = studio.run(request, output.progress).result
    if args.estimate:
        output.say(result["text"])
    else:
        output.say(
            f"Learned {args.label} in {duration(result['seconds'])}, {result['steps']:,} steps; "
            f"the loss is {result['loss']:.4f}."
        )
        option = "--loras" if result["kind"] == "lora" else "--embeddings"
        output.say(
            f"It is called {result['adapter']}: say “{result['trigger_word']}” in a prompt, "
            f"and generate with {option} {result['adapter']}."
        )
    left_out = [{"count": n, "reason": why} for n, why in chosen.left_out]
    output.result({**result, "left_out": left_out})
    return DONE


def _say_photos(chosen: Chosen, output: Output) -> None:
    output.say(f"Learns from {count_images(len(chosen.photos))}.")
    for n, why in chosen.left_out:
        output.say(f"  Left out: {count_images(n)} {why}.")


def _help(parameter: Parameter) -> str:
    parts = [parameter.help or f"{parameter.title}."]
    if parameter.low is not None and parameter.high is not None:
        unit = f" {parameter.unit}" if parameter.unit else ""
        parts.append(
            f"({parameter.low:g} to {parameter.high:g}{unit}, default {parameter.default})"
        )
    return " ".join(parts)
