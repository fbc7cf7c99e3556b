"""What one image is to be made of: its views of the seeds, its layout and its prior.

A variation takes one seed as anchor and lets others lend patches and surroundings; a blend
mixes two; a drawing gives the layout alone; noise has no layout at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor
from torch.nn import functional

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
    smooth_field,
)
from catstudio.engine.seed_diffusion.photos import SeedPhoto
from catstudio.engine.seed_diffusion.scoring import likeness

_MOST_LENDERS = 4
_TAU = 0.08
_PULL = 8.0
"""Eight times the prototype's: at 1 the coarse levels undo the bend and the seed comes back."""
_NOISE_PULL = 1.0
_HANDICAP = 0.1
"""RMS advantage that a lender's patch needs over the anchor's, for colours in [-1, 1]."""
_LENT_HANDICAP = 0.3
"""The same for any other patch in a place that is lent out: there the lender is at home."""
_BEND = 0.04
"""Standard deviation of the bend at variety 1, in parts of the side."""
_LENT = 1.5
"""Part of the free surroundings that is lent, at variety 1; all of it from variety 0.67."""
_DRAWN_VIEWS = 6
_DRAWN_TAU, _DRAWN_PULL = 0.5, 0.1
"""A drawing's places say little about where in a photo its patches are: they travel far."""
_DRAWN_DEPTH = 3.0
"""How far the subject is from its surroundings, in sides: further than any patch travels."""
_DRAWN_HOLD = 0.7
_DRAWN_COLOURS = 0.8
"""How far a drawing's colours move to the photos': flat paint has no patch that is like it."""
_CERTAIN = 0.6
_MASK_SIDE = 32
_PARTNERS = 16


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides an image but the noise.

    ``views`` [v, 3, side, side] are windows of the photos ``owners`` (indices into the bank's
    photos); view 0 is the anchor. ``bend`` [1, 2, 4, 4] is the displacement of the layout;
    ``layout`` [3, side, side] the image to start from, or None for pure noise. ``prior`` says
    how freely patches travel. ``pose`` is the anchor's window. ``hold`` in [0, 1] is how far
    the coarse shapes are drawn back to the layout's at each step.
    """

    views: Tensor
    owners: tuple[int, ...]
    bend: Tensor
    layout: Tensor | None
    prior: Prior
    pose: Pose
    hold: float = 0.0


def variation(bank: SeedBank, anchor: int, variety: float, generator: Generator) -> Recipe:
    """A window of seed ``anchor``, gently bent, in surroundings that another may have lent."""
    side = bank.levels[-1].side
    views, owners, pose, chances = _views(bank, anchor, variety, generator)
    bend = sample_bend(_BEND * variety, generator)
    layout, lent, away = views[0], torch.zeros(_MASK_SIDE, _MASK_SIDE), None
    if len(bank.photos) > 1:
        lender, lent = surroundings(chances, min(1.0, _LENT * variety), generator)
        part = functional.interpolate(lent[None, None], (side, side), mode="bilinear")[0, 0]
        layout = layout * (1 - part) + views[1 + lender] * part
        away = 1 + lender
    layout = bend_image(layout, bent_positions(bend, side))
    return Recipe(views, owners, bend, layout, _prior(len(owners), lent, away), pose)


def noise(bank: SeedBank, anchor: int, variety: float, generator: Generator) -> Recipe:
    """No layout: the first noise decides what goes where. Inventive and often wrong."""
    views, owners, pose, _ = _views(bank, anchor, variety, generator)
    prior = replace(_prior(len(owners), torch.zeros(1, 1), None), pull=_NOISE_PULL)
    return Recipe(views, owners, torch.zeros(1, 2, 4, 4), None, prior, pose)


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
    mask = _mask(balance, generator)
    part = functional.interpolate(mask[None, None], (side, side), mode="bilinear")[0, 0]
    # Each is at home in its own places: with less, the 16 px level lets one of them take all.
    stranger = _LENT_HANDICAP**2
    prior = Prior(_TAU, _PULL, torch.tensor([[0.0, stranger], [stranger, 0.0]]), mask)
    return Recipe(
        torch.stack([one, two]),
        (first, second),
        torch.zeros(1, 2, 4, 4),
        one * (1 - part) + two * part,
        prior,
        pose,
    )


def from_drawing(
    bank: SeedBank, drawing: SeedPhoto, variety: float, generator: Generator
) -> Recipe:
    """The whole of ``drawing`` as layout, filled with patches of the seeds that resemble it most.

    Of 16 windows of each seed the one is taken that resembles the drawing most, so that a head
    is filled from a head. No seed is at home anywhere: the drawing decides what goes where, and
    its coarse shapes are held against the seeds' (as ILVR does: Choi et al., arXiv 2108.02938).
    """
    side = bank.levels[-1].side
    pose = sample_pose(drawing, 0.0, generator, flip=False)
    drawn = render(drawing, pose, side)
    windows, found = [], []
    for photo in bank.photos:
        tries = [sample_pose(photo, max(variety, 0.3), generator) for _ in range(_PARTNERS)]
        alike = likeness(drawn, torch.stack([render(photo, one, 32) for one in tries]))
        windows.append(tries[int(alike.argmax())])
        found.append(alike.max())
    order = _gumbel_order(torch.stack(found), generator)[:_DRAWN_VIEWS]
    views = [render(bank.photos[k], windows[k], side) for k in order]
    subjects = [render_subject(bank.photos[k], windows[k], _MASK_SIDE) for k in order]
    shape = render_subject(drawing, pose, _MASK_SIDE)
    prior = Prior(
        _DRAWN_TAU,
        _DRAWN_PULL,
        torch.zeros(2, len(order)),
        torch.zeros(_MASK_SIDE, _MASK_SIDE),
        _DRAWN_DEPTH * torch.stack([shape, *subjects]),
    )
    layout = match_colours(drawn, torch.cat(views, 2), _DRAWN_COLOURS)
    bend = sample_bend(_BEND * variety, generator)
    layout = bend_image(layout, bent_positions(bend, side))
    straight = torch.zeros_like(bend)
    return Recipe(torch.stack(views), tuple(order), straight, layout, prior, pose, _DRAWN_HOLD)


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
    """The anchor's window and windows of up to four others that resemble it.

    Alone, a seed lends to itself from a second window. Not from its mirror: that made cats with
    two tails. Also returned: the anchor's pose, and subject maps [1 + lenders, 32, 32].
    """
    side = bank.levels[-1].side
    photos = bank.photos
    pose = sample_pose(photos[anchor], variety, generator)
    shown = render(photos[anchor], pose, side)
    views, owners = [shown], [anchor]
    chances = [render_subject(photos[anchor], pose, _MASK_SIDE)]
    for other, flip in _lenders(bank, anchor, shown, generator):
        lent_pose = sample_pose(photos[other], variety, generator, flip)
        lent = render(photos[other], lent_pose, side)
        chances.append(render_subject(photos[other], lent_pose, _MASK_SIDE))
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

    Drawn, not just taken, so that the same few do not lend to every image.
    """
    others = [k for k in range(len(bank.photos)) if k != anchor]
    if not others:
        return []
    thumbs = bank.thumbs[others]
    scores = torch.stack([likeness(shown, thumbs), likeness(shown, thumbs.flip(-1))])
    better = scores.max(0)
    chosen = _gumbel_order(better.values, generator)[:_MOST_LENDERS]
    return [(others[k], bool(better.indices[k])) for k in chosen]


