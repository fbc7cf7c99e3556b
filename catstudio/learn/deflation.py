"""Where the classes lie for photos not seen yet: a training photo's match with itself taken out.

A training photo matches itself with cosine 1, a new photo of its class only with about ``rho``.
Fitted outputs therefore say nothing about where to put the threshold when photos are few; what
is left after replacing each match inside a lineage by the expected one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.ridge import Ridge

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

PRIOR_MATCH = 0.25
"""Cosine expected between two photos of one class before any was seen."""
PRIOR_PHOTOS = 2.0
"""How many photos' worth that expectation counts."""
PRIOR_SEEN = 3.0
"""With three classes or more: how many photos the classes' mean matches count as."""
MIN_GAP = 0.1
"""Least distance assumed between the means; targets are 2 apart."""
PRIOR_SPREAD = 4.0
"""How many photos' worth the expected spread counts."""


@dataclass(frozen=True)
class Sample:
    """Training photos as the thresholds see them.

    ``x`` [n, dim] unit vectors; ``y`` [n] class indices; ``partners`` from
    :func:`catstudio.learn.lineages.partners`; ``is_real`` [n].
    """

    x: Floats
    y: Ints
    partners: Sequence[Ints]
    is_real: NDArray[np.bool_]


@dataclass(frozen=True)
class Outlook:
    """Expected outputs of new photos.

    ``index`` [r] are the photos that speak for their class (the real ones where there are any),
    ``share`` [r] their weight: 1 a lineage. ``outputs`` [r, classes] are deflated. ``means``
    [classes, classes] (row: true class) and ``spread`` [classes, classes] describe them;
    ``match`` [classes] is rho and ``lineages`` [classes] how many lineages each class has.
    """

    index: Ints
    share: Floats
    outputs: Floats
    means: Floats
    spread: Floats
    match: Floats
    lineages: Floats


def outlook(sample: Sample, ridge: Ridge, n_classes: int) -> Outlook:
    """Deflate the fitted outputs of ``sample``; every class must have at least one photo."""
    index = _speakers(sample, n_classes)
    share = _shares(sample, index)
    speaking = np.bincount(sample.y[index], share, minlength=n_classes).astype(float)
    match = np.array([_match(sample, index, share, c) for c in range(n_classes)])
    x = sample.x[index]
    outputs = ridge(x).astype(np.float64)
    alone, households = _households(sample, index)
    surplus = np.einsum("ij,ij->i", x[alone], x[alone]) - match[sample.y[index[alone]]]
    outputs[alone] -= surplus[:, None] * ridge.alpha[index[alone]]
    for rows, kin in households:
        alpha = ridge.alpha[kin]
        matched = x[rows] @ (alpha.T @ sample.x[kin]).T
        outputs[rows] -= matched - match[sample.y[kin[0]]] * alpha.sum(axis=0)
    means, spread = _moments(outputs, sample.y[index], share, n_classes)
    if n_classes > 2:
        # One photo against several classes gets large coefficients, and with them its chance
        # likeness to the others' photos; what is known of the classes' means is then steadier.
        seen = (speaking / (speaking + PRIOR_SEEN))[:, None]
        expected = _class_means(sample, ridge, index, share, match)
        means = seen * means + (1.0 - seen) * expected
    return Outlook(index, share, outputs, means, spread, match, speaking)


def _speakers(sample: Sample, n_classes: int) -> Ints:
    speaks = sample.is_real.copy()
    for c in range(n_classes):
        of_class = sample.y == c
        if not speaks[of_class].any():
            speaks[of_class] = True
    return np.flatnonzero(speaks)


def _households(sample: Sample, index: Ints) -> tuple[Ints, list[tuple[Ints, Ints]]]:
    """Positions in ``index`` of photos without other partners, and households of the rest.

    A household is the positions with the same partners and class, and those partners of that
    class. Taken together they cost one product a household instead of one a photo: thousands of
    variations of one seed are all partners of each other.
    """
    is_alone = np.array([len(sample.partners[i]) == 1 for i in index], bool)
    found: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(~is_alone):
        i = index[row]
        # Photos with the same lineages have the very same array of partners.
        found.setdefault((id(sample.partners[i]), int(sample.y[i])), []).append(int(row))
    households: list[tuple[Ints, Ints]] = []
    for (_, c), rows in found.items():
        kin = sample.partners[index[rows[0]]]
        households.append((np.array(rows, np.intp), kin[sample.y[kin] == c]))
    return np.flatnonzero(is_alone), households


