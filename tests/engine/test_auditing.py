"""The worker's side of an audit: parts as they come, a check that breaks, and a stop in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from catstudio.audit import CHECKS, AuditData, Check, Finding
from catstudio.core.errors import CancelledError, NotPossibleError
from catstudio.core.types import Split
from catstudio.engine import auditing, training
from catstudio.engine.backbones import load_backbone
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Found, Progress
from catstudio.jobs.requests import AuditItem, AuditRequest, TrainRequest

LITE = "efficientnet-lite0"


def made(path: Path, number: int, hue: int) -> Path:
    """A picture that is like no other of its number."""
    picture = Image.radial_gradient("L").rotate(31 * number).resize((96, 96))
    solid = Image.new("HSV", (96, 96), ((hue + 3 * number) % 256, 160, 200)).convert("RGB")
    Image.composite(solid, Image.new("RGB", (96, 96)), picture).save(path)
    return path


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuditRequest]:
    """A trained run of twelve pictures, a file that is torn, and a stranger."""
    folder = tmp_path_factory.mktemp("audit")
    items = []
    for label, hue in (("cat", 20), ("not-cat", 140)):
        for n in range(6):
            path = made(folder / f"{label}{n}.png", n, hue)
            split = Split.TRAIN if n < 3 else Split.TEST
            items.append(
                AuditItem(
                    id=path.stem,
                    path=str(path),
                    sha256=path.stem,
                    label=label,
                    source="photo",
                    is_real=True,
                    lineages=(path.stem,),
                    split=split,
                    name=path.name,
                    width=96,
                    height=96,
                    format="PNG",
                    dhash="",
                )
            )
    request = TrainRequest(job_id="t", items=tuple(items), labels=("cat", "not-cat"), backbone=LITE)
    _, files = training.train(request, JobContext("t", lambda event: None, threading.Event()))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    torn = folder / "torn.png"
    torn.write_bytes(Path(items[0].path).read_bytes()[:60])
    items.append(AuditItem(
        id="torn", path=str(torn), sha256="torn", label="cat", source="photo", is_real=True,
        lineages=("torn",), split=Split.TRAIN, name="torn.png",
    ))  # fmt: skip
    yield AuditRequest(
        job_id="a", items=tuple(items), run_folder=str(folder), run=1,
        strangers=(str(made(folder / "turkey.png", 1, 90)),),
    )  # fmt: skip
    load_backbone.cache_clear()


def run(request: AuditRequest, emit=None, cancelled: threading.Event | None = None):
    events: list[AnyEvent] = []
    context = JobContext("a", emit or events.append, cancelled or threading.Event())
    return auditing.audit(request, context), events


def test_parts_come_before_the_whole_and_agree_with_it(asked: AuditRequest) -> None:
    whole, events = run(asked)
    parts = [event for event in events if isinstance(event, Found)]
    checks = [part.value for part in parts if part.part == "check"]
    assert checks == whole["checks"]
    assert [part.part for part in parts][-2:] == ["sources", "next"]
    assert parts[-1].value == whole["next"]
    assert parts[-2].value["sources"] == whole["sources"]
    titles = [event.message for event in events if isinstance(event, Progress)]
    assert "What each source bought" in titles
    assert set(whole["seconds"]) == {"embed", "checks", "sources"}


def test_the_same_run_is_answered_the_same_twice(asked: AuditRequest) -> None:
    first, second = run(asked)[0], run(asked)[0]
    del first["seconds"], second["seconds"]
    assert first == second


def test_a_check_that_breaks_takes_no_other_with_it(
    asked: AuditRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(data: AuditData) -> Finding:
        raise ZeroDivisionError("of nothing")

    bad = Check("copies", "Broken", "Why?", "Because.", "nobody", broken)
    monkeypatch.setattr(auditing, "CHECKS", (bad, *CHECKS))
    found, _ = run(asked)
    assert found["checks"][0]["verdict"] == "unknown"
    assert "could not be made" in found["checks"][0]["text"]
    assert len(found["checks"]) == len(CHECKS) + 1 and found["next"] is not None


def test_what_is_unreadable_is_told_to_the_checks(asked: AuditRequest, monkeypatch) -> None:
    seen: list[AuditData] = []

    def look(data: AuditData) -> Finding:
        seen.append(data)
        return CHECKS[0].run(data)

    spy = Check("real_vs_synthetic", "Spy", "What?", "This.", "me", look)
    monkeypatch.setattr(auditing, "CHECKS", (spy,))
    run(asked)
    (data,) = seen
    assert [name for name, _ in data.unreadable] == ["torn.png"]
    assert (len(data.train), len(data.test), len(data.strangers.names)) == (6, 6, 1)
    assert data.strangers.names == ("turkey",)
    assert data.x.shape == (12, data.head.space.dim) and len(data.pixels) == 12


def test_it_stops_between_two_checks(asked: AuditRequest) -> None:
    cancelled, heard = threading.Event(), []

    def emit(event: AnyEvent) -> None:
        heard.append(event)
        if isinstance(event, Found) and event.part == "check":
            cancelled.set()

    with pytest.raises(CancelledError):
        run(asked, emit, cancelled)
    assert sum(isinstance(event, Found) and event.part == "check" for event in heard) == 1


def test_images_that_are_all_gone_are_an_answer(asked: AuditRequest, tmp_path: Path) -> None:
    gone = [msgspec.structs.replace(item, path=str(tmp_path / "gone.png")) for item in asked.items]
    with pytest.raises(NotPossibleError, match="can be read"):
        run(msgspec.structs.replace(asked, items=tuple(gone)))
