"""Shapley values: what each player adds, averaged over all orders in which they could join."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Value = Callable[[frozenset[str]], Floats]

EXACT_UP_TO = 8
"""Players up to which every coalition is valued: 256 of them."""
PERMUTATIONS = 24
"""Orders drawn beyond, half of them the reverse of the other half."""


def shapley(
    players: Sequence[str], value: Value, seed: int = 0, permutations: int = PERMUTATIONS
) -> dict[str, Floats]:
    """What each of ``players`` contributes to ``value`` (Shapley 1953; of data: Ghorbani & Zou 2019).

    ``value`` gives an array for a coalition, one entry a figure; it is asked for each coalition
    at most once. Exact up to :data:`EXACT_UP_TO` players; beyond, the mean over random orders
    and their reverses. The contributions sum to the value of all less that of none either way.
    """
    known: dict[frozenset[str], Floats] = {}

    def worth(coalition: frozenset[str]) -> Floats:
        if coalition not in known:
            known[coalition] = np.asarray(value(coalition), float)
        return known[coalition]

    if len(players) <= EXACT_UP_TO:
        return {player: _exact(player, players, worth) for player in players}
    return _sampled(players, worth, seed, permutations)


def coalitions(players: Sequence[str]) -> list[frozenset[str]]:
    """All of them, the empty one first: 2 to the power of the number of players."""
    return [
        frozenset(one for k, one in enumerate(players) if mask >> k & 1)
        for mask in range(1 << len(players))
    ]


def _exact(player: str, players: Sequence[str], worth: Value) -> Floats:
    n = len(players)
    terms = [
        (worth(others | {player}) - worth(others)) / (n * comb(n - 1, len(others)))
        for others in coalitions([one for one in players if one != player])
    ]
    total: Floats = np.sum(terms, axis=0)
    return total


def _sampled(
    players: Sequence[str], worth: Value, seed: int, permutations: int
) -> dict[str, Floats]:
    generator = np.random.default_rng(seed)
    rounds = max(1, permutations // 2)
    totals: dict[str, Floats] = {player: np.zeros(()) for player in players}
    for _ in range(rounds):
        order = [players[k] for k in generator.permutation(len(players))]
        # The reverse order as well: what one overrates the other underrates.
        for line in (order, order[::-1]):
            coalition: frozenset[str] = frozenset()
            for player in line:
                joined = coalition | {player}
                totals[player] = totals[player] + worth(joined) - worth(coalition)
                coalition = joined
    return {player: total / (2 * rounds) for player, total in totals.items()}
