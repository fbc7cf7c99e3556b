"""The Vendi score against its closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from catstudio.learn.diversity import vendi
from catstudio.learn.features import unit


def test_it_counts_what_differs() -> None:
    assert vendi(np.eye(7)) == pytest.approx(7)
    one = np.eye(5)[2:3]
    assert vendi(np.repeat(one, 30_000, axis=0)) == pytest.approx(1)
    assert vendi(np.eye(5)[[2, 0]]) == pytest.approx(2)
    assert vendi(np.zeros((0, 5))) == 0.0
    assert vendi(np.zeros((3, 5))) == 1.0


@pytest.mark.parametrize("cosine", [0.0, 0.3, 0.9, 1.0])
def test_two_images_by_their_cosine(cosine: float) -> None:
    """The eigenvalues of [[1, c], [c, 1]] / 2 are (1 ± c) / 2."""
    x = np.array([[1.0, 0.0], [cosine, math.sqrt(1 - cosine**2)]])
    shares = [s for s in ((1 + cosine) / 2, (1 - cosine) / 2) if s]
    assert vendi(x) == pytest.approx(math.exp(-sum(s * math.log(s) for s in shares)))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_more_images_than_dimensions_take_the_other_matrix(kind: type) -> None:
    x = unit(np.random.default_rng(0).normal(size=(40, 6))).astype(kind)
    values = np.linalg.eigvalsh(x.astype(float) @ x.T / 40)
    values = values[values > 1e-7]
    assert vendi(x) == pytest.approx(math.exp(-np.sum(values * np.log(values))), rel=1e-4)


def test_copies_carry_weight_and_no_variety() -> None:
    x = np.eye(4)
    assert vendi(x, np.ones(4)) == pytest.approx(4)
    assert vendi(x, np.array([30_000, 1, 1, 1])) < 1.01
    repeated = vendi(np.repeat(x, [3, 2, 1, 1], axis=0))
    assert vendi(x, np.array([3, 2, 1, 1])) == pytest.approx(repeated)
