"""Audits of runs: what is asked about, what is kept, and a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from catstudio.core.changes import SetLabel, SetSplit, SetState
from catstudio.core.errors import BadInputError, CatStudioError, NotPossibleError
from catstudio.core.types import Split, State
from catstudio.jobs.events import Done
from catstudio.studio import Studio, auditing
from tests.core.making import png


@pytest.fixture
def studio(tmp_path: Path):
    """Six photos, four of them accepted with a label, and one run."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for n in range(6):
        (photos / f"{n}.png").write_bytes(png(n, 48))
    with Studio.create(tmp_path / "Cats.catstudio") as opened:
        opened.run(opened.import_request(sorted(photos.glob("[0-3].png")), label="cat"))
        opened.run(opened.import_request([photos / "4.png"], label=None))
        yield opened


def add_run(studio: Studio, used: list[dict[str, object]] | None) -> int:
    files = {"report.json": b"{}", "head.safetensors": b""}
    if used is not None:
        files["data.json"] = msgspec.json.encode(used)
    return studio._store.add_run("efficientnet-lite0", {}, files)


def test_a_run_is_asked_about_what_it_used_whatever_was_edited_since(studio: Studio) -> None:
    first, second, *_ = studio.images()
    used = [
        {"id": first.id, "label": "cat", "split": "train", "weight": 3},
        {"id": second.id, "label": "cat", "split": "test"},
        {"id": "deleted", "label": "cat", "split": "train"},
    ]
    number = add_run(studio, used)
    studio.apply(SetLabel((first.id,), "not-cat"))
    request = studio.audit_request(number)
    assert [(item.id, item.label, item.split, item.weight) for item in request.items] == [
        (first.id, "cat", "train", 3),
        (second.id, "cat", "test", 1),
    ]
    item = request.items[0]
    assert (item.name, item.width, item.height, item.format) == (first.name, 48, 48, "PNG")
    assert len(item.dhash) == 32 and Path(item.path).exists()
    assert request.strangers and all(Path(path).exists() for path in request.strangers)


def test_a_run_of_an_older_version_is_asked_about_what_is_accepted_now(studio: Studio) -> None:
    number = add_run(studio, None)
    ids = [image.id for image in studio.images()]
    studio.apply(SetState((ids[0],), State.REJECTED))
    studio.apply(SetSplit((ids[1],), Split.TEST))
    request = studio.audit_request(number)
    assert {item.id: item.split for item in request.items} == {
        ids[1]: "test", ids[2]: "train", ids[3]: "train",
    }  # fmt: skip


def test_a_run_whose_images_are_gone_says_so(studio: Studio) -> None:
    number = add_run(studio, [{"id": "deleted", "label": "cat", "split": "train"}])
    with pytest.raises(NotPossibleError, match="no longer in"):
        studio.audit_request(number)


def test_strangers_are_photos_or_folders_of_them(studio: Studio, tmp_path: Path) -> None:
    number = add_run(studio, None)
    given = studio.audit_request(number, strangers=[tmp_path / "photos"]).strangers
    assert [Path(path).name for path in given] == [f"{n}.png" for n in range(6)]
    with pytest.raises(BadInputError, match="gone"):
        studio.audit_request(number, strangers=[tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotPossibleError, match="no photo"):
        studio.audit_request(number, strangers=[tmp_path / "empty"])


def test_what_was_found_is_kept_beside_the_model(studio: Studio, tmp_path: Path) -> None:
    number = add_run(studio, None)
    assert studio.audit(number) is None
    request = studio.audit_request(number)
    done = auditing.keep(request, Done(job_id="a", result={"checks": [], "sources": []}))
    assert studio.audit(number) == done.result
    assert done.result["run"] == number and done.result["created"]
    studio.write_report(tmp_path / "out.html", number)
    assert (tmp_path / "out.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["audit.json", "data.json"])
def test_a_damaged_file_is_named_with_what_to_do(studio: Studio, name: str) -> None:
    number = add_run(studio, None)
    (studio.run_folder(number) / name).write_bytes(b"{torn")
    with pytest.raises(CatStudioError, match="cannot be read") as told:
        studio.audit(number) if name == "audit.json" else studio.audit_request(number)
    assert told.value.hint
