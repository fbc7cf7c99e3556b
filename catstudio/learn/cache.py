"""Finished embeddings, kept in one SQLite file that may be deleted at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MAX_VARIABLES = 900  # SQLite's oldest default limit of placeholders is 999.


class EmbeddingCache:
    """Vectors by key. A damaged file is dropped and begun again: all of it can be recomputed.

    Parameters
    ----------
    path : the file; made on first use unless ``read_only``.
    read_only : for the worker, which is given the file and never writes it.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self._path = Path(path)
        self._read_only = read_only
        self._connection = self._open()

    def get_many(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """The known ones of ``keys``, each a float32 vector."""
        if self._connection is None:
            return {}
        wanted = list(keys)
        found: dict[str, NDArray[np.float32]] = {}
        try:
            for start in range(0, len(wanted), _MAX_VARIABLES):
                part = wanted[start : start + _MAX_VARIABLES]
                marks = ",".join("?" * len(part))
                rows = self._connection.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part
                )
                found.update({key: np.frombuffer(blob, np.float32) for key, blob in rows})
        except sqlite3.DatabaseError:
            return {}
        return found

    def put_many(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep ``vectors`` [len(keys), dim], one row a key."""
        rows = [(key, row.tobytes()) for key, row in zip(keys, vectors, strict=True)]
        try:
            self._write(rows)
        except sqlite3.DatabaseError:
            self._begin_again()
            self._write(rows)

    def close(self) -> None:
        """Free the file; may be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write(self, rows: list[tuple[str, bytes]]) -> None:
        if self._connection is None:
            self._begin_again()
        if self._connection is not None:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def _open(self) -> sqlite3.Connection | None:
        if self._read_only:
            if not self._path.exists():
                return None
            return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, check_same_thread=False)
        try:
            # A cache: losing the last entries to a power cut costs a second of computing.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)"
            )
        except sqlite3.DatabaseError:
            connection.close()
            return None
        return connection

    def _begin_again(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).unlink()
        self._connection = self._open()
