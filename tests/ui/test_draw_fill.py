"""Flood fill, growing and feathering against reference implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import flood as reference_flood

from catstudio.ui.draw.fill import difference, feathered, flood, grown, region


@pytest.mark.parametrize("seed", range(12))
def test_a_region_is_what_hangs_together(seed: int) -> None:
    like = np.random.default_rng(seed).random((61, 47)) < 0.6
    like[30, 20] = True
    expected = reference_flood(like.astype(np.uint8), (30, 20), connectivity=1)
    assert (region(like, 20, 30) == expected).all()


def test_a_spiral_is_followed_to_its_middle() -> None:
    wall = np.ones((21, 21), bool)
    y = x = 0
    turns, length = ((0, 1), (1, 0), (0, -1), (-1, 0)), 20
    for turn in range(20):
        dy, dx = turns[turn % 4]
        for _ in range(max(0, length)):
            wall[y, x] = False
            y, x = y + dy, x + dx
        length -= 2 if turn >= 2 and turn % 2 == 0 else 0
    path = ~wall
    assert (region(path, 0, 0) == reference_flood(path.astype(np.uint8), (0, 0))).all()


def test_tolerance_counts_the_channel_that_differs_most() -> None:
    image = np.zeros((1, 4, 4), np.uint8)
    image[0, 1] = (10, 0, 0, 0)
    image[0, 2] = (10, 11, 0, 0)
    assert difference(image, image[0, 0]).tolist() == [[0, 10, 11, 0]]
    assert (flood(image, 0, 0, 10)[0, :2] == 255).all()
    assert region(difference(image, image[0, 0]) <= 10, 0, 0).tolist() == [
        [True, True, False, False]
    ]


def test_a_fill_goes_under_a_lines_smooth_edge_but_not_over_the_line() -> None:
    image = np.zeros((9, 9, 4), np.uint8)
    image[:, 4] = 255
    image[:, 3] = image[:, 5] = 128
    row = flood(image, 0, 4, 32)[4]
    assert row[:3].tolist() == [255, 255, 255]
    assert 150 < row[3] < 255
    assert row[4] == 0
    assert row[5:].max() == 0


def test_growing_and_shrinking_undo_each_other_in_the_middle() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[15:25, 15:25] = 255
    larger = grown(mask, 4)
    assert (larger >= mask).all()
    assert larger[20, 11] == 255
    assert larger[20, 10] == 0
    assert (grown(larger, -4) == mask).all()


def test_feathering_is_close_to_a_gaussian() -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[20:60, 30:50] = 255
    soft = feathered(mask, 6).astype(float)
    side = 6 / 1.5
    sigma = np.sqrt(3 * ((2 * side + 1) ** 2 - 1) / 12)
    expected = ndimage.gaussian_filter(mask.astype(float), sigma, mode="nearest")
    assert np.abs(soft - expected).max() < 12
