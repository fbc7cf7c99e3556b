"""Shapley values against their definition and their axioms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.learn.shapley import EXACT_UP_TO, coalitions, shapley

PLAYERS = ("a", "b", "c")
tables = st.lists(st.floats(-1, 1), min_size=8, max_size=8)


def game(table: list[float]) -> dict[frozenset[str], np.ndarray]:
    return {who: np.array(v) for who, v in zip(coalitions(PLAYERS), table, strict=True)}


@given(tables)
def test_it_is_the_mean_over_all_orders(table: list[float]) -> None:
    value = game(table)
    expected = dict.fromkeys(PLAYERS, 0.0)
    for order in itertools.permutations(PLAYERS):
        for k, player in enumerate(order):
            gain = value[frozenset(order[: k + 1])] - value[frozenset(order[:k])]
            expected[player] += float(gain) / 6
    found = {player: float(v) for player, v in shapley(PLAYERS, value.__getitem__).items()}
    assert found == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(table[7] - table[0])


@given(tables)
def test_equal_players_get_the_same_and_idle_ones_nothing(table: list[float]) -> None:
    value = game(table)

    def of_two_and_an_idler(who: frozenset[str]) -> np.ndarray:
        size = len(who & {"a", "b"})
        return value[frozenset(PLAYERS[:size])]

    found = shapley(PLAYERS, of_two_and_an_idler)
    assert found["a"] == pytest.approx(found["b"])
    assert found["c"] == pytest.approx(0)


def test_several_figures_are_shared_out_at_once() -> None:
    one, two = game([0, 1, 2, 3, 4, 5, 6, 9]), game([5, 1, 0, 3, 1, 5, 2, 2])
    both = shapley(PLAYERS, lambda who: np.array([one[who], two[who]]))
    for k, value in enumerate((one, two)):
        alone = shapley(PLAYERS, value.__getitem__)
        assert {p: v[k] for p, v in both.items()} == pytest.approx(alone)


def test_many_players_are_sampled_and_still_sum_to_the_whole() -> None:
    players = [f"s{k}" for k in range(EXACT_UP_TO + 4)]
    asked = []

    def value(coalition: frozenset[str]) -> np.ndarray:
        asked.append(coalition)
        return np.array(math.sqrt(len(coalition)) + (0.5 if {"s0", "s1"} <= coalition else 0.0))

    found = shapley(players, value, seed=3, permutations=200)
    assert sum(found.values()) == pytest.approx(value(frozenset(players)))
    assert found["s0"] == pytest.approx(found["s1"], abs=0.05)
    assert found["s0"] - found["s5"] == pytest.approx(0.25, abs=0.06)
    assert len(asked) == len(set(asked)) + 1  # Once each, and once by the line above.
