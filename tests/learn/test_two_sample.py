"""Two kinds of images told apart: chance where there is nothing, the truth where there is."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.learn.features import unit
from catstudio.learn.lineages import LeaveOut
from catstudio.learn.ridge import left_out_outputs
from catstudio.learn.two_sample import ToldApart, effective_number, standardised, told_apart


def world(
    n: int, m: int, seed: int, shift: float = 0.0, near: float = 0.0, blended: bool = False
) -> ToldApart:
    """n photos and m made images, derived from the photos in turn where ``near``."""
    generator = np.random.default_rng(seed)
    dim = 120
    photos, made = generator.normal(size=(2, max(n, m), dim)) / np.sqrt(dim)
    photos, made = photos[:n], made[:m]
    lineages = [(f"r{i}",) for i in range(n)] + [(f"m{j}",) for j in range(m)]
    if near:
        parents = [(j % n, int(generator.integers(n)) if blended else j % n) for j in range(m)]
        made = np.sqrt(1 - near**2) * made + near * np.array(
            [photos[list(p)].mean(axis=0) for p in parents]
        )
        lineages[n:] = [tuple(dict.fromkeys(f"r{i}" for i in p)) for p in parents]
    made[:, 0] += shift
    found = told_apart(unit(np.concatenate([photos, made])), np.arange(n + m) >= n, lineages, seed)
    assert found is not None
    return found


@pytest.mark.parametrize("near", [0.0, 0.8])
@pytest.mark.parametrize("n", [10, 40])
def test_no_difference_is_chance_and_its_interval_says_so(n: int, near: float) -> None:
    found = [world(n, n, seed, near=near) for seed in range(40)]
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.06)
    assert np.mean([one.low <= 0.5 <= one.high for one in found]) >= 0.9


def test_blends_of_photos_in_several_folds_do_not_betray_their_parents() -> None:
    found = [world(40, 60, seed, near=0.8, blended=True) for seed in range(20)]
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.05)
    assert all(np.isfinite(one.scores).all() for one in found)
    assert world(40, 60, 1, shift=0.8, near=0.8, blended=True).auc > 0.95


def test_a_direction_is_found_in_images_never_seen() -> None:
    found = world(30, 50, 1, shift=0.8)
    assert found.auc > 0.95 and found.low > 0.7 and found.high <= 1
    assert (found.n_first, found.n_second, found.families) == (30, 50, 30)
    made, photos = found.scores[30:], found.scores[:30]
    assert np.median(made) > np.max(photos) - 0.5


def test_an_image_is_judged_without_its_family() -> None:
    """As the same ridge fitted anew without the fold would judge it."""
    generator = np.random.default_rng(3)
    x = unit(generator.normal(size=(40, 10)))
    is_second = np.arange(40) >= 20
    lineages = [(str(i % 20),) for i in range(40)]  # Each made image derives from a photo.
    found = told_apart(x, is_second, lineages, seed=0)
    assert found is not None
    targets = np.where(is_second, 1.0, -1.0)
    weights = np.full(40, 10.0)
    pairs = [LeaveOut(np.array([i, i + 20]), np.array([i, i + 20])) for i in range(20)]
    alone = left_out_outputs(x @ x.T, targets[:, None], weights, pairs)[:, 0]
    # Folds leave more out than a pair; both have seen nothing of it, and agree on the whole.
    assert np.corrcoef(alone, found.scores)[0, 1] > 0.6
    twice = told_apart(
        np.repeat(x[:20], 2, axis=0), np.arange(40) % 2 == 1, [(str(i // 2),) for i in range(40)]
    )
    assert twice is not None and twice.auc == pytest.approx(0.5, abs=1e-6)


def test_variations_of_few_photos_are_too_few() -> None:
    generator = np.random.default_rng(0)
    x = unit(generator.normal(size=(90, 20)))
    lineages = [(f"r{i}",) for i in range(30)] + [(f"r{i % 3}",) for i in range(60)]
    assert told_apart(x, np.arange(90) >= 30, lineages) is None
    assert told_apart(x[:30], np.arange(30) >= 25, lineages[:30]) is None


def test_how_many_independent_images() -> None:
    assert effective_number([]) == 0
    assert effective_number([("a",), ("b",), ()]) == pytest.approx(3)
    assert effective_number([("a",)] * 5 + [("b",)] * 5) == pytest.approx(2)
    assert effective_number([("a", "b"), ("a", "c"), ("a",)]) == pytest.approx(1)


def test_measurements_become_features_of_equal_say() -> None:
    generator = np.random.default_rng(0)
    columns = generator.normal(size=(400, 6)) * [1, 100, 0.01, 5, 1, 1] + [0, 50, 3, 0, 0, 0]
    columns[:, 4] = 7.0  # Always the same.
    columns[0, 5] = 1e9  # One odd image.
    z = standardised(columns)
    assert z.shape == (400, 12) and np.isfinite(z).all()
    assert np.std(z[:, :4], axis=0) == pytest.approx(np.full(4, 1 / np.sqrt(12)), rel=0.1)
    assert (z[:, 4] == 0).all() and np.abs(z).max() < 3
    spread = np.concatenate([generator.normal(size=(60, 3)), 3 * generator.normal(size=(60, 3))])
    found = told_apart(
        standardised(spread), np.arange(120) >= 60, [(str(i),) for i in range(120)], strength=3.0
    )
    assert found is not None and found.auc > 0.85
