"""One label alone: told apart from the world by what the backbone knows of the world's classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.head import Head

Floats = NDArray[np.floating]

NEAREST_LEFT_OUT = 0.05
"""Share of the backbone's classes, those nearest to the photos, that may be the label itself."""


def generic_negatives(space: FeatureSpace, classifier: Floats) -> Floats:
    """A unit vector for each class the backbone knows, [n_logits, dim], without any photo.

    ``classifier`` [n_logits, n_features + 1] is its last layer, bias last. The typical photo of
    a class is taken to lie from the center along the class's own (centred) weights, far enough
    that the class's logit leads as it does on photos.
    """
    weights = classifier[:, :-1] - classifier[:, :-1].mean(axis=0)
    steps = _LOGIT_LEAD / np.maximum((weights**2).sum(axis=1, keepdims=True), 1e-12)
    features = space.center + steps * weights
    logits = features @ classifier[:, :-1].T + classifier[:, -1]
    row = np.concatenate([features, logits], axis=1)
    return space(np.tile(row, (1, space.n_views)).astype(np.float32))


_LOGIT_LEAD = 8.0


def fit_one_class(
    data: TrainingSet, label: str, rest: str, space: FeatureSpace, classifier: Floats
) -> Head:
    """Fit ``label`` (all of ``data``) against the world, which is called ``rest``."""
    world = generic_negatives(space, classifier)
    nearness = (data.x @ world.T).max(axis=0)
    world = world[np.argsort(nearness)[: round(len(world) * (1 - NEAREST_LEFT_OUT))]]
    n, m = len(data.x), len(world)
    both = TrainingSet(
        x=np.concatenate([data.x, world]),
        y=np.concatenate([np.zeros(n, np.intp), np.ones(m, np.intp)]),
        lineages=[*data.lineages, *((f"world-{i}",) for i in range(m))],
        is_real=np.concatenate([data.is_real, np.ones(m, bool)]),
        copies=np.concatenate([data.copies, np.ones(m)]),
    )
    head = fit_head(both, (label, rest), space)
    info = {**head.info, "generic_negatives": m, "abstention_from": "never: one class"}
    return replace(head, exemplars=data.x.astype(np.float16), abstain_below=-1.0, info=info)
