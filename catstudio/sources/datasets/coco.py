"""COCO JSON: each image's label is the category that covers most of it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.wording import shown
from catstudio.sources.datasets.base import DatasetItem, Format, Read, split_named
from catstudio.sources.datasets.files import MAX_TABLE_BYTES, Files, folder_of
from catstudio.sources.datasets.locating import Locator

_MOST_PEEKED = 50  # JSON files that are looked into: others describe one image each.


class _Found(Struct):
    """What the JSON files say, summed up."""

    items: dict[str, DatasetItem] = {}
    n_mixed: int = 0
    n_bare: int = 0


def _lists(files: Files) -> list[str]:
    if files.listing:
        return [files.listing] if files.listing.lower().endswith(".json") else []
    images = {name.rpartition(".")[0] for name in files.images()}
    return [name for name in files.ending(".json") if name.rpartition(".")[0] not in images]


def _fits(files: Files) -> bool:
    if files.listing:
        return bool(_lists(files))
    return any(_looks_like(files, name) for name in _lists(files)[:_MOST_PEEKED])


def _looks_like(files: Files, name: str) -> bool:
    try:
        data = files.read(name, MAX_TABLE_BYTES)
    except ImageRefusedError:
        return False
    return b'"images"' in data and b'"annotations"' in data


def _read(files: Files) -> Read:
    lists = [n for n in _lists(files) if files.listing or _looks_like(files, n)]
    if not lists:
        raise BadInputError(
            f"{files.title} has no COCO file in it.",
            'Choose the .json file with "images", "annotations" and "categories".',
        )
    locator = Locator(files)
    found = _Found(items={})
    for name in lists:
        _take(_parsed(files, name), name, locator, found)
    notes = []
    if found.n_mixed:
        notes.append(
            f"{found.n_mixed:,} images show several categories: each has the label of the one "
            "that covers most of it."
        )
    if found.n_bare:
        notes.append(f"{found.n_bare:,} images have no annotation: they have no label.")
    return Read(tuple(found.items.values()), tuple(locator.refused), tuple(notes))


def _parsed(files: Files, name: str) -> dict[str, Any]:
    title = shown(name)
    try:
        data = msgspec.json.decode(files.read(name, MAX_TABLE_BYTES))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInputError(
            f"{title} is not valid JSON: {error}.", "Export the annotations again."
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("images"), list):
        raise BadInputError(
            f'{title} is not a COCO file: it has no list of "images".',
            'It needs "images", "annotations" and "categories".',
        )
    return data


def _take(data: dict[str, Any], name: str, locator: Locator, found: _Found) -> None:
    names = {
        one["id"]: str(one.get("name", one["id"]))
        for one in _objects(data, "categories")
        if _is_id(one.get("id"))
    }
    areas: dict[Any, dict[Any, float]] = defaultdict(lambda: defaultdict(float))
    for one in _objects(data, "annotations"):
        image, category = one.get("image_id"), one.get("category_id")
        if _is_id(image) and _is_id(category):
            areas[image][category] += _area(one)
    split = _split_of(name)
    for one in _objects(data, "images"):
        file_name = one.get("file_name")
        if not isinstance(file_name, str):
            file_name = ""
        key = locator.find(folder_of(name), file_name, _siblings(name))
        if key is None:
            continue
        covered = areas.get(one.get("id")) if _is_id(one.get("id")) else None
        largest = max(covered, key=lambda c: covered[c]) if covered else None
        found.n_mixed += covered is not None and len(covered) > 1
        found.n_bare += not covered
        label = None if largest is None else names.get(largest, str(largest))
        found.items.setdefault(key, DatasetItem(name=shown(key), key=key, label=label, split=split))


def _objects(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = data.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _area(annotation: dict[str, Any]) -> float:
    """Of the outline where it is given, else of the box, in square pixels; 1 where neither is."""
    area = annotation.get("area")
    if isinstance(area, int | float) and area > 0:
        return float(area)
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4 and all(isinstance(v, int | float) for v in box):
        return max(float(box[2]) * float(box[3]), 1.0)
    return 1.0


def _split_of(name: str) -> str | None:
    """``instances_val2017.json`` is of the split val."""
    words = re.split(r"[^a-z]+", name.rpartition("/")[2].lower())
    return next((split for word in words if (split := split_named(word))), None)


def _siblings(name: str) -> tuple[str, ...]:
    """``instances_val2017.json`` speaks of images in ``../val2017`` or ``../images/val2017``."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    last = stem.rpartition("_")[2]
    return (last, f"../{last}", f"../images/{last}")


FORMAT = Format(
    id="coco",
    title="COCO",
    summary="A JSON file with images, annotations and categories; one label an image.",
    fits=_fits,
    read=_read,
)
