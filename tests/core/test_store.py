"""The store: one image a hash, lineage, splits that stay clean, everything lands or nothing."""

import errno
import sqlite3
import threading
from pathlib import Path

import msgspec
import pytest

from catstudio.core import files
from catstudio.core.errors import BadInputError, CatStudioError, NotPossibleError, ProjectError
from catstudio.core.project import ProjectFolder
from catstudio.core.schema import VERSION
from catstudio.core.store import Store
from catstudio.core.types import Split, State
from tests.core.making import new_image, new_store, png


@pytest.fixture
def store(tmp_path: Path):
    opened = new_store(tmp_path)
    yield opened
    opened.close()


def test_what_is_added_reads_back(store: Store) -> None:
    added = store.add_image(new_image(1, split=Split.TEST))
    record = store.image(added.record.id)
    assert record == added.record
    assert (record.label, record.state, record.split) == ("cat", State.ACCEPTED, Split.TEST)
    assert store.image_path(record).read_bytes() == png(1)
    assert record.lineages == (record.id,)
    assert store.images() == [record]


def test_same_bytes_are_one_image(store: Store) -> None:
    first = store.add_image(new_image(1))
    again = store.add_image(new_image(1))
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert again.record.id == first.record.id
    other = store.add_image(new_image(1, label="not-cat"))
    assert "already (cat)" in other.note
    assert len(store.images()) == 1


def test_derived_images_share_the_lineages_of_all_parents(store: Store) -> None:
    a, b = (store.add_image(new_image(n)).record for n in (1, 2))
    child = store.add_image(new_image(3, parents=(a.id, b.id))).record
    grandchild = store.add_image(new_image(4, parents=(child.id,))).record
    assert set(grandchild.lineages) == {a.id, b.id}
    assert [c.id for c in store.children(a.id)] == [child.id]


def test_near_copy_joins_the_lineage_and_stays_out_of_other_splits(store: Store) -> None:
    first = store.add_image(new_image(1, split=Split.TEST)).record
    near = new_image(1, split=Split.TRAIN)
    near = type(near)(
        **{f: getattr(near, f) for f in near.__struct_fields__} | {"data": png(1, 40)}
    )
    added = store.add_image(near)
    assert not added.is_duplicate
    assert added.record.lineages == first.lineages
    assert added.record.split is None
    assert "nearly the same" in added.note


def test_synthetic_cannot_be_tested_on(store: Store) -> None:
    added = store.add_image(new_image(1, source="drawing", split=Split.TEST))
    assert added.record.split is None
    assert "not a photograph" in added.note
    with pytest.raises(sqlite3.IntegrityError), store.database.transaction() as db:
        db.execute("UPDATE images SET split = 'test' WHERE id = ?", (added.record.id,))


def test_trashed_image_comes_back(store: Store) -> None:
    record = store.add_image(new_image(1, state=State.TRASHED)).record
    again = store.add_image(new_image(1))
    assert not again.is_duplicate
    assert (again.record.id, again.record.state) == (record.id, State.ACCEPTED)


def photo(seed: int, dhash: int, **fields):
    return msgspec.structs.replace(new_image(seed, **fields), dhash=dhash)


def test_a_photo_near_to_two_is_of_both_lineages(store: Store) -> None:
    test = store.add_image(photo(1, 0, split=Split.TEST)).record
    train = store.add_image(photo(2, 2**16 - 1, split=Split.TRAIN)).record
    assert test.lineages != train.lineages
    between = store.add_image(photo(3, 2**9 - 1)).record
    assert set(between.lineages) == {test.id, train.id}


def test_a_photo_near_to_what_was_made_here_is_of_its_lineage(store: Store) -> None:
    seed = store.add_image(photo(1, 0)).record
    made = store.add_image(photo(2, 2**20 - 1, parents=(seed.id,))).record
    copy = store.add_image(photo(3, 2**21 - 1)).record
    assert made.lineages == copy.lineages == (seed.id,)
    other = store.add_image(photo(4, 2**60 - 1)).record
    assert store.add_image(photo(5, 2**21 - 1, parents=(other.id,))).record.lineages == tuple(
        sorted((seed.id, other.id))
    )


def test_photos_of_a_burst_are_one_lineage_and_no_less_real(store: Store) -> None:
    first, second, third = (
        store.add_image(photo(n, dhash, burst="a burst")).record
        for n, dhash in enumerate((0, 2**64 - 1, 2**128 - 1))
    )
    assert first.lineages == second.lineages == third.lineages == ("a burst",)
    assert first.is_real and not first.provenance.parents
    tested = store.add_image(photo(3, 2**100 - 1, burst="another", split=Split.TEST)).record
    assert tested.split is Split.TEST
    late = store.add_image(photo(4, 2**30 - 1, burst="another", split=Split.TRAIN))
    assert late.record.split is None and "another split" in late.note
    # A photo that is brought in later and nearly equals one of them.
    near = store.add_image(photo(5, 2**64 - 2)).record
    assert near.lineages == ("a burst",)


