"""One SQLite file: a single writer behind a lock, and readers that never wait for it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catstudio.core import schema
from catstudio.core.errors import ProjectError
from catstudio.core.files import explain_os_error

_MAX_VARIABLES = 900  # SQLite's oldest default limit of placeholders is 999.


class Database:
    """The project's database.

    Writes go through :meth:`transaction`, one thread at a time. Each reading thread has a
    connection of its own; write-ahead logging lets it read while another thread writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._all_lock = threading.Lock()
        try:
            self._writer = self._connect()
            self._check_sound()
            schema.migrate(self._writer, path.parent.name)
            # A commit is on the disk when it returns: nothing finished is lost to a power cut.
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = FULL")
        except sqlite3.OperationalError as error:
            self.close()
            raise _explain(error, path) from error
        except sqlite3.DatabaseError as error:
            self.close()
            raise damaged(path) from error
        except BaseException:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=10
        )
        with self._all_lock:
            self._all.append(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _check_sound(self) -> None:
        verdict = self._writer.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements inside land together or not at all. Nests: the outermost commits."""
        with self._write_lock:
            if self._writer.in_transaction:
                yield self._writer
                return
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._roll_back()
                raise _explain(error, self.path) from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def read(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, on this thread's own connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection.execute(sql, tuple(values)).fetchall()

    def read_in(self, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query whose ``{}`` stands for an ``IN`` list of any length."""
        everything = tuple(values)
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(everything), _MAX_VARIABLES):
            part = everything[start : start + _MAX_VARIABLES]
            rows += self.read(sql.format(",".join("?" * len(part))), part)
        return rows

    def back_up(self, target: Path) -> None:
        """Copy the database to ``target``, whole or not at all."""
        temporary = target.with_suffix(".part")
        temporary.unlink(missing_ok=True)
        copy = sqlite3.connect(temporary)
        try:
            with self._write_lock:
                self._writer.backup(copy)
        finally:
            copy.close()
        temporary.replace(target)

    def close(self) -> None:
        """Close every connection; may be called twice."""
        with self._all_lock:
            for connection in self._all:
                connection.close()
            self._all.clear()


def damaged(path: Path) -> ProjectError:
    """What to say of a database that SQLite cannot read."""
    return ProjectError(
        f"The database of {path.parent.name} is damaged: {path}.",
        f"Run “catstudio verify --repair {path.parent}”: it restores the last good state "
        "and every image; nothing has been changed yet.",
    )


def _explain(error: sqlite3.OperationalError, path: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return explain_os_error(OSError(28, "disk full"), path.parent.name)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return explain_os_error(OSError(13, "read-only"), str(path.parent))
    if code == sqlite3.SQLITE_IOERR:
        return explain_os_error(OSError(5, "it does not answer"), str(path.parent))
    return error
