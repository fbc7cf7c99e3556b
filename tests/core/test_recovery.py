"""After a kill, a damaged database, a lost file: what is swept, restored, and found by verify."""

from pathlib import Path

import pytest

from catstudio.core.errors import ProjectError
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
