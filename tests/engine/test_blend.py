"""Blends: exact where they have a formula, clean where they cut, labelled by what is in them."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PIL import Image, ImageDraw

from catstudio.core.errors import BadInputError, CancelledError, NotPossibleError
from catstudio.engine import blend
from catstudio.engine.album import open_reduced
from catstudio.engine.blend.cutout import cut_out
from catstudio.engine.blend.windows import Window
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, ImageMade, Progress, Warned
from catstudio.jobs.requests import GenerateRequest, SeedImage
from catstudio.resources import resource
from catstudio.sources import source
from catstudio.sources.blend import MODES

EXAMPLES = Path(str(resource("examples")))
CAT = EXAMPLES / "cat" / "chelsea.jpg"
OTHERS = sorted((EXAMPLES / "not-cat").glob("*.jpg"))
FAST = ("foreground", "poisson", "morph", "cutmix", "mixup", "overlay")


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A red and a blue picture, and a green disc on grey."""
    folder = tmp_path_factory.mktemp("flat")
    found = {}
    for name, color in (("red", (220, 20, 20)), ("blue", (20, 20, 220))):
        Image.new("RGB", (120, 120), color).save(folder / f"{name}.png")
    disc = Image.effect_noise((160, 160), 12).convert("RGB")
    ImageDraw.Draw(disc).ellipse((45, 45, 115, 115), fill=(30, 200, 40))
    disc.save(folder / "disc.png")
    for path in folder.glob("*.png"):
        found[path.stem] = path
    return found


def request(paths: list[Path], mode: str, count: int = 1, **more: Any) -> GenerateRequest:
    labels = more.pop("labels", ["cat"] * len(paths))
    options = {"mode": mode, "size": 64, **more.pop("options", {})}
    seeds = tuple(
        SeedImage(path.stem, str(path), label) for path, label in zip(paths, labels, strict=True)
    )
    return GenerateRequest(
        job_id="j", method="blend", label="cat", count=count, seeds=seeds, options=options, **more
    )


def events(asked: GenerateRequest) -> list[AnyEvent]:
    found: list[AnyEvent] = []
    source("blend").load()(asked, JobContext("j", found.append, threading.Event()))
    return found


def made(asked: GenerateRequest) -> list[ImageMade]:
    return [event for event in events(asked) if isinstance(event, ImageMade)]


def pixels(image: ImageMade) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.data)).convert("RGB"), float)


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_makes_the_same_image(mode: str) -> None:
    asked = request([CAT, *OTHERS[:2]], mode, 2, labels=["cat", "not-cat", "not-cat"], seed=5)
    first, again = made(asked), made(asked)
    assert [one.data for one in first] == [one.data for one in again]
    assert [one.params for one in first] == [one.params for one in again]
    alone = made(structs.replace(asked, count=1, seed=6))
    assert alone[0].data == first[1].data  # whatever was asked for beside it
    for image in first:
        assert Image.open(io.BytesIO(image.data)).size == (64, 64)
        assert len(image.parents) >= 1 and image.method
        assert sum(parent.share for parent in image.parents) == pytest.approx(1, abs=2e-3)
        shares = image.params.get("soft_label")
        if shares:
            assert sum(shares.values()) == pytest.approx(1)
            assert image.label == max(shares, key=shares.__getitem__)


def test_mixup_and_overlay_are_weighted_means(flat: dict[str, Path]) -> None:
    for mode in ("mixup", "overlay"):
        for image in made(request([flat["red"], flat["blue"]], mode, 4)):
            share = {parent.id: parent.share for parent in image.parents}
            mean = pixels(image).reshape(-1, 3).mean(0)
            red = share.get("red", 0.0)
            assert mean[0] == pytest.approx(20 + 200 * red, abs=1.5)
            assert mean[2] == pytest.approx(220 - 200 * red, abs=1.5)


def test_a_cutmix_box_is_as_large_as_its_share(flat: dict[str, Path]) -> None:
    for image in made(request([flat["red"], flat["blue"]], "cutmix", 6)):
        share = {parent.id: parent.share for parent in image.parents}
        is_red = pixels(image)[..., 0] > 120
        assert is_red.mean() == pytest.approx(share.get("red", 0.0), abs=0.02)
        # One straight box: each row and column changes colour twice at most.
        assert (np.abs(np.diff(is_red.astype(int), axis=0)).sum(0) <= 2).all()