def test_lost_file_comes_back_with_its_bytes(store: Store) -> None:
    record = store.add_image(new_image(1)).record
    store.image_path(record).unlink()
    assert store.add_image(new_image(1)).is_duplicate
    assert store.image_path(record).read_bytes() == png(1)


def test_what_comes_back_from_the_trash_is_what_it_is_now_called(store: Store) -> None:
    drawing = store.add_image(new_image(1, source="drawing", state=State.TRASHED)).record
    back = store.add_image(new_image(1, label="not-cat", split=Split.TEST)).record
    assert back.id == drawing.id
    assert (back.is_real, back.source, back.label) == (True, "photo", "not-cat")
    assert back.split is Split.TEST
    with store.database.transaction() as db:
        db.execute("UPDATE images SET state = 'trashed'")
    again = store.add_image(new_image(1, source="drawing")).record
    assert (again.is_real, again.split) == (False, None)


def test_what_was_made_here_stays_made_when_it_is_brought_in(store: Store) -> None:
    seed = store.add_image(new_image(1)).record
    store.add_image(new_image(2, parents=(seed.id,), state=State.TRASHED))
    back = store.add_image(new_image(2, split=Split.TEST)).record
    assert (back.is_real, back.source, back.split) == (False, "seed", None)


def test_rejected_photo_says_so_when_it_comes_again(store: Store) -> None:
    store.add_image(new_image(1, state=State.REJECTED))
    assert "was rejected" in store.add_image(new_image(1)).note


def test_two_threads_add_the_same_images(store: Store) -> None:
    def add() -> None:
        for n in range(12):
            store.add_image(new_image(n))

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.name for r in store.images()) == sorted(f"{n}.png" for n in range(12))


def test_full_disk_is_a_sentence_and_leaves_nothing(store: Store, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(CatStudioError, match="disk is full"):
        store.add_image(new_image(1))
    monkeypatch.undo()
    assert store.images() == []
    assert [p for p in store.folder.images.rglob("*") if p.is_file()] == []


def test_nothing_is_written_under_the_mount_of_a_drive_that_is_gone(store: Store) -> None:
    root = store.folder.root
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(CatStudioError, match="cannot be reached"):
        store.add_image(new_image(1))
    with pytest.raises(CatStudioError, match="cannot be reached"):
        store.add_run("lite0", {}, {"report.json": b"{}"})
    assert not root.exists()


@pytest.mark.parametrize("name", ["", "  ", "a,b", "x" * 81, "cat"])
def test_bad_labels_are_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInputError):
        store.add_label(name)


def test_runs_are_numbered_and_listed(store: Store) -> None:
    blobs = {"head.safetensors": b"h", "report.json": b"{}"}
    assert [store.add_run("lite0", {"answer": "?"}, blobs) for _ in range(2)] == [1, 2]
    assert [run.number for run in store.runs()] == [1, 2]
    assert (store.folder.run_folder(2) / "head.safetensors").read_bytes() == b"h"


def test_many_ids_at_once(store: Store) -> None:
    record = store.add_image(new_image(1)).record
    assert store.images_by_id([*map(str, range(2500)), record.id]) == [record]


def test_newer_project_is_left_alone(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.database.transaction() as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    store.close()
    with pytest.raises(ProjectError, match="newer CatStudio"):
        Store(store.folder)


def test_damaged_database_is_named(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.close()
    store.folder.database.write_bytes(b"not a database at all" * 500)
    with pytest.raises(ProjectError, match="damaged"):
        Store(store.folder)


def test_one_program_at_a_time(tmp_path: Path) -> None:
    folder = ProjectFolder(tmp_path / "x.catstudio")
    folder.create()
    folder.lock()
    with pytest.raises(NotPossibleError, match="open in another"):
        ProjectFolder(folder.root).lock()
    folder.unlock()


def test_not_a_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no project at"):
        ProjectFolder(tmp_path / "no").check()
    with pytest.raises(ProjectError, match=r"no project\.sqlite"):
        ProjectFolder(tmp_path).check()
    (tmp_path / "file").write_text("x")
    with pytest.raises(ProjectError, match="not empty"):
        ProjectFolder(tmp_path).create()
