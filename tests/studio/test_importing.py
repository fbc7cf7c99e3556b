"""Importing from awkward places: odd names, locked folders, loops, pipes, projects, and cancels."""

import io
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from catstudio.core.errors import CancelledError, CatStudioError
from catstudio.core.types import ImageRecord
from catstudio.jobs.events import Event, ImageAdded, Progress
from catstudio.learn.splits import trainable
from catstudio.studio import Studio, requesting
from tests.core.making import picture, png

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@pytest.fixture
def studio(tmp_path: Path):
    with Studio.create(tmp_path / "Cats.catstudio") as opened:
        yield opened


def add(studio: Studio, *paths: Path, **fields: str) -> dict:
    return studio.run(studio.import_request(paths, label="cat", **fields)).result


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
def test_a_name_that_is_not_text_is_taken_in(studio: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(png(1))
    (folder / os.fsdecode(b"bro\xff.jpg")).write_bytes(b"x" * 99)
    (folder / os.fsdecode(b"no\xff.txt")).write_bytes(b"x")
    result = add(studio, folder, folder / os.fsdecode(b"gone\xff.png"))
    assert result["added"] == 1
    assert studio.images()[0].name == "caf?.png"
    texts = [*result["skipped"], *(text for one in result["refused"] for text in one.values())]
    assert len(result["refused"]) == 2
    for text in texts:
        text.encode()


@pytest.mark.parametrize(
    "name", ["a b#c%20?d.png", "CON.png", "猫.PNG", "x" * 250 + ".png", "-rf.png", "two\nlines.png"]
)
@posix
def test_any_name_of_a_file_does(studio: Studio, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(png(1))
    assert add(studio, tmp_path / name)["added"] == 1
    assert studio.images()[0].name == name
    assert studio.thumbnail(studio.images()[0], 128).exists()


@posix
def test_loops_pipes_and_projects_are_passed_over(studio: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "loop").symlink_to(folder)
    (folder / "self.png").symlink_to(folder / "self.png")
    (folder / "a.png").write_bytes(png(1))
    os.mkfifo(folder / "pipe.png")
    with Studio.create(folder / "Other.catstudio") as other:
        add(other, folder / "a.png")
    result = add(studio, folder, folder / "pipe.png", Path("/dev/zero"))
    assert result["added"] == 1
    assert [one["reason"].split(" Choose")[0] for one in result["refused"]] == [
        "pipe.png is not a file.",
        "zero is not a file.",
    ]


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_goes_on(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    for name in ("locked", "open"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.png").write_bytes(png(len(name)))
    real = Path.iterdir

    def iterdir(path: Path):
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    result = add(studio, folder, tmp_path / ("x" * 300))
    assert result["added"] == 1
    assert [Path(one["path"]).name for one in result["refused"]] == ["locked", "x" * 300]
    assert "permission denied" in result["refused"][0]["reason"]


@pytest.mark.parametrize("after", [1, 2, 5, 6])
def test_cancel_at_each_point_says_what_was_kept(
    studio: Studio, tmp_path: Path, after: int
) -> None:
    for n in range(6):
        (tmp_path / f"{n}.png").write_bytes(png(n))
    request = studio.import_request([tmp_path / f"{n}.png" for n in range(6)], label="cat")
    seen = 0

    def cancel(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, ImageAdded)
        if seen == after:
            studio.cancel(request.job_id)

    studio.subscribe(cancel)
    try:
        result = studio.run(request).result
    except CancelledError as cancelled:
        result = cancelled.result
    assert result["added"] == after == len(studio.images())
    assert studio.undo_name() == f"add {after} image{'s' * (after > 1)}"
    assert studio.verify().ok
    assert studio.is_idle()


def test_failure_says_what_was_kept(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        (tmp_path / f"{n}.png").write_bytes(png(n))
    store = studio._store
    real = store.add_image
    count = 0

    def sometimes(new):
        nonlocal count
        count += 1
        if count == 3:
            raise CatStudioError("The disk is full.", "Free some space.")
        return real(new)

    monkeypatch.setattr(store, "add_image", sometimes)
    with pytest.raises(CatStudioError, match="disk is full") as failed:
        add(studio, *(tmp_path / f"{n}.png" for n in range(4)))
    assert failed.value.result["added"] == 2


def test_progress_is_told_ten_times_a_second(studio: Studio, tmp_path: Path) -> None:
    for n in range(40):
        (tmp_path / f"{n}.txt").write_bytes(b"x")
    events: list[Event] = []
    request = studio.import_request([tmp_path / f"{n}.txt" for n in range(40)])
    done = studio.run(request, events.append)
    progress = [e for e in events if isinstance(e, Progress)]
    assert progress[-1].done == 40
    assert len(progress) <= 3 + done.result["seconds"] * 10


# -- location and bursts


def located(seed: int = 1) -> bytes:
    """A photo whose EXIF says when and where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "Phone"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 12.5)})
    buffer = io.BytesIO()
    picture(seed).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def gps(studio: Studio, record: ImageRecord) -> dict:
    with Image.open(studio.image_path(record)) as image:
        return dict(image.getexif().get_ifd(0x8825))


def test_location_is_dropped_and_the_file_stays_the_same_one(
    studio: Studio, tmp_path: Path
) -> None:
    path = tmp_path / "phone.jpg"
    path.write_bytes(located())
    result = add(studio, path)
    (record,) = studio.images()
    assert result["location_removed"] == 1
    assert record.provenance.params["captured_at"] == "2026:01:02 03:04:05"
    assert record.provenance.params["location"] == "removed"
    assert record.is_real
    assert not gps(studio, record)
    assert path.read_bytes() == located()
    again = add(studio, path)
    assert (again["duplicates"], again["added"], again["location_removed"]) == (1, 0, 0)
    assert studio.verify().ok


def test_location_is_kept_when_it_is_asked_for(studio: Studio) -> None:
    blobs = [("phone.jpg", located())]
    result = studio.run(studio.import_request(blobs=blobs, keeps_location=True)).result
    (record,) = studio.images()
    assert result["location_removed"] == 0
    assert "location" not in record.provenance.params
    assert gps(studio, record)


def test_a_photo_trained_on_is_known_in_a_folder_to_evaluate(
    studio: Studio, tmp_path: Path
) -> None:
    folder = tmp_path / "outside" / "cat"
    folder.mkdir(parents=True)
    (folder / "phone.jpg").write_bytes(located())
    add(studio, folder / "phone.jpg", split="train")
    request = requesting.evaluate_request(studio._store, tmp_path, ("cat",), folder.parent, {})
    assert request.items[0].sha256 in request.training_sha256


def test_a_burst_is_one_lineage_and_never_straddles_the_splits(studio: Studio) -> None:
    for n in range(6):
        blobs = [(f"{n}-{frame}.png", png(10 * n + frame)) for frame in range(4)]
        params = {"burst": f"burst {n}", "camera": "Front"}
        request = studio.import_request(blobs=blobs, label=("cat", "not-cat")[n % 2], params=params)
        assert studio.run(request).result["added"] == 4
    studio.draw_splits(per_label=2)
    records = studio.images()
    assert all(r.is_real for r in records)
    splits: dict[str, set[str]] = {}
    for record in records:
        splits.setdefault(record.provenance.params["burst"], set()).add(record.split or "none")
    # One photo of a burst is tested on; its others stand aside, as near-copies do.
    assert any("test" in used for used in splits.values())
    assert all("train" not in used for used in splits.values() if used & {"test", "val"})
    trained, _ = trainable(records)
    held = {r.provenance.params["burst"] for r in records if r.split in ("val", "test")}
    assert held.isdisjoint(r.provenance.params["burst"] for r in trained)