def test_across_labels_the_label_is_soft(flat: dict[str, Path]) -> None:
    asked = request([flat["red"], flat["blue"]], "mixup", 6, labels=["cat", "not-cat"])
    labels = set()
    for image in made(asked):
        shares = {parent.id: parent.share for parent in image.parents}
        soft = image.params.get("soft_label", {image.label: 1.0})
        assert soft.get("cat", 0.0) == pytest.approx(shares.get("red", 0.0), abs=1e-3)
        labels.add(image.label)
    assert labels == {"cat", "not-cat"}


def test_a_subject_is_cut_out_where_it_is(flat: dict[str, Path]) -> None:
    photo = np.asarray(Image.open(flat["disc"]).convert("RGB"))
    alpha = cut_out(photo, lambda: None).alpha
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    disc = (x - 80) ** 2 + (y - 80) ** 2 <= 35**2
    found = alpha > 0.5
    assert (found & disc).sum() / (found | disc).sum() > 0.9


def test_a_swap_keeps_the_subject_and_its_label(flat: dict[str, Path]) -> None:
    asked = request([flat["disc"], flat["blue"]], "foreground", 3, labels=["cat", "not-cat"])
    for image in made(asked):
        assert image.label == "cat" and "soft_label" not in image.params
        found = pixels(image)
        green = (found[..., 1] > 120) & (found[..., 2] < 120)
        blue = found[..., 2] > 150
        assert green.mean() > 0.03 and blue.mean() > 0.3
        assert (green | blue).mean() > 0.75  # little of the grey that the disc lay on


def test_a_seamless_paste_has_a_softer_edge() -> None:
    """Across the outline of what was pasted the steps are smaller than those of a plain swap."""
    steps = {}
    for mode in ("foreground", "poisson"):
        asked = request([CAT, OTHERS[0]], mode, 3, labels=["cat", "not-cat"], options={"size": 128})
        steps[mode] = np.mean([np.abs(np.diff(pixels(one), axis=1)).max() for one in made(asked)])
    assert steps["poisson"] <= steps["foreground"]


def test_a_persons_mask_decides(flat: dict[str, Path]) -> None:
    mask = Image.new("L", (160, 160), 0)
    ImageDraw.Draw(mask).rectangle((40, 40, 120, 120), fill=255)
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    asked = request(
        [flat["disc"], flat["blue"]], "foreground", labels=["cat", "not-cat"],
        mask=buffer.getvalue(),
    )  # fmt: skip
    (image,) = made(asked)
    assert image.params["mask_source"] == "mask"
    empty = io.BytesIO()
    Image.new("L", (160, 160), 0).save(empty, "PNG")
    with pytest.raises(BadInputError, match="marks no subject"):
        made(structs.replace(asked, mask=empty.getvalue()))


def test_halfway_between_a_photo_and_itself_is_the_photo() -> None:
    (image,) = made(request([CAT, CAT], "morph", options={"variety": 0.0}))
    (other,) = made(request([CAT, CAT], "overlay", options={"variety": 0.0}))
    assert np.abs(pixels(image) - pixels(other)).mean() < 8


