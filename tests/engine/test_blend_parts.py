"""What blends are made of: cut-outs, seams, morphs, windows, weights and labels, each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from skimage import data

from catstudio.core.types import Parent
from catstudio.engine.blend.cutout import CutOut, cut_by_mask, cut_out
from catstudio.engine.blend.ground import paste_seamlessly, without_subject
from catstudio.engine.blend.matting import own_colours, refine
from catstudio.engine.blend.mixing import balanced, cut_mix, draw_boxes, draw_weights, ghosting, mix
from catstudio.engine.blend.morph import Matches, match_features, match_outlines, thinned, warp
from catstudio.engine.blend.placing import draw_place, footprint, lay, swap
from catstudio.engine.blend.poses import Poses
from catstudio.engine.blend.windows import draw_window
from catstudio.engine.parent_labels import label_shares, labelled
from catstudio.jobs.requests import SeedImage

NEVER = lambda: None  # noqa: E731


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return cv2.resize(data.astronaut(), (256, 256), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return np.ascontiguousarray(data.chelsea()[:300, 60:360])


def example(name: str) -> np.ndarray:
    path = Path(__file__).parents[2] / "resources" / "examples" / "not-cat" / f"{name}.jpg"
    image = Image.open(path).convert("RGB")
    image.thumbnail((320, 320))
    return np.asarray(image)


def drawn(shape: tuple[int, ...], *ellipses: tuple[float, float, float, float]) -> np.ndarray:
    """A mask of ellipses given as left, top, right, bottom in parts of the sides."""
    height, width = shape[:2]
    image = Image.new("L", (width, height), 0)
    for left, top, right, bottom in ellipses:
        box = (left * width, top * height, right * width, bottom * height)
        ImageDraw.Draw(image).ellipse(box, fill=255)
    return np.asarray(image) > 127


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


# -- cut-outs


def test_subjects_of_photos_are_cut_out_where_a_person_sees_them() -> None:
    """Outlines drawn by hand: the flower's head, and the cup with its saucer."""
    flower, coffee = example("flower"), example("coffee")
    found = cut_out(flower, NEVER)
    assert overlap(found.alpha > 0.5, drawn(flower.shape, (0.26, 0.22, 0.68, 0.84))) > 0.8
    assert found.confidence > 0.9
    found = cut_out(coffee, NEVER)
    assert overlap(found.alpha > 0.5, drawn(coffee.shape, (0.13, 0.05, 0.86, 0.98))) > 0.75
    assert found.confidence > 0.9


def test_the_astronaut_is_cut_out_without_flag_and_shuttle(astronaut: np.ndarray) -> None:
    found = cut_out(astronaut, NEVER)
    subject = found.alpha > 0.5
    head, suit = (0.3, 0.03, 0.59, 0.38), (0.04, 0.36, 0.72, 1.5)
    assert overlap(subject, drawn(astronaut.shape, head, suit)) > 0.65
    assert subject[:80, :64].mean() < 0.02  # the flag
    assert subject[:130, 165:].mean() < 0.02  # the shuttle
    assert found.pieces == 2  # her neck is as dark as what is behind it


def test_where_nothing_stands_out_there_is_no_confidence() -> None:
    for name in ("grass", "gravel", "brick"):
        assert cut_out(example(name), NEVER).confidence < 0.3


def test_a_cut_is_the_same_each_time(astronaut: np.ndarray) -> None:
    assert np.array_equal(cut_out(astronaut, NEVER).alpha, cut_out(astronaut, NEVER).alpha)


def test_cancel_ends_a_cut_between_rounds(astronaut: np.ndarray) -> None:
    rounds = []

    def check() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_out(astronaut, check)
    assert len(rounds) == 3


