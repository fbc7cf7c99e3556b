"""The command generate: its choices and settings are what the generating sources declare."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from catstudio.cli.output import DONE, WRONG_USAGE, Output, add_command
from catstudio.cli.selection import select
from catstudio.core.changes import SetWeight, count_images
from catstudio.core.edits import MAX_WEIGHT
from catstudio.core.errors import BadInputError, CatStudioError, NotPossibleError
from catstudio.core.pixels import read_bytes
from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import SOURCES, Source, copies, recipes, source
from catstudio.sources.base import Kind, Parameter
from catstudio.sources.prompts import for_images
from catstudio.studio import Studio

_MAKERS = tuple(s for s in SOURCES.values() if s.is_generator or s.id == copies.SOURCE.id)
_FLAGS = {"num_inference_steps": "--steps"}
"""Settings whose option is not called like them."""


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(commands, "generate", generate, "Make images from what is there.")
    parser.add_argument("project")
    parser.add_argument("--method", choices=[s.id for s in _MAKERS])
    parser.add_argument("--label", help="what the new images show")
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
    recipe = parser.add_mutually_exclusive_group()
    recipe.add_argument("--like", metavar="ID", help="more like this image")
    recipe.add_argument(
        "--fix", metavar="ID", help="redraw this image, in the mask if there is one"
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
            value = "RANGE" if parameter.kind is Kind.RANGE else "VALUE"
            parser.add_argument(flag, dest=f"option_{name}", metavar=value, help=shown)


def generate(args: argparse.Namespace, output: Output) -> int:
    """``catstudio generate``."""
    started = time.monotonic()
    with Studio.open(args.project) as studio:
        wish = _wish(studio, args)
        if wish.method == copies.SOURCE.id:
            result = _copy(studio, args, wish)
        else:
            result = _make(studio, args, wish, output)
    result.setdefault("seconds", round(time.monotonic() - started, 3))
    if wish.method == copies.SOURCE.id:
        output.say(f"Now counted {args.count:,} times: {count_images(len(result['ids']))}.")
    else:
        where = "accepted" if args.accept else "waiting for review"
        output.say(
            # Not "of": a blend of two labels carries both.
            f"Made {count_images(result['made'])} for {wish.label} in {result['seconds']:.1f} s, "
            f"{where}."
        )
    output.result(result)
    return DONE


class _UsageError(CatStudioError):
    """The command cannot be meant so."""

    exit_status = WRONG_USAGE


class _Wish(Struct, frozen=True):
    """What is asked for, after an image's own recipe was taken into account."""

    method: str
    label: str
    options: dict[str, Any]
    prompt: str
    seeds: tuple[str, ...] | None


def _wish(studio: Studio, args: argparse.Namespace) -> _Wish:
    """What was typed, over the recipe of ``--like`` or ``--fix``."""
    chosen = _seeds(studio, args.seeds)
    seeds = None if chosen is None else tuple(image.id for image in chosen)
    options = _options(args)
    label = args.label
    recipe: recipes.Recipe | None = None
    if args.like or args.fix:
        image = select(studio.images(), [args.like or args.fix])[0]
        has_model = bool(options.get("model"))
        recipe = (
            recipes.more_like(image, has_model)
            if args.like
            else recipes.fix(image, bool(args.mask))
        )
        options = {**recipe.options, **options} if args.method in (None, recipe.method) else options
        seeds = recipe.seeds if seeds is None else seeds
        label = label or image.label
    method = args.method or (recipe.method if recipe else "")
    for flag, value in (("--method", method), ("--label", label)):
        if not value:
            raise _UsageError(
                f"{flag} is missing.", f"Give {flag}, or --like ID to make more like an image."
            )
    prompt = str(options.get("prompt") or (recipe.template if recipe else ""))
    if prompt and source(method).uses_prompt:
        options["prompt"] = prompt
    return _Wish(method, str(label), options, prompt, seeds)


def _make(studio: Studio, args: argparse.Namespace, wish: _Wish, output: Output) -> dict[str, Any]:
    prompts = for_images(wish.prompt, args.count, seed=args.seed) if wish.prompt else ()
    request = studio.generate_request(
        wish.method,
        wish.label,
        args.count,
        seeds=wish.seeds,
        prompts=prompts if source(wish.method).uses_prompt else (),
        seed=args.seed,
        options=wish.options,
        accept=args.accept,
        guide=args.guide,
        mask=read_bytes(Path(args.mask)) if args.mask else b"",
    )
    return dict(studio.run(request, output.progress).result)


def _copy(studio: Studio, args: argparse.Namespace, wish: _Wish) -> dict[str, Any]:
    """Copies are a weight on the images that are there, shared evenly: no file is made."""
    source(wish.method).options(wish.options)
    seeds = None if wish.seeds is None else studio.images_by_id(wish.seeds)
    if wish.label not in studio.labels():
        raise BadInputError(
            f"{studio.name} has no label {wish.label!r}.",
            f"Its labels are: {', '.join(studio.labels())}.",
        )
    if seeds is None:
        seeds = [
            image
            for image in studio.images()
            if image.label == wish.label
            and image.state is State.ACCEPTED
            and image.split not in (Split.VAL, Split.TEST)
        ]
    if not seeds:
        raise NotPossibleError(
            f"There is no accepted image of {wish.label} to copy.", "Import one first."
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
