"""The projection to a plane against an exact decomposition, and nearest neighbours by hand."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.learn.projection import beside, nearest, principal


def cloud(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Rows whose variance falls by a third from one hidden direction to the next."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, d)) * (2.0 / 3.0) ** np.arange(d)
    turned, _ = np.linalg.qr(rng.normal(size=(d, d)))
    return (hidden @ turned + 3.0).astype(np.float32)


@pytest.mark.parametrize(("n", "d"), [(40, 6), (12, 60), (700, 600)])
def test_the_directions_are_those_of_an_exact_decomposition(n: int, d: int) -> None:
    x = cloud(n, d)
    centered = x.astype(np.float64) - x.mean(axis=0)
    left, singular, _ = np.linalg.svd(centered, full_matrices=False)
    found = principal(x, 3)
    expected = left[:, :3] * singular[:3]
    signs = np.sign(np.sum(found.scores * expected, axis=0))
    np.testing.assert_allclose(found.scores, expected * signs, atol=2e-3 * singular[0] / n**0.5)
    np.testing.assert_allclose(found.shares, (singular**2 / np.sum(singular**2))[:3], rtol=2e-3)


def test_it_agrees_with_scikit_learn() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    x = cloud(200, 20)
    expected = decomposition.PCA(2, svd_solver="full").fit(x)
    found = principal(x, 2)
    np.testing.assert_allclose(np.abs(found.scores), np.abs(expected.transform(x)), atol=1e-4)
    np.testing.assert_allclose(found.shares, expected.explained_variance_ratio_, rtol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(50, 8), (600, 600)])
def test_the_same_rows_give_the_same_map_whichever_way_they_lie(n: int, d: int) -> None:
    x = cloud(n, d)
    first, second = principal(x), principal(x.copy())
    np.testing.assert_array_equal(first.scores, second.scores)
    order = np.random.default_rng(1).permutation(n)
    turned = principal(x[order])
    np.testing.assert_allclose(turned.scores, first.scores[order], atol=5e-3)


def test_what_has_fewer_directions_is_filled_with_nothing() -> None:
    assert principal(np.zeros((0, 5), np.float32)).scores.shape == (0, 2)
    alone = principal(np.ones((1, 5), np.float32))
    assert alone.scores.tolist() == [[0.0, 0.0]] and alone.shares.tolist() == [0.0, 0.0]
    same = principal(np.ones((4, 5), np.float32))
    assert not same.scores.any()
    pair = principal(np.array([[0.0, 0.0], [3.0, 4.0]], np.float32))
    assert pair.scores[:, 0].tolist() == pytest.approx([-2.5, 2.5])
    assert pair.shares.tolist() == pytest.approx([1.0, 0.0])


def test_a_projection_can_be_ended() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        principal(cloud(600, 600), check=stop)


def test_the_nearest_come_first_and_none_is_its_own_neighbour() -> None:
    x = cloud(700, 12)
    numbers, distances = nearest(x, 5)
    apart = np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_array_equal(numbers, np.argsort(apart, axis=1)[:, :5])
    np.testing.assert_allclose(distances, np.sort(apart, axis=1)[:, :5], rtol=2e-3, atol=2e-3)


def test_equal_rows_are_neighbours_in_the_order_they_lie() -> None:
    numbers, distances = nearest(np.ones((4, 3), np.float32), 2)
    assert numbers.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]
    assert not distances.any()


def test_neighbours_are_counted_and_refused() -> None:
    heard: list[tuple[int, int]] = []
    nearest(cloud(600, 4), 3, lambda done, total: heard.append((done, total)))
    assert heard == [(512, 600), (600, 600)]
    with pytest.raises(ValueError, match="3 neighbours of 3 rows"):
        nearest(np.ones((3, 2), np.float32), 3)


def test_what_is_new_lies_in_the_middle_of_its_nearest_known() -> None:
    x = np.array([[0.0, 0], [1, 0], [0, 1], [9, 9], [0.2, 0.2], [9, 8]], np.float32)
    xy = np.array([[0, 0], [3, 0], [0, 3], [50, 50], [7, 7], [7, 7]], np.float32)
    is_known = np.array([True, True, True, True, False, False])
    placed = beside(x, xy, is_known, 3)
    np.testing.assert_array_equal(placed[:4], xy[:4])
    np.testing.assert_allclose(placed[4], [1, 1])
    np.testing.assert_allclose(beside(x, xy, is_known, 1)[5], [50, 50])
    only = np.array([False, False, False, True, False, False])
    assert (beside(x, xy, only, 3) == [[50, 50]]).all()
