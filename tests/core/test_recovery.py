"""After a kill, a damaged database, a lost file: what is swept, restored, and found by verify."""

import sqlite3
from pathlib import Path

import pytest

from catstudio.core import recovery
from catstudio.core.errors import CatStudioError, NotPossibleError, ProjectError
from catstudio.core.recovery import restore_database, sweep
from catstudio.core.store import Store
from catstudio.core.verify import verify
from tests.core.making import new_image, new_store, png


@pytest.fixture
def store(tmp_path: Path):
    opened = new_store(tmp_path)
    opened.add_image(new_image(1))
    yield opened
    opened.close()


def test_sweep_keeps_what_has_a_record_and_sets_the_rest_aside(store: Store) -> None:
    stray = store.folder.images / "ab" / f"{'ab' * 32}.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(png(7))
    part = stray.with_name(".part-x")
    part.write_bytes(b"half")
    half_run = store.folder.run_folder(3)
    half_run.mkdir()
    notes = sweep(store)
    assert len(notes) == 2
    assert not stray.exists() and not part.exists() and not half_run.exists()
    assert {p.name for p in store.folder.trash.iterdir()} == {stray.name, "0003"}
    assert verify(store).ok
    assert sweep(store) == []


def test_verify_finds_missing_damaged_and_stray_files(store: Store) -> None:
    assert verify(store).ok
    path = store.image_path(store.images()[0])
    path.write_bytes(b"other")
    assert "damaged" in verify(store).problems[0]
    path.unlink()
    assert "missing" in verify(store).problems[0]
    path.with_name("stray.png").write_bytes(b"x")
    assert any("no record" in text for text in verify(store).problems)


def test_verify_finds_a_run_without_its_files(store: Store) -> None:
    store.add_run("lite0", {}, {"head.safetensors": b"", "report.json": b"{}"})
    assert verify(store).ok
    (store.folder.run_folder(1) / "report.json").unlink()
    assert verify(store).problems == ("Run 0001 has no report.json.",)


def test_damaged_database_goes_back_to_its_last_good_copy(store: Store) -> None:
    store.database.back_up(store.folder.backup)
    before = store.images()
    store.close()
    store.folder.database.write_bytes(b"rubbish" * 1000)
    with pytest.raises(ProjectError, match="verify --repair"):
        Store(store.folder)
    assert "last good copy" in restore_database(store.folder)
    again = Store(store.folder)
    assert again.images() == before
    again.close()


def test_no_good_copy_is_said(store: Store) -> None:
    with pytest.raises(ProjectError, match="not damaged"):
        restore_database(store.folder)
    store.close()
    store.folder.database.write_bytes(b"rubbish" * 1000)
    with pytest.raises(ProjectError, match="no copy"):
        restore_database(store.folder)
    store.folder.backup.write_bytes(b"rubbish" * 1000)
    with pytest.raises(ProjectError, match="damaged too"):
        restore_database(store.folder)


def test_what_the_system_hides_is_left_where_it_is(store: Store) -> None:
    hidden = [store.folder.images / "ab" / ".DS_Store", store.folder.runs / ".DS_Store"]
    notes = store.folder.runs / "notes.txt"
    for path in (*hidden, notes):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert sweep(store) == []
    assert verify(store).ok
    assert all(path.exists() for path in (*hidden, notes))


