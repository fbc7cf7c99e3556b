"""What is redrawn and what stays: masks, the part that a model is shown, larger canvases, guides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catstudio.core.errors import BadInputError
from catstudio.engine.diffusion import canvas, guides
from tests.engine.diffusion_jobs import png


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


@st.composite
def pictures_with_masks(draw):
    width, height = draw(st.integers(16, 90)), draw(st.integers(16, 90))
    mask = np.zeros((height, width), np.bool_)
    for _ in range(draw(st.integers(1, 3))):
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        mask[
            top : top + draw(st.integers(1, height)), left : left + draw(st.integers(1, width))
        ] = True
    return noise(width, height), mask, draw(st.sampled_from([16, 32, 64]))


@settings(max_examples=60, deadline=None)
@given(pictures_with_masks())
def test_only_the_mask_changes_and_all_of_it_is_seen(given_):
    picture, mask, size = given_
    scene = canvas.inpainting(picture, mask, size)
    left, top, right, bottom = scene.box
    assert 0 <= left < right <= picture.width
    assert 0 <= top < bottom <= picture.height
    assert mask.sum() == mask[top:bottom, left:right].sum()
    if min(picture.size) * 2 >= max(picture.size):
        assert max(scene.part.size) <= 2.1 * min(scene.part.size)
    seen = np.asarray(scene.model_mask(32, 24)) > 0
    assert seen.any()
    redrawn = Image.new("RGB", (32, 24), (1, 2, 3))
    result = np.asarray(scene.finished(redrawn))
    before = np.asarray(picture)
    assert (result[~mask] == before[~mask]).all()
    assert (result[mask] == (1, 2, 3)).all(axis=-1).any()


def test_a_small_flaw_of_a_large_photo_is_drawn_sharply():
    mask = np.zeros((3000, 4000), np.bool_)
    mask[100:140, 3900:3990] = True
    scene = canvas.inpainting(Image.new("RGB", (4000, 3000)), mask, 512)
    assert scene.box == (3488, 0, 4000, 512)


def test_the_redrawn_part_fades_in_from_the_edge():
    mask = np.zeros((256, 256), np.bool_)
    mask[64:192, 64:192] = True
    scene = canvas.inpainting(Image.new("RGB", (256, 256), "black"), mask, 256)
    row = np.asarray(scene.finished(Image.new("RGB", (256, 256), "white")))[128, :, 0]
    assert row[63] == 0
    assert list(row[64:69]) == sorted(row[64:69])
    assert 0 < row[64] < 255
    assert row[70] == row[128] == 255
    grown = np.asarray(scene.model_mask(256, 256))
    assert grown[128, 56] == 255  # the seam is redrawn too
    assert grown[128, 40] == 0


def test_what_is_transparent_in_a_mask_is_not_redrawn():
    painted = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    painted.paste((255, 255, 255, 255), (4, 4, 12, 12))
    mask, note = canvas.read_mask(png(painted), (32, 32))
    assert (mask.sum(), note) == (64, "")
    palette = Image.new("L", (32, 32), 0)
    palette.paste(255, (4, 4, 12, 12))
    assert canvas.read_mask(png(palette.convert("P")), (32, 32))[0].sum() == 64
    resized, note = canvas.read_mask(png(palette), (64, 64))
    assert resized.sum() == 256
    assert "resized" in note
    with pytest.raises(BadInputError, match="black all over"):
        canvas.read_mask(png(Image.new("RGBA", (32, 32), (255, 255, 255, 0))), (32, 32))


@pytest.mark.parametrize("direction", ["left", "right", "top", "bottom", "all"])
@pytest.mark.parametrize("percent", [5, 25, 100])
def test_a_canvas_grows_where_it_is_told_to(direction, percent):
    picture = noise(60, 40)
    added = canvas.extended_size(picture.size, direction, percent)
    full = (60 + added[0] + added[2], 40 + added[1] + added[3])
    scene = canvas.outpainting(picture, added, *full)
    inside = (added[0], added[1], added[0] + 60, added[1] + 40)
    assert scene.base.size == full
    assert scene.base.crop(inside).tobytes() == picture.tobytes()
    assert (~scene.mask).sum() == 60 * 40
    filled = np.asarray(scene.base)[scene.mask]
    assert abs(filled.mean() - np.asarray(picture).mean()) < 12  # the picture's colours
    assert filled.std() < np.asarray(picture).std()  # without its things
    done = scene.finished(Image.new("RGB", full))
    assert done.crop(inside).tobytes() == picture.tobytes()


def test_too_long_a_canvas_is_refused():
    canvas.check_shape((200, 100))
    with pytest.raises(BadInputError, match="201 × 100"):
        canvas.check_shape((201, 100))


def test_edges_are_white_lines_at_the_edges():
    guide = Image.new("RGB", (64, 64), "white")
    guide.paste("black", (16, 16, 48, 48))
    edges = np.asarray(guides.control_image("canny", guide))[..., 0] > 0
    assert edges[28:36, 12:20].any(axis=1).all()
    assert not edges[24:40, 24:40].any()
    assert edges.mean() < 0.15


@pytest.mark.parametrize(("ground", "line"), [("white", "black"), ("black", "white")])
def test_a_drawing_becomes_white_lines_on_black(ground, line):
    drawing = Image.new("RGB", (64, 64), ground)
    drawing.paste(line, (30, 0, 34, 64))
    read = np.asarray(guides.control_image("scribble", drawing))
    assert (read[:, 31] == 255).all()
    assert (read[:, 10] == 0).all()


def test_coarse_shapes_and_a_control_image_as_it_is():
    guide = noise(512, 256)
    blurred = guides.control_image("blur", guide)
    assert blurred.size == guide.size
    assert np.asarray(blurred).std() < 0.5 * np.asarray(guide).std()
    assert guides.control_image("as-is", guide) is guide
    flat = Image.new("RGB", (32, 32), "grey")
    assert not np.asarray(guides.control_image("canny", flat)).any()
