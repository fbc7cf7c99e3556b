"""Fitting the head: weights, regularisation, thresholds, temperature, abstention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.calibration import fit_temperature
from catstudio.learn.deflation import Outlook, Sample, outlook, thresholds
from catstudio.learn.features import FeatureSpace
from catstudio.learn.head import Head
from catstudio.learn.kin import Kin
from catstudio.learn.lineages import LeaveOut, leave_outs, partners
from catstudio.learn.open_set import (
    MIN_PHOTOS,
    abstention_threshold,
    choose_exemplars,
    left_out_matches,
    nearest_match,
)
from catstudio.learn.ridge import Ridge, fit_ridge, left_out_outputs

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

STRENGTH = 10.0
"""How much data counts against the penalty while there is too little to choose."""
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)
MOST_IMBALANCE = 2
"""Mean lineages a class, over those of the smallest, up to which lineages add to the weights."""
MIN_LINEAGES_TO_CHOOSE = 10
"""Lineages in the smallest class from which on the strength is cross-validated."""
MIN_LINEAGES_TO_LEAVE_OUT = 5
"""Lineages in the smallest class from which on the temperature comes from left-out scores."""
MAX_LEFT_OUT = 2000
"""Images up to which the exact left-out outputs are affordable (one inverse of that size)."""
MAX_TO_CHOOSE = 1200
"""Images up to which they are for every strength; beyond, the choice hardly matters."""
PRIOR_PHOTOS = 10.0
"""How many photos a class the expected spread counts as when the temperature is fitted."""
MEAN_UNSURE = 3.0
"""How many lineages' variance the mean of a class's outputs has with one lineage: its own, and
that of the expected match it rests on."""
_QUANTILES = 64


@dataclass(frozen=True)
class TrainingSet:
    """What a head is fitted on.

    Attributes
    ----------
    x : [n, dim] unit vectors of a :class:`FeatureSpace`.
    y : [n] class indices; every class has at least one image.
    lineages : for each image, the names of its lineages.
    is_real : [n]; thresholds are placed for real photos wherever a class has any.
    copies : [n] >= 1, how often each image counts.
    shares : [n, classes] rows that sum to 1, what part of each class an image is trained as (a
        blend across labels); None when every image is all of its class.
    """

    x: Floats
    y: Ints
    lineages: Sequence[Sequence[str]]
    is_real: NDArray[np.bool_]
    copies: Floats
    shares: Floats | None = None

    def targets(self, n_classes: int) -> Floats:
        """[n, classes]: 1 for the image's class and -1 for the others, in between for a blend."""
        if self.shares is not None:
            soft: Floats = 2.0 * self.shares - 1.0
            return soft
        return np.where(self.y[:, None] == np.arange(n_classes), 1.0, -1.0)


