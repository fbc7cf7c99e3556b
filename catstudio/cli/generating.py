"""The command generate: its choices and settings are what the generating sources declare."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from catstudio.cli.output import DONE, Output, add_command
from catstudio.cli.selection import select
from catstudio.core.changes import SetWeight, count_images
from catstudio.core.edits import MAX_WEIGHT
from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.pixels import read_bytes
from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import SOURCES, Source, copies, source
from catstudio.sources.base import Kind, Parameter
from catstudio.sources.prompts import expand
from catstudio.studio import Studio

_MAKERS = tuple(s for s in SOURCES.values() if s.is_generator or s.id == copies.SOURCE.id)
_FLAGS = {"num_inference_steps": "--steps"}
"""Settings whose option is not called like them."""


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(commands, "generate", generate, "Make images from what is there.")
    parser.add_argument("project")
    parser.add_argument("--method", required=True, choices=[s.id for s in _MAKERS])
    parser.add_argument("--label", required=True, help="what the new images show")
    parser.add_argument("--count", required=True, type=int, metavar="N", help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first image's random seed")
    parser.add_argument(
        "--seeds",
        nargs="+",
        metavar="SELECTION",
        help="the images to start from (default: the label's photos that are trained on)",
    )
    parser.add_argument(
        "--guide",
        metavar="ID",
        help=f"an image whose layout is followed ({_guides('guide_title')})",
    )
    parser.add_argument(
        "--mask",
        metavar="FILE",
        help=f"a PNG of the seed image's size, white where it changes ({_guides('mask_title')})",
    )
    parser.add_argument("--accept", action="store_true", help="accept them without review")
    for name, users in _parameters().items():
        parameter = users[0][1]
        ranges = "; ".join(_range(maker, its_own) for maker, its_own in users)
        words = f"{(len(users) == 1 and parameter.help) or parameter.title} ({ranges})"
        flag = _FLAGS.get(name, "--" + name.replace("_", "-"))
        shown = words.replace("%", "%%")
        if parameter.kind is Kind.BOOL:
            parser.add_argument(flag, dest=f"option_{name}", action="store_true", help=shown)
        else:
            parser.add_argument(flag, dest=f"option_{name}", metavar="VALUE", help=shown)


def generate(args: argparse.Namespace, output: Output) -> int:
    """``catstudio generate``."""
    started = time.monotonic()
    with Studio.open(args.project) as studio:
        seeds = _seeds(studio, args.seeds)
        if args.method == copies.SOURCE.id:
            result = _copy(studio, args, seeds)
        else:
            result = _make(studio, args, seeds, output)
    result.setdefault("seconds", round(time.monotonic() - started, 3))
    if args.method == copies.SOURCE.id:
        output.say(f"Now counted {args.count:,} times: {count_images(len(result['ids']))}.")
    else:
        where = "accepted" if args.accept else "waiting for review"
        output.say(
            f"Made {count_images(result['made'])} of {args.label} in {result['seconds']:.1f} s, "
            f"{where}."
        )
    output.result(result)
    return DONE


def _make(
    studio: Studio, args: argparse.Namespace, seeds: list[ImageRecord] | None, output: Output
) -> dict[str, Any]:
    options = _options(args)
    prompt = str(options.get("prompt", ""))
    request = studio.generate_request(
        args.method,
        args.label,
        args.count,
        seeds=None if seeds is None else [image.id for image in seeds],
        prompts=expand(prompt) if prompt else (),
        seed=args.seed,
        options=options,
        accept=args.accept,
        guide=args.guide,
        mask=read_bytes(Path(args.mask)) if args.mask else b"",
    )
    return dict(studio.run(request, output.progress).result)


def _copy(
    studio: Studio, args: argparse.Namespace, seeds: list[ImageRecord] | None
) -> dict[str, Any]:
    """Copies are a weight on the images that are there, shared evenly: no file is made."""
    source(args.method).options(_options(args))
    if args.label not in studio.labels():
        raise BadInputError(
            f"{studio.name} has no label {args.label!r}.",
            f"Its labels are: {', '.join(studio.labels())}.",
        )
    if seeds is None:
        seeds = [
            image
            for image in studio.images()
            if image.label == args.label
            and image.state is State.ACCEPTED
            and image.split not in (Split.VAL, Split.TEST)
        ]
    if not seeds:
        raise NotPossibleError(
            f"There is no accepted image of {args.label} to copy.", "Import one first."
        )
    if not len(seeds) <= args.count <= MAX_WEIGHT * len(seeds):
        raise BadInputError(
            f"{args.count:,} copies cannot be shared by {count_images(len(seeds))}.",
            f"Give a number from {len(seeds):,} to {MAX_WEIGHT * len(seeds):,}.",
        )
    share, rest = divmod(args.count, len(seeds))
    for weight, part in ((share + 1, seeds[:rest]), (share, seeds[rest:])):
        if part:
            studio.apply(SetWeight(tuple(image.id for image in part), weight))
    return {"made": 0, "copies": args.count, "ids": [image.id for image in seeds]}


def _range(maker: Source, parameter: Parameter) -> str:
    """What a maker takes for a setting: ``seed: 64 to 256 px, default 128``."""
    parts = []
    if parameter.low is not None and parameter.high is not None:
        parts.append(f"{parameter.low:g} to {parameter.high:g} {parameter.unit}".strip())
    if parameter.choices:
        parts.append(" or ".join(value for value, _ in parameter.choices))
    if parameter.default not in ("", False):
        parts.append(f"default {parameter.default}")
    return f"{maker.id}: {', '.join(parts)}" if parts else maker.id


def _guides(field: str) -> str:
    """What a guide or mask means to each maker that takes one: ``seed: the drawing to fill``."""
    takers = [maker for maker in _MAKERS if getattr(maker, field)]
    return "; ".join(f"{maker.id}: {getattr(maker, field)}" for maker in takers)


def _seeds(studio: Studio, terms: list[str] | None) -> list[ImageRecord] | None:
    if terms is None:
        return None
    chosen = select(studio.images(), terms)
    if not chosen:
        raise BadInputError(f"No image is chosen by {' '.join(terms)}.", "Widen the selection.")
    return chosen


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, by the names that sources declare."""
    given = {name: getattr(args, f"option_{name}") for name in _parameters()}
    return {name: value for name, value in given.items() if value not in (None, False)}


def _parameters() -> dict[str, list[tuple[Source, Parameter]]]:
    """Every setting of every generating source, with the sources that know it."""
    found: dict[str, list[tuple[Source, Parameter]]] = {}
    for maker in _MAKERS:
        for parameter in maker.parameters:
            found.setdefault(parameter.name, []).append((maker, parameter))
    return found
