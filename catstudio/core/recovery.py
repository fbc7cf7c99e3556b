"""After a kill: sweep what had not landed. When the database is damaged: bring back the last good one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from catstudio.core.database import damaged, explain
from catstudio.core.errors import ProjectError
from catstudio.core.files import TEMPORARY_PREFIX, write_atomic
from catstudio.core.project import ProjectFolder
from catstudio.core.store import Store


def sweep(store: Store) -> list[str]:
    """Remove temporary files, and put files without a row in the trash; says what it did.

    An image's row is committed after its file, so a kill in between leaves a file whose
    provenance nobody knows: it is kept in ``trash/``, not in the data set. A run likewise.
    """
    folder, notes = store.folder, []
    known = {sha for (sha,) in store.database.read("SELECT sha256 FROM images")}
    for path in _files(folder.images):
        if path.name.startswith(TEMPORARY_PREFIX):
            path.unlink(missing_ok=True)
    for path in orphans(folder, known):
        _to_trash(folder, path)
        notes.append(f"{path.name} had no record (an import was interrupted); it is in trash/.")
    for path in orphan_runs(store):
        _to_trash(folder, path)
        notes.append(f"Run {path.name} was not finished; it is in trash/.")
    return notes


def restore_database(folder: ProjectFolder) -> str:
    """Put the last good copy of a damaged database in place; the damaged one goes to the trash.

    Returns a sentence that says what was done. Raises :class:`ProjectError` when the database
    is sound (a project of a newer version, say), or there is no good copy either.
    """
    is_there = folder.database.is_file()
    if is_there and _is_sound(folder.database):
        raise ProjectError(
            f"The database of {folder.name} is not damaged: there is nothing to restore.",
            "Open the project as it is, with the version of CatStudio that made it.",
        )
    if not folder.backup.exists():
        raise ProjectError(
            f"{folder.name} has no copy of its database to go back to.",
            "The images are all in its images folder: import them into a new project.",
        )
    if not _is_sound(folder.backup):
        raise ProjectError(
            f"The copy of the database of {folder.name} is damaged too.",
            "The images are all in its images folder: import them into a new project.",
        )
    # A kill between any two of these steps leaves a project that can be repaired again. The log
    # goes first: replayed onto the copy, it would damage that as well.
    for suffix in ("-wal", "-shm"):
        path = folder.database.with_name(folder.database.name + suffix)
        if path.exists():
            _to_trash(folder, path)
    if is_there:
        write_atomic(_free_name(folder, folder.database), folder.database.read_bytes())
    write_atomic(folder.database, folder.backup.read_bytes())
    return (
        "The database was damaged: its last good copy is back, the damaged one is in trash/. "
        "Images added since that copy go there too when the project opens: add them again."
    )


def orphans(folder: ProjectFolder, known: set[str]) -> list[Path]:
    """Image files in the project whose hash is not in ``known``; what the system hides is not one."""
    return [
        path
        for path in _files(folder.images)
        if path.stem not in known and not path.name.startswith(".")
    ]


def orphan_runs(store: Store) -> list[Path]:
    """Folders of trained models that the database does not know."""
    numbers = {number for (number,) in store.database.read("SELECT number FROM runs")}
    runs = store.folder.runs
    return [
        path
        for path in sorted(runs.iterdir() if runs.exists() else ())
        if path.name.isdecimal() and int(path.name) not in numbers
    ]


def _is_sound(path: Path) -> bool:
    """False only for damage: what is busy or out of reach is raised, never replaced by a copy."""
    connection = sqlite3.connect(path, timeout=1)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        # An empty file is whole, and no project.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        said = explain(error, path)
        if said is None or str(said) == str(damaged(path)):
            return False
        raise said from error
    finally:
        connection.close()
    return bool(verdict == "ok" and version > 0)


def _files(root: Path) -> Iterator[Path]:
    if root.exists():
        for sub in sorted(root.iterdir()):
            if sub.is_dir():
                yield from (path for path in sub.iterdir() if path.is_file())


def _to_trash(folder: ProjectFolder, path: Path) -> None:
    path.rename(_free_name(folder, path))


def _free_name(folder: ProjectFolder, path: Path) -> Path:
    """A name in the trash that is not taken."""
    folder.trash.mkdir(exist_ok=True)
    target, n = folder.trash / path.name, 1
    while target.exists():
        target, n = folder.trash / f"{path.stem}-{n}{path.suffix}", n + 1
    return target
