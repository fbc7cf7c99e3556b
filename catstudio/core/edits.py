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
    count_images,
)
from catstudio.core.errors import BadInputError
from catstudio.core.store import Store, label_name, now
from catstudio.core.types import Split, State

MAX_WEIGHT = 1_000_000


class Edits:
    """The history of one project. Every call is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def apply(self, change: AnyChange) -> Touched:
        """Apply ``change``, remember its inverse, and drop what could have been redone.

        Raises :class:`BadInputError` when it cannot be done; then nothing has changed. Of
        drawn splits those that have become impossible since they were drawn are left out.
        """
        with self._store.database.transaction() as db:
            before = self._do(db, change)
            if isinstance(change, DrawSplits):
                done = {id_ for id_, _ in before}
                change = DrawSplits(tuple(one for one in change.assigned if one[0] in done))
                if not done:
                    return Touched((), change.title, *self.names())
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
        return self._swap("done", "undone", "undo")

    def redo(self) -> Touched | None:
        """Do again what was undone last; None when there is nothing."""
        return self._swap("undone", "done", "redo")

    def _swap(self, status: str, becomes: str, verb: str) -> Touched | None:
        """Exchange the values that a step left in the images with those that it remembers.

        So redo brings back exactly what undo took away, also where a job had set it.
        """
        with self._store.database.transaction() as db:
            found = _newest(db, status, "DESC" if status == "done" else "ASC")
            if found is None:
                return None
            number, title, change, kept = found
            if isinstance(change, AddLabel):
                kept = self._swap_label(db, change.name, kept, is_undo=verb == "undo")
            else:
                column = _COLUMN[type(change)]
                values = [(value, id_) for id_, value in kept]
                kept = _current(db, column, [id_ for id_, _ in kept])
                _set(db, column, values)
                if column == "split":
                    # A near-copy may have come in meanwhile, and holds the place now.
                    taken = [id_ for split, id_ in values if _near_copy(db, id_, split)]
                    _set(db, column, [(None, id_) for id_ in taken])
            db.execute(
                "UPDATE changes SET status = ?, before = ? WHERE number = ?",
                (becomes, msgspec.json.encode(kept).decode(), number),
            )
        return self._touched(change, f"{verb} {title}")

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
        return self._without_near_copies(db, change, before) if column == "split" else before

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

    def _without_near_copies(
        self, db: sqlite3.Connection, change: AnyChange, before: list[tuple[str, Any]]
    ) -> list[tuple[str, Any]]:
        """Refuse what would put near-copies in different splits; drawn splits just pass over it."""
        kept = []
        for id_, old in before:
            (split,) = db.execute("SELECT split FROM images WHERE id = ?", (id_,)).fetchone()
            clash = _near_copy(db, id_, split)
            if clash is None:
                kept.append((id_, old))
            elif isinstance(change, DrawSplits):
                _set(db, "split", [(old, id_)])
            else:
                raise BadInputError(
                    f"{clash[0]} is nearly the same photo as {clash[1]}, which is in a split.",
                    "Near-copies of a test photo can be neither trained nor tested on.",
                )
        return kept

    def _swap_label(
        self, db: sqlite3.Connection, name: str, kept: list[tuple[str, Any]], *, is_undo: bool
    ) -> list[tuple[str, Any]]:
        """Take the label away, also from images in the trash, or bring it back to those."""
        name = label_name(name)
        if not is_undo:
            self._store.add_label(name)
            db.executemany(
                "UPDATE images SET label = ? WHERE id = ? AND label IS NULL",
                [(label, id_) for id_, label in kept],
            )
            return []
        used = db.execute("SELECT id, label, state FROM images WHERE label = ?", (name,)).fetchall()
        alive = sum(state != State.TRASHED for _, _, state in used)
        if alive:
            raise BadInputError(
                f"The label {name!r} is in use by {count_images(alive)}.", "Relabel them first."
            )
        db.execute("UPDATE images SET label = NULL WHERE label = ?", (name,))
        db.execute("DELETE FROM labels WHERE name = ?", (name,))
        return [(id_, label) for id_, label, _ in used]

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


def _near_copy(db: sqlite3.Connection, id_: str, split: str | None) -> tuple[str, str] | None:
    """Its name, and that of a photo of its lineages that does not go with it in ``split``."""
    if split is None:
        return None
    found: tuple[str, str] | None = db.execute(
        "SELECT mine.name, other.name FROM images AS mine "
        "JOIN lineages AS one ON one.image = mine.id "
        "JOIN lineages AS shared ON shared.lineage = one.lineage "
        "JOIN images AS other ON other.id = shared.image "
        "WHERE mine.id = ? AND other.id != mine.id AND other.is_real "
        "AND other.split IS NOT NULL AND NOT (other.split = 'train' AND ? = 'train') LIMIT 1",
        (id_, split),
    ).fetchone()
    return found


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
