"""Labelled photos for the benchmark of heads: read once, split in halves, cut into tasks.

A set is a folder with one folder a group. Half of the photos, by hash of the file, is for
choosing the head; the other half is only reported on.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catstudio.engine.backbones import LoadedBackbone
from catstudio.engine.embedding import embed_files
from catstudio.engine.looking import PREPROCESSING

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
HALVES = ("choose", "report")
BIRDS = (1514668, 1580077, 1616318, 1806143, 1807496, 2007558, 2051845, 2056570)
INSECTS_AND_FISH = (2206856, 2236044, 2317335, 2607072)
SIX = {"cat", "dog", "bird", "mammal", "thing"}
"""Groups from which the six tasks are cut; a set without them is cut one group against the rest."""
MIN_TEST = 7


@dataclass(frozen=True)
class PhotoSet:
    """``rows`` [n, row_length] of photos, and the ``groups`` [n] they belong to."""

    name: str
    rows: Floats
    groups: NDArray[np.str_]


@dataclass(frozen=True)
class Task:
    """Tell ``positive`` photos from those in any of ``negatives``."""

    positive: Mask
    negatives: tuple[Mask, ...]


@dataclass(frozen=True)
class Draw:
    """Indices of training and test photos, and whether each is positive."""

    train: NDArray[np.intp]
    is_cat: Mask
    test: NDArray[np.intp]
    truth: Mask


def half_of(data: bytes) -> str:
    """The half that a file with these bytes belongs to, whatever it is called."""
    digest = hashlib.sha256(data).hexdigest()
    return HALVES[int(hashlib.md5(digest.encode(), usedforsecurity=False).hexdigest(), 16) % 2]


def group_of(folder: str, path: str) -> str:
    """``folder``; within ``other``, what kind by the WordNet number in an ImageNet file name."""
    if folder != "other":
        return folder
    found = re.search(r"n(\d{8})_", path)
    if not found:
        return "bird"
    number = int(found[1])
    if number in BIRDS:
        return "bird"
    if number < 2060000 or number in INSECTS_AND_FISH:
        return "animal"
    if number < 2500000:
        return "mammal"
    return "thing" if number < 4700000 else "scene"


def read(folder: Path, loaded: LoadedBackbone, half: str, cache: Path | None = None) -> PhotoSet:
    """The photos of ``half`` (``choose``, ``report`` or ``all``), embedded as the app does it.

    ``cache`` is a folder where the rows are kept.
    """
    paths = sorted(p for group in folder.iterdir() if group.is_dir() for p in group.iterdir())
    files = [path.read_bytes() for path in paths]
    rows = _rows(paths, files, loaded, cache)
    kept = [half in ("all", half_of(data)) for data in files]
    known = _original_names(folder)
    names = [p.relative_to(folder).as_posix() for p in paths]
    groups = [group_of(name.split("/")[0], known.get(name, name)) for name in names]
    return PhotoSet(folder.name, rows[kept], np.array(groups)[kept])


def _original_names(folder: Path) -> dict[str, str]:
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        return {}
    with manifest.open(newline="") as file:
        return {row["file"]: row["path_in_repo"] for row in csv.DictReader(file)}


def _rows(
    paths: list[Path], files: list[bytes], loaded: LoadedBackbone, cache: Path | None
) -> Floats:
    digest = hashlib.sha256(f"{loaded.backbone.id} {PREPROCESSING}".encode())
    for data in files:
        digest.update(hashlib.sha256(data).digest())
    kept = cache / f"{digest.hexdigest()[:16]}.npy" if cache else None
    if kept and kept.is_file():
        known: Floats = np.load(kept)
        return known
    rows = np.zeros((len(paths), loaded.backbone.row_length), np.float32)
    for batch in embed_files(paths, loaded):
        rows[batch.index] = batch.rows
        for number, error in batch.refused:
            raise ValueError(f"{paths[number]}: {error}")
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, rows)
    return rows


def tasks(groups: NDArray[np.str_]) -> dict[str, Task]:
    """The six tasks where their groups are there, each group against the rest elsewhere."""
    if not set(groups) >= SIX:
        masks = {name: groups == name for name in sorted(set(groups))}
        return {
            f"{name}/rest": Task(mask, tuple(m for other, m in masks.items() if other != name))
            for name, mask in masks.items()
        }
    cat, dog = groups == "cat", groups == "dog"
    other = ~cat & ~dog
    bird, mammal = groups == "bird", groups == "mammal"
    animal = bird | mammal | (groups == "animal")
    return {
        "cat/rest": Task(cat, (dog, other)),
        "dog/cat": Task(dog, (cat,)),
        "dog/rest": Task(dog, (cat, other)),
        "bird/other": Task(bird, (other & ~bird,)),
        "mammal/bird": Task(mammal, (bird,)),
        "thing/animal": Task(groups == "thing", (animal,)),
    }


def draws(task: Task, n: tuple[int, int], count: int) -> Iterator[Draw]:
    """``count`` draws of ``n`` positives and negatives; none when too few photos remain.

    Negatives come in equal parts from the groups that the task names.
    """
    for seed in range(count):
        generator = np.random.default_rng(seed)
        positive = generator.permutation(np.flatnonzero(task.positive))
        parts = [generator.permutation(np.flatnonzero(mask)) for mask in task.negatives]
        each = [n[1] // len(parts) + (i < n[1] % len(parts)) for i in range(len(parts))]
        taken = np.roll(each, seed)
        rest = np.concatenate([part[k:] for part, k in zip(parts, taken, strict=True)])
        chosen = np.concatenate([part[:k] for part, k in zip(parts, taken, strict=True)])
        if len(chosen) < n[1] or min(len(positive) - n[0], len(rest)) < MIN_TEST:
            return
        yield Draw(
            train=np.concatenate([positive[: n[0]], chosen]),
            is_cat=np.arange(n[0] + n[1]) < n[0],
            test=np.concatenate([positive[n[0] :], rest]),
            truth=np.arange(len(positive) - n[0] + len(rest)) < len(positive) - n[0],
        )
