"""The blind test's records: pairs of a real and a made image, and which one a person took for real."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.core.store import Store, now


class Answer(StrEnum):
    """Which of two images a person takes for the photo."""

    LEFT = "left"
    RIGHT = "right"
    UNSURE = "unsure"


class BlindPair(Struct, frozen=True, kw_only=True):
    """One question of a round.

    ``real`` and ``made`` are ids of images; ``label``, ``source`` and ``model`` ("" where none
    is named) are what held when the pair was drawn, whatever becomes of the images. ``is_repeat``:
    the person had seen one of the two in an earlier pair. ``answer`` is None while it is open;
    ``created`` is when the round was drawn, ``answered`` when the answer came.
    """

    id: str
    round: str
    place: int
    author: str
    label: str
    real: str
    made: str
    source: str
    model: str
    is_real_left: bool
    is_repeat: bool
    answer: Answer | None = None
    created: str = ""
    answered: str = ""

    @property
    def is_right(self) -> bool | None:
        """Was the photo found? None for an open pair, and where the person could not tell."""
        if self.answer in (None, Answer.UNSURE):
            return None
        return (self.answer is Answer.LEFT) == self.is_real_left


_COLUMNS = tuple(BlindPair.__struct_fields__)


class BlindRecords:
    """Reads and writes the pairs of one project; every write is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_round(self, pairs: Iterable[BlindPair]) -> list[BlindPair]:
        """Keep the pairs of a new round, open; what their ``created`` says is set here."""
        created = now()
        rows = [(*_values(pair)[:-3], None, created, None) for pair in pairs]
        places = ", ".join("?" * len(_COLUMNS))
        with self._store.database.transaction() as db:
            db.executemany(
                f"INSERT INTO blind_answers ({', '.join(_COLUMNS)}) VALUES ({places})", rows
            )
        return [_pair(row) for row in rows]

    def pairs(self) -> list[BlindPair]:
        """Every pair, open ones too, in the order of their drawing."""
        rows = self._store.database.read(
            f"SELECT {', '.join(_COLUMNS)} FROM blind_answers ORDER BY number"
        )
        return [_pair(row) for row in rows]

    def answer(self, id_: str, answer: Answer | None) -> None:
        """Keep what was answered to a pair; None opens it again.

        Raises :class:`BadInputError` when there is no such pair.
        """
        with self._store.database.transaction() as db:
            done = db.execute(
                "UPDATE blind_answers SET answer = ?, answered = ? WHERE id = ?",
                (answer, now() if answer else None, id_),
            )
            _check_found(done, id_)

    def drop(self, ids: Iterable[str]) -> None:
        """Forget open pairs, such as those whose images are gone; what was answered stays."""
        with self._store.database.transaction() as db:
            db.executemany(
                "DELETE FROM blind_answers WHERE id = ? AND answer IS NULL",
                [(id_,) for id_ in ids],
            )


def _check_found(done: sqlite3.Cursor, id_: str) -> None:
    if done.rowcount == 0:
        raise BadInputError(f"There is no pair {id_} in this project's blind tests.")


def _values(pair: BlindPair) -> tuple[Any, ...]:
    return tuple(getattr(pair, name) for name in _COLUMNS)


def _pair(row: tuple[Any, ...]) -> BlindPair:
    fields = dict(zip(_COLUMNS, row, strict=True))
    fields["answer"] = Answer(fields["answer"]) if fields["answer"] else None
    fields["is_real_left"] = bool(fields["is_real_left"])
    fields["is_repeat"] = bool(fields["is_repeat"])
    fields["answered"] = fields["answered"] or ""
    return BlindPair(**fields)
