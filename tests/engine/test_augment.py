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
from catstudio.engine.album import open_reduced, png
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, ImageMade, Progress, Warned
from catstudio.jobs.requests import GenerateRequest, SeedImage
from catstudio.sources import augment as augment_source
from catstudio.sources.ranges import Range

CHELSEA = Path(__file__).parents[2] / "resources" / "examples" / "cat" / "chelsea.jpg"


def recipe(**options: Any) -> augment_source.Recipe:
    return augment_source.recipe(augment_source.SOURCE.options(options))


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
    for made in images_of(request([CHELSEA], 12, strength=1.0, preset="strong")):
        stored = json.loads(json.dumps(made.params))
        assert stored == made.params
        photo = open_reduced(str(CHELSEA), 90)
        pixels = augment.apply_plan(photo, stored["plan"], stored["size"])
        assert png(augment.to_bytes(pixels)) == made.data


def test_each_transform_alone_does_what_it_says() -> None:
    photo = Image.open(CHELSEA).convert("RGB")
    plain = augment.apply_plan(photo, augment.draw_plan(*photo.size, {}, 1), 64).numpy()
    for name, transform in augment_source.TRANSFORMS.items():
        value = 0.0 if transform.high is None else transform.high
        if name in ("crop", "jpeg"):
            value = 20.0
        plan = augment.draw_plan(*photo.size, {name: Range(value, value)}, 1)
        assert augment_source.describe(plan) != "unchanged"
        done = augment.apply_plan(photo, plan, 64).numpy()
        assert done.shape == plain.shape and done.min() >= 0 and done.max() <= 1
        assert np.abs(done - plain).mean() > 0.01, name
    mirrored = augment.draw_plan(*photo.size, {"flip": Range()}, 1)
    assert np.allclose(
        augment.apply_plan(photo, mirrored, 64).numpy(), plain[:, :, ::-1], atol=0.02
    )
    upside_down = augment.draw_plan(*photo.size, {"flip_vertical": Range()}, 1)
    assert np.allclose(
        augment.apply_plan(photo, upside_down, 64).numpy(), plain[:, ::-1], atol=0.02
    )


def test_a_transform_set_by_hand_leaves_the_others_as_they_were() -> None:
    before = augment.draw_plan(300, 200, recipe(preset="strong"), 4)
    after = augment.draw_plan(300, 200, recipe(preset="strong", hue="90", jpeg="off"), 4)
    assert abs(after["hue"]) == 90 and "jpeg" not in after
    same = before.keys() - {"hue", "jpeg"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_strength_scales_the_preset_and_no_preset_turns_upside_down() -> None:
    assert recipe(strength=0.0) == {}
    assert recipe(strength=0.5)["crop"] == Range(70, 100)
    assert recipe(strength=0.5)["blur"] == Range(0.5, 2.5, 0.12)
    assert recipe(strength=0.5)["flip"] == recipe(strength=1.0)["flip"] == Range(chance=0.5)
    for preset in augment_source.PRESETS:
        assert "flip_vertical" not in recipe(preset=preset, strength=1.0)
    assert recipe(preset="gentle", flip="off", blur="2:3@0.4")["blur"] == Range(2, 3, 0.4)


@pytest.mark.parametrize(
    ("name", "text"),
    [("rotate", "0:200"), ("rotate", "20:10"), ("rotate", "x"), ("blur", "1:2@2"), ("flip", "nan")],
)
def test_a_range_out_of_bounds_is_refused_with_what_it_may_be(name: str, text: str) -> None:
    title = augment_source.TRANSFORMS[name].title
    with pytest.raises(BadInputError, match=title) as refused:
        augment_source.SOURCE.options({name: text})
    assert "or off" in refused.value.hint


def test_each_image_has_one_parent_and_parents_take_turns(tmp_path: Path) -> None:
    other = tmp_path / "gray.png"
    Image.new("L", (90, 50), 128).save(other)
    made = images_of(request([CHELSEA, other], 4))
    assert [image.parents for image in made] == [
        (Parent("id0"),), (Parent("id1"),), (Parent("id0"),), (Parent("id1"),)
    ]  # fmt: skip
    assert all(Image.open(io.BytesIO(image.data)).size == (64, 64) for image in made)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(16, 2000),
    st.integers(16, 2000),
    st.sampled_from(list(augment_source.PRESETS)),
    st.floats(0, 1),
    st.integers(0, 2**31),
)
def test_the_window_never_leaves_the_photo(
    width: int, height: int, preset: str, strength: float, seed: int
) -> None:
    chosen = recipe(preset=preset, strength=strength)
    corners = np.array(augment.draw_plan(width, height, chosen, seed)["corners"])
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
    image = augment.apply_plan(photo, augment.draw_plan(*photo.size, recipe(strength=0.0), 1), 300)
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
