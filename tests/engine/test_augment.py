"""Augmentation: parameters on record, replayable, deterministic, inside the photo, cancellable."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catstudio.core.errors import BadInputError, CancelledError, NotPossibleError
from catstudio.core.types import Parent
from catstudio.engine import augment
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, ImageMade, Progress, Warned
from catstudio.jobs.requests import GenerateRequest, SeedImage

CHELSEA = Path(__file__).parents[2] / "resources" / "examples" / "cat" / "chelsea.jpg"


def request(paths: list[Path], count: int, seed: int = 0, **options: Any) -> GenerateRequest:
    return GenerateRequest(
        job_id="job",
        method="augment",
        label="cat",
        count=count,
        seeds=tuple(SeedImage(f"id{k}", str(path)) for k, path in enumerate(paths)),
        seed=seed,
        options={"size": 64, **options},
    )


def events_of(asked: GenerateRequest) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    augment.run(asked, JobContext("job", events.append, threading.Event()))
    return events


def images_of(asked: GenerateRequest) -> list[ImageMade]:
    return [event for event in events_of(asked) if isinstance(event, ImageMade)]


def test_same_seed_same_bytes_whatever_the_count() -> None:
    three = images_of(request([CHELSEA], 3, seed=5))
    assert [image.data for image in three] == [
        image.data for image in images_of(request([CHELSEA], 3, seed=5))
    ]
    assert images_of(request([CHELSEA], 1, seed=7))[0].data == three[2].data
    assert three[0].data != three[1].data


def test_the_recorded_parameters_make_the_same_image_again() -> None:
    photo = Image.open(CHELSEA).convert("RGB")
    plan = augment.draw_plan(photo.width, photo.height, 1.0, 3)
    again = augment.apply_plan(photo, json.loads(json.dumps(plan)), 64)
    assert np.array_equal(augment.apply_plan(photo, plan, 64).numpy(), again.numpy())
    made = images_of(request([CHELSEA], 1, strength=1.0))[0]
    assert json.loads(json.dumps(made.params)) == made.params
    assert set(made.params["transform"]) == set(plan)


def test_each_image_has_one_parent_and_parents_take_turns(tmp_path: Path) -> None:
    other = tmp_path / "gray.png"
    Image.new("L", (90, 50), 128).save(other)
    made = images_of(request([CHELSEA, other], 4))
    assert [image.parents for image in made] == [
        (Parent("id0"),), (Parent("id1"),), (Parent("id0"),), (Parent("id1"),)
    ]  # fmt: skip
    assert all(Image.open(io.BytesIO(image.data)).size == (64, 64) for image in made)


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 2000), st.integers(16, 2000), st.floats(0, 1), st.integers(0, 2**31))
def test_the_window_never_leaves_the_photo(
    width: int, height: int, strength: float, seed: int
) -> None:
    corners = np.array(augment.draw_plan(width, height, strength, seed)["corners"])
    assert corners.min() >= 0
    assert corners.max() <= 1
    assert np.ptp(corners[:, 0]) > 0
    assert np.ptp(corners[:, 1]) > 0


def test_no_border_is_black(tmp_path: Path) -> None:
    white = tmp_path / "white.png"
    Image.new("RGB", (100, 70), "white").save(white)
    for image in images_of(request([white], 12, strength=1.0)):
        pixels = np.asarray(Image.open(io.BytesIO(image.data)))
        assert pixels.min() > 120


def test_strength_zero_is_the_middle_square() -> None:
    photo = Image.open(CHELSEA).convert("RGB")
    image = augment.apply_plan(photo, augment.draw_plan(photo.width, photo.height, 0.0, 1), 300)
    left = (photo.width - photo.height) // 2
    middle = photo.crop((left, 0, left + photo.height, photo.height)).resize((300, 300))
    gap = np.abs(image.permute(1, 2, 0).numpy() - np.asarray(middle) / 255)
    assert gap.mean() < 0.02


def test_cancel_stops_before_the_next_image() -> None:
    cancelled = threading.Event()
    made: list[ImageMade] = []

    def emit(event: AnyEvent) -> None:
        if isinstance(event, ImageMade):
            made.append(event)
            cancelled.set()

    with pytest.raises(CancelledError):
        augment.run(request([CHELSEA], 50), JobContext("job", emit, cancelled))
    assert len(made) == 1


def test_a_broken_parent_is_warned_of_once_and_skipped(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("not a photo")
    events = events_of(request([broken, CHELSEA], 4))
    assert sum(isinstance(event, Warned) for event in events) == 1
    made = [event for event in events if isinstance(event, ImageMade)]
    assert [image.parents[0].id for image in made] == ["id1"] * 4
    with pytest.raises(NotPossibleError):
        events_of(request([broken], 1))


def test_progress_rises_to_the_count_and_a_bad_setting_is_named() -> None:
    events = events_of(request([CHELSEA], 3))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == [1, 2, 3]
    with pytest.raises(BadInputError, match="Strength"):
        events_of(request([CHELSEA], 1, strength=2))
