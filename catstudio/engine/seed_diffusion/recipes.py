"""What one image is to be made of: its views of the seeds, its layout and its prior.

A variation takes one seed as anchor and lets others lend patches; a blend mixes two; noise has
no layout at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from catstudio.engine.seed_diffusion.bank import SeedBank
from catstudio.engine.seed_diffusion.denoise import Prior
from catstudio.engine.seed_diffusion.layout import (
    Pose,
    bend_image,
    bent_positions,
    render,
    render_subject,
    sample_bend,
    sample_pose,
    uniform,
)

MOST_VIEWS = 6
_TAU = 0.08
_PULL = 8.0
_HANDICAP = 0.1
_LENT_HANDICAP = 0.3
_LENT = 1.5
_CERTAIN = 0.6
_BEND = 0.04
"""Standard deviation of the bend at variety 1, in parts of the side."""
_PARTNERS = 16


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides an image but the noise.

    ``views`` [v, 3, side, side] are windows of the photos ``owners`` (indices into the bank's
    photos); view 0 is the anchor. ``bend`` [1, 2, 4, 4] is the displacement of the layout;
    ``layout`` [3, side, side] the image to start from, or None for pure noise. ``prior`` says
    how freely patches travel. ``pose`` is the anchor's window.
    """

    views: Tensor
    owners: tuple[int, ...]
    bend: Tensor
    layout: Tensor | None
    prior: Prior
    pose: Pose


def variation(bank: SeedBank, anchor: int, variety: float, generator: Generator) -> Recipe:
    """A window of seed ``anchor``, gently bent, with patches of others where they fit."""
    views, owners, pose, chances = _views(bank, anchor, variety, generator)
    bend = sample_bend(_BEND * variety, generator)
    lent = torch.zeros(views.shape[-2:])
    layout = views[0]
    lender = None
    if len(bank.photos) > 1:
        lender, lent = _surroundings(chances, _LENT * variety, generator)
        layout = views[0] * (1 - lent) + views[2 + lender] * lent
    layout = bend_image(layout, bent_positions(bend, bank.levels[-1].side))
    return Recipe(
        views,
        owners,
        bend,
        layout,
        _prior(owners, lent, owners[-1] if lender is None else owners[2 + lender]),
        pose,
    )


def noise(bank: SeedBank, anchor: int, variety: float, generator: Generator) -> Recipe:
    """No layout: the first noise decides what goes where. Inventive and often wrong."""
    views, owners, pose, _ = _views(bank, anchor, variety, generator)
    return Recipe(views, owners, torch.zeros(1, 2, 4, 4), None, _prior(owners, None, 0), pose)


def blend(bank: SeedBank, first: int, second: int, balance: float, generator: Generator) -> Recipe:
    """Seeds ``first`` and ``second`` mixed; ``balance`` 0 is the first, 1 the second.

    The second's window is the one of 16 that resembles the first's most, so that heads tend to
    meet heads. A smooth random mask, not an average, decides which of the two a place takes
    its layout from: an average is a ghost.
    """
    side = bank.levels[-1].side
    photos = bank.photos
    pose = sample_pose(photos[first], 0.3, generator)
    one = render(photos[first], pose, side)
    tries = [
        sample_pose(photos[second], 0.5, generator, flip=bool(k % 2)) for k in range(_PARTNERS)
    ]
    shown = torch.stack([render(photos[second], p, 32) for p in tries])
    best = int(likeness(one, shown).argmax())
    two = match_colours(render(photos[second], tries[best], side), one, 0.5 * (1 - balance))
    mask = _mask(side, balance, generator)
    layout = one * (1 - mask) + two * mask
    owners = (first, second)
    # The squared handicap falls on whichever parent is to have the smaller part.
    lean = 2 * balance - 1
    prior = Prior(
        _TAU, _PULL, torch.tensor([[0.0, _LENT_HANDICAP**2], [_LENT_HANDICAP**2, 0.0]]), mask
    )
    return Recipe(torch.stack([one, two]), owners, torch.zeros(1, 2, 4, 4), layout, prior, pose)


def likeness(image: Tensor, others: Tensor) -> Tensor:
    """Correlation of ``image`` [3, h, w] with each of ``others`` [n, 3, h', w'] at 16 px: [n]."""
    ours = _standard(image[None])
    return (_standard(others) * ours).mean(1)


def match_colours(image: Tensor, like: Tensor, part: float) -> Tensor:
    """``image`` with its mean and spread of each channel moved ``part`` of the way to ``like``'s.

    Reinhard et al., "Color transfer between images" (2001), without the change of space.
    """
    mean, std = image.mean((1, 2), keepdim=True), image.std((1, 2), keepdim=True) + 1e-3
    aim_mean, aim_std = like.mean((1, 2), keepdim=True), like.std((1, 2), keepdim=True) + 1e-3
    gain = (aim_std / std).clamp(0.5, 2.0) ** part
    return ((image - mean) * gain + mean + part * (aim_mean - mean)).clamp(-1, 1)