def fit_head(
    data: TrainingSet,
    labels: Sequence[str],
    space: FeatureSpace,
    validation: tuple[Floats, Ints] | None = None,
    strength: float | None = None,
) -> Head:
    """Fit a :class:`Head` that tells ``labels`` apart (two or more, each with an image).

    ``validation`` holds unit vectors and class indices of real photos that were not trained
    on: with ``MIN_PHOTOS`` or more, temperature and abstention come from them. ``strength``
    fixes the regularisation, which is chosen here otherwise.
    """
    n_classes = len(labels)
    kin = partners(data.lineages)
    sample = Sample(Kin.of(data.x, data.y, kin), data.y, data.is_real)
    targets = data.targets(n_classes)
    groups = leave_outs(data.lineages, data.is_real)
    classes = [np.unique(data.y[group.judged]) for group in groups]
    per_class = np.bincount(np.concatenate(classes), minlength=n_classes)
    balance = balanced_weights(data.y, data.copies, effective_families(len(groups), per_class))
    left_out: Floats | None = None
    how = "given"
    if strength is None:
        strength, how, left_out = _choose_strength(sample, targets, balance, groups, n_classes)
    ridge = fit_ridge(data.x, targets, strength * balance)
    found = outlook(sample, ridge, n_classes)
    offset, scale = thresholds(found)
    if left_out is None and _is_affordable(found, len(data.y), validation):
        left_out = left_out_outputs(_kernel(data.x), targets, strength * balance, groups)
    temperature, calibrated_on = _temperature(
        sample, ridge, found, (offset, scale), left_out, validation
    )
    exemplars = choose_exemplars(data.y, data.is_real)
    abstain_below, abstains_by = _abstention(sample, kin, found, exemplars, validation)
    info: dict[str, Any] = {
        "strength": strength,
        "strength_chosen_by": how,
        "temperature_from": calibrated_on,
        "abstention_from": abstains_by,
        "expected_match": {label: float(m) for label, m in zip(labels, found.match, strict=True)},
        "n_lineages": {
            label: round(float(n), 2) for label, n in zip(labels, found.lineages, strict=True)
        },
    }
    return Head(
        labels=tuple(labels),
        space=space,
        weights=ridge.weights,
        bias=ridge.bias,
        offset=offset,
        scale=scale,
        temperature=temperature,
        exemplars=data.x[exemplars].astype(np.float16),
        abstain_below=abstain_below,
        info=info,
    )


def effective_families(n: int, per_class: Ints) -> int:
    """``n`` families, the largest classes counting ``MOST_IMBALANCE`` times the least.

    ``per_class`` [classes] is how many families have real photos of each; families are those of
    :func:`catstudio.learn.lineages.leave_outs`. Three photos against three thousand would each
    weigh 500: the ridge then runs through those three exactly, and deflating such a fit puts the
    threshold beyond every new photo.
    """
    # A class of blends alone, made from another class's photos, has no family of its own.
    return min(n, MOST_IMBALANCE * len(per_class) * max(1, int(per_class.min())))


def balanced_weights(y: Ints, copies: Floats, n_families: int) -> Floats:
    """Weights [n] with the same total for each class of ``y``; within it ``copies`` count as many.

    But no picture counts more than all others of its class together: 30,000 copies of one of
    five photos would leave the other four without any say. They sum to ``n_families``, from
    :func:`effective_families`: fifty variations of a photo shift what its class looks like, but
    are no more evidence against the penalty than the photo was.
    """
    n_classes = int(y.max()) + 1
    copies = copies.astype(float)
    for c in range(n_classes):
        of_class = np.flatnonzero(y == c)
        if len(of_class) > 1:
            most = of_class[int(np.argmax(copies[of_class]))]
            copies[most] = min(copies[most], copies[of_class].sum() - copies[most])
    totals = np.bincount(y, copies)
    weights: Floats = copies * n_families / (n_classes * totals[y])
    return weights


def _kernel(x: Floats) -> Floats:
    kernel: Floats = x.astype(np.float64) @ x.T.astype(np.float64)
    return kernel


def _choose_strength(
    sample: Sample, targets: Floats, balance: Floats, groups: Sequence[LeaveOut], n_classes: int
) -> tuple[float, str, Floats | None]:
    """The strength with the least class-balanced squared error on left-out real lineages.

    Also returned: how it was found, and the left-out outputs [n, classes] at that strength.
    """
    fewest = min(
        sum(bool((sample.y[g.judged] == c).any()) for g in groups) for c in range(n_classes)
    )
    if fewest < MIN_LINEAGES_TO_CHOOSE or len(sample.y) > MAX_TO_CHOOSE:
        return STRENGTH, "fixed", None
    kernel = _kernel(sample.x)
    tried = [left_out_outputs(kernel, targets, s * balance, groups) for s in STRENGTHS]
    best = int(np.argmin([_balanced_error(sample, out, targets, n_classes) for out in tried]))
    return STRENGTHS[best], "leaving lineages out", tried[best]


