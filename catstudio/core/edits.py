"""Applying edits to the store, each as one undoable step that survives a restart."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

import msgspec

from catstudio.core.changes import (
    AddImages,
    AddLabel,
    AnyChange,
    DrawSplits,
    SetLabel,
    SetSplit,
    SetState,
    SetTags,
    SetWeight,
    Touched,
)
from catstudio.core.errors import BadInputError
from catstudio.core.store import Store, now
from catstudio.core.types import Split, State

MAX_WEIGHT = 1_000_000


class Edits:
    """The history of one project. Every call is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def apply(self, change: AnyChange) -> Touched:
        """Apply ``change``, remember its inverse, and drop what could have been redone.

        Raises :class:`BadInputError` when it cannot be done; then nothing has changed.
        """
        with self._store.database.transaction() as db:
            before = self._do(db, change)
            db.execute("UPDATE changes SET status = 'dropped' WHERE status = 'undone'")
            db.execute(
                "INSERT INTO changes (id, title, change, before, status, author, created) "
                "VALUES (?, ?, ?, ?, 'done', ?, ?)",
                (
                    uuid.uuid4().hex,
                    change.title,
                    msgspec.json.encode(change).decode(),
                    msgspec.json.encode(before).decode(),
                    self._store.author,
                    now(),
                ),
            )
        return self._touched(change, change.title)

    def undo(self) -> Touched | None:
        """Take back the last edit; None when there is none."""
        with self._store.database.transaction() as db:
            found = _newest(db, "done", "DESC")
            if found is None:
                return None
            number, title, change, before = found
            if isinstance(change, AddLabel):
                self._remove_label(db, change.name)
            else:
                column = _COLUMN[type(change)]
                db.executemany(
                    f"UPDATE images SET {column} = ? WHERE id = ?",
                    [(old, id_) for id_, old in before],
                )
            db.execute("UPDATE changes SET status = 'undone' WHERE number = ?", (number,))
        return self._touched(change, f"undo {title}")

    def redo(self) -> Touched | None:
        """Do again what was undone last; None when there is nothing."""
        with self._store.database.transaction() as db:
            found = _newest(db, "undone", "ASC")
            if found is None:
                return None
            number, title, change, before = found
            if isinstance(change, AddImages):
                _set(db, "state", [(self._state_of(id_), id_) for id_, _ in before])
            else:
                self._do(db, change)
            db.execute("UPDATE changes SET status = 'done' WHERE number = ?", (number,))
        return self._touched(change, f"redo {title}")

    def names(self) -> tuple[str | None, str | None]:
        """What undo and redo would do, as titles; None where there is nothing."""
        read = self._store.database.read
        sql = "SELECT title FROM changes WHERE status = ? ORDER BY number {} LIMIT 1"
        undo, redo = read(sql.format("DESC"), ("done",)), read(sql.format("ASC"), ("undone",))
        return undo[0][0] if undo else None, redo[0][0] if redo else None

    # -- one change ------------------------------------------------------------------------

    def _do(self, db: sqlite3.Connection, change: AnyChange) -> list[tuple[str, Any]]:
        """Make the change; returns (id, old value of the column it sets) for undo."""
        if isinstance(change, AddLabel):
            self._store.add_label(change.name)
            return []
        if isinstance(change, AddImages):
            # The images are there already; undoing puts them in the trash.
            return [(id_, State.TRASHED) for id_ in change.ids]
        values = self._values(change)
        column = _COLUMN[type(change)]
        before = _current(db, column, [id_ for _, id_ in values])
        if column == "split":
            self._refuse_synthetic(values)
        _set(db, column, values)
        if column == "split":
            self._refuse_near_copies(db, values)
        return before

    def _values(self, change: AnyChange) -> list[tuple[Any, str]]:
        if isinstance(change, SetLabel):
            self._store.check_label(change.label)
            return [(change.label, id_) for id_ in change.ids]
        if isinstance(change, SetState):
            return [(change.state, id_) for id_ in change.ids]
        if isinstance(change, SetSplit):
            return [(change.split, id_) for id_ in change.ids]
        if isinstance(change, DrawSplits):
            return [(split, id_) for id_, split in change.assigned]
        if isinstance(change, SetTags):
            tags = msgspec.json.encode(change.tags).decode()
            return [(tags, id_) for id_ in change.ids]
        if isinstance(change, SetWeight):
            if not 1 <= change.weight <= MAX_WEIGHT:
                raise BadInputError(
                    f"An image cannot count {change.weight:,} times.",
                    f"Give a number from 1 to {MAX_WEIGHT:,}.",
                )
            return [(change.weight, id_) for id_ in change.ids]
        raise TypeError(f"{type(change).__name__} sets no column")

    def _refuse_synthetic(self, values: list[tuple[Any, str]]) -> None:
        held = [id_ for split, id_ in values if split in (Split.VAL, Split.TEST)]
        for record in self._store.images_by_id(held):
            if record.is_synthetic:
                raise BadInputError(
                    f"{record.name} is not a photograph, so nothing may be tested on it.",
                    "Only real photos can be in the validation or test split.",
                )

    def _refuse_near_copies(self, db: sqlite3.Connection, values: list[tuple[Any, str]]) -> None:
        for split, id_ in values:
            clash = db.execute(
                "SELECT mine.name, other.name FROM images AS mine, images AS other "
                "JOIN lineages ON image = other.id WHERE mine.id = ? AND other.id != mine.id "
                "AND other.split IS NOT NULL AND NOT (other.split = 'train' AND ? = 'train') "
                "AND other.is_real "
                "AND lineage IN (SELECT lineage FROM lineages WHERE image = mine.id) LIMIT 1",
                (id_, split),
            ).fetchone()
            if split is not None and clash:
                raise BadInputError(
                    f"{clash[0]} is nearly the same photo as {clash[1]}, which is in a split.",
                    "Near-copies of a test photo can be neither trained nor tested on.",
                )

    def _remove_label(self, db: sqlite3.Connection, name: str) -> None:
        used = db.execute("SELECT count(*) FROM images WHERE label = ?", (name,)).fetchone()[0]
        if used:
            raise BadInputError(
                f"The label {name!r} is in use by {used:,} images.", "Relabel them first."
            )
        db.execute("DELETE FROM labels WHERE name = ?", (name,))

    def _state_of(self, id_: str) -> State:
        record = self._store.image(id_)
        return State.ACCEPTED if record.is_real and record.label else State.PENDING

    def _touched(self, change: AnyChange, title: str) -> Touched:
        undo, redo = self.names()
        ids = (
            tuple(id_ for id_, _ in change.assigned)
            if isinstance(change, DrawSplits)
            else getattr(change, "ids", ())
        )
        return Touched(ids, title, undo, redo, labels_changed=isinstance(change, AddLabel))


