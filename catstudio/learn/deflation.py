"""Where the classes lie for photos not seen yet: a training photo's match with itself taken out.

A training photo matches itself with cosine 1, a new photo of its class only with about ``rho``.
Fitted outputs therefore say nothing about where to put the threshold when photos are few; what
is left after replacing each match inside a lineage by the expected one does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.kin import Kin
from catstudio.learn.ridge import Ridge

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

PRIOR_MATCH = 0.2
"""How far towards 1 the cosine of two photos of one class is expected to lie, before any was
seen, from the cosine of photos of different classes: a common look (all tiny, all on one belt)
brings any two photos near each other, whatever they show."""
PRIOR_PHOTOS = 2.0
"""How many photos' worth that expectation counts."""
PRIOR_SEEN = 3.0
"""With three classes or more: how many photos the classes' mean matches count as."""
MIN_GAP = 0.1
"""Least distance assumed between the means; targets are 2 apart."""
OFFSET_OF_MANY = 1 / 3
"""With three classes or more: where between the others' mean and its own a class's zero lies.
Nearer the others': theirs is known better, and its own is taken too far down where classes are
hard to tell apart, because the photos then explain each other."""
PRIOR_SPREAD = 4.0
"""How many photos' worth the expected spread counts."""
LEAST_ROOM = 0.2
"""Classes with a common look differ by less, but vary as much: the gap between them is divided by
what the common look leaves, at most by this."""


@dataclass(frozen=True)
class Sample:
    """Training photos as the thresholds see them.

    ``kin`` holds their unit vectors and who shares a lineage; ``y`` [n] class indices;
    ``is_real`` [n].
    """

    kin: Kin
    y: Ints
    is_real: NDArray[np.bool_]

    @property
    def x(self) -> Floats:
        """[n, dim] unit vectors."""
        return self.kin.x


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

    def of_outputs(self, outputs: Floats, y: Ints) -> Outlook:
        """The same with the means and spread of other ``outputs`` [r, classes] of the speakers.

        ``y`` [r] are their classes.
        """
        means, spread = _moments(outputs, y, self.share, np.zeros(len(self.match)))
        return replace(self, outputs=outputs, means=means, spread=spread)


def outlook(sample: Sample, ridge: Ridge, n_classes: int) -> Outlook:
    """Deflate the fitted outputs of ``sample``; every class must have at least one photo."""
    index = _speakers(sample, n_classes)
    y = sample.y[index]
    x = sample.x if len(index) == len(sample.y) else sample.x[index]
    share = _shares(sample, index)
    speaking = np.bincount(y, share, minlength=n_classes).astype(float)
    totals = (share * (y == np.arange(n_classes)[:, None])).astype(x.dtype) @ x
    totals = totals.astype(np.float64)
    between = (totals @ totals.T) / np.outer(speaking, speaking)
    common = rest_means(between)
    match = _matches(sample, index, share, totals, common)
    surplus = sample.kin.surplus(ridge.alpha, match[sample.y])
    outputs = ridge(x).astype(np.float64) - surplus[index]
    means, spread = _moments(outputs, y, share, common)
    if n_classes > 2:
        # One photo against several classes gets large coefficients, and with them its chance
        # likeness to the others' photos; what is known of the classes' means is then steadier.
        seen = (speaking / (speaking + PRIOR_SEEN))[:, None]
        expected = _class_means(sample, ridge, between, match)
        means = seen * means + (1.0 - seen) * expected
    return Outlook(index, share, outputs, means, spread, match, speaking)


def _speakers(sample: Sample, n_classes: int) -> Ints:
    speaks = sample.is_real.copy()
    for c in range(n_classes):
        of_class = sample.y == c
        if not speaks[of_class].any():
            speaks[of_class] = True
    return np.flatnonzero(speaks)


def _shares(sample: Sample, index: Ints) -> Floats:
    speaks = np.zeros(len(sample.y), bool)
    speaks[index] = True
    shares: Floats = 1.0 / sample.kin.count(speaks)[index]
    return shares


def _matches(sample: Sample, index: Ints, share: Floats, totals: Floats, common: Floats) -> Floats:
    """rho [classes]: the mean cosine between a class's lineages, drawn towards the prior.

    ``totals`` [classes, dim] sums the photos ``index`` of each class, each times its share;
    ``common`` [classes] is the mean cosine of its photos with the other classes'.
    """
    n_classes = len(totals)
    weight = np.zeros(len(sample.y))
    weight[index] = share
    of_class = np.bincount(sample.y, weight, minlength=n_classes)
    of_kin, matches_of_kin = sample.kin.products(weight, sample.y, n_classes)
    pairs = of_class**2 - of_kin
    matches = np.einsum("ij,ij->i", totals, totals) - matches_of_kin
    others = np.maximum(of_class - 1.0, 0.0)
    prior = common + PRIOR_MATCH * (1.0 - common)
    seen = prior.copy()
    np.divide(matches, pairs, out=seen, where=pairs > 1e-6)
    drawn: Floats = (PRIOR_PHOTOS * prior + others * seen) / (PRIOR_PHOTOS + others)
    return drawn


def _class_means(sample: Sample, ridge: Ridge, between: Floats, match: Floats) -> Floats:
    """Expected outputs [classes, classes] if a photo matched all photos of a class alike.

    ``between`` [classes, classes] are the mean cosines of photos of two classes.
    """
    matches = between.copy()
    np.fill_diagonal(matches, match)
    alpha = np.stack([ridge.alpha[sample.y == c].sum(axis=0) for c in range(len(match))])
    means: Floats = matches @ alpha + ridge.bias
    return means


def _moments(outputs: Floats, y: Ints, share: Floats, common: Floats) -> tuple[Floats, Floats]:
    n_classes = len(common)
    means = np.zeros((n_classes, n_classes))
    squares = np.zeros((n_classes, n_classes))
    counts = np.zeros(n_classes)
    for c in range(n_classes):
        weight = share * (y == c)
        counts[c] = weight.sum()
        means[c] = weight @ outputs / counts[c]
        squares[c] = weight @ (outputs - means[c]) ** 2
    expected = (np.diag(means) - rest_means(means)) / 4.0 / np.maximum(1.0 - common, LEAST_ROOM)
    spread = np.sqrt(
        (PRIOR_SPREAD * expected**2 + squares) / (counts[:, None] + PRIOR_SPREAD - 1.0)
    )
    return means, spread


def rest_means(means: Floats) -> Floats:
    """For each output, its mean over the other classes' means, [classes]."""
    rest: Floats = (means.sum(axis=0) - np.diag(means)) / (len(means) - 1)
    return rest


def thresholds(found: Outlook) -> tuple[Floats, Floats]:
    """Offset and scale [classes] of the scores.

    With two classes the offset lies where both are equally many of their spreads away, and the
    scale puts the means of a class and of the other 2 apart. With more, one scale serves all: a
    class that is hard to tell from the rest would else be stretched until it drowns the others.
    """
    own, rest = np.diag(found.means), rest_means(found.means)
    if len(own) == 2:
        own_sd, rest_sd = np.diag(found.spread), np.diag(found.spread[::-1])
        offset = (own * rest_sd + rest * own_sd) / (own_sd + rest_sd)
        return offset, 2.0 / np.maximum(own - rest, MIN_GAP)
    gap = np.maximum(own - rest, MIN_GAP)
    return rest + OFFSET_OF_MANY * gap, np.full(len(own), 2.0 / gap.mean())
