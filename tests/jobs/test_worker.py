"""The real worker process: it makes images, dies, is cancelled, and comes back."""

import os
import signal
import time
from pathlib import Path

import pytest

from catstudio.core.errors import CancelledError, CatStudioError, WorkerDiedError
from catstudio.jobs.events import TERMINAL, Event, ImageAdded, Progress
from catstudio.studio import Studio

pytestmark = pytest.mark.needs_engine
SMALL = {"size": 64}


@pytest.fixture
def studio(tmp_path: Path, example_photos: Path):
    with Studio.create(tmp_path / "Cats.catstudio") as opened:
        opened.run(opened.import_request([example_photos / "cat"], label="cat"))
        yield opened


def generate(studio: Studio, count: int, seed: int, on_event=None) -> dict:
    request = studio.generate_request("seed", "cat", count, seed=seed, options=SMALL)
    return studio.run(request, on_event).result


def test_images_stream_in_with_their_provenance(studio: Studio) -> None:
    events: list[Event] = []
    result = generate(studio, 3, 0, events.append)
    assert result["made"] == 3
    first = next(i for i, e in enumerate(events) if isinstance(e, ImageAdded))
    assert any(isinstance(e, Progress) for e in events[first:])
    assert [type(e) in TERMINAL for e in events].index(True) == len(events) - 1
    made = studio.images_by_id(result["ids"])
    photo = studio.images()[0]
    for record in made:
        assert record.is_synthetic
        assert record.source == "seed"
        assert record.lineages == photo.lineages
        assert record.provenance.parents[0].id == photo.id
    assert studio.undo_name() == "generate 3 images"


def test_killed_worker_fails_the_job_and_comes_back(studio: Studio) -> None:
    def kill(event: Event) -> None:
        if isinstance(event, ImageAdded) and studio.worker_pid:
            os.kill(studio.worker_pid, signal.SIGKILL)

    before = len(studio.images())
    with pytest.raises(WorkerDiedError, match="worker process stopped") as died:
        generate(studio, 40, 100, kill)
    kept = died.value.result["made"]
    assert kept >= 1
    assert len(studio.images()) == before + kept
    assert studio.verify().ok
    assert generate(studio, 1, 200)["made"] == 1


def test_cancel_answers_within_a_step_and_keeps_images(studio: Studio) -> None:
    asked: list[float] = []

    def cancel(event: Event) -> None:
        if isinstance(event, ImageAdded) and not asked:
            asked.append(time.monotonic())
            studio.cancel(event.job_id)

    with pytest.raises(CancelledError) as cancelled:
        generate(studio, 500, 300, cancel)
    assert 1 <= cancelled.value.result["made"] < 500
    pid = studio.worker_pid
    assert generate(studio, 1, 900)["made"] == 1
    assert studio.worker_pid == pid


def test_unreadable_seed_fails_with_its_name(studio: Studio) -> None:
    photo = studio.images()[0]
    path = studio.image_path(photo)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    try:
        with pytest.raises(CatStudioError) as failed:
            generate(studio, 1, 1000)
        assert failed.value.hint
        assert "Traceback" not in str(failed.value)
    finally:
        path.write_bytes(data)
