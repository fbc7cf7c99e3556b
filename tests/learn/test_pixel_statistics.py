"""What pixels say: known patterns give known figures, and nothing is ever not a number."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catstudio.learn.pixel_statistics import BANDS, NAMES, column, measure


def row(picture: np.ndarray) -> np.ndarray:
    """Of a picture that was stored as the square it is."""
    return measure(picture, picture)


def value(square: np.ndarray, name: str) -> float:
    return float(column(row(square)[None], name)[0])


def grey(luma: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(luma, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def noise(deviation: float, seed: int = 0, side: int = 256) -> np.ndarray:
    return grey(128 + deviation * np.random.default_rng(seed).standard_normal((side, side)))


def test_a_wave_shows_in_its_own_ring() -> None:
    x = np.arange(256)
    for band in (2, 7, 13):
        frequency = (band + 0.5) / (2 * BANDS)
        wave = grey(128 + 60 * np.tile(np.sin(2 * np.pi * frequency * x), (256, 1)))
        assert int(np.argmax(row(wave)[:BANDS])) == band


def test_noise_is_measured_and_a_filter_shows_in_its_correlation() -> None:
    # The mean of four neighbours adds a quarter of the variance.
    assert abs(value(noise(10), "noise") / (10 * np.sqrt(1.25)) - 1) < 0.05
    image = Image.fromarray(noise(30))
    doubled = np.asarray(image.resize((512, 512), Image.Resampling.BILINEAR))
    assert value(doubled, "noise_correlation") > value(noise(30), "noise_correlation") + 0.1


def test_tones_clipping_and_information() -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    assert [value(red, name) for name in ("red", "green", "saturation")] == [1.0, 0.0, 1.0]
    halves = grey(np.repeat([[0.0, 255.0]], 64, axis=0).repeat(32, axis=1))
    assert value(halves, "dark") == value(halves, "bright") == 0.5
    assert value(halves, "entropy") == 1.0
    assert value(grey(np.full((64, 64), 90.0)), "entropy") == 0.0


def scene(side: int = 256) -> np.ndarray:
    """Sharp and soft things with a little noise, as in a photo."""
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    discs = sum(
        40.0 * (np.hypot(x - side * a, y - side * b) < side * r)
        for a, b, r in ((0.3, 0.4, 0.2), (0.7, 0.6, 0.25), (0.5, 0.2, 0.1))
    )
    return grey(60 + discs + (x + y) * 60 / side + noise(3, side=side)[..., 0] - 128.0)


def stored_as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_coarse_jpeg_shows_its_blocks() -> None:
    coarse = stored_as_jpeg(scene(), 5)
    blocks = [value(picture, "blockiness") for picture in (scene(), coarse)]
    assert blocks[0] < 0.2 < 0.5 < blocks[1]
    # Cut off anywhere and stored well, the blocks are still there.
    again = stored_as_jpeg(np.ascontiguousarray(coarse[3:, 5:]), 95)
    assert value(again, "blockiness") > 0.5


def test_stripes_are_no_blocks() -> None:
    stripes = np.tile(np.where(np.arange(256) // 8 % 2, 90.0, 160.0), (256, 1))
    assert value(grey(stripes), "blockiness") < 0.2


@pytest.mark.parametrize("size", [24, 40, 64, 128])
def test_detail_tells_how_small_a_picture_was_before_it_was_enlarged(size: int) -> None:
    small = Image.fromarray(scene()).resize((size, size), Image.Resampling.LANCZOS)
    enlarged = np.asarray(small.resize((256, 256), Image.Resampling.BICUBIC))
    assert 0.6 * size < value(enlarged, "detail") < 1.6 * size
    assert value(scene(), "detail") > 150


def test_without_an_edge_detail_is_not_missed() -> None:
    assert value(grey(np.full((64, 64), 128.0)), "detail") == 64.0


def test_blur_lowers_sharpness() -> None:
    image = Image.fromarray(noise(40))
    blurred = np.asarray(image.resize((64, 64), Image.Resampling.BOX).resize((256, 256)))
    assert value(blurred, "sharpness") < value(noise(40), "sharpness") - 1


def colourful(seed: int = 0) -> np.ndarray:
    """Patches of many colours, as of a photo of many things."""
    colors = np.random.default_rng(seed).integers(20, 200, (32, 32, 3))
    return colors.repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)


def test_a_cast_is_told_from_the_colour_of_what_is_shown() -> None:
    scene = colourful()
    green = scene.copy()
    green[128:] = (30, 160, 40)  # Half of it a meadow.
    warm = np.clip(scene * [1.2, 1.0, 0.8], 0, 255).astype(np.uint8)
    assert abs(value(scene, "edge_red")) < 0.05
    assert abs(value(green, "edge_red")) < 0.05
    assert abs(value(warm, "edge_red") - np.log(1.2)) < 0.05
    assert abs(value(warm, "edge_blue") - np.log(0.8)) < 0.05
    tinted = (0.8 * scene + 0.2 * np.array([255.0, 150.0, 0.0])).astype(np.uint8)
    assert abs(value(scene, "black_red")) < 0.03
    assert abs(value(tinted, "black_red") - 0.2 * (255 - 150) / 255) < 0.03
    assert abs(value(tinted, "black_blue") + 0.2 * 150 / 255) < 0.03
    assert abs(value(tinted, "edge_red") - value(scene, "edge_red")) < 0.02


def test_grey_pictures_have_no_cast() -> None:
    found = row(noise(20))
    assert [float(column(found[None], name)[0]) for name in NAMES[-4:]] == [0.0] * 4


@settings(max_examples=30, deadline=None)
@given(st.integers(32, 300), st.sampled_from(["flat", "noise", "step"]), st.integers(0, 9))
def test_every_image_gives_numbers(side: int, kind: str, seed: int) -> None:
    made = {
        "flat": np.full((side, side), 255.0),
        "noise": 128 + 90 * np.random.default_rng(seed).standard_normal((side, side)),
        "step": np.where(np.arange(side) < side // 2, 0.0, 255.0) * np.ones((side, 1)),
    }[kind]
    found = row(grey(made))
    assert found.shape == (len(NAMES),) and found.dtype == np.float32
    assert np.isfinite(found).all()