@pytest.mark.parametrize("mode", FAST)
def test_what_cannot_be_read_is_said_and_passed_over(mode: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    found = events(request([bad, CAT, OTHERS[0]], mode, 2))
    warned = [event for event in found if isinstance(event, Warned) and event.path == str(bad)]
    assert len(warned) == 1
    assert sum(isinstance(event, ImageMade) for event in found) == 2
    with pytest.raises(NotPossibleError, match="needs two photos"):
        events(request([bad, CAT], mode))


def test_cancel_keeps_what_is_finished() -> None:
    cancelled = threading.Event()
    found: list[ImageMade] = []

    def emit(event: AnyEvent) -> None:
        if isinstance(event, ImageMade):
            found.append(event)
            cancelled.set()

    with pytest.raises(CancelledError):
        blend.run(request([CAT, OTHERS[0]], "foreground", 50), JobContext("j", emit, cancelled))
    assert len(found) == 1


def test_mixup_is_exact_between_the_two_views() -> None:
    """Each value is λ of one view plus 1 - λ of the other, as recorded."""
    asked = request([CAT, OTHERS[0]], "mixup", 2, options={"variety": 0.0, "alpha": 4.0})
    for image in made(asked):
        views = []
        for id_, at in zip(image.params["order"], image.params["windows"], strict=True):
            photo = open_reduced(str(CAT if id_ == CAT.stem else OTHERS[0]), round(1.4 * 64))
            left, top = at["left"] * photo.width, at["top"] * photo.height
            window = Window(left, top, at["side"] * photo.height, at["flip"])
            views.append(window.show(photo, 64).astype(float))
        first, second = image.params["lambda"]
        assert first + second == pytest.approx(1)
        assert np.abs(pixels(image) - (first * views[0] + second * views[1])).max() <= 2.0


@pytest.mark.parametrize("mode", ["mixup", "cutmix", "overlay"])
def test_more_than_two_parents(mode: str) -> None:
    labels = ["cat", "not-cat", "not-cat", "not-cat"]
    asked = request([CAT, *OTHERS[:3]], mode, 2, labels=labels, options={"parents": 4})
    for image in made(asked):
        assert len(image.parents) >= 3
        assert sum(parent.share for parent in image.parents) == pytest.approx(1, abs=2e-3)
        assert [p.share for p in image.parents] == sorted(
            (p.share for p in image.parents), reverse=True
        )
    with pytest.raises(BadInputError, match="an image of 2 photos"):
        made(request([CAT, *OTHERS[:3]], "morph", options={"parents": 3}))


@pytest.mark.parametrize("mode", MODES)
def test_a_blend_is_labelled_as_its_parents_are(mode: str) -> None:
    """Whatever was asked for: two photos without a cat blend into none."""
    asked = request(OTHERS[:2], mode, labels=["not-cat", "not-cat"])
    assert [(image.label, "soft_label" in image.params) for image in made(asked)] == [
        ("not-cat", False)
    ]
    unknown = request(OTHERS[:2], mode, labels=[None, None])
    assert made(unknown)[0].label == "cat"


def test_a_photo_of_the_label_is_the_subject() -> None:
    asked = request([*OTHERS[:3], CAT], "foreground", 6, labels=["not-cat"] * 3 + ["cat"])
    assert {image.params["order"][0] for image in made(asked)} == {CAT.stem}


def test_a_mask_needs_its_photo_and_a_mode_that_takes_it(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("L", (451, 300), 255).save(buffer, "PNG")
    mask = buffer.getvalue()
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    with pytest.raises(BadInputError, match="painted on cannot be read"):
        made(request([bad, CAT, OTHERS[0]], "foreground", mask=mask))
    with pytest.raises(BadInputError, match="MixUp takes no mask"):
        made(request([CAT, OTHERS[0]], "mixup", mask=mask))
    with pytest.raises(BadInputError, match="another shape"):
        made(request([OTHERS[0], CAT], "foreground", mask=mask))


def test_seed_diffusion_says_when_it_draws_smaller_than_asked() -> None:
    found = events(request([CAT, OTHERS[0]], "seed", options={"size": 320}))
    assert [event.message for event in found if isinstance(event, Warned)] == [
        "Seed diffusion draws at most 256 px: these blends are 256 px, not 320."
    ]
    (image,) = [event for event in found if isinstance(event, ImageMade)]
    assert Image.open(io.BytesIO(image.data)).size == (256, 256)
    assert image.params["size"] == 256
    assert "alpha" not in image.params and "segmenter" not in image.params


def test_what_does_not_match_is_flagged_and_said_once() -> None:
    grass = next(path for path in OTHERS if path.stem == "grass")
    found = events(request([CAT, grass], "morph", 3))
    assert sum(isinstance(event, Warned) for event in found) == 1
    for event in found:
        if isinstance(event, ImageMade):
            assert "few matching points" in event.flags
            assert event.params["along"] == "none"
            assert event.params["matched_points"] == 0


def test_progress_rises_to_the_count_with_a_preview() -> None:
    found = events(request([CAT, OTHERS[0]], "overlay", 3))
    done = [event.done for event in found if isinstance(event, Progress)]
    assert done == sorted(done) and done[-1] == 3
    previews = [event.preview for event in found if isinstance(event, Progress) and event.preview]
    assert len(previews) == 3
    assert all(Image.open(io.BytesIO(preview)).format == "JPEG" for preview in previews)
