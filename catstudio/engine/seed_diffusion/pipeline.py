"""One image from a recipe: coarse to fine, Euler steps with the closed-form denoiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from catstudio.engine.seed_diffusion.bank import SeedBank, upsample
from catstudio.engine.seed_diffusion.denoise import Denoiser, Matches, lift
from catstudio.engine.seed_diffusion.layout import bent_positions
from catstudio.engine.seed_diffusion.levels import SIGMA_MAX, Level, karras_sigmas
from catstudio.engine.seed_diffusion.recipes import Recipe

OnStep = Callable[[float, Tensor], None]
"""Called after each step with the part done, in (0, 1], and the image so far [3, h, w]."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished image and where each of its pixels comes from.

    ``image`` is [3, side, side] in [-1, 1]; ``source`` [side, side] the best key of each
    pixel (pixel j mod side² of view j div side²); ``misfit`` [side, side] the RMS difference
    between each patch and its best match.
    """

    image: Tensor
    source: Tensor
    misfit: Tensor


def draw(bank: SeedBank, recipe: Recipe, generator: Generator, on_step: OnStep) -> Drawn:
    """Make one image. Every random number comes from ``generator``.

    ``on_step`` may raise to stop the work; a step takes well under a second.
    """
    with torch.inference_mode():
        matches: Matches | None = None
        image = torch.zeros(3, 1, 1)
        done = 0.0
        total = sum(_cost(level) for level in bank.levels)
        for level in bank.levels:
            image, matches, misfit = _run_level(
                bank,
                recipe,
                level,
                image,
                matches,
                generator,
                lambda part, shown, base=done, level=level: on_step(
                    (base + part * _cost(level)) / total, shown
                ),
            )
            done += _cost(level)
    side = bank.levels[-1].side
    assert matches is not None
    return Drawn(image.clamp(-1, 1), matches.index[:, 0].view(side, side), misfit)


def _run_level(
    bank: SeedBank,
    recipe: Recipe,
    level: Level,
    image: Tensor,
    matches: Matches | None,
    generator: Generator,
    on_step: OnStep,
) -> tuple[Tensor, Matches, Tensor]:
    """All steps of one level, from the image and matches of the level below."""
    side = level.side
    views = F.adaptive_avg_pool2d(recipe.views, side)
    expected = bent_positions(recipe.bend, side)
    is_first = matches is None
    sigmas = level.sigmas
    sharp = Denoiser(level, bank.keys(level, views), recipe.prior, expected)
    if is_first:
        sigmas, image = _start(recipe, level, generator)
    else:
        image = upsample(image[None], side)[0]
    if matches is not None and not level.is_exact:
        matches = lift(matches, side // 2)
    denoiser = sharp
    for step, sigma in enumerate(sigmas[:-1]):
        is_from_below = not is_first and step == 0
        # The upsampled image has no fine detail: compare it with keys that have none either.
        denoiser = (
            Denoiser(level, bank.keys(level, views, True), recipe.prior, expected)
            if is_from_below
            else sharp
        )
        query = bank.project(level, image[None])[0]
        if level.is_exact:
            clean, matches = denoiser.exact(query, sigma)
        else:
            assert matches is not None
            clean, matches = denoiser.candidates(query, sigma, matches, generator)
        after = sigmas[step + 1]
        if is_from_below:
            image = clean + after * torch.randn(clean.shape, generator=generator)
        else:
            image = clean + (image - clean) * (after / sigma)
        on_step((step + 1) / (len(sigmas) - 1), clean)
    assert matches is not None
    misfit = sharp.misfit(bank.project(level, image[None])[0], matches)
    return image, matches, misfit


def _start(recipe: Recipe, level: Level, generator: Generator) -> tuple[tuple[float, ...], Tensor]:
    """The noise levels and the first noisy image of the coarsest level."""
    noise = torch.randn((3, level.side, level.side), generator=generator)
    if recipe.layout is None:
        return karras_sigmas(SIGMA_MAX, level.steps + 2), SIGMA_MAX * noise
    layout = F.adaptive_avg_pool2d(recipe.layout[None], level.side)[0]
    return level.sigmas, layout + level.sigmas[0] * noise


def _cost(level: Level) -> float:
    """About how long a level takes, for the progress bar."""
    return level.steps * max(level.side, 32) ** 2
