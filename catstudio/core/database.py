"""One SQLite file: a single writer behind a lock, and readers that never wait for it."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from catstudio.core import schema
from catstudio.core.errors import (
    CatStudioError,
    DamagedProjectError,
    NotPossibleError,
    ProjectError,
)
from catstudio.core.files import explain_os_error

_MAX_VARIABLES = 900  # SQLite's oldest default limit of placeholders is 999.
_WAIT_SECONDS = 10  # For another program that holds the file, such as a backup.
_KEPT_READERS = 4
_SPARE_BYTES = 1 << 20  # With less free, SQLite's "disk I/O error" is a full disk.


class Database:
    """The project's database.

    Writes go through :meth:`transaction`, one thread at a time. Each read borrows a connection
    of its own; write-ahead logging lets it read while another thread writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self._is_writing = False
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._is_closed = False
        self._writer: sqlite3.Connection | None = None
        is_new = not path.exists()
        try:
            with self._explained():
                self._writer = self._connect()
                if not is_new:
                    self._check_sound(self._writer)
                schema.migrate(self._writer, path.parent.name)
                # A commit is on the disk when it returns: nothing finished is lost to a power cut.
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute("PRAGMA synchronous = FULL")
        except BaseException:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=_WAIT_SECONDS
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _check_sound(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise damaged(self.path)
        # An empty file is a sound database: taken for a new project, it would orphan every image.
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            raise damaged(self.path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements inside land together or not at all. Nests: the outermost commits."""
        with self._write_lock:
            if self._writer is None:
                raise self._closed()
            if self._is_writing:
                yield self._writer
                return
            self._is_writing = True
            try:
                with self._explained():
                    self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    self._writer.execute("COMMIT")
            except BaseException:
                # What cannot be rolled back was not committed: the first error is what to say.
                with suppress(sqlite3.Error):
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                raise
            finally:
                self._is_writing = False

    def read(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query: what was committed before it began."""
        with self._explained(), self._reader() as connection:
            return connection.execute(sql, tuple(values)).fetchall()

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        # Lent, not one for each thread: a window's thread pools start and end many threads.
        with self._idle_lock:
            if self._is_closed:
                raise self._closed()
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._is_closed and len(self._idle) < _KEPT_READERS:
                self._idle.append(connection)
                return
        connection.close()

    def read_in(self, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query whose ``{}`` stands for an ``IN`` list of any length."""
        everything = tuple(values)
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(everything), _MAX_VARIABLES):
            part = everything[start : start + _MAX_VARIABLES]
            rows += self.read(sql.format(",".join("?" * len(part))), part)
        return rows

    def back_up(self, target: Path) -> None:
        """Copy the database to ``target``, whole or not at all.

        A copy that is not sound never takes the place of an older one.
        """
        temporary = target.with_suffix(".part")
        try:
            with self._write_lock, self._explained():
                if self._writer is None:
                    raise self._closed()
                temporary.unlink(missing_ok=True)
                copy = sqlite3.connect(temporary)
                try:
                    self._writer.backup(copy)
                    # One plain file, with no log beside it that could be lost or mixed up.
                    copy.execute("PRAGMA journal_mode = DELETE")
                    self._check_sound(copy)
                finally:
                    copy.close()
            temporary.replace(target)
        except OSError as error:
            raise explain_os_error(error, target.name) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def close(self) -> None:
        """Close every connection once it is not in use; may be called twice."""
        with self._idle_lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._write_lock:
            if self._writer is not None:
                self._writer.close()
            self._writer = None

    def _closed(self) -> NotPossibleError:
        return NotPossibleError(f"The project {self.path.parent.name} is closed.", "Open it again.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what SQLite says of the file into a sentence; other errors pass."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            explained = explain(error, self.path)
            if explained is None:
                raise
            raise explained from error


def damaged(path: Path) -> ProjectError:
    """What to say of a database that SQLite cannot read."""
    return DamagedProjectError(
        f"The database of {path.parent.name} is damaged: {path}.",
        f"Run “catstudio verify --repair {path.parent}”: it goes back to the last good copy "
        "and deletes nothing; nothing has been changed yet.",
    )


def explain(error: sqlite3.DatabaseError, path: Path) -> CatStudioError | None:
    """A sentence for what SQLite met at ``path``; None for what is not about the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    folder = path.parent
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return NotPossibleError(
            f"Another program holds the database of {folder.name}.",
            f"Close what else has {path.name} open (a database browser, a backup), then try again.",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        number = errno.EACCES if path.exists() else errno.ENOENT
        return explain_os_error(OSError(number, "it is not there"), str(folder))
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(folder)):
        return explain_os_error(OSError(errno.ENOSPC, "disk full"), folder.name)
    if code == sqlite3.SQLITE_IOERR:
        return explain_os_error(OSError(errno.EIO, "it does not answer"), str(folder))
    return None


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _SPARE_BYTES
    except OSError:
        return False
