"""The command that brings images in: photos and folders of them, and data sets from elsewhere."""

from __future__ import annotations

import argparse
from typing import Any

from catstudio.cli.output import BAD_INPUT, DONE, Output, add_command, listed
from catstudio.core.changes import count_images
from catstudio.core.errors import BadInputError, CatStudioError
from catstudio.core.types import Split
from catstudio.sources import SOURCES
from catstudio.sources.datasets import (
    FORMATS,
    Group,
    RiskReport,
    Verdict,
    is_dataset,
    open_dataset,
    report_of,
)
from catstudio.studio import Studio

_IMPORTED = tuple(s.id for s in SOURCES.values() if not s.is_generator and s.id != "copy")
_SKIPPED = tuple(group.value for group in Group if group is not Group.BROKEN)
_FLAT = "flat"
_MARKS = {Verdict.OK: "ok", Verdict.LOOK: "look", Verdict.PROBLEM: "PROBLEM", Verdict.UNKNOWN: "?"}


def add_commands(commands: Any) -> None:
    """Register this group."""
    parser = add_command(
        commands, "import", import_, "Bring in photos, drawings, folders or data sets."
    )
    parser.add_argument("project")
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="image files, folders of them, or data sets: class folders, archives, "
        "COCO, Hugging Face, CSV, WebDataset",
    )
    parser.add_argument(
        "--label",
        help="their label; without it they wait for one in review, or have the data set's own",
    )
    parser.add_argument(
        "--source",
        choices=_IMPORTED,
        help="how they came about (default: photo; vendor for a data set)",
    )
    parser.add_argument("--split", choices=[s.value for s in Split], help="their part of the test")
    parser.add_argument("--origin", default="", help="where they come from: a shop, an address")
    parser.add_argument("--license", default="", help="an SPDX name, or words")
    parser.add_argument("--author", default="", help="who took or made them")
    parser.add_argument(
        "--parents", nargs="+", default=(), metavar="ID", help="images that these were made from"
    )
    parser.add_argument(
        "--keep-location", action="store_true", help="leave in where photos were taken"
    )
    _add_dataset_options(parser.add_argument_group("data sets"))


def _add_dataset_options(group: Any) -> None:
    group.add_argument(
        "--format",
        choices=("auto", _FLAT, *FORMATS),
        default="auto",
        help="how the data set is laid out; flat: take sub-folders for no labels",
    )
    group.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="RAW=LABEL,...",
        help="what its labels mean: dog=not-cat; bird= leaves birds out; fox=? decides later",
    )
    group.add_argument(
        "--check", action="store_true", help="only say what it would bring along; nothing enters"
    )
    group.add_argument(
        "--skip",
        default="",
        metavar="GROUP,...",
        help=f"leave out, after a check: {', '.join(_SKIPPED)}",
    )
    group.add_argument(
        "--no-splits", action="store_true", help="do not take over its train, val and test"
    )


def import_(args: argparse.Namespace, output: Output) -> int:
    """``catstudio import``."""
    mapping, skipped = _mapping(args.map), _skipped(args.skip)
    is_forced = args.check or bool(skipped)
    sets = [path for path in args.paths if is_forced or _is_dataset(path, args)]
    flat = [path for path in args.paths if path not in sets]
    if sets and args.parents:
        raise BadInputError(
            f"{sets[0]} is a data set, which has no parents.", "Give --parents with single images."
        )
    total = _Total()
    with Studio.open(args.project) as studio:
        if args.check:
            return _check(studio, args, mapping, output)
        try:
            if flat:
                total.add(_import_flat(studio, flat, args, output))
            for path in sets:
                _import_set(studio, path, (mapping, skipped), args, output, total)
        except CatStudioError as error:
            total.add(error.result)
            error.result = total.as_result()
            raise
    result = total.as_result()
    _say(result, bool(sets) and not args.license, output)
    output.result(result)
    return BAD_INPUT if result["refused"] or result["unmapped"] else DONE


def _is_dataset(path: str, args: argparse.Namespace) -> bool:
    if args.format != "auto":
        return bool(args.format != _FLAT)
    return is_dataset(path, takes_folders=args.label is None)


def _import_flat(
    studio: Studio, paths: list[str], args: argparse.Namespace, output: Output
) -> dict[str, Any]:
    request = studio.import_request(
        paths,
        label=args.label,
        source=args.source or "photo",
        split=args.split,
        origin=args.origin,
        license=args.license,
        author=args.author,
        parents=args.parents,
        keeps_location=args.keep_location,
    )
    return studio.run(request, output.progress).result


def _import_set(
    studio: Studio,
    path: str,
    wanted: tuple[dict[str, str | None], tuple[str, ...]],
    args: argparse.Namespace,
    output: Output,
    total: _Total,
) -> None:
    """Add one data set's result to ``total``; one that cannot be read is refused by name."""
    mapping, skipped = wanted
    try:
        meaning = _meaning(path, mapping, args)
        left_out: tuple[str, ...] = ()
        if skipped:
            request = studio.check_dataset_request(path, format=_format(args), **meaning)
            done = studio.run(request, output.progress)
            left_out = report_of(done.result).names(*skipped)
        request_in = studio.import_dataset_request(
            path,
            format=_format(args),
            **meaning,
            leave_out=left_out,
            source=args.source or "vendor",
            split=args.split,
            keeps_splits=not args.no_splits,
            origin=args.origin,
            license=args.license,
            author=args.author,
            keeps_location=args.keep_location,
        )
        total.add(studio.run(request_in, output.progress).result)
    except BadInputError as error:
        output.note(str(error))
        total.add({**error.result, "refused": [{"path": path, "reason": str(error)}]})