def _views(
    bank: SeedBank, anchor: int, variety: float, generator: Generator
) -> tuple[Tensor, tuple[int, ...], Pose, Tensor]:
    """The anchor's window, its mirror, and windows of up to four others that resemble it."""
    side = bank.levels[-1].side
    photos = bank.photos
    pose = sample_pose(photos[anchor], variety, generator)
    shown = render(photos[anchor], pose, side)
    views, owners = [shown, shown.flip(-1)], [anchor, anchor]
    chances = [render_subject(photos[anchor], pose, side)]
    for other, flip in _lenders(bank, anchor, shown, generator):
        lent_pose = sample_pose(photos[other], variety, generator, flip)
        lent = render(photos[other], lent_pose, side)
        chances.append(render_subject(photos[other], lent_pose, side))
        views.append(match_colours(lent, shown, 0.35))
        owners.append(other)
    if len(photos) == 1:
        again = sample_pose(photos[anchor], variety, generator, pose.flip)
        views.append(match_colours(render(photos[anchor], again, side), shown, 1.0))
        owners.append(anchor)
    return torch.stack(views), tuple(owners), pose, torch.stack(chances)


def _lenders(
    bank: SeedBank, anchor: int, shown: Tensor, generator: Generator
) -> list[tuple[int, bool]]:
    """Up to four (photo, is mirrored), drawn by how alike their layout is at 16 px.

    Drawn without replacement by the Gumbel trick (temperature 0.15 of a correlation), so the
    same few do not lend to every image.
    """
    others = [k for k in range(len(bank.photos)) if k != anchor]
    if not others:
        return []
    thumbs = bank.thumbs[others]
    scores = torch.stack([likeness(shown, thumbs), likeness(shown, thumbs.flip(-1))])
    better = scores.max(0)
    gumbel = -torch.log(-torch.log(torch.rand(len(others), generator=generator) + 1e-9) + 1e-9)
    order = (better.values / 0.15 + gumbel).argsort(descending=True)
    chosen = order[: MOST_VIEWS - 2].tolist()
    return [(others[k], bool(better.indices[k])) for k in chosen]


def _prior(owners: tuple[int, ...], lent: Tensor | None, lender: int) -> Prior:
    """The anchor's patches are preferred, but for places lent to view 2."""
    home = [0.0 if owner == owners[0] else _HANDICAP**2 for owner in owners]
    away = [0.0 if owner == lender else _LENT_HANDICAP**2 for owner in owners]
    return Prior(
        _TAU, _PULL, torch.tensor([home, away]), torch.zeros(1, 1) if lent is None else lent
    )


def _surroundings(chances: Tensor, part: float, generator: Generator) -> tuple[int, Tensor]:
    """Which lender, and a smooth mask [side, side] of the surroundings that it lends.

    ``chances`` [1 + lenders, side, side] are subject maps, the anchor's first. Only places that
    are neither the anchor's subject nor the lender's are open; the lender with the most of
    them is taken, and a random ``part`` of them is lent.
    """
    side = chances.shape[-1]
    reach = side // 24 * 2 + 1
    wide = F.max_pool2d(chances[:, None], reach, 1, reach // 2)
    wide = F.avg_pool2d(wide, reach, 1, reach // 2, count_include_pad=False)[:, 0]
    free = torch.sigmoid((0.5 - torch.maximum(wide[:1], wide[1:])) * 14)
    # A map that commits to nothing (a cage, a road) says nothing about what may be replaced.
    certainty = (2 * chances - 1).abs().mean((1, 2))
    free = free * (torch.minimum(certainty[:1], certainty[1:]) > _CERTAIN)[:, None, None]
    lender = int(free.mean((1, 2)).argmax())
    field = torch.randn((1, 1, 4, 4), generator=generator)
    field = F.interpolate(field, (side, side), mode="bicubic", align_corners=False)[0, 0]
    inside = field[free[lender] > 0.5]
    if part <= 0 or inside.numel() == 0:
        return lender, torch.zeros(side, side)
    edge = inside.quantile(max(0.0, 1 - part))
    return lender, torch.sigmoid((field - edge) * 8) * free[lender]


def _standard(images: Tensor) -> Tensor:
    flat = F.adaptive_avg_pool2d(images, 16).flatten(1)
    return (flat - flat.mean(1, keepdim=True)) / (flat.std(1, keepdim=True) + 1e-3)


def _mask(side: int, balance: float, generator: Generator) -> Tensor:
    """A smooth field in [0, 1] [side, side] whose mean is about ``balance``."""
    field = torch.randn((1, 1, 3, 3), generator=generator)
    field = F.interpolate(field, (side, side), mode="bicubic", align_corners=False)[0, 0]
    # The share of places beyond this quantile is what the second parent gets.
    edge = field.flatten().quantile(1 - balance) if 0 < balance < 1 else field.mean()
    soft = torch.sigmoid((field - edge) / (0.2 * field.std() + 1e-6))
    drift = uniform(generator, 0.0, 0.3)
    return (
        (1 - drift) * soft + drift * balance if 0 < balance < 1 else torch.full_like(soft, balance)
    )
