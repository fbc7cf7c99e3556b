"""Commands about the data set itself: new, review, split, verify."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from catstudio.cli.output import BAD_INPUT, DONE, Output, add_command
from catstudio.cli.selection import select
from catstudio.core.changes import SetLabel, SetState, count_images
from catstudio.core.errors import BadInputError, ProjectError
from catstudio.core.types import ImageRecord, State
from catstudio.learn.splits import TEST_TARGET
from catstudio.studio import DEFAULT_LABELS, Studio


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(commands, "new", new, "Begin a project.")
    parser.add_argument("project", help="the project's folder, such as MyCats.catstudio")
    parser.add_argument(
        "--labels",
        default=",".join(DEFAULT_LABELS),
        metavar="A,B",
        help="its labels, with commas (default: %(default)s)",
    )

    parser = add_command(commands, "review", review, "Accept, reject or relabel images.")
    parser.add_argument("project")
    decision = parser.add_mutually_exclusive_group(required=True)
    for name, words in (
        ("accept", "keep them for training"),
        ("reject", "keep them out of training"),
        ("trash", "put them in the trash"),
    ):
        decision.add_argument(
            f"--{name}",
            nargs="+",
            metavar="SELECTION",
            help=f"{words}: ids, all, source:seed, label:cat, state:pending, split:train, ...",
        )
    parser.add_argument("--label", help="give them this label too")

    parser = add_command(commands, "split", split, "Draw test and validation photos by lineage.")
    parser.add_argument("project")
    parser.add_argument(
        "--test-per-label",
        type=int,
        metavar="N",
        help=f"real photos of each label to test on (default: up to {TEST_TARGET}, "
        "with half of them kept for training)",
    )
    parser.add_argument("--seed", type=int, default=0, help="which draw (default: %(default)s)")

    parser = add_command(commands, "verify", verify, "Check every file and record of a project.")
    parser.add_argument("project")
    parser.add_argument(
        "--repair", action="store_true", help="bring back the last good copy of a damaged database"
    )


def new(args: argparse.Namespace, output: Output) -> int:
    """``catstudio new``."""
    labels = tuple(label.strip() for label in args.labels.split(","))
    with Studio.create(args.project, labels) as studio:
        output.say(f"{studio.root} is ready. Its labels: {', '.join(studio.labels())}.")
        output.result({"project": str(studio.root), "labels": studio.labels()})
    return DONE


def review(args: argparse.Namespace, output: Output) -> int:
    """``catstudio review``."""
    state, terms = next(
        (state, terms)
        for state, terms in (
            (State.ACCEPTED, args.accept),
            (State.REJECTED, args.reject),
            (State.TRASHED, args.trash),
        )
        if terms is not None
    )
    with Studio.open(args.project) as studio:
        chosen = select(studio.images(), terms)
        if args.label is not None and args.label not in studio.labels():
            raise BadInputError(
                f"{studio.name} has no label {args.label!r}.",
                f"Its labels are: {', '.join(studio.labels())}.",
            )
        relabelled = [image for image in chosen if args.label not in (None, image.label)]
        if relabelled:
            studio.apply(SetLabel(_ids(relabelled), args.label))
        moved = [image for image in chosen if image.state is not state]
        if moved:
            studio.apply(SetState(_ids(moved), state))
    changed = _ids([image for image in chosen if image in relabelled or image in moved])
    output.say(f"{count_images(len(chosen))} chosen, {len(changed)} changed, now {state.value}.")
    output.result({"chosen": len(chosen), "changed": len(changed), "ids": _ids(chosen)})
    return DONE


def split(args: argparse.Namespace, output: Output) -> int:
    """``catstudio split``."""
    wanted = TEST_TARGET if args.test_per_label is None else args.test_per_label
    if wanted < 0:
        raise BadInputError(f"--test-per-label is {args.test_per_label}.", "Give 0 or more.")
    with Studio.open(args.project) as studio:
        studio.draw_splits(args.test_per_label, args.seed)
        labels = studio.readiness().labels
    for one in labels:
        short = "" if one.test >= wanted else f" of {wanted} wanted"
        output.say(
            f"{one.label}: {one.train} to train on, {one.val} to validate, {one.test} to test{short}"
        )
    output.result({n.label: {"train": n.train, "val": n.val, "test": n.test} for n in labels})
    return DONE


def verify(args: argparse.Namespace, output: Output) -> int:
    """``catstudio verify``."""
    repaired: list[str] = []
    try:
        studio = Studio.open(args.project)
    except ProjectError as error:
        is_damaged = (Path(args.project) / "project.sqlite").exists()
        if not (args.repair and is_damaged):
            error.result = {"ok": False, "images": 0, "problems": [error.message]}
            raise
        repaired.append(Studio.repair(args.project))
        studio = Studio.open(args.project)
    with studio:
        repaired += studio.recovered
        for note in repaired:
            output.note(note)
        verdict = studio.verify(lambda done, total: output.progress.show(done, total, "checked"))
    for problem in verdict.problems:
        output.say(problem)
    if verdict.ok:
        output.say(f"{args.project} is whole: {count_images(verdict.images)}, no problem.")
    output.result(
        {
            "ok": verdict.ok,
            "images": verdict.images,
            "problems": verdict.problems,
            "repaired": repaired,
        }
    )
    return DONE if verdict.ok else BAD_INPUT


def _ids(images: list[ImageRecord]) -> tuple[str, ...]:
    return tuple(image.id for image in images)