_COLUMN: dict[type, str] = {
    SetLabel: "label",
    SetState: "state",
    SetSplit: "split",
    DrawSplits: "split",
    SetWeight: "weight",
    SetTags: "tags",
    AddImages: "state",
}


def _newest(
    db: sqlite3.Connection, status: str, order: str
) -> tuple[int, str, AnyChange, list[tuple[str, Any]]] | None:
    row = db.execute(
        f"SELECT number, title, change, before FROM changes WHERE status = ? "
        f"ORDER BY number {order} LIMIT 1",
        (status,),
    ).fetchone()
    if row is None:
        return None
    number, title, change, before = row
    return (
        number,
        title,
        msgspec.json.decode(change, type=AnyChange),
        msgspec.json.decode(before, type=list[tuple[str, Any]]),
    )


def _current(db: sqlite3.Connection, column: str, ids: list[str]) -> list[tuple[str, Any]]:
    before = []
    for id_ in ids:
        row = db.execute(f"SELECT {column} FROM images WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise BadInputError(f"There is no image {id_} in this project.")
        before.append((id_, row[0]))
    return before


def _set(db: sqlite3.Connection, column: str, values: list[tuple[Any, str]]) -> None:
    db.executemany(f"UPDATE images SET {column} = ? WHERE id = ?", values)
