"""The one door: projects open and close, edits and imports are told to listeners, requests are checked."""

import errno
import queue
import shutil
import threading
from pathlib import Path

import pytest
from PIL import Image

from catstudio.core.changes import AddLabel, SetLabel, SetState, Touched
from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    CatStudioError,
    NotPossibleError,
    ProjectError,
)
from catstudio.core.thumbnails import shrunk
from catstudio.core.types import Split, State
from catstudio.jobs.events import TERMINAL, Event, ImageAdded, Progress, Queued, Warned
from catstudio.studio import EditFailed, Studio
from catstudio.studio.requesting import evaluate_request, predict_request
from tests.core.making import png


@pytest.fixture
def studio(tmp_path: Path):
    with Studio.create(tmp_path / "Cats.catstudio") as opened:
        yield opened


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(12):
        (folder / f"{n:02}.png").write_bytes(png(n, 48))
    return folder


def add(studio: Studio, *paths: Path, label: str | None = "cat", **fields: str) -> dict:
    return studio.run(studio.import_request(paths, label=label, **fields)).result


def test_import_streams_events_and_ends_once(studio: Studio, photos: Path) -> None:
    events: list[Event] = []
    done = studio.run(studio.import_request([photos], label="cat"), events.append)
    assert done.result["added"] == 12
    assert isinstance(events[0], Queued)
    assert events[0].title == "Add photos as cat"
    assert sum(isinstance(e, ImageAdded) for e in events) == 12
    assert events[-1] == done
    progress = [e.done for e in events if isinstance(e, Progress)]
    assert progress == sorted(progress)
    assert progress[-1] == 12
    assert studio.undo_name() == "add 12 images"


def test_bad_files_are_named_and_the_rest_goes_on(studio: Studio, photos: Path) -> None:
    (photos / "cat.jpg").write_text("This is text.")
    (photos / "empty.png").write_bytes(b"")
    (photos / "half.png").write_bytes(png(50, 200)[:500])
    (photos / "notes.txt").write_text("not looked at")
    empty = photos.parent / "nothing"
    empty.mkdir()
    warned: list[Warned] = []
    result = studio.run(
        studio.import_request([photos, empty, photos / "gone.jpg"], label="cat"),
        lambda e: warned.append(e) if isinstance(e, Warned) else None,
    ).result
    assert result["added"] == 12
    reasons = {Path(one["path"]).name: one["reason"] for one in result["refused"]}
    assert set(reasons) == {"cat.jpg", "empty.png", "half.png", "nothing", "gone.jpg"}
    assert "not an image" in reasons["cat.jpg"]
    assert result["skipped"] == [str(photos / "notes.txt")]
    assert len(warned) == 5


def test_pasted_bytes_and_duplicates(studio: Studio) -> None:
    blobs = [("pasted.png", png(1)), ("again.png", png(1))]
    result = studio.run(studio.import_request(blobs=blobs)).result
    assert (result["added"], result["duplicates"]) == (1, 1)
    record = studio.images()[0]
    assert (record.label, record.state, record.name) == (None, State.PENDING, "pasted.png")
    assert studio.thumbnail(record, 128).exists()


def test_cancelled_import_keeps_what_it_has(studio: Studio, photos: Path) -> None:
    request = studio.import_request([photos], label="cat")

    def cancel(event: Event) -> None:
        if isinstance(event, ImageAdded):
            studio.cancel(request.job_id)

    with pytest.raises(CancelledError):
        studio.run(request, cancel)
    assert 1 <= len(studio.images()) <= 12
    assert studio.verify().ok
    assert studio.is_idle()


def test_waiting_job_is_cancelled_at_once(studio: Studio, photos: Path) -> None:
    first = studio.import_request([photos], label="cat")
    second = studio.import_request([photos], label="cat")
    ends: queue.SimpleQueue[str] = queue.SimpleQueue()
    studio.subscribe(
        lambda e: ends.put(type(e).__name__) if getattr(e, "job_id", "") == second.job_id else None
    )
    studio.submit(first)
    studio.submit(second)
    studio.cancel(second.job_id)
    names = [ends.get(timeout=5) for _ in range(2)]
    assert names == ["Queued", "Cancelled"]


