"""The seed diffusion job: determinism, streaming, cancel, provenance, odd seeds, refusals."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from PIL import Image, ImageDraw

from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    ImageRefusedError,
    NotPossibleError,
)
from catstudio.engine import seed_diffusion
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, ImageMade, Progress, Warned
from catstudio.jobs.requests import GenerateRequest, SeedImage

EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"
CHELSEA = EXAMPLES / "cat" / "chelsea.jpg"
SEVERAL = [CHELSEA, EXAMPLES / "not-cat" / "coffee.jpg", EXAMPLES / "not-cat" / "rocket.jpg"]


def request(paths: list[Path], count: int, seed: int = 0, **options: Any) -> GenerateRequest:
    return GenerateRequest(
        job_id="job",
        method="seed",
        label="cat",
        count=count,
        seeds=tuple(SeedImage(f"id{k}", str(path)) for k, path in enumerate(paths)),
        seed=seed,
        options={"size": 64, **options},
    )


def events_of(asked: GenerateRequest, is_blend: bool = False) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    context = JobContext("job", events.append, threading.Event())
    (seed_diffusion.run_blend if is_blend else seed_diffusion.run)(asked, context)
    return events


def images_of(asked: GenerateRequest, is_blend: bool = False) -> list[ImageMade]:
    return [event for event in events_of(asked, is_blend) if isinstance(event, ImageMade)]


def pixels_of(image: ImageMade) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.data)))


def test_same_seed_same_bytes_whatever_the_batch() -> None:
    three = images_of(request(SEVERAL, 3, seed=4))
    again = images_of(request(SEVERAL, 3, seed=4))
    assert [image.data for image in three] == [image.data for image in again]
    assert [image.params for image in three] == [image.params for image in again]
    alone = images_of(request(SEVERAL, 1, seed=6))[0]
    assert alone.data == three[2].data
    assert alone.parents == three[2].parents


@pytest.mark.parametrize("paths", [[CHELSEA], SEVERAL], ids=["one seed", "three seeds"])
def test_parents_are_seeds_and_their_shares_sum_to_one(paths: list[Path]) -> None:
    made = images_of(request(paths, 4, variety=1.0))
    assert len(made) == 4
    for image in made:
        assert {parent.id for parent in image.parents} <= {f"id{k}" for k in range(len(paths))}
        assert sum(parent.share for parent in image.parents) == pytest.approx(1)
        assert all(parent.share > 0 for parent in image.parents)
        assert image.method
        assert image.score is not None
        assert 0 <= image.score <= 1
        assert json.loads(json.dumps(image.params)) == image.params
        assert pixels_of(image).shape == (64, 64, 3)


def test_images_differ_from_each_other_and_from_the_seed() -> None:
    made = [pixels_of(image).astype(float) for image in images_of(request([CHELSEA], 4))]
    for first in range(4):
        for second in range(first):
            assert np.abs(made[first] - made[second]).mean() > 4


def test_no_variety_is_flagged_as_close_to_its_seed() -> None:
    made = images_of(request([CHELSEA], 1, variety=0.0))[0]
    assert "close to seed" in made.flags
    assert made.params["likeness"] > 0.93


def test_images_stream_and_progress_only_rises() -> None:
    events = events_of(request(SEVERAL, 4))
    kinds = [type(event) for event in events]
    first = kinds.index(ImageMade)
    assert Progress in kinds[first + 1 : len(kinds) - 1]
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == 4
    previews = [event.preview for event in events if isinstance(event, Progress) and event.preview]
    assert len(previews) >= 2
    assert Image.open(io.BytesIO(previews[0])).size == (128, 128)


def test_cancel_is_answered_within_a_step_and_keeps_what_is_finished() -> None:
    cancelled = threading.Event()
    made: list[ImageMade] = []

    def emit(event: AnyEvent) -> None:
        if isinstance(event, ImageMade):
            made.append(event)
            cancelled.set()

    with pytest.raises(CancelledError):
        seed_diffusion.run(request([CHELSEA], 200), JobContext("job", emit, cancelled))
    assert len(made) == 1
    assert not [t for t in threading.enumerate() if t.name.startswith("seed-diffusion")]


def test_cancel_before_the_first_step_makes_nothing() -> None:
    cancelled = threading.Event()
    cancelled.set()
    events: list[AnyEvent] = []
    with pytest.raises(CancelledError):
        seed_diffusion.run(request([CHELSEA], 2), JobContext("job", events.append, cancelled))
    assert not [event for event in events if isinstance(event, ImageMade)]


def test_torch_threads_are_as_before() -> None:
    before = torch.get_num_threads()
    images_of(request([CHELSEA], 1))
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("mode", "size"), [("L", (64, 64)), ("RGB", (200, 40)), ("RGBA", (40, 190)), ("RGB", (16, 16))]
)
def test_odd_seeds_work(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.png"
    Image.open(CHELSEA).resize(size).convert(mode).save(path)
    made = images_of(request([path], 1, variety=1.0))[0]
    pixels = pixels_of(made)
    assert pixels.shape == (64, 64, 3)
    assert pixels.std() > 10
    if mode == "L":
        spread = pixels.max(2).astype(int) - pixels.min(2)
        assert spread.mean() < 25  # gray but for the tint of the light


def test_a_flat_seed_gives_a_flat_image(tmp_path: Path) -> None:
    path = tmp_path / "flat.png"
    Image.new("RGB", (80, 80), (90, 120, 60)).save(path)
    made = images_of(request([path], 1))[0]
    assert pixels_of(made).astype(float).std(axis=(0, 1)).max() < 12
    assert made.score is not None


def test_a_size_that_cannot_be_halved_is_met_exactly() -> None:
    assert pixels_of(images_of(request([CHELSEA], 1, size=100))[0]).shape == (100, 100, 3)


def test_noise_mode_works_and_is_named() -> None:
    made = images_of(request(SEVERAL, 1, mode="noise"))[0]
    assert "noise" in made.method


def test_a_blend_takes_from_both_parents_by_balance() -> None:
    made = images_of(request(SEVERAL[:2], 4, balance=0.5), is_blend=True)
    assert all(len(image.parents) == 2 for image in made)
    first_share = []
    for balance in (0.2, 0.8):
        blends = images_of(request(SEVERAL[:2], 2, balance=balance), is_blend=True)
        # Image i starts from parent i mod 2.
        shares = [
            {parent.id: parent.share for parent in image.parents}.get(f"id{k}", 0.0)
            for k, image in enumerate(blends)
        ]
        first_share.append(np.mean(shares))
    assert first_share[0] > first_share[1]


def test_a_blend_needs_two_photos() -> None:
    with pytest.raises(NotPossibleError, match="two photos"):
        events_of(request([CHELSEA], 1), is_blend=True)


def test_a_broken_seed_is_warned_of_and_the_rest_goes_on(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 cut short")
    events = events_of(request([broken, CHELSEA], 1))
    assert [event.path for event in events if isinstance(event, Warned)] == [str(broken)]
    made = [event for event in events if isinstance(event, ImageMade)]
    assert [parent.id for parent in made[0].parents] == ["id1"]
    with pytest.raises(NotPossibleError):
        events_of(request([broken], 1))


def test_a_setting_out_of_range_is_named() -> None:
    with pytest.raises(BadInputError, match="Variety"):
        events_of(request([CHELSEA], 1, variety=3))


def test_an_image_is_made_again_from_its_provenance() -> None:
    """Alone, from what was kept of it: which seeds, in which order, and its settings."""
    made = images_of(request(SEVERAL, 3, seed=5))[-1]
    assert made.params["seeds"] == [f"id{k}" for k in range(len(SEVERAL))]
    of_id = {f"id{k}": path for k, path in enumerate(SEVERAL)}
    again = request([of_id[name] for name in made.params["seeds"]], 1, seed=made.params["seed"])
    settings = {name: made.params[name] for name in again.options}
    assert images_of(replace(again, options={**again.options, **settings}))[0].data == made.data


def test_a_drawing_gives_the_shapes_and_is_a_parent(tmp_path: Path) -> None:
    """A dark disc at the left of a bright ground: no seed has that layout."""
    canvas = Image.new("RGB", (128, 128), (230, 225, 215))
    ImageDraw.Draw(canvas).ellipse((8, 30, 70, 98), fill=(40, 35, 30))
    path = tmp_path / "drawing.png"
    canvas.save(path)
    asked = replace(request(SEVERAL, 4, seed=1), guide=SeedImage("drawn", str(path)))
    made = images_of(asked)
    again = images_of(asked)
    assert [image.data for image in made] == [image.data for image in again]
    wanted = np.asarray(canvas.convert("L").resize((8, 8), Image.Resampling.BOX), float).ravel()

    def follows(image: ImageMade) -> float:
        gray = Image.fromarray(pixels_of(image)).convert("L").resize((8, 8), Image.Resampling.BOX)
        return float(np.corrcoef(np.asarray(gray, float).ravel(), wanted)[0, 1])

    assert min(follows(image) for image in made) > 0.7
    assert max(follows(image) for image in images_of(request(SEVERAL, 4, seed=1))) < 0.5
    for image in made:
        shares = {parent.id: parent.share for parent in image.parents}
        assert shares["drawn"] == pytest.approx(0.5)
        assert sum(shares.values()) == pytest.approx(1)
        assert image.params["guide"] == "drawn"
        assert image.method == "seed diffusion, drawn layout"


def test_a_drawing_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "gone.png"
    path.write_bytes(b"not an image")
    asked = replace(request([CHELSEA], 1), guide=SeedImage("drawn", str(path)))
    with pytest.raises(ImageRefusedError, match=r"gone\.png"):
        events_of(asked)


def test_seeds_of_two_labels_make_a_soft_label() -> None:
    asked = request(SEVERAL, 4, variety=1.0)
    labels = ("cat", "not-cat", "not-cat")
    seeds = tuple(
        SeedImage(one.id, one.path, label) for one, label in zip(asked.seeds, labels, strict=True)
    )
    made = images_of(replace(asked, seeds=seeds, options={"size": 64}), is_blend=True)
    mixed = [image for image in made if "soft_label" in image.params]
    assert mixed
    for image in mixed:
        shares = image.params["soft_label"]
        assert sum(shares.values()) == pytest.approx(1)
        assert image.label == max(shares, key=shares.__getitem__)
    one = images_of(request([CHELSEA], 1))[0]
    assert one.label == "cat" and "soft_label" not in one.params