def _balanced_error(sample: Sample, outputs: Floats, targets: Floats, n_classes: int) -> float:
    squares = ((outputs - targets) ** 2).mean(axis=1)
    judged = sample.is_real if sample.is_real.any() else np.ones(len(squares), bool)
    of_classes = [judged & (sample.y == c) for c in range(n_classes)]
    return float(np.mean([squares[rows].mean() for rows in of_classes if rows.any()]))


def _is_affordable(found: Outlook, n: int, validation: tuple[Floats, Ints] | None) -> bool:
    is_validated = validation is not None and len(validation[1]) >= MIN_PHOTOS
    enough = found.lineages.min() >= MIN_LINEAGES_TO_LEAVE_OUT
    return bool(enough) and n <= MAX_LEFT_OUT and not is_validated


def _temperature(
    sample: Sample,
    ridge: Ridge,
    found: Outlook,
    placement: tuple[Floats, Floats],
    left_out: Floats | None,
    validation: tuple[Floats, Ints] | None,
) -> tuple[float, str]:
    offset, scale = placement
    if validation is not None and len(validation[1]) >= MIN_PHOTOS:
        x, y = validation
        scores = (ridge(x.astype(np.float64)) - offset) * scale
        return fit_temperature(scores, y, np.ones(len(y))), "validation photos"
    y = sample.y[found.index]
    if left_out is not None and found.lineages.min() >= MIN_LINEAGES_TO_LEAVE_OUT:
        outputs = left_out[found.index]
        if len(offset) > 2:
            # Where many classes are hard to tell apart the outlook is far too gloomy.
            found = found.of_outputs(outputs, y)
        expected, classes = _expected_scores(found, offset, scale)
        prior = np.full(len(classes), PRIOR_PHOTOS / _QUANTILES)
        # Few photos are often told apart without a mistake; alone they would ask for certainty.
        scores = np.concatenate([(outputs - offset) * scale, expected])
        balanced = found.share * found.lineages.mean() / found.lineages[y]
        temperature = fit_temperature(
            scores, np.concatenate([y, classes]), np.concatenate([balanced, prior])
        )
        return temperature, "lineages left out"
    return expected_temperature(found, offset, scale), "expected spread"


def expected_temperature(found: Outlook, offset: Floats, scale: Floats) -> float:
    """The temperature that fits the outlook alone, while nothing could be left out."""
    scores, classes = _expected_scores(found, offset, scale)
    return fit_temperature(scores, classes, np.ones(len(classes)))


def _expected_scores(found: Outlook, offset: Floats, scale: Floats) -> tuple[Floats, Ints]:
    """Scores as if each class's outputs were normal around the outlook's mean.

    The mean is itself known from few lineages only, which widens the spread by
    √(1 + ``MEAN_UNSURE`` / n).
    """
    n_classes = len(offset)
    noise = np.random.default_rng(0).standard_normal((n_classes, _QUANTILES, n_classes))
    if n_classes == 2:
        noise[..., 1] = -noise[..., 0]
    spread = found.spread * np.sqrt(1.0 + MEAN_UNSURE / found.lineages)[:, None]
    outputs = found.means[:, None, :] + noise * spread[:, None, :]
    scores = ((outputs - offset) * scale).reshape(-1, n_classes)
    return scores, np.repeat(np.arange(n_classes), _QUANTILES)


def _abstention(
    sample: Sample,
    kin: Sequence[NDArray[np.intp]],
    found: Outlook,
    exemplars: Ints,
    validation: tuple[Floats, Ints] | None,
) -> tuple[float, str]:
    if validation is not None and len(validation[1]) >= MIN_PHOTOS:
        matches = nearest_match(validation[0], sample.x[exemplars])
        return abstention_threshold(matches, validation[1]), "validation photos"
    matches, judged = left_out_matches(sample.x, found.index, kin, exemplars)
    origin = "lineages left out" if len(matches) >= MIN_PHOTOS else "assumed"
    return abstention_threshold(matches, sample.y[judged]), origin