def _shares(sample: Sample, index: Ints) -> Floats:
    speaks = np.zeros(len(sample.y), bool)
    speaks[index] = True
    shares = np.ones(len(index))
    for rows, kin in _households(sample, index)[1]:
        shares[rows] = 1.0 / np.count_nonzero(speaks[kin])
    return shares


def _match(sample: Sample, index: Ints, share: Floats, c: int) -> float:
    """rho of class ``c``: mean cosine between its lineages, drawn towards the prior."""
    weight = np.zeros(len(sample.y))
    of_class = index[sample.y[index] == c]
    weight[of_class] = share[sample.y[index] == c]
    x, w = sample.x[of_class], weight[of_class]
    total = (w.astype(x.dtype) @ x).astype(np.float64)
    alone, households = _households(sample, of_class)
    squares = w[alone] ** 2
    pairs = w.sum() ** 2 - squares.sum()
    matches = float(total @ total - squares @ np.einsum("ij,ij->i", x[alone], x[alone]))
    for rows, kin in households:
        own, of_kin = w[rows], weight[kin]
        pairs -= own.sum() * of_kin.sum()
        matches -= float((own @ x[rows]) @ (of_kin @ sample.x[kin]))
    others = max(weight.sum() - 1.0, 0.0)
    seen = matches / pairs if pairs > 1e-6 else PRIOR_MATCH
    return float((PRIOR_PHOTOS * PRIOR_MATCH + others * seen) / (PRIOR_PHOTOS + others))


def _class_means(sample: Sample, ridge: Ridge, index: Ints, share: Floats, match: Floats) -> Floats:
    """Expected outputs [classes, classes] if a photo matched all photos of a class alike."""
    n_classes = len(match)
    member = np.zeros((n_classes, len(index)))
    member[sample.y[index], np.arange(len(index))] = share
    x = sample.x[index]
    centers = (member / member.sum(axis=1, keepdims=True)).astype(x.dtype) @ x
    centers = centers.astype(np.float64)
    matches = centers @ centers.T
    matches[np.diag_indices(n_classes)] = match
    alpha = np.stack([ridge.alpha[sample.y == c].sum(axis=0) for c in range(n_classes)])
    means: Floats = matches @ alpha + ridge.bias
    return means


def _moments(outputs: Floats, y: Ints, share: Floats, n_classes: int) -> tuple[Floats, Floats]:
    means = np.zeros((n_classes, n_classes))
    squares = np.zeros((n_classes, n_classes))
    counts = np.zeros(n_classes)
    for c in range(n_classes):
        weight = share * (y == c)
        counts[c] = weight.sum()
        means[c] = weight @ outputs / counts[c]
        squares[c] = weight @ (outputs - means[c]) ** 2
    gap = (np.diag(means) - rest_means(means)) / 4.0
    spread = np.sqrt((PRIOR_SPREAD * gap**2 + squares) / (counts[:, None] + PRIOR_SPREAD - 1.0))
    return means, spread


def rest_means(means: Floats) -> Floats:
    """For each output, its mean over the other classes' means, [classes]."""
    rest: Floats = (means.sum(axis=0) - np.diag(means)) / (len(means) - 1)
    return rest


def thresholds(found: Outlook) -> tuple[Floats, Floats]:
    """Offset and scale [classes] that put a class's own mean at +1 and the others' at -1.

    With two classes the offset lies where both are equally many of their spreads away; with
    more it lies half-way.
    """
    own, rest = np.diag(found.means), rest_means(found.means)
    if len(own) == 2:
        own_sd, rest_sd = np.diag(found.spread), np.diag(found.spread[::-1])
        offset = (own * rest_sd + rest * own_sd) / (own_sd + rest_sd)
    else:
        offset = (own + rest) / 2.0
    return offset, 2.0 / np.maximum(own - rest, MIN_GAP)