@pytest.mark.parametrize("step", range(2))
def test_restore_killed_at_any_step_can_be_repeated(
    store: Store, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.database.back_up(store.folder.backup)
    before = store.images()
    store.close()
    store.folder.database.write_bytes(b"rubbish" * 1000)
    steps = 0

    def dying(real):
        def call(*arguments):
            nonlocal steps
            steps += 1
            if steps > step:
                raise KeyboardInterrupt
            real(*arguments)

        return call

    with monkeypatch.context() as patch:
        for name in ("write_atomic", "_to_trash"):
            patch.setattr(recovery, name, dying(getattr(recovery, name)))
        with pytest.raises(KeyboardInterrupt):
            restore_database(store.folder)
    store.folder.check()
    assert "last good copy" in restore_database(store.folder)
    again = Store(store.folder)
    assert again.images() == before
    again.close()


def test_lost_database_comes_back(store: Store) -> None:
    store.database.back_up(store.folder.backup)
    before = store.images()
    store.close()
    store.folder.database.unlink()
    with pytest.raises(ProjectError, match=r"lost its project\.sqlite"):
        store.folder.check()
    restore_database(store.folder)
    again = Store(store.folder)
    assert again.images() == before
    again.close()


def test_empty_database_is_restored_not_begun_anew(store: Store) -> None:
    store.database.back_up(store.folder.backup)
    before = store.images()
    store.close()
    store.folder.database.write_bytes(b"")
    with pytest.raises(ProjectError, match="damaged"):
        Store(store.folder)
    restore_database(store.folder)
    again = Store(store.folder)
    assert again.images() == before
    again.close()


def test_a_busy_database_is_not_replaced(store: Store) -> None:
    store.database.back_up(store.folder.backup)
    store.close()
    other = sqlite3.connect(store.folder.database, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(NotPossibleError, match="Another program holds"):
        restore_database(store.folder)
    other.close()
    assert list(store.folder.trash.iterdir()) == []


def test_a_killed_creation_can_be_repeated(store: Store) -> None:
    folder = store.folder
    with pytest.raises(CatStudioError, match="not empty"):
        folder.create()
    store.close()
    for path in (*folder.images.glob("*/*"), *folder.images.glob("*"), folder.database):
        path.unlink() if path.is_file() else path.rmdir()
    folder.database.touch()
    (folder.root / ".lock").touch()
    folder.create()
    Store(folder).close()


PLANTED = {
    "UPDATE images SET provenance = '{' WHERE name = '1.png'": "record of 1.png is damaged",
    "UPDATE images SET tags = '[1' WHERE name = '1.png'": "record of 1.png is damaged",
    "UPDATE images SET dhash = 'g' WHERE name = '1.png'": "record of 1.png is damaged",
    "UPDATE images SET label = 'gone' WHERE name = '1.png'": "1.png has a label that the project",
    "UPDATE images SET is_real = 1 WHERE name = '2.png'": "2.png is called a photograph",
    "UPDATE images SET format = 'JPEG' WHERE name = '1.png'": "file of 1.png is missing",
    "DELETE FROM lineages": "1.png has no lineage",
    "UPDATE lineages SET lineage = 'x' WHERE image = lineage": "2.png is not of the lineage",
    "INSERT INTO parents SELECT id, 'nobody', 1 FROM images": "parent that is not there",
    "DELETE FROM images WHERE name = '1.png'": "has no record",
    "UPDATE images SET split = 'test' WHERE is_real; UPDATE lineages SET lineage = 'x'": (
        "has a near-copy in the test"
    ),
    "UPDATE images SET split = CASE name WHEN '1.png' THEN 'test' ELSE 'train' END;"
    "UPDATE lineages SET lineage = 'x'": "3.png is in the training split but is a near-copy",
    "INSERT INTO runs VALUES (7, 'lite0', '{', '', '')": "record of run 0007 is damaged",
    "INSERT INTO runs VALUES (8, 'lite0', '{}', '', '')": "Run 0008 has no head.safetensors",
}


@pytest.mark.parametrize(("sql", "says"), PLANTED.items())
def test_verify_finds_what_is_planted_in_the_database(store: Store, sql: str, says: str) -> None:
    photo = store.images()[0]
    store.add_image(new_image(2, parents=(photo.id,)))
    store.add_image(new_image(3))
    assert verify(store).ok
    with sqlite3.connect(store.folder.database) as database:
        database.executescript(f"PRAGMA foreign_keys = OFF; {sql}")
    database.close()
    problems = verify(store).problems
    assert any(says in text for text in problems), problems


def test_verify_finds_a_run_that_has_no_record(store: Store) -> None:
    store.folder.run_folder(5).mkdir()
    assert verify(store).problems == ("0005 is in runs/ but has no record.",)
