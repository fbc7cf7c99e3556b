"""Where a photo's subject probably is, without a model: centre against rim, by colour.

It has two uses that forgive errors: keeping the crop of a long photo on its animal, and
choosing surroundings that another seed may lend. A wrong map costs variety, not correctness.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SIDE = 32
_ROUNDS = 4
_COLOUR = 0.18
"""Bandwidth of the colour density, for colours in [-1, 1]."""
_PLACE = 0.25
"""Bandwidth of place, in parts of the side: like colours far apart are different things."""


def subject_map(pixels: Tensor) -> Tensor:
    """The probability [32, 32] that each place of ``pixels`` [3, h, w] belongs to the subject.

    Two kernel densities over colour and place, one weighted to the middle and one to the rim,
    are re-weighted in turn by what they explain: the idea of GrabCut (Rother et al., 2004)
    with densities for its mixtures and a blur for its graph cut.
    """
    small = functional.adaptive_avg_pool2d(pixels[None], _SIDE)[0]
    at = (torch.arange(_SIDE, dtype=torch.float32) + 0.5) / _SIDE
    y, x = torch.meshgrid(at, at, indexing="ij")
    feature = torch.cat([small.flatten(1) / _COLOUR, torch.stack([y, x]).flatten(1) / _PLACE]).T
    near = torch.exp(-torch.cdist(feature, feature).square() / 2)
    away = ((y - 0.5).square() + (x - 0.5).square()).sqrt()
    prior = torch.sigmoid((0.36 - away) * 12)
    chance = prior
    for _ in range(_ROUNDS):
        inside, outside = chance.flatten(), (1 - chance).flatten()
        front = near @ inside / inside.sum().clamp(min=1e-6)
        back = near @ outside / outside.sum().clamp(min=1e-6)
        ratio = torch.log(front + 1e-6) - torch.log(back + 1e-6)
        chance = torch.sigmoid(1.5 * ratio.view(_SIDE, _SIDE) + 0.5 * torch.logit(prior, 1e-3))
        chance = _blur(chance)
    return chance


def centre(chance: Tensor) -> tuple[float, float]:
    """The (y, x) in [0, 1] of the middle of a :func:`subject_map`, drawn halfway to (½, ½)."""
    side = chance.shape[0]
    at = (torch.arange(side, dtype=torch.float32) + 0.5) / side
    total = chance.sum() + 1e-6
    y = float((chance.sum(1) * at).sum() / total)
    x = float((chance.sum(0) * at).sum() / total)
    return 0.25 + 0.5 * y, 0.25 + 0.5 * x


def _blur(field: Tensor) -> Tensor:
    kernel = torch.tensor([1.0, 2.0, 1.0])
    kernel = (kernel[:, None] * kernel[None, :] / 16)[None, None]
    return functional.conv2d(functional.pad(field[None, None], (1,) * 4, mode="replicate"), kernel)[
        0, 0
    ]
