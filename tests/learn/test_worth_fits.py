"""Heads of parts of a training set answer as heads fitted on those parts alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.learn.cross_validation import subset
from catstudio.learn.features import unit
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.lineages import FamilyCounts, leave_outs
from catstudio.learn.shapley import coalitions
from catstudio.learn.worth import fits
from catstudio.learn.worth.fits import PartFitter
from tests.learn.worth_world import plain_space

STRENGTH = 10.0


def drawn(
    n: int, dim: int, n_classes: int, n_sources: int, seed: int = 0, *, soft: bool = False
) -> tuple[TrainingSet, np.ndarray]:
    """Photos, images derived from one or two of them, free ones, copies, and blended labels."""
    generator = np.random.default_rng(seed)
    blocks = generator.integers(0, n_sources, n)
    y = generator.integers(0, n_classes, n)
    means = generator.normal(size=(n_classes, dim)) * 1.5 / np.sqrt(dim)
    x = means[y] + generator.normal(size=(n, dim)) * 1.5 / np.sqrt(dim)
    is_real = blocks < 2
    names = [f"l{i}" for i in np.flatnonzero(is_real)]
    lineages: list[tuple[str, ...]] = []
    for i in range(n):
        parents = generator.choice(names, generator.integers(0, 3), replace=False)
        lineages.append((f"l{i}",) if is_real[i] else tuple(str(name) for name in parents))
    # A burst of photos, and one image each that counts more than all others of its label.
    bursts = np.flatnonzero(is_real)[:6]
    for i in bursts:
        lineages[int(i)] = ("burst",)
    copies = np.ones(n)
    copies[generator.choice(n, 5)] = 30
    copies[np.flatnonzero(y == 0)[0]] = 30_000
    shares = None
    if soft:
        shares = np.eye(n_classes)[y]
        blended = generator.choice(n, n // 5)
        shares[blended] = 0.6 * shares[blended] + 0.4 / n_classes
    return TrainingSet(unit(x.astype(np.float32)), y, lineages, is_real, copies, shares), blocks


def worst_gap(data: TrainingSet, blocks: np.ndarray, n_classes: int, parts: list) -> float:
    """The largest difference to the plain head's scores over ``parts``, each an array of rows."""
    labels = [f"label {c}" for c in range(n_classes)]
    fitter = PartFitter(data, blocks, n_classes, STRENGTH)
    new = data.x[:40]
    worst = 0.0
    for rows in parts:
        head = fit_head(subset(data, rows), labels, plain_space(data.x.shape[1]), strength=STRENGTH)
        worst = max(worst, float(np.abs(fitter.scores(rows, new) - head.scores(new)).max()))
    return worst


def coalition_rows(blocks: np.ndarray, y: np.ndarray, n_classes: int) -> list[np.ndarray]:
    """Every coalition of sources that has all labels."""
    names = [str(k) for k in np.unique(blocks)]
    found = [np.flatnonzero(np.isin(blocks, [int(k) for k in who])) for who in coalitions(names)]
    return [rows for rows in found if len(np.unique(y[rows])) == n_classes]


@pytest.mark.parametrize(
    ("n", "dim", "n_classes", "soft"),
    [(60, 90, 2, False), (300, 40, 2, False), (300, 40, 3, True), (90, 120, 3, True)],
    ids=["few", "many", "many, three labels, blended", "few, three labels, blended"],
)
def test_every_coalition_of_sources(n: int, dim: int, n_classes: int, soft: bool) -> None:
    data, blocks = drawn(n, dim, n_classes, 4, soft=soft)
    parts = coalition_rows(blocks, data.y, n_classes)
    assert len(parts) > 8
    assert worst_gap(data, blocks, n_classes, parts) < 2e-3


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(6, 140))
def test_any_part(seed: int, size: int) -> None:
    data, blocks = drawn(140, 30, 2, 4, seed)
    rows = np.sort(np.random.default_rng(seed).choice(140, size, replace=False))
    if len(np.unique(data.y[rows])) == 2:
        assert worst_gap(data, blocks, 2, [rows]) < 2e-3


@pytest.mark.parametrize("limit", ["MAX_KERNEL", "MAX_BYTES"])
def test_when_there_is_no_room_to_share_anything(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits, limit, 0)
    data, blocks = drawn(160, 60, 2, 4)
    assert worst_gap(data, blocks, 2, coalition_rows(blocks, data.y, 2)) < 2e-3


@pytest.mark.parametrize("in_pairs", [0, 4])
def test_families_too_large_for_pairs(in_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catstudio.learn.kin.MOST_IN_PAIRS", in_pairs)
    data, blocks = drawn(120, 40, 3, 4)
    assert worst_gap(data, blocks, 3, coalition_rows(blocks, data.y, 3)) < 2e-3


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_families_are_counted_as_they_are_left_out(seed: int, size: int) -> None:
    data, _ = drawn(60, 4, 3, 4, seed)
    rows = np.sort(np.random.default_rng(seed).choice(60, size, replace=False))
    part = subset(data, rows)
    groups = leave_outs(part.lineages, part.is_real)
    n, per_class = FamilyCounts(data.lineages, data.is_real, data.y, 3).of(rows)
    assert n == len(groups)
    of_each = [sum(bool((part.y[group.judged] == c).any()) for group in groups) for c in range(3)]
    assert per_class.tolist() == of_each


def test_parts_of_sources_are_summed_up_anew_and_forgotten() -> None:
    data, blocks = drawn(200, 20, 2, 2)
    generator = np.random.default_rng(0)
    parts = [np.sort(generator.choice(200, 120, replace=False)) for _ in range(30)]
    assert worst_gap(data, blocks, 2, [*parts, parts[0]]) < 2e-3
