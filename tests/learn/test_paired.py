"""Paired differences against closed forms, references and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.learn.paired import (
    auc_difference,
    balanced_difference,
    balanced_mean,
    mcnemar_exact,
    mean_auc_difference,
    paired_proportions,
)

counts = st.integers(0, 30)


@settings(deadline=None)  # The reference is slow to import.
@given(counts, counts)
def test_mcnemar_is_a_two_sided_coin(gained: int, lost: int) -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    p = mcnemar_exact(gained, lost)
    assert p == mcnemar_exact(lost, gained)
    if gained + lost:
        assert p == pytest.approx(scipy_stats.binomtest(gained, gained + lost).pvalue)
    else:
        assert p == 1.0


def test_mcnemar_of_thousands_of_disagreements_is_a_number() -> None:
    assert mcnemar_exact(3000, 3000) == 1.0
    assert 0 < mcnemar_exact(3000, 3300) < 0.001


@pytest.mark.parametrize(("gained", "lost", "n"), [(12, 2, 50), (5, 5, 20), (3, 0, 9)])
def test_at_the_bounds_the_score_test_just_rejects(gained: int, lost: int, n: int) -> None:
    """By definition, with the likelihood maximised over a grid instead of in closed form."""
    for delta in paired_proportions(gained, lost, n):
        only_first = np.linspace(max(0, -delta) + 1e-9, (1 - delta) / 2 - 1e-9, 200_001)
        only_second = only_first + delta
        likelihood = (
            gained * np.log(only_second)
            + lost * np.log(only_first)
            + (n - gained - lost) * np.log(np.maximum(1 - only_first - only_second, 1e-300))
        )
        best = only_first[int(np.argmax(likelihood))]
        variance = n * (2 * best + delta - delta**2)
        z = (gained - lost - n * delta) / math.sqrt(variance)
        assert abs(z) == pytest.approx(1.959964, abs=2e-3)


@given(counts, counts, counts)
def test_the_interval_holds_its_estimate_and_mirrors(gained: int, lost: int, rest: int) -> None:
    n = gained + lost + rest
    low, high = paired_proportions(gained, lost, n)
    if n:
        assert -1 <= low <= (gained - lost) / n <= high <= 1
    assert paired_proportions(lost, gained, n) == pytest.approx((-high, -low), abs=1e-9)


def test_intervals_of_balanced_differences_cover() -> None:
    generator = np.random.default_rng(1)
    truth, hit, rounds = np.repeat([0, 1], 30), np.zeros(2), 600
    better, worse = np.where(truth == 0, 0.25, 0.15), np.where(truth == 0, 0.10, 0.05)
    wanted = ((0.25 - 0.10) + (0.15 - 0.05)) / 2
    for _ in range(rounds):
        u = generator.random(60)
        second, first = u < better, (u >= better) & (u < better + worse)
        gaps = second.astype(float) - first
        for k, found in enumerate(
            (balanced_difference(first, second, truth), balanced_mean(gaps, truth))
        ):
            hit[k] += found[1] <= wanted <= found[2]
    assert (hit / rounds >= 0.93).all()
    assert (hit / rounds <= 0.98).all()


def test_the_mean_of_gaps_is_bonett_and_price_with_one_label() -> None:
    gained, lost, n = 7, 2, 40
    gaps = np.array([1.0] * gained + [-1.0] * lost + [0.0] * (n - gained - lost))
    value, low, high = balanced_mean(gaps, np.zeros(n, int))
    b, c = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    assert value == pytest.approx((gained - lost) / n)
    # Theirs is centred on the mean with the added pairs, and divides by n + 2 for n + 1.
    half = 1.959964 * math.sqrt((b + c - (b - c) ** 2) / (n + 2))
    assert (high - low) / 2 == pytest.approx(half, rel=0.02)


def test_near_copies_count_as_one() -> None:
    first, second = np.zeros(12, bool), np.arange(12) < 6
    truth, groups = np.zeros(12, int), np.arange(12) // 3
    _, low, high = balanced_difference(first, second, truth)
    _, lower, higher = balanced_difference(first, second, truth, groups)
    assert lower < low < high < higher
    gaps = second.astype(float)
    alone = balanced_mean(gaps[::3], truth[::3])
    assert balanced_mean(gaps, truth, groups) == pytest.approx(alone)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_auc_differences_agree_with_the_reference(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(seed)
    positive = np.arange(24) < generator.integers(2, 22)
    first = np.round(generator.normal(size=24) + positive, 1)
    second = np.round(generator.normal(size=24) + 2 * positive, 1)
    value, low, high = auc_difference(first, second, positive)
    wanted = metrics.roc_auc_score(positive, second) - metrics.roc_auc_score(positive, first)
    assert value == pytest.approx(wanted)
    assert low < value < high
    both = (np.stack([-s, s], axis=1) for s in (first, second))
    assert mean_auc_difference(*both, positive.astype(int)) == pytest.approx((value, low, high))


def test_with_many_photos_the_spread_is_delongs() -> None:
    generator = np.random.default_rng(0)
    positive = np.arange(600) < 250
    first, second = generator.normal(size=(2, 600)) + [[1.0], [1.5]] * positive
    below = [(s[positive][:, None] > s[~positive]).astype(float) for s in (first, second)]
    gap = below[1] - below[0]
    variance = gap.mean(axis=1).var(ddof=1) / 250 + gap.mean(axis=0).var(ddof=1) / 350
    _, low, high = auc_difference(first, second, positive)
    assert (high - low) / 2 == pytest.approx(1.959964 * math.sqrt(variance), rel=0.01)


def _area(distance: float) -> float:
    return 0.5 * (1 + math.erf(distance / 2))


@pytest.mark.parametrize(("per_side", "first", "second"), [(30, 0.8, 1.5), (20, 2.0, 2.5)])
def test_intervals_of_auc_differences_cover(per_side: int, first: float, second: float) -> None:
    generator = np.random.default_rng(5)
    n, hit, rounds = 2 * per_side, 0, 1000
    positive = np.arange(n) < per_side
    for _ in range(rounds):
        shared = generator.normal(size=n) * 0.8
        scores = [shared + 0.6 * generator.normal(size=n) + d * positive for d in (first, second)]
        _, low, high = auc_difference(*scores, positive)
        hit += low <= _area(second) - _area(first) <= high
    assert 0.93 <= hit / rounds <= 0.985


def test_three_copies_of_each_photo_rank_no_more_surely() -> None:
    generator = np.random.default_rng(3)
    positive = np.arange(40) < 20
    first, second = generator.normal(size=(2, 40)) + 1.0 * positive
    once = auc_difference(first, second, positive)
    thrice = [np.repeat(values, 3) for values in (first, second, positive, np.arange(40))]
    assert auc_difference(*thrice) == pytest.approx(once, abs=1e-9)


def test_two_rankings_that_agree_are_not_certain_to() -> None:
    scores, positive = np.arange(8.0), np.arange(8) >= 4
    value, low, high = auc_difference(scores, scores, positive)
    assert value == 0
    assert low < -0.1 < 0.1 < high


def test_three_labels_average_their_areas() -> None:
    generator = np.random.default_rng(4)
    truth = np.arange(60) % 3
    first, second = generator.normal(size=(2, 60, 3))
    second[np.arange(60), truth] += 1.0
    parts = [auc_difference(first[:, c], second[:, c], truth == c)[0] for c in range(3)]
    value, low, high = mean_auc_difference(first, second, truth)
    assert value == pytest.approx(np.mean(parts))
    assert 0 < low < value < high