def _meaning(path: str, mapping: dict[str, str | None], args: argparse.Namespace) -> dict[str, Any]:
    """What raw labels mean: as mapped, or all the one label that was given."""
    if args.label is None:
        return {"mapping": mapping}
    with open_dataset(path, _format(args)) as dataset:
        everything: dict[str, str | None] = dict.fromkeys(dataset.raw_labels(), args.label)
    return {"mapping": {**everything, **mapping}, "unlabelled": args.label}


def _format(args: argparse.Namespace) -> str:
    return "folders" if args.format == _FLAT else str(args.format)


def _check(
    studio: Studio, args: argparse.Namespace, mapping: dict[str, str | None], output: Output
) -> int:
    reports: list[RiskReport] = []
    refused: list[dict[str, str]] = []
    for path in args.paths:
        try:
            meaning = _meaning(path, mapping, args)
            request = studio.check_dataset_request(path, format=_format(args), **meaning)
            reports.append(report_of(studio.run(request, output.progress).result))
        except BadInputError as error:
            output.note(str(error))
            refused.append({"path": path, "reason": str(error)})
    for report in reports:
        _say_report(report, output)
    output.result({"reports": [one.as_result() for one in reports], "refused": refused})
    is_whole = not refused and all(
        not one.refused and all(label.is_mapped for label in one.labels) for one in reports
    )
    return DONE if is_whole else BAD_INPUT


def _say_report(report: RiskReport, output: Output) -> None:
    output.say(f"{report.path}: {count_images(report.n)}, {FORMATS[report.format].title}.")
    for note in report.notes:
        output.say(f"  {note}")
    for one in report.labels:
        means = one.label or ("decide later" if one.label is None else "left out")
        output.say(f"  {one.raw} ({one.n:,}) → {means if one.is_mapped else 'nothing yet'}")
    for finding in report.findings:
        output.say(f"  [{_MARKS[finding.verdict]}] {finding.title}: {finding.text}")
        if finding.hint and finding.verdict is not Verdict.OK:
            output.say(f"       {finding.hint}")
    for one_refused in report.refused:
        output.say(f"  refused: {one_refused['reason']}")
    groups = {name: len(marked) for name, marked in report.groups.items() if marked}
    if groups:
        output.say(f"  Groups for --skip: {listed(groups)}.")


def _say(result: dict[str, Any], lacks_licence: bool, output: Output) -> None:
    output.say(
        f"Added {count_images(result['added'])}; {result['duplicates']} were there already; "
        f"{len(result['refused'])} refused."
    )
    if result["location_removed"]:
        places = count_images(result["location_removed"])
        output.say(f"Location was removed from {places}; --keep-location keeps it.")
    if result["left_out"]:
        output.say(f"Left out as asked: {count_images(result['left_out'])}.")
    if result["unmapped"]:
        output.say(
            f"Labels that are none of the project's: {listed(result['unmapped'])}. Say what they "
            "mean with --map, give --label, or --format flat to label them in review."
        )
    if lacks_licence and result["added"]:
        output.say("No licence was given (--license): nobody will know what these may be used for.")


_ADDED_UP = ("added", "duplicates", "left_out", "location_removed", "seconds")


class _Total:
    """The results of several imports as one."""

    def __init__(self) -> None:
        self._numbers: dict[str, Any] = dict.fromkeys(_ADDED_UP, 0)
        self._lists: dict[str, list[Any]] = {"ids": [], "refused": [], "skipped": []}
        self._unmapped: dict[str, int] = {}

    def add(self, result: dict[str, Any]) -> None:
        for key in self._numbers:
            self._numbers[key] += result.get(key, 0)
        for key, values in self._lists.items():
            values.extend(result.get(key, []))
        for raw, n in result.get("unmapped", {}).items():
            self._unmapped[raw] = self._unmapped.get(raw, 0) + n

    def as_result(self) -> dict[str, Any]:
        return {**self._numbers, **self._lists, "unmapped": self._unmapped}


def _mapping(given: list[str]) -> dict[str, str | None]:
    """``dog=not-cat,bird=,fox=?``; raises :class:`BadInputError` for a part without ``=``."""
    mapping: dict[str, str | None] = {}
    for part in ",".join(given).split(",") if given else ():
        raw, sign, label = part.rpartition("=")
        if not sign or not raw.strip():
            raise BadInputError(
                f"--map has {part!r}, which says nothing.",
                "Write RAW=LABEL, such as dog=not-cat; RAW= leaves it out.",
            )
        mapping[raw.strip()] = None if label.strip() == "?" else label.strip()
    return mapping


def _skipped(given: str) -> tuple[str, ...]:
    groups = tuple(word.strip() for word in given.split(",") if word.strip())
    for group in groups:
        if group not in _SKIPPED:
            raise BadInputError(
                f"--skip knows no group {group!r}.", f"Its groups: {', '.join(_SKIPPED)}."
            )
    return groups
