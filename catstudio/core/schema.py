"""The database's schema and its forward migrations, one named step a version."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from catstudio.core.errors import ProjectError

_FIRST = """
CREATE TABLE project (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE labels (
    name TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    author TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE images (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL UNIQUE,
    label TEXT REFERENCES labels(name) ON UPDATE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'trashed')),
    split TEXT CHECK (split IN ('train', 'val', 'test')),
    source TEXT NOT NULL,
    is_real INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    format TEXT NOT NULL,
    name TEXT NOT NULL,
    weight INTEGER NOT NULL DEFAULT 1 CHECK (weight >= 1),
    tags TEXT NOT NULL DEFAULT '[]',
    provenance TEXT NOT NULL,
    dhash TEXT NOT NULL,
    author TEXT NOT NULL,
    created TEXT NOT NULL,
    -- The test set is real, whatever any caller believes.
    CHECK (is_real OR split IS NULL OR split = 'train')
);
CREATE TABLE parents (
    child TEXT NOT NULL REFERENCES images(id),
    parent TEXT NOT NULL REFERENCES images(id),
    share REAL NOT NULL,
    PRIMARY KEY (child, parent)
) WITHOUT ROWID;
CREATE INDEX children ON parents (parent);
CREATE TABLE lineages (
    image TEXT NOT NULL REFERENCES images(id),
    lineage TEXT NOT NULL,
    PRIMARY KEY (image, lineage)
) WITHOUT ROWID;
CREATE INDEX members ON lineages (lineage);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    change TEXT NOT NULL,
    before TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'undone', 'dropped')),
    author TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX change_status ON changes (status, number);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    backbone TEXT NOT NULL,
    summary TEXT NOT NULL,
    author TEXT NOT NULL,
    created TEXT NOT NULL
);
"""

# Which of two images a person took for the photo: see catstudio.core.blind. Label, source and
# model are what held then, so no renaming changes what was answered.
_BLIND_ANSWERS = """
CREATE TABLE blind_answers (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    round TEXT NOT NULL,
    place INTEGER NOT NULL,
    author TEXT NOT NULL,
    label TEXT NOT NULL,
    real TEXT NOT NULL REFERENCES images(id),
    made TEXT NOT NULL REFERENCES images(id),
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    is_real_left INTEGER NOT NULL,
    is_repeat INTEGER NOT NULL,
    answer TEXT CHECK (answer IN ('left', 'right', 'unsure')),
    created TEXT NOT NULL,
    answered TEXT,
    UNIQUE (round, place),
    CHECK ((answer IS NULL) = (answered IS NULL))
)
"""


def _create(connection: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";\n"):
        connection.execute(statement)


def _add_blind_answers(connection: sqlite3.Connection) -> None:
    connection.execute(_BLIND_ANSWERS)


# Version n + 1 is reached from version n by entry n. Add at the end; never edit an entry
# that was released: somebody's project stands at its result.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _create,
    _add_blind_answers,
)
VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring the database to :data:`VERSION`, each step in one transaction.

    Raises :class:`ProjectError` when it was written by a newer CatStudio.
    """
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise ProjectError(
            f"{name} was made by a newer CatStudio (project version {found}; "
            f"this one reads up to {VERSION}).",
            "Update CatStudio to open it. Nothing was changed.",
        )
    for number in range(found, VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            MIGRATIONS[number](connection)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