def _gumbel_order(scores: Tensor, generator: Generator) -> list[int]:
    """Indices drawn without replacement by ``scores``, at a temperature of 0.15."""
    gumbel = -torch.log(-torch.log(torch.rand(len(scores), generator=generator) + 1e-9) + 1e-9)
    order: list[int] = (scores / 0.15 + gumbel).argsort(descending=True).tolist()
    return order


def _prior(views: int, lent: Tensor, lender: int | None) -> Prior:
    """View 0, the anchor's, is at home but for places ``lent`` to view ``lender``."""
    handicaps = torch.tensor([[_HANDICAP**2], [_LENT_HANDICAP**2]]).repeat(1, views)
    handicaps[0, 0] = 0.0
    handicaps[1, 0 if lender is None else lender] = 0.0
    return Prior(_TAU, _PULL, handicaps, lent)


def surroundings(chances: Tensor, part: float, generator: Generator) -> tuple[int, Tensor]:
    """Which lender, and a smooth mask [32, 32] of the surroundings that it lends.

    ``chances`` [1 + lenders, 32, 32] are subject maps, the anchor's first. Only places that are
    neither the anchor's subject nor the lender's are free; the lender with the most of them is
    taken, and a random ``part`` of them, in [0, 1], is lent.
    """
    wide = functional.max_pool2d(chances, 3, 1, 1)
    wide = functional.avg_pool2d(wide, 3, 1, 1, count_include_pad=False)
    free = torch.sigmoid((0.5 - torch.maximum(wide[:1], wide[1:])) * 14)
    # A map that commits to nothing (a cage, a road) says nothing about what may be replaced.
    certainty = (2 * chances - 1).abs().mean((1, 2))
    free = free * (torch.minimum(certainty[:1], certainty[1:]) > _CERTAIN)[:, None, None]
    lender = int(free.mean((1, 2)).argmax())
    field = smooth_field(4, _MASK_SIDE, generator)
    inside = field[free[lender] > 0.5]
    if part <= 0 or not inside.numel():
        return lender, torch.zeros(_MASK_SIDE, _MASK_SIDE)
    edge = inside.quantile(1 - part)
    return lender, torch.sigmoid((field - edge) * 8) * free[lender]


def _mask(balance: float, generator: Generator) -> Tensor:
    """Which places [32, 32] the second of two parents gives: about ``balance`` of them."""
    if not 0 < balance < 1:
        return torch.full((_MASK_SIDE, _MASK_SIDE), balance)
    field = smooth_field(3, _MASK_SIDE, generator)
    edge = field.flatten().quantile(1 - balance)
    return torch.sigmoid((field - edge) / (0.2 * field.std() + 1e-6))
