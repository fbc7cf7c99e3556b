"""How firmly two traits of images go together: Cramér's V and mutual information, by lineage."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.intervals import RESAMPLES, Z, percentile

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Interval = tuple[float, float, float]
"""(value, low, high) at 95%."""


@dataclass(frozen=True)
class Association:
    """``v`` and ``nmi``, each (value, low, high) in [0, 1]; ``table`` [rows, columns] counts."""

    v: Interval
    nmi: Interval
    table: Ints
    n_families: int


def association(rows: Ints, columns: Ints, groups: Ints, seed: int = 0) -> Association:
    """Of each image's value in ``rows`` [n] and ``columns`` [n], numbered from 0.

    ``groups`` [n] numbers the families, which the bootstrap draws whole. Families of the same
    images in number and kind are exchangeable, so only how often each kind is drawn matters:
    10,000 photos cost no more than the few kinds they come in.
    """
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    cell = rows * shape[1] + columns
    names, family = np.unique(groups, return_inverse=True)
    of_family = np.zeros((len(names), shape[0] * shape[1]), np.float32)
    np.add.at(of_family, (family, cell), 1.0)
    kinds, counts = np.unique(of_family, axis=0, return_counts=True)
    table = of_family.sum(axis=0).reshape(shape)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(names), counts / len(names), size=RESAMPLES) @ kinds
    tables = drawn.reshape(-1, *shape)
    value, shared = float(cramers_v(table, len(names))), float(normalised_information(table))
    # A resample shows the chance association of the sample, and as much again of its own.
    drawn_v = cramers_v(tables, len(names), times=2)
    # One that lost a label, or all values but one, says nothing of the tie.
    present = (tables.sum(axis=2) > 0).sum(axis=1), (tables.sum(axis=1) > 0).sum(axis=1)
    is_whole = (present[0] == (table.sum(axis=1) > 0).sum()) & (present[1] > 1)
    bounds = percentile(drawn_v[is_whole]) if is_whole.any() else (0.0, 1.0)
    bounds = max(bounds[0], _least_of_two_by_two(table, len(names))), bounds[1]
    drawn_nmi = normalised_information(tables)[is_whole]
    shared_bounds = percentile(drawn_nmi) if is_whole.any() else (0.0, 1.0)
    return Association(
        _within(value, bounds),
        _within(shared, shared_bounds),
        table.astype(np.intp),
        len(names),
    )


def _least_of_two_by_two(table: Floats, n: int) -> float:
    """The lower bound of V where both traits have two values, by ``n`` families; else 0.

    √χ² is then normal about the true one with deviation 1 (one degree of freedom), and V is
    √(χ² / n). What is taken out of resamples for chance leaves too little of a tie of 0.5 among
    thirty images: nothing, where this leaves 0.2.
    """
    kept = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if kept.shape != (2, 2):
        return 0.0
    v = sqrt(max(float(_phi_squared(kept)), 0.0))
    return max(0.0, v - Z / sqrt(n))


def _within(value: float, bounds: tuple[float, float]) -> Interval:
    return value, min(bounds[0], value), max(bounds[1], value)


def cramers_v(tables: Floats, n: float, times: int = 1) -> Floats:
    """Bias-corrected V (Bergsma 2013) of ``tables`` [..., rows, columns] with ``n`` families.

    0 for traits that have nothing to do with each other, 1 where either tells the other, 0 where
    a trait has one value only. ``times`` is how often the association expected by chance is
    taken out.
    """
    total = tables.sum(axis=(-2, -1))
    down, across = tables.sum(axis=-1), tables.sum(axis=-2)
    phi = _phi_squared(tables)
    r, c = (down > 0).sum(axis=-1), (across > 0).sum(axis=-1)
    spare = max(n - 1.0, 1.0)
    phi = np.maximum(phi - times * (r - 1) * (c - 1) / spare, 0.0)
    least = np.minimum(r - times * (r - 1) ** 2 / spare, c - times * (c - 1) ** 2 / spare) - 1.0
    is_told = (np.minimum(r, c) > 1) & (least > 0) & (total > 0)
    found: Floats = np.sqrt(
        np.minimum(np.where(is_told, phi / np.where(is_told, least, 1.0), 0), 1)
    )
    return found


def _phi_squared(tables: Floats) -> Floats:
    """χ² / n of ``tables`` [..., rows, columns]."""
    expected = tables.sum(axis=-1)[..., :, None] * tables.sum(axis=-2)[..., None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(expected > 0, tables**2 / expected, 0.0)
    found: Floats = parts.sum(axis=(-2, -1)) - 1.0
    return found


def normalised_information(tables: Floats) -> Floats:
    """Mutual information over the mean of both entropies, of ``tables`` [..., rows, columns]."""
    shares = tables / tables.sum(axis=(-2, -1), keepdims=True)
    down, across = _entropy(shares.sum(axis=-1)), _entropy(shares.sum(axis=-2))
    joint = _entropy(shares.reshape(*shares.shape[:-2], -1))
    mean = (down + across) / 2.0
    information = np.maximum(down + across - joint, 0.0)
    found: Floats = np.where(mean > 1e-12, information / np.where(mean > 1e-12, mean, 1.0), 0.0)
    return found


def _entropy(shares: Floats) -> Floats:
    logs = np.log(np.where(shares > 0, shares, 1.0))
    entropy: Floats = -(shares * logs).sum(axis=-1)
    return entropy


def firmest_cell(table: Ints, column: int | None = None) -> tuple[int, int, float, float]:
    """(row, column, share of that row in it, share of the other rows) where these differ most.

    Of the cells of ``table`` [rows, columns], or of one ``column``; each difference counts as
    √(row's share of all), so that a label of three images is not the example.
    """
    total = table.sum()
    best = (0, 0, 0.0, 0.0)
    most = -1.0
    for i, row in enumerate(table):
        others = table.sum(axis=0) - row
        if not row.sum() or not others.sum():
            continue
        own, rest = row / row.sum(), others / others.sum()
        j = int(np.argmax(own - rest)) if column is None else column
        weight = (own[j] - rest[j]) * sqrt(row.sum() / total)
        if weight > most:
            most, best = weight, (i, j, float(own[j]), float(rest[j]))
    return best