def test_full_disk_fails_the_job_with_a_sentence(
    studio: Studio, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("catstudio.core.files.os.replace", full)
    with pytest.raises(CatStudioError, match="disk is full"):
        add(studio, photos)
    monkeypatch.undo()
    assert studio.verify().ok
    assert add(studio, photos)["added"] == 12


def test_edits_are_told_to_listeners(studio: Studio, photos: Path) -> None:
    add(studio, photos)
    told: queue.SimpleQueue[object] = queue.SimpleQueue()
    unsubscribe = studio.subscribe(told.put)
    ids = tuple(r.id for r in studio.images()[:2])
    studio.apply_later(SetState(ids, State.REJECTED))
    touched = told.get(timeout=5)
    assert isinstance(touched, Touched)
    assert (touched.ids, touched.undo_name) == (ids, "reject 2 images")
    studio.apply_later(SetLabel(ids, "turkey"))
    failed = told.get(timeout=5)
    assert isinstance(failed, EditFailed)
    assert "no label 'turkey'" in failed.message
    unsubscribe()
    studio.apply(AddLabel("turkey"))
    assert told.empty()
    assert studio.labels() == ("cat", "not-cat", "turkey")


def test_splits_hold_photos_back_before_anything_is_made(studio: Studio, photos: Path) -> None:
    add(studio, photos)
    request = studio.generate_request("augment", "cat", 4)
    held = {r.id for r in studio.images() if r.split is Split.TEST}
    assert len(held) == 6
    assert held.isdisjoint(seed.id for seed in request.seeds)
    with pytest.raises(BadInputError, match="is in the test split"):
        studio.generate_request("augment", "cat", 4, seeds=list(held)[:1])
    one = studio.readiness().labels[0]
    assert (one.real, one.test, one.train, one.missing) == (12, 6, 6, 14)


def test_a_model_begins_with_what_its_makers_advise(studio: Studio):
    """As far as nobody chose otherwise; a model that the catalogue does not know, with our own."""
    chosen = {"model": "sd-turbo", "guidance_scale": 1.5}
    request = studio.generate_request("diffusers", "cat", 1, options=chosen)
    assert request.options["num_inference_steps"] == 1
    assert request.options["guidance_scale"] == 1.5
    plain = studio.generate_request("diffusers", "cat", 1, options={"model": "somewhere/x"})
    assert plain.options["num_inference_steps"] == 20


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda s: s.generate_request("magic", "cat", 1), BadInputError, "no source"),
        (lambda s: s.generate_request("photo", "cat", 1), BadInputError, "does not generate"),
        (lambda s: s.generate_request("seed", "dog", 1), BadInputError, "no label 'dog'"),
        (lambda s: s.generate_request("seed", "cat", 0), BadInputError, "count is 0"),
        (lambda s: s.generate_request("seed", "cat", 1, seed=-1), BadInputError, "seed is -1"),
        (lambda s: s.train_request(seed=2**64), BadInputError, "The seed is"),
        (lambda s: s.generate_request("seed", "cat", 1), NotPossibleError, "needs a photo"),
        (
            lambda s: s.generate_request("seed", "cat", 1, options={"size": 9}),
            BadInputError,
            "Size is 9",
        ),
        (
            lambda s: s.generate_request("seed", "cat", 1, options={"hat": 9}),
            BadInputError,
            "no setting called 'hat'",
        ),
        (lambda s: s.import_request([], label="dog"), BadInputError, "no label 'dog'"),
        (lambda s: s.import_request([], source="seed"), BadInputError, "cannot be imported"),
        (lambda s: s.import_request([], split="exam"), BadInputError, "no split"),
        (
            lambda s: s.import_request([], source="drawing", split="test"),
            BadInputError,
            "cannot be in the test split",
        ),
        (lambda s: s.train_request(), NotPossibleError, "no accepted image"),
        (lambda s: s.run_folder(), NotPossibleError, "no trained model"),
        (lambda s: s.image("x"), BadInputError, "no image x"),
    ],
)
def test_what_cannot_be_asked_is_said(studio: Studio, call, error, says: str) -> None:
    with pytest.raises(error, match=says) as raised:
        call(studio)
    assert raised.value.message


