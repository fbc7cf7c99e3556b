"""Finished embeddings in one SQLite file, which may be deleted at any time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_CHUNK = 500
_WAIT_SECONDS = 10.0


def cache_key(sha256: str, backbone: str, preprocessing: str) -> str:
    """What an embedding depends on: the file's bytes, the backbone, how pixels were prepared."""
    return f"{sha256}:{backbone}:{preprocessing}"


class EmbeddingCache:
    """float32 rows by key.

    Parameters
    ----------
    path : the SQLite file; made on the first write.
    read_only : never creates, repairs or writes; a missing or damaged file reads as empty.
        The worker opens it like this, the process that holds the project does not.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self._path = Path(path)
        self._read_only = read_only

    def get_many(self, keys: Sequence[str]) -> dict[str, Floats]:
        """Those of ``keys`` that are known, each a float32 row."""
        if not self._path.is_file():
            return {}
        found: dict[str, Floats] = {}
        try:
            with self._open() as database:
                for start in range(0, len(keys), _CHUNK):
                    chunk = list(keys[start : start + _CHUNK])
                    marks = ",".join("?" * len(chunk))
                    query = f"SELECT key, row FROM embeddings WHERE key IN ({marks})"
                    for key, row in database.execute(query, chunk):
                        found[key] = np.frombuffer(row, "<f4")
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            if not _is_damage(error):
                return found  # Busy or unreadable now: what is missing is computed again.
            self._drop()
            return {}
        return found

    def put_many(self, keys: Sequence[str], rows: Floats) -> None:
        """Keep ``rows`` [len(keys), dim]; a damaged file is dropped and begun again."""
        if self._read_only:
            raise ValueError("this cache was opened read-only")
        try:
            self._write(keys, rows)
            # A page that is damaged and still passes for one can swallow what it is given.
            is_whole = len(self.get_many(keys[:1])) == len(keys[:1])
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            is_whole = False
        if not is_whole:
            self._drop()
            self._write(keys, rows)

    def _write(self, keys: Sequence[str], rows: Floats) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        blobs = (np.ascontiguousarray(row, "<f4").tobytes() for row in rows)
        with self._open() as database, database:
            database.execute(
                # One tree for keys and rows: an index beside it could disagree with it unseen.
                "CREATE TABLE IF NOT EXISTS embeddings "
                "(key TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID"
            )
            database.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?)", zip(keys, blobs, strict=True)
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # Opened for each call: the file may vanish between two of them.
        mode = "ro" if self._read_only else "rwc"
        uri = f"{self._path.resolve().as_uri()}?mode={mode}"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS)) as database:
            # Nothing here is irreplaceable, so nothing waits for the disk.
            database.execute("PRAGMA synchronous = OFF")
            yield database

    def _drop(self) -> None:
        if self._read_only:
            return
        for suffix in ("", "-journal", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
}
"""What says nothing about the file: another process, a full disk, a folder that is gone."""


def _is_damage(error: Exception) -> bool:
    # The low byte is the error's class: https://www.sqlite.org/rescode.html
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _PASSING
