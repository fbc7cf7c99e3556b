"""Kin of a set and of its parts, against sums written out image by image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.learn.features import unit
from catstudio.learn.kin import Kin
from catstudio.learn.lineages import partners

N, DIM, CLASSES = 24, 6, 3
lineages_of_all = st.lists(
    st.lists(st.sampled_from("abcdefgh"), max_size=2, unique=True).map(tuple),
    min_size=N,
    max_size=N,
)
X = unit(np.random.default_rng(0).normal(size=(N, DIM)))
Y = np.arange(N) % CLASSES


@settings(deadline=None)
@given(lineages_of_all, st.sets(st.integers(0, N - 1), min_size=1), st.sampled_from([0, 3, 64]))
def test_a_part_knows_its_own_kin(
    lineages: list[tuple[str, ...]], part: set[int], in_pairs: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("catstudio.learn.kin.MOST_IN_PAIRS", in_pairs)
        rows = np.array(sorted(part))
        kin = Kin.of(X, Y, partners(lineages)).part(rows)
    generator = np.random.default_rng(1)
    weights, alpha = generator.random(len(rows)), generator.normal(size=(len(rows), CLASSES))
    is_counted, expected = generator.random(len(rows)) < 0.5, generator.random(len(rows))
    x, y = X[rows], Y[rows]
    is_kin = np.array(
        [
            [i == j or (Y[i] == Y[j] and bool(set(lineages[i]) & set(lineages[j]))) for j in rows]
            for i in rows
        ]
    )
    assert (kin.x == x).all()
    assert kin.count(is_counted).tolist() == (is_kin & is_counted).sum(axis=1).tolist()
    both = is_kin * np.outer(weights, weights)
    counts, matches = kin.products(weights, y, CLASSES)
    for c in range(CLASSES):
        assert counts[c] == pytest.approx(both[y == c].sum())
        assert matches[c] == pytest.approx((both * (x @ x.T))[y == c].sum())
    surplus = (is_kin * (x @ x.T - expected[:, None])) @ alpha
    assert kin.surplus(alpha, expected) == pytest.approx(surplus)