def test_opening_sweeps_and_locks(tmp_path: Path) -> None:
    root = tmp_path / "Cats.catstudio"
    with Studio.create(root, ["cat"]) as studio:
        add(studio, *[])
        with pytest.raises(NotPossibleError, match="open in another"):
            Studio.open(root)
    (root / "images" / "zz").mkdir()
    (root / "images" / "zz" / "zz.png").write_bytes(png(1))
    with Studio.open(root) as studio:
        assert len(studio.recovered) == 1
        assert studio.verify().ok
    with pytest.raises(ProjectError, match="not empty"):
        Studio.create(root)


def test_damaged_project_is_repaired(tmp_path: Path, photos: Path) -> None:
    root = tmp_path / "Cats.catstudio"
    with Studio.create(root) as studio:
        add(studio, photos)
    (root / "project.sqlite").write_bytes(b"rubbish" * 999)
    with pytest.raises(ProjectError, match="damaged"):
        Studio.open(root)
    assert "last good copy" in Studio.repair(root)
    with Studio.open(root) as studio:
        assert len(studio.images()) == 12


def test_closing_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    studio = Studio.create(tmp_path / "x.catstudio")
    studio.close()
    studio.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("labels", [(), ("a", "a"), ("a", " ")])
def test_labels_must_differ(tmp_path: Path, labels: tuple[str, ...]) -> None:
    with pytest.raises(BadInputError, match="cannot be the labels"):
        Studio.create(tmp_path / "x.catstudio", labels)


def test_labels_that_cannot_be_leave_nothing_behind(tmp_path: Path) -> None:
    root = tmp_path / "x.catstudio"
    for bad in ("a,b", "two\nlines", "\udcff"):
        with pytest.raises(BadInputError, match="cannot be a label"):
            Studio.create(root, ["cat", bad])
    assert not root.exists()
    with Studio.create(root, [" chat noir ", "caf\u0065\u0301", "100% #1?"]) as studio:
        assert studio.labels() == ("chat noir", "caf\u00e9", "100% #1?")


