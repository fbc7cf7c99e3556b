"""The database under bad conditions: many threads, another program, a full disk, damage, closing."""

import sqlite3
import threading
from pathlib import Path

import psutil
import pytest

from catstudio.core import database
from catstudio.core.database import Database
from catstudio.core.errors import CatStudioError, NotPossibleError, ProjectError
from catstudio.core.files import write_atomic


@pytest.fixture
def opened(tmp_path: Path):
    base = Database(tmp_path / "project.sqlite")
    yield base
    base.close()


def test_many_reading_threads_leave_few_connections(opened: Database) -> None:
    def read() -> None:
        opened.read("SELECT count(*) FROM images")

    read()
    before = psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0
    for _ in range(60):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    after = psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0
    assert after <= before + 8


def test_a_database_held_by_another_program_is_said(
    opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(opened.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert opened._writer is not None
    opened._writer.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(NotPossibleError, match="Another program holds"), opened.transaction():
        pytest.fail("nobody else may write now")
    other.close()
    with opened.transaction() as db:
        db.execute("INSERT INTO project VALUES ('a', 'b')")
    assert opened.read("SELECT value FROM project") == [("b",)]


def test_a_held_database_is_said_at_opening(
    opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.close()
    other = sqlite3.connect(opened.path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.05)
    with pytest.raises(NotPossibleError, match="Another program holds"):
        Database(opened.path)
    other.close()


def test_nested_transactions_land_together(opened: Database) -> None:
    with pytest.raises(ZeroDivisionError), opened.transaction() as db:
        with opened.transaction() as inner:
            inner.execute("INSERT INTO project VALUES ('a', 'b')")
        assert db.in_transaction
        raise ZeroDivisionError
    assert opened.read("SELECT * FROM project") == []


def test_a_closed_database_says_so_and_is_not_opened_again(opened: Database) -> None:
    opened.close()
    opened.close()
    with pytest.raises(NotPossibleError, match="is closed"):
        opened.read("SELECT 1")
    with pytest.raises(NotPossibleError, match="is closed"), opened.transaction():
        pass
    with pytest.raises(NotPossibleError, match="is closed"):
        opened.back_up(opened.path.with_suffix(".backup"))


def test_closing_while_threads_read_ends_well(opened: Database) -> None:
    ends: list[BaseException] = []

    def read() -> None:
        try:
            while True:
                opened.read(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "LIMIT 2000) SELECT count(*) FROM n"
                )
        except CatStudioError as error:
            ends.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    opened.close()
    for thread in threads:
        thread.join(10)
    assert len(ends) == 4


@pytest.mark.parametrize("content", ["nothing", "another program's"])
def test_an_empty_database_is_not_taken_for_a_new_project(tmp_path: Path, content: str) -> None:
    path = tmp_path / "project.sqlite"
    if content == "nothing":
        path.touch()
    else:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE theirs (x)")
        other.close()
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="damaged"):
        Database(path)
    assert path.read_bytes() == before


def test_a_damaged_log_costs_at_most_its_own_changes(opened: Database, tmp_path: Path) -> None:
    for n in range(20):
        with opened.transaction() as db:
            db.execute("INSERT INTO project VALUES (?, 'x')", (str(n),))
    log = tmp_path / "project.sqlite-wal"
    data = bytearray(log.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "project.sqlite").write_bytes(opened.path.read_bytes())
    (copy / "project.sqlite-wal").write_bytes(data)
    (copy / "project.sqlite-shm").write_bytes(b"\x00\xff" * 16384)
    again = Database(copy / "project.sqlite")
    kept = [
        int(key) for (key,) in again.read("SELECT key FROM project ORDER BY CAST(key AS INTEGER)")
    ]
    again.close()
    assert 0 < len(kept) < 20
    assert kept == list(range(len(kept)))


def test_a_backup_that_is_not_sound_leaves_the_older_one(
    opened: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "project.sqlite.backup"
    opened.back_up(target)
    good = target.read_bytes()

    def unsound(*_: object) -> None:
        raise database.damaged(opened.path)

    monkeypatch.setattr(opened, "_check_sound", unsound)
    with pytest.raises(ProjectError, match="damaged"):
        opened.back_up(target)
    assert target.read_bytes() == good
    assert sorted(p.name for p in tmp_path.iterdir() if "part" in p.name) == []


def test_files_land_in_new_folders_and_failures_leave_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    write_atomic(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert [p.name for p in path.parent.iterdir()] == ["c.txt"]