def test_a_person_decides_what_they_mark_and_colour_the_rest(astronaut: np.ndarray) -> None:
    """Strokes on suit and face, and on what is around; the rest is unknown."""
    marks = np.full(astronaut.shape[:2], 0.5, np.float32)
    keep = drawn(astronaut.shape, (0.4, 0.12, 0.5, 0.24), (0.2, 0.6, 0.4, 0.9))
    drop = np.zeros_like(keep)
    drop[:90, :50] = drop[:130, 170:] = True
    marks[keep], marks[drop] = 1.0, 0.0
    found = cut_by_mask(astronaut, marks, NEVER)
    subject = found.alpha > 0.5
    assert subject[keep].mean() > 0.99
    assert subject[drop].mean() < 0.01
    assert found.source == "mask" and found.confidence == 1.0
    suit = drawn(astronaut.shape, (0.08, 0.45, 0.6, 1.1))
    assert subject[suit].mean() > 0.8


def test_an_edge_keeps_no_halo_of_the_old_ground() -> None:
    """A red disc, softly edged, on green: its own colours are red right to the edge."""
    alpha = cv2.GaussianBlur(drawn((128, 128), (0.2, 0.2, 0.8, 0.8)).astype(np.float32), (0, 0), 3)
    share = alpha[..., None]
    photo = np.rint(
        share * np.array([220, 30, 30.0]) + (1 - share) * np.array([20, 200, 20.0])
    ).astype(np.uint8)
    edge = (alpha > 0.1) & (alpha < 0.6)
    own = own_colours(photo, alpha)
    assert (photo[edge] / 255)[:, 1].mean() > 0.4  # what a plain paste would bring along
    assert own[edge][:, 1].mean() < 0.18
    assert own[edge][:, 0].mean() > 0.75


