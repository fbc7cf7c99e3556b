"""Precision, recall, density, coverage and kernel distance against plain sums and known answers."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.learn.manifold import kernel_distance, manifold


def cloud(n: int, seed: int, dim: int = 8, shift: float = 0.0, width: float = 1.0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, dim)) * width
    x[:, 0] += shift
    return x.astype(np.float32)


def plain(real: np.ndarray, made: np.ndarray, k: int) -> tuple[float, float, float, float]:
    """The definitions, one pair at a time."""

    def radius(own: np.ndarray, i: int) -> float:
        others = sorted(
            float(np.linalg.norm(own[i].astype(float) - own[j])) for j in range(len(own)) if j != i
        )
        return others[k - 1]

    of_real = [radius(real, i) for i in range(len(real))]
    of_made = [radius(made, j) for j in range(len(made))]
    far = [[float(np.linalg.norm(r.astype(float) - m)) for m in made] for r in real]
    n, m = len(real), len(made)
    counts = [sum(far[i][j] <= of_real[i] for i in range(n)) for j in range(m)]
    return (
        sum(c > 0 for c in counts) / m,
        sum(any(far[i][j] <= of_made[j] for j in range(m)) for i in range(n)) / n,
        sum(counts) / (k * m),
        sum(any(far[i][j] <= of_real[i] for j in range(m)) for i in range(n)) / n,
    )


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_four_figures_are_those_of_the_definitions(k: int) -> None:
    real, made = cloud(40, 1), cloud(27, 2, shift=1.0, width=0.7)
    found = manifold(real, made, k)
    figures = (found.precision, found.recall, found.density, found.coverage)
    assert figures == pytest.approx(plain(real, made, k))


def test_many_blocks_say_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    real, made = cloud(90, 1), cloud(70, 2)
    whole, distance = manifold(real, made), kernel_distance(real, made)
    monkeypatch.setattr("catstudio.learn.manifold._ROWS", 7)
    parts = manifold(real, made)
    assert (parts.density, parts.recall) == pytest.approx((whole.density, whole.recall))
    assert (parts.is_precise == whole.is_precise).all()
    assert kernel_distance(real, made).value == pytest.approx(distance.value, abs=1e-5)


def test_one_distribution_has_a_density_of_one_and_its_expected_coverage() -> None:
    found = manifold(cloud(900, 1), cloud(900, 2))
    assert found.density == pytest.approx(1.0, abs=0.06)
    # Naeem et al. 2020: 1 - (n - 1)…(n - k) / ((2n - 1)…(2n - k)) with n of each.
    n = 900
    expected = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, 6)])
    assert found.coverage == pytest.approx(expected, abs=0.03)
    assert found.precision > 0.9 and found.recall > 0.9


def test_images_far_from_all_photos_have_none_of_it() -> None:
    found = manifold(cloud(50, 1), cloud(50, 2, shift=100))
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_copies_of_one_photo_are_precise_and_cover_nothing() -> None:
    real = cloud(200, 1)
    found = manifold(real, np.repeat(real[:1], 60, axis=0))
    assert found.precision == 1.0
    assert found.recall <= 0.01 and found.coverage < 0.1


def test_too_few_images_for_the_neighbours_is_an_error() -> None:
    with pytest.raises(ValueError, match="5 neighbours"):
        manifold(cloud(5, 1), cloud(50, 2))


def plain_kernel_distance(real: np.ndarray, made: np.ndarray) -> float:
    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float((a.astype(float) @ b / len(a) + 1) ** 3)

    n, m = len(real), len(made)
    own = sum(k(real[i], real[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    of_made = sum(k(made[i], made[j]) for i in range(m) for j in range(m) if i != j)
    cross = sum(k(a, b) for a in real for b in made) / (n * m)
    return own + of_made / (m * (m - 1)) - 2 * cross


def test_the_kernel_distance_is_the_unbiased_discrepancy() -> None:
    real, made = cloud(23, 1), cloud(31, 2, shift=0.5)
    found = kernel_distance(real, made)
    assert found.value == pytest.approx(plain_kernel_distance(real, made), rel=1e-4)
    assert found.low < found.value < found.high


def test_its_value_is_near_the_closed_form_of_two_points() -> None:
    # All mass at a and at b: k(a, a) + k(b, b) - 2 k(a, b).
    a, b = np.ones((40, 4), np.float32), np.zeros((40, 4), np.float32)
    found = kernel_distance(a, b)
    assert found.value == pytest.approx(8 + 1 - 2, abs=1e-4)
    assert found.error == pytest.approx(0.0, abs=1e-5)


def test_its_standard_error_is_the_spread_over_draws() -> None:
    found = [
        kernel_distance(cloud(120, 2 * s), cloud(120, 2 * s + 1, shift=1.0)) for s in range(120)
    ]
    spread = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.2)
    truth = np.mean([one.value for one in found])
    assert np.mean([one.low <= truth <= one.high for one in found]) > 0.88


def test_nothing_between_equal_sides_is_seen_as_nothing() -> None:
    found = [kernel_distance(cloud(80, 2 * s), cloud(80, 2 * s + 1)) for s in range(100)]
    assert abs(np.mean([one.value for one in found])) < 0.01
    assert np.mean([one.low <= 0 <= one.high for one in found]) >= 0.9


def test_families_widen_its_error() -> None:
    real, made = cloud(60, 1), cloud(60, 2, shift=1.0)
    bursts = np.repeat(real, 5, axis=0), np.repeat(made, 5, axis=0)
    families = np.repeat(np.arange(60), 5), 60 + np.repeat(np.arange(60), 5)
    naive, honest = kernel_distance(*bursts), kernel_distance(*bursts, *families)
    once = kernel_distance(real, made)
    assert honest.error == pytest.approx(once.error, rel=0.35)
    assert naive.error < 0.75 * once.error


def test_too_few_families_is_an_error() -> None:
    with pytest.raises(ValueError, match="too few"):
        kernel_distance(cloud(9, 1), cloud(9, 2), np.zeros(9, np.intp), np.zeros(9, np.intp))


def test_a_stopped_audit_ends_it() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        manifold(cloud(20, 1), cloud(20, 2), check=stop)
    with pytest.raises(KeyboardInterrupt):
        kernel_distance(cloud(20, 1), cloud(20, 2), check=stop)


def test_each_part_left_out_leaves_pairs_of_both_kinds() -> None:
    # Three photos with nothing made from them, four families of both, many made from nothing.
    of_real, of_made = np.arange(7), np.array([3, 4, 5, 6, *range(10, 40)])
    found = kernel_distance(cloud(7, 1), cloud(34, 2), of_real, of_made)
    assert np.isfinite([found.value, found.error]).all()
    only_one = np.zeros(30, np.intp)
    with pytest.raises(ValueError, match="too few"):
        kernel_distance(cloud(30, 1), cloud(30, 2), np.arange(30), only_one)
