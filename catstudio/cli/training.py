"""Commands about models: train, evaluate, predict."""

from __future__ import annotations

import argparse
from typing import Any

from catstudio.cli.output import BAD_INPUT, DONE, Output, add_command, listed
from catstudio.core.changes import count_images
from catstudio.core.errors import BadInputError
from catstudio.studio import Studio


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(commands, "train", train, "Train a classifier and test it on real photos.")
    parser.add_argument("project")
    parser.add_argument("--backbone", help="the model that turns images into numbers")
    parser.add_argument(
        "--finetune",
        action="store_true",
        help="train the backbone too (not in this version: says so and stops)",
    )
    parser.add_argument("--seed", type=int, default=0)

    parser = add_command(commands, "evaluate", evaluate, "Test a model on real photos in folders.")
    parser.add_argument("project")
    _add_run(parser)
    parser.add_argument("folder", help="one sub-folder a class, such as cat/ and not-cat/")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="dog=not-cat,other=not-cat",
        help="which label the photos of a folder have, where it is called otherwise; other= leaves "
        "them out",
    )

    parser = add_command(commands, "predict", predict, "Label images with a model.")
    parser.add_argument("project")
    _add_run(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="image files, or folders of them")
    parser.add_argument(
        "--threshold",
        metavar="cat=0.7",
        help="the score from which on a label is the answer (default: the likeliest label is)",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", dest="number", type=int, metavar="N", help="default: the newest")


def train(args: argparse.Namespace, output: Output) -> int:
    """``catstudio train``."""
    with Studio.open(args.project) as studio:
        request = studio.train_request(args.backbone, args.finetune, args.seed)
        result = studio.run(request, output.progress).result
    counts = result["n_train"]
    output.say(
        f"Run {result['run']}, trained on {count_images(sum(counts.values()))} ({listed(counts)})."
    )
    _say_answer(result, output)
    output.result(result)
    return DONE


def evaluate(args: argparse.Namespace, output: Output) -> int:
    """``catstudio evaluate``."""
    with Studio.open(args.project) as studio:
        request = studio.evaluate_request(args.folder, args.number, _mapping(args.map))
        result = studio.run(request, output.progress).result
    _say_answer(result, output)
    output.result(result)
    return BAD_INPUT if result.get("refused") else DONE


def predict(args: argparse.Namespace, output: Output) -> int:
    """``catstudio predict``."""
    with Studio.open(args.project) as studio:
        threshold = _threshold(args.threshold)
        request = studio.predict_request(args.paths, args.number, threshold)
        result = studio.run(request, output.progress).result
    for one in result["predictions"]:
        doubt = "  (unlike anything it was trained on)" if one["abstains"] else ""
        output.say(f"{one['label']:<16} {one['probability']:6.1%}  {one['path']}{doubt}")
    output.result(result["predictions"])
    return BAD_INPUT if result.get("refused") else DONE


def _threshold(given: str | None) -> tuple[str, float] | None:
    """``cat=0.7`` as label and score."""
    if given is None:
        return None
    label, _, score = given.rpartition("=")
    try:
        threshold = float(score)
    except ValueError:
        threshold = -1.0
    if not label.strip() or not 0 <= threshold <= 1:
        raise BadInputError(
            f"--threshold {given} cannot be read.", "Write label=score, from 0 to 1, as in cat=0.7."
        )
    return label.strip(), threshold


def _mapping(given: list[str]) -> dict[str, str]:
    """``dog=not-cat,other=not-cat``, in one option or several, as a mapping."""
    pairs = [part.partition("=") for text in given for part in text.split(",") if part.strip()]
    for folder, separator, label in pairs:
        if not (separator and folder.strip()):
            raise BadInputError(
                f"--map {folder}{separator}{label} cannot be read.",
                "Write folder=label, with commas between; folder= leaves it out.",
            )
    return {folder.strip(): label.strip() for folder, _, label in pairs}


def _say_answer(result: dict[str, Any], output: Output) -> None:
    """The answer in a sentence, the figures beside it, and what to keep in mind."""
    output.say(result["answer"])
    metrics = result.get("metrics") or {}
    for name, title in (("balanced_accuracy", "Balanced accuracy"), ("auc", "AUC")):
        figure = metrics.get(name)
        if figure and figure["value"] is not None:
            output.say(
                f"{title}: {figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
            )
    for note in result.get("notes", ()):
        output.say(note)
