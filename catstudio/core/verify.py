"""Is a project whole? Every record against its file, every rule of the store against its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.files import sha256
from catstudio.core.recovery import orphan_runs, orphans
from catstudio.core.store import Store
from catstudio.core.types import Provenance


class Verdict(Struct, frozen=True):
    """``problems`` are sentences; an empty list means that the project is whole."""

    images: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


_RULES = (
    (
        "SELECT name FROM images WHERE NOT is_real AND split IN ('val', 'test')",
        "{} is not a photograph but is in the test or validation split.",
    ),
    (
        "SELECT max(name) FROM images JOIN lineages ON image = images.id "
        "WHERE is_real AND split IN ('val', 'test') GROUP BY lineage HAVING count(*) > 1",
        "{} has a near-copy in the test or validation split.",
    ),
    (
        "SELECT max(name) FROM images JOIN lineages ON image = images.id WHERE split = 'train' "
        "AND is_real AND lineage IN (SELECT lineage FROM images JOIN lineages "
        "ON image = images.id WHERE split IN ('val', 'test')) GROUP BY images.id",
        "{} is in the training split but is a near-copy of a test or validation photo.",
    ),
    (
        "SELECT name FROM images WHERE is_real AND id IN (SELECT child FROM parents)",
        "{} is called a photograph but was made from other images.",
    ),
    (
        "SELECT DISTINCT name FROM parents JOIN lineages AS theirs ON theirs.image = parent "
        "JOIN images ON images.id = child WHERE NOT EXISTS (SELECT 1 FROM lineages "
        "WHERE image = child AND lineage = theirs.lineage)",
        "{} is not of the lineage of an image that it was made from.",
    ),
    (
        "SELECT child FROM parents WHERE parent NOT IN (SELECT id FROM images)",
        "Image {} names a parent that is not there.",
    ),
    (
        "SELECT name FROM images WHERE id NOT IN (SELECT image FROM lineages)",
        "{} has no lineage.",
    ),
    (
        "SELECT name FROM images WHERE label NOT IN (SELECT name FROM labels)",
        "{} has a label that the project does not have.",
    ),
)


def verify(store: Store, on_image: Callable[[int, int], None] | None = None) -> Verdict:
    """Read every original and check it against its hash, and every row against the rules.

    ``on_image(done, total)`` is called after each image.
    """
    problems: list[str] = []
    verdicts = store.database.read("PRAGMA integrity_check")
    problems += [f"Database: {text}." for (text,) in verdicts if text != "ok"]
    problems += [
        f"Database: a row of {table} points to nothing."
        for table, *_ in store.database.read("PRAGMA foreign_key_check")
    ]
    rows = store.database.read("SELECT sha256, format, name FROM images ORDER BY number")
    for done, (digest, format_, name) in enumerate(rows, 1):
        problem = _check_file(store.folder.image_path(digest, format_), digest, name)
        if problem:
            problems.append(problem)
        if on_image:
            on_image(done, len(rows))
    problems += [
        f"{path.name} is in images/ but has no record."
        for path in orphans(store.folder, {digest for digest, *_ in rows})
    ]
    problems += [f"{path.name} is in runs/ but has no record." for path in orphan_runs(store)]
    for sql, text in _RULES:
        problems += [text.format(name) for (name,) in store.database.read(sql)]
    problems += _unreadable(store)
    numbers = [number for (number,) in store.database.read("SELECT number FROM runs")]
    for number in numbers:
        for name in ("head.safetensors", "report.json"):
            if not (store.folder.run_folder(number) / name).is_file():
                problems.append(f"Run {number:04d} has no {name}.")
    return Verdict(len(rows), tuple(problems))


def _unreadable(store: Store) -> list[str]:
    """Records whose contents do not decode: a flipped bit that SQLite itself cannot notice."""
    problems = []
    for name, provenance, tags, dhash in store.database.read(
        "SELECT name, provenance, tags, dhash FROM images"
    ):
        try:
            msgspec.json.decode(provenance, type=Provenance)
            msgspec.json.decode(tags, type=list[str])
            int(dhash, 16)
        except (msgspec.MsgspecError, ValueError):
            problems.append(f"The record of {name} is damaged.")
    for number, summary in store.database.read("SELECT number, summary FROM runs"):
        try:
            msgspec.json.decode(summary, type=dict[str, Any])
        except msgspec.MsgspecError:
            problems.append(f"The record of run {number:04d} is damaged.")
    return problems


def _check_file(path: Path, digest: str, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return f"The file of {name} is missing: {path.name}."
    except OSError as error:
        return f"The file of {name} cannot be read: {(error.strerror or str(error)).lower()}."
    return "" if sha256(data) == digest else f"The file of {name} is damaged: {path.name}."
