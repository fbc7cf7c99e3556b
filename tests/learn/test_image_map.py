"""Packed vectors find the neighbours that exact ones do; a map is read as it was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catstudio.learn.features import unit
from catstudio.learn.image_map import ImageMap, Likeness


def vectors(n: int, d: int = 300) -> np.ndarray:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(12, d))
    return unit((middles[np.arange(n) % 12] + rng.normal(size=(n, d))).astype(np.float32))


def a_map(n: int = 7) -> ImageMap:
    x = vectors(n)
    hashes = tuple(f"{i:064x}" for i in range(n))
    return ImageMap(hashes, x[:, :2].copy(), "t-sne", "efficientnet-lite2", Likeness.of(x))


def test_one_byte_a_number_keeps_the_neighbours() -> None:
    x = vectors(5000)
    packed = Likeness.of(x)
    assert packed.steps.nbytes * 4 == x.nbytes
    for number in (0, 17, 4999):
        order, products = packed.ranked(packed.row(number))
        exact = x @ x[number]
        assert order[0] == number and products[0] == pytest.approx(1.0, abs=0.01)
        np.testing.assert_allclose(products, exact[order], atol=0.01)
        best = np.argsort(-exact)[:21]
        assert len(set(order[:21].tolist()) & set(best.tolist())) >= 20
        assert sorted(order.tolist()) == list(range(5000))


def test_nothing_and_zeros_are_packed_too() -> None:
    empty = Likeness.of(np.empty((0, 4), np.float32))
    order, products = empty.ranked(np.ones(4))
    assert order.shape == products.shape == (0,)
    zeros = Likeness.of(np.zeros((2, 3), np.float32))
    assert zeros.row(1).tolist() == [0, 0, 0]
    assert zeros.ranked(np.ones(3))[0].tolist() == [0, 1]


def test_a_map_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    written = a_map()
    path.write_bytes(written.to_bytes())
    found = ImageMap.read(path)
    assert found is not None
    assert found.hashes == written.hashes
    assert (found.how, found.made_with) == ("t-sne", "efficientnet-lite2")
    np.testing.assert_array_equal(found.xy, written.xy)
    np.testing.assert_array_equal(found.likeness.steps, written.likeness.steps)
    np.testing.assert_array_equal(found.likeness.scale, written.likeness.scale)


def test_what_is_damaged_missing_or_newer_is_no_map(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "map.npz"
    assert ImageMap.read(path) is None
    whole = a_map().to_bytes()
    for damaged in (b"", b"not a map", whole[:200], whole[:-40]):
        path.write_bytes(damaged)
        assert ImageMap.read(path) is None
    path.write_bytes(whole)
    assert ImageMap.read(path) is not None
    monkeypatch.setattr("catstudio.learn.image_map.VERSION", 2)
    assert ImageMap.read(path) is None
