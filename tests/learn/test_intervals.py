"""Intervals against closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from catstudio.learn.intervals import (
    auc_interval,
    lineage_draws,
    mean_of_proportions,
    percentile,
    wilson,
)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    k, n = counts
    ours = wilson(k, n)
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_mean_of_one_proportion_is_wilson() -> None:
    assert mean_of_proportions([(7, 9)]) == pytest.approx(wilson(7, 9))


def test_perfect_answers_keep_a_width() -> None:
    low, high = mean_of_proportions([(7, 7), (7, 7)])
    assert 0.6 < low < 0.8
    assert high == pytest.approx(1.0)


def test_auc_interval_is_exact_at_one_and_mirrors() -> None:
    low, high = auc_interval(1.0, 10, 10)
    assert high == pytest.approx(1.0)
    assert 0.7 < low < 0.95
    assert auc_interval(0.0, 10, 10) == pytest.approx((1 - high, 1 - low), abs=1e-6)
    wide, narrow = auc_interval(0.9, 10, 10), auc_interval(0.9, 100, 100)
    assert wide[0] < narrow[0] < 0.9 < narrow[1] < wide[1]


def test_auc_interval_covers_the_truth() -> None:
    """Binormal AUC of 0.92 with 15 a side: about 95 of 100 intervals hold it."""
    from catstudio.learn.metrics import auc

    generator = np.random.default_rng(0)
    shift = 1.4050716 * np.sqrt(2)
    hits = 0
    for _ in range(400):
        scores = np.concatenate([generator.normal(shift, 1, 15), generator.normal(0, 1, 15)])
        low, high = auc_interval(auc(scores, np.arange(30) < 15), 15, 15)
        hits += low <= 0.92 <= high
    assert 0.92 <= hits / 400 <= 0.99


def test_draws_keep_lineages_together_and_labels_present() -> None:
    groups = np.array([0, 0, 1, 2, 3, 3])
    labels = np.array([0, 0, 0, 1, 1, 1])
    draws = lineage_draws(groups, labels, seed=3, resamples=200)
    assert draws.shape == (200, 6)
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 4] == draws[:, 5]).all()
    assert (draws[:, [0, 2]].sum(axis=1) == 2).all()
    assert (draws[:, [3, 4]].sum(axis=1) == 2).all()
    assert (lineage_draws(groups, labels, seed=3, resamples=200) == draws).all()


def test_percentile_ignores_what_is_not_finite() -> None:
    assert percentile(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
