"""Is a project whole? Every record against its file, every rule of the store against its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from catstudio.core.files import sha256
from catstudio.core.recovery import orphans
from catstudio.core.store import Store


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
    records = store.images()
    for done, record in enumerate(records, 1):
        problem = _check_file(store.image_path(record), record.sha256, record.name)
        if problem:
            problems.append(problem)
        if on_image:
            on_image(done, len(records))
    problems += [
        f"{path.name} is in images/ but has no record."
        for path in orphans(store.folder, {record.sha256 for record in records})
    ]
    for sql, text in _RULES:
        problems += [text.format(name) for (name,) in store.database.read(sql)]
    for run in store.runs():
        for name in ("head.safetensors", "report.json"):
            if not (store.folder.run_folder(run.number) / name).is_file():
                problems.append(f"Run {run.number:04d} has no {name}.")
    return Verdict(len(records), tuple(problems))


def _check_file(path: Path, digest: str, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return f"The file of {name} is missing: {path.name}."
    except OSError as error:
        return f"The file of {name} cannot be read: {(error.strerror or str(error)).lower()}."
    return "" if sha256(data) == digest else f"The file of {name} is damaged: {path.name}."