def test_a_soft_edge_follows_the_photo() -> None:
    """A cut that is off by three pixels is drawn to the edge that the photo shows."""
    disc = drawn((320, 320), (0.25, 0.25, 0.75, 0.75))
    photo = np.where(disc[..., None], [200, 60, 60], [40, 60, 160]).astype(np.uint8)
    rough = cv2.dilate(disc.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    fine = refine(photo, rough) > 0.5
    assert overlap(fine, disc) > overlap(rough, disc) + 0.02


# -- seams and grounds


def test_a_seamless_paste_has_smaller_steps_at_its_rim(astronaut: np.ndarray) -> None:
    ground = cv2.resize(example("coffee"), (256, 256))
    region = drawn(astronaut.shape, (0.25, 0.1, 0.75, 0.8))
    plain = np.where(region[..., None], astronaut, ground)
    rim = cv2.dilate(region.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~region

    def steps(image: np.ndarray) -> float:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        x, y = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
        return float(np.hypot(x, y)[rim].mean())

    for own in (0.0, 0.9):
        joined = paste_seamlessly(astronaut, ground, region, own)
        assert steps(joined) < 0.6 * steps(plain)
        assert np.array_equal(joined[~region], ground[~region])


def test_deep_inside_a_pasted_subject_keeps_its_colours() -> None:
    grey, green = (np.full((128, 128, 3), c, np.uint8) for c in ((110, 110, 110), (40, 180, 40)))
    region = drawn(grey.shape, (0.1, 0.1, 0.9, 0.9))
    tinted = paste_seamlessly(grey, green, region)[64, 64]
    kept = paste_seamlessly(grey, green, region, own=0.9)[64, 64]
    assert np.abs(tinted.astype(int) - 110).max() > 50
    assert np.abs(kept.astype(int) - 110).max() < 15


def test_a_ground_without_its_subject_shows_none_of_it() -> None:
    rng = np.random.default_rng(0)
    ground = (90 + 30 * rng.random((160, 160, 3))).astype(np.uint8)
    disc = drawn(ground.shape, (0.3, 0.3, 0.7, 0.7))
    photo = np.where(disc[..., None], [250, 10, 10], ground).astype(np.uint8)
    plate, hole = without_subject(photo, disc.astype(np.float32))
    assert hole[disc].all()
    assert np.abs(plate[disc].astype(int).mean(0) - 105).max() < 12
    assert plate[disc].std() > 5  # ground with its grain, not a blur
    away = cv2.dilate(hole.astype(np.uint8), np.ones((15, 15), np.uint8)) == 0
    assert np.array_equal(plate[away], photo[away])


@pytest.mark.parametrize("flip", [False, True])
def test_what_a_photo_cuts_off_is_cut_off_in_the_blend(flip: bool) -> None:
    """A subject that leaves its photo below and on the left leaves the image there (or mirrored)."""
    alpha = np.zeros((100, 140), np.float32)
    alpha[40:, :70] = 1
    cut = CutOut(alpha, "grabcut", 1.0)
    seen = set()
    for seed in range(30):
        place = draw_place(cut, None, 128, 1.0, np.random.default_rng(seed))
        seen.add(place.flip)
        if place.flip is not flip:
            continue
        covered = lay(np.zeros((100, 140, 3), np.uint8), cut, place, 128).alpha
        assert covered[-1].mean() > 0.2
        assert covered[:, -1 if flip else 0].mean() > 0.2
        assert covered[0].max() == 0
        coarse = footprint(cut, place, 128, 32)
        assert coarse.mean() == pytest.approx(covered.mean(), abs=0.06)
    assert seen == {False, True}


def test_no_shadow_falls_at_the_far_border() -> None:
    alpha = np.zeros((64, 64), np.float32)
    alpha[30:, 20:44] = 1
    cut = CutOut(alpha, "grabcut", 1.0)
    photo = np.full((64, 64, 3), 90, np.uint8)
    place = draw_place(cut, None, 64, 0.0, np.random.default_rng(0))
    white = np.full((64, 64, 3), 255, np.uint8)
    assert swap(lay(photo, cut, place, 64), white)[0].min() == 255


# -- morphs


def shifted(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``photo`` turned, scaled and moved, and the matrix that did it."""
    side = photo.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), 8, 1.1)
    matrix[:, 2] += (6, -4)
    return cv2.warpAffine(photo, matrix, (side, side), borderMode=cv2.BORDER_REFLECT), matrix


def test_features_are_matched_where_they_are(cat: np.ndarray) -> None:
    other, matrix = shifted(cat)
    found = match_features(cat, other)
    assert found is not None and len(found) >= 30
    expected = found.first @ matrix[:, :2].T + matrix[:, 2]
    assert np.median(np.linalg.norm(expected - found.second, axis=1)) < 1.0


def test_different_things_have_no_matching_features(cat: np.ndarray) -> None:
    assert match_features(cat, cv2.resize(example("coffee"), (300, 300))) is None
    blank = np.full_like(cat, 128)
    assert match_features(cat, blank) is None


def test_the_ends_of_a_morph_are_the_photos(cat: np.ndarray, astronaut: np.ndarray) -> None:
    other = cv2.resize(astronaut, (300, 300))
    outlines = match_outlines(
        drawn(cat.shape, (0.1, 0.2, 0.8, 0.9)).astype(np.float32),
        drawn(cat.shape, (0.3, 0.1, 0.9, 0.8)).astype(np.float32),
    )
    assert outlines is not None
    matches = thinned(outlines, 300)
    assert len(matches) >= 12
    assert np.abs(warp(cat, other, matches, 0.0)[0].astype(int) - cat).max() <= 2
    assert np.abs(warp(cat, other, matches, 1.0)[1].astype(int) - other).max() <= 2


def test_halfway_the_shapes_meet(cat: np.ndarray) -> None:
    """Two views of one thing agree after the warp, far better than laid over each other."""
    other, _ = shifted(cat)
    found = match_features(cat, other)
    assert found is not None
    a, b = warp(cat, other, thinned(found, 300), 0.5)
    inner = slice(60, 240)
    before = np.abs(cat.astype(int) - other)[inner, inner].mean()
    after = np.abs(a.astype(int) - b)[inner, inner].mean()
    assert after < 0.4 * before
    assert ghosting([a, b], [0.5, 0.5]) < ghosting([cat, other], [0.5, 0.5])


def test_no_triangle_turns_over() -> None:
    """Points that swap places would fold the mesh: they are left out."""
    first = np.array([[100, 150], [200, 150], [150, 90], [150, 210]], np.float32)
    second = first[[1, 0, 2, 3]]
    kept = thinned(Matches(first, second, "features"), 300)
    assert len(kept) < 4
    ramp = np.tile(np.arange(300, dtype=np.float32)[None] * 255 / 299, (300, 1))
    image = np.repeat(ramp[..., None], 3, 2).astype(np.uint8)
    a, _ = warp(image, image, kept, 0.5)
    assert (np.diff(a[..., 0].astype(int), axis=1) >= -1).all()


# -- weights, boxes, windows, labels


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 4), st.floats(0.05, 8), st.integers(0, 2**32 - 1), st.integers(64, 300))
def test_boxes_are_as_large_as_their_weights(
    count: int, alpha: float, seed: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    weights = draw_weights(count, alpha, rng)
    assert sum(weights) == pytest.approx(1)
    boxes = draw_boxes(size, weights, rng)
    for weight, (left, top, right, bottom) in zip(weights[1:], boxes, strict=True):
        assert 0 <= left <= right <= size and 0 <= top <= bottom <= size
        assert right - left == bottom - top
        assert abs((right - left) - size * weight**0.5) <= 0.5  # within a pixel of 1 - λ
    views = [np.full((size, size, 3), k, np.uint8) for k in range(count)]
    image, shares = cut_mix(views, boxes)
    assert sum(shares) == pytest.approx(1)
    assert shares == [pytest.approx(float((image[..., 0] == k).mean())) for k in range(count)]


def test_lambda_is_beta_distributed() -> None:
    """Mean ½, and the variance of Beta(α, α): 1 / (4 (2α + 1))."""
    rng = np.random.default_rng(1)
    for alpha in (0.3, 1.0, 4.0):
        drawn_ = np.array([draw_weights(2, alpha, rng)[0] for _ in range(4000)])
        assert drawn_.mean() == pytest.approx(0.5, abs=0.02)
        assert drawn_.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.08)


def test_a_mix_is_the_weighted_mean_rounded_once(cat: np.ndarray) -> None:
    other = cat[::-1, ::-1]
    exact = 0.3 * cat.astype(float) + 0.7 * other
    assert np.abs(mix([cat, other], [0.3, 0.7]) - exact).max() <= 0.5 + 1e-9


def test_balance_shares_the_rest() -> None:
    assert balanced(2, 0.3) == [0.7, 0.3]
    assert balanced(4, 0.6) == pytest.approx([0.4, 0.2, 0.2, 0.2])


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 500), st.integers(16, 500), st.floats(0, 1), st.integers(0, 2**31))
def test_a_window_never_leaves_its_photo(
    width: int, height: int, variety: float, seed: int
) -> None:
    photo = Image.new("RGB", (width, height), "grey")
    window = draw_window(photo, variety, np.random.default_rng(seed))
    assert window.left >= 0 and window.top >= 0
    assert window.left + window.side <= width + 1e-6
    assert window.top + window.side <= height + 1e-6
    assert window.show(photo, 32).shape == (32, 32, 3)


def test_the_partner_most_like_the_first_comes_first(cat: np.ndarray) -> None:
    others = {"coffee": example("coffee"), "flower": example("flower"), "twin": cat[:, ::-1].copy()}
    shown: list[Any] = [(SeedImage("cat", ""), Image.fromarray(cat))]
    shown += [(SeedImage(name, ""), Image.fromarray(photo)) for name, photo in others.items()]
    found = Poses().most_alike(shown)
    assert [parent.id for parent, _ in found][:2] == ["cat", "twin"]
    assert len(found) == 4


@given(
    st.lists(
        st.tuples(st.sampled_from(["cat", "dog", "fox", None]), st.floats(1e-6, 1)),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_soft_labels_sum_to_one_and_the_largest_names_the_image(
    parts: list[tuple[str | None, float]],
) -> None:
    seeds = [SeedImage(str(k), "", label) for k, (label, _) in enumerate(parts)]
    parents = [Parent(str(k), share) for k, (_, share) in enumerate(parts)]
    shares = label_shares(parents, seeds, "cat")
    assert sum(shares.values()) == pytest.approx(1)
    label, params = labelled(shares)
    assert shares[label] == max(shares.values())
    soft = params.get("soft_label", {label: 1.0})
    assert sum(soft.values()) == pytest.approx(1, abs=1e-9)
    assert all(share > 0 for share in soft.values())
    assert soft[label] >= max(soft.values()) - 3e-4
