"""One label alone: told apart from the world by what the backbone knows of the world's classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.deflation import Sample, outlook, thresholds
from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet, expected_temperature
from catstudio.learn.head import Head
from catstudio.learn.kin import Kin
from catstudio.learn.lineages import partners
from catstudio.learn.open_set import choose_exemplars
from catstudio.learn.ridge import Ridge

Floats = NDArray[np.floating]

NEAREST_LEFT_OUT = 0.05
"""Share of the backbone's classes, those nearest to the photos, that may be the label itself."""
_LOGIT_LEAD = 4.0


def world(space: FeatureSpace, classifier: Floats) -> Floats:
    """A unit vector for each class the backbone knows, [n_logits, dim], without any photo.

    ``classifier`` [n_logits, n_features + 1] is its last layer, bias last. The typical photo of
    a class is taken to lie from the center along the class's own (centred) weights, far enough
    that the class's logit leads by about as much as it does on photos.
    """
    weights = classifier[:, :-1] - classifier[:, :-1].mean(axis=0)
    steps = _LOGIT_LEAD / np.maximum((weights**2).sum(axis=1, keepdims=True), 1e-12)
    features = space.center + steps * weights
    logits = features @ classifier[:, :-1].T + classifier[:, -1]
    row = np.concatenate([features, logits], axis=1)
    return space(np.tile(row, (1, space.n_views)).astype(np.float32))


def fit_one_class(
    data: TrainingSet, labels: Sequence[str], space: FeatureSpace, classifier: Floats
) -> Head:
    """Fit ``labels[0]`` (all of ``data``) against the world, which is called ``labels[1]``.

    The score is the mean match with the training photos, a lineage counting once. The
    threshold lies between what a new photo of the label is expected to match and what the
    world's classes do, the nearest of them left out: they may be the label itself.
    """
    kin = partners(data.lineages)
    share = np.array([1.0 / len(k) for k in kin])
    alpha = (share / share.sum())[:, None] * np.array([1.0, -1.0])
    ridge = Ridge(alpha.T @ data.x.astype(np.float64), np.zeros(2), alpha)
    others = world(space, classifier)
    order = np.argsort(others @ ridge.weights[0])
    others = others[order[: round(len(others) * (1 - NEAREST_LEFT_OUT))]]
    n, m = len(data.x), len(others)
    x, y = np.concatenate([data.x, others]), np.repeat([0, 1], [n, m])
    everyone = Kin.of(x, y, [*kin, *(np.array([n + i]) for i in range(m))])
    sample = Sample(everyone, y, np.concatenate([data.is_real, np.ones(m, bool)]))
    alone = Ridge(ridge.weights, ridge.bias, np.concatenate([alpha, np.zeros((m, 2))]))
    found = outlook(sample, alone, 2)
    offset, scale = thresholds(found)
    info: dict[str, Any] = {
        "one_class": labels[0],
        "generic_negatives": m,
        "temperature_from": "expected spread",
        "abstention_from": "never: with one class every stranger is the other answer",
        "expected_match": {labels[0]: float(found.match[0])},
        "n_lineages": {labels[0]: round(float(found.lineages[0]), 2)},
    }
    return Head(
        labels=tuple(labels),
        space=space,
        weights=ridge.weights,
        bias=ridge.bias,
        offset=offset,
        scale=scale,
        temperature=expected_temperature(found, offset, scale),
        exemplars=data.x[choose_exemplars(data.y, data.is_real)].astype(np.float16),
        abstain_below=-1.0,
        info=info,
    )
