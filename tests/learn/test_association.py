"""Cramér's V and mutual information against closed forms and an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.learn.association import (
    association,
    cramers_v,
    firmest_cell,
    normalised_information,
)


def test_v_is_the_bias_corrected_one_of_a_plain_calculation() -> None:
    table = np.array([[20.0, 15, 5], [10, 30, 20]])
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = ((table - expected) ** 2 / expected).sum() / n
    r, c = 2, 3
    phi = max(0, phi - (r - 1) * (c - 1) / (n - 1))
    r_, c_ = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    assert cramers_v(table, n) == pytest.approx(np.sqrt(phi / (min(r_, c_) - 1)))


def test_v_of_everything_and_nothing() -> None:
    assert cramers_v(np.diag([30.0, 30]), 60) == pytest.approx(1.0)
    assert cramers_v(np.diag([30.0, 20, 10]), 60) == pytest.approx(1.0)
    assert cramers_v(np.full((2, 4), 25.0), 200) == 0
    assert cramers_v(np.array([[30.0, 30]]), 60) == 0  # One label only.
    assert cramers_v(np.zeros((2, 2)), 0) == 0


def test_information_is_that_of_a_reference() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rows, columns = np.random.default_rng(0).integers(0, 3, (2, 200))
    columns = np.where(rows == 2, 2, columns)
    table = np.zeros((3, 3))
    np.add.at(table, (rows, columns), 1)
    expected = metrics.normalized_mutual_info_score(rows, columns)
    assert normalised_information(table) == pytest.approx(expected)
    assert normalised_information(np.diag([5.0, 5])) == pytest.approx(1.0)
    assert normalised_information(np.array([[5.0, 5]])) == 0


def test_unrelated_traits_are_hardly_ever_called_related() -> None:
    lows, values = [], []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        rows, columns = generator.integers(0, 2, 80), generator.integers(0, 4, 80)
        found = association(rows, columns, np.arange(80), seed)
        lows.append(found.v[1])
        values.append(found.v[0])
    assert np.mean(np.array(lows) > 0.1) <= 0.025
    assert np.median(values) < 0.1


def test_a_tie_of_half_among_thirty_images_is_no_chance() -> None:
    # Eleven of fourteen against three of fourteen: chi-squared 9.1, one chance in four hundred.
    rows = np.repeat([0, 1], 14)
    columns = np.array([0] * 11 + [1] * 3 + [0] * 3 + [1] * 11)
    value, low, _ = association(rows, columns, np.arange(28)).v
    assert value > 0.5 and low == pytest.approx(0.571 - 1.96 / np.sqrt(28), abs=0.002)
    below = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        drawn = np.where(generator.random(28) < 0.7, rows, 1 - rows)  # V is 0.4.
        below += association(rows, drawn, np.arange(28), seed).v[1] <= 0.4
    assert below >= 0.95 * 300


def test_its_interval_holds_the_truth() -> None:
    # Two traits of two values each that agree in four of five: V is 0.6.
    held = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        rows = generator.integers(0, 2, 100)
        columns = np.where(generator.random(100) < 0.8, rows, 1 - rows)
        _, low, high = association(rows, columns, np.arange(100), seed).v
        held += low <= 0.6 <= high
    assert held >= 185


def test_whole_families_are_drawn() -> None:
    # Two hundred images, but of ten families only: each has one value of both traits.
    generator = np.random.default_rng(0)
    traits = generator.integers(0, 2, (10, 2))
    traits[0], traits[1] = (0, 1), (1, 0)
    rows, columns = np.repeat(traits, 20, axis=0).T
    families = np.repeat(np.arange(10), 20)
    naive, honest = (association(rows, columns, g) for g in (np.arange(200), families))
    assert honest.n_families == 10
    assert honest.v[2] - honest.v[1] > 1.5 * (naive.v[2] - naive.v[1])


def test_the_example_is_the_cell_that_says_most() -> None:
    row, column, own, rest = firmest_cell(np.array([[3, 97], [95, 5], [0, 1]]))
    assert (row, column, own) == (1, 0, 0.95)
    assert rest == pytest.approx(3 / 101)
    assert firmest_cell(np.array([[4, 4]])) == (0, 0, 0.0, 0.0)