def test_a_listener_that_raises_stops_nothing(
    studio: Studio, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    unsubscribe = studio.subscribe(broken)
    assert add(studio, photos)["added"] == 12
    studio.apply(AddLabel("dog"))
    unsubscribe()
    unsubscribe()
    assert studio.labels() == ("cat", "not-cat", "dog")
    assert "a listener failed on Queued" in caplog.text
    caplog.clear()


def test_a_closed_project_says_so(tmp_path: Path) -> None:
    studio = Studio.create(tmp_path / "x.catstudio")
    request = studio.import_request([], label="cat")
    studio.close()
    for call in (
        studio.images,
        studio.undo,
        lambda: studio.apply_later(AddLabel("dog")),
        lambda: studio.submit(request),
    ):
        with pytest.raises(CatStudioError, match="closed"):
            call()


def test_a_copy_that_cannot_be_made_does_not_fail_the_closing(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "x.catstudio"
    with Studio.create(root) as studio:
        add(studio, photos)

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("catstudio.core.database.Path.replace", full)
    monkeypatch.undo()
    with Studio.open(root) as studio:
        assert len(studio.images()) == 12


def test_opened_on_one_thread_and_closed_on_another(tmp_path: Path) -> None:
    root = tmp_path / "x.catstudio"
    opened: list[Studio] = []
    thread = threading.Thread(target=lambda: opened.append(Studio.create(root)))
    thread.start()
    thread.join()
    opened[0].close()
    Studio.open(root).close()


def test_a_user_without_a_name_can_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    Studio.create(tmp_path / "x.catstudio").close()


@pytest.mark.parametrize("name", ["a b#c%20?d.catstudio", "猫.catstudio", "x" * 200])
def test_any_name_of_a_folder_does(tmp_path: Path, photos: Path, name: str) -> None:
    with Studio.create(tmp_path / name) as studio:
        add(studio, photos)
    with Studio.open(tmp_path / name) as studio:
        assert studio.verify().ok
        assert len(studio.images()) == 12


def test_what_is_no_project_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "project.sqlite").mkdir()
    for path in (tmp_path / "file", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(CatStudioError) as raised:
            Studio.open(path)
        assert raised.value.hint
    with pytest.raises(CatStudioError) as raised:
        Studio.create(tmp_path / ("x" * 300))
    assert raised.value.hint


def test_an_interrupt_at_the_last_event_does_not_hang(
    studio: Studio, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(queue.SimpleQueue):
        def get(self, *arguments, **named):
            event = super().get(*arguments, **named)
            if isinstance(event, TERMINAL):
                raise KeyboardInterrupt
            return event

    monkeypatch.setattr("catstudio.studio.waiting.queue.SimpleQueue", Interrupted)
    assert add(studio, photos)["added"] == 12


def test_two_threads_run_jobs_at_once(studio: Studio, photos: Path) -> None:
    results: list[dict] = []
    halves = [sorted(photos.iterdir())[:6], sorted(photos.iterdir())[6:]]
    threads = [threading.Thread(target=lambda h=h: results.append(add(studio, *h))) for h in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [one["added"] for one in results] == [6, 6]


def test_seeds_are_no_near_copies_of_test_photos(studio: Studio, photos: Path) -> None:
    (photos / "near.png").write_bytes(png(0, 60))
    add(studio, photos / "00.png", split="test")
    add(studio, photos / "near.png")
    near = studio.images()[1]
    assert near.split is None
    with pytest.raises(BadInputError, match=r"near\.png is a near-copy of a test photo"):
        studio.generate_request("augment", "cat", 1, seeds=[near.id])


def test_a_missing_images_folder_is_no_reason_not_to_open(tmp_path: Path, photos: Path) -> None:
    root = tmp_path / "x.catstudio"
    with Studio.create(root) as studio:
        add(studio, photos)
    for name in ("images", "cache", "runs", "trash"):
        shutil.rmtree(root / name)
    with Studio.open(root) as studio:
        assert len(studio.verify().problems) == 12
        assert add(studio, photos)["duplicates"] == 12
        assert studio.verify().ok
        assert studio.thumbnail(studio.images()[0], 128).exists()


def test_the_clock_may_jump_back(
    studio: Studio, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted(photos.iterdir())[:2]
    add(studio, first)
    monkeypatch.setattr("catstudio.core.store.now", lambda: "1999-01-01T00:00:00.000+00:00")
    monkeypatch.setattr("catstudio.core.edits.now", lambda: "1999-01-01T00:00:00.000+00:00")
    add(studio, second)
    assert [r.name for r in studio.images()] == [first.name, second.name]
    studio.undo()
    assert [r.state for r in studio.images()] == [State.ACCEPTED, State.TRASHED]


def test_thumbnails_are_made_again_and_fail_with_a_sentence(
    studio: Studio, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(studio, photos)
    record = studio.images()[0]
    path = studio.thumbnail(record)
    path.write_bytes(b"")
    assert studio.thumbnail(record).stat().st_size > 0

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("catstudio.core.files.Path.replace", full)
    with pytest.raises(CatStudioError, match="disk is full"):
        studio.thumbnail(record, 512)
    monkeypatch.undo()
    long = Image.new("RGB", (16, 20_000))
    assert shrunk(long, 128).size == (1, 128)
    assert shrunk(long, 50_000) is long


def test_a_session_that_was_killed_is_copied_at_the_next_opening(
    studio: Studio, photos: Path, tmp_path: Path
) -> None:
    add(studio, photos)
    killed = tmp_path / "killed.catstudio"
    shutil.copytree(studio.root, killed)
    assert not (killed / "project.sqlite.backup").exists()
    again = Studio.open(killed)
    try:
        (tmp_path / "copy.catstudio").mkdir()
        shutil.copy(killed / "project.sqlite.backup", tmp_path / "copy.catstudio/project.sqlite")
        with Studio.open(tmp_path / "copy.catstudio") as copy:
            assert len(copy.images()) == 12
    finally:
        again.close()


def test_paths_that_lead_nowhere_are_said(studio: Studio) -> None:
    with pytest.raises(BadInputError, match="no folder"):
        evaluate_request(studio._store, Path(), ("cat",), Path("x" * 300), {})
    request = predict_request(studio._store, Path(), ["x" * 300])
    assert request.paths == ("x" * 300,)


def test_a_creation_that_was_killed_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "x.catstudio"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("catstudio.core.store.Store.add_label", killed)
        with pytest.raises(KeyboardInterrupt):
            Studio.create(root)
    with pytest.raises(ProjectError, match=r"no project\.sqlite"):
        Studio.open(root)
    with Studio.create(root) as studio:
        assert studio.labels() == ("cat", "not-cat")
    assert not list(root.glob(".new*"))
