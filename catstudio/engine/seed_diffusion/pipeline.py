"""One image from a recipe: coarse to fine, Euler steps with the closed-form denoiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor
from torch.nn import functional

from catstudio.engine.seed_diffusion.bank import SeedBank, upsample
from catstudio.engine.seed_diffusion.denoise import Denoiser, Matches, lift
from catstudio.engine.seed_diffusion.layout import bent_positions
from catstudio.engine.seed_diffusion.levels import SIGMA_MAX, Level, karras_sigmas
from catstudio.engine.seed_diffusion.recipes import Recipe

_HELD_SIDE = 16
"""The layout's shapes down to 1/16 of the image are held, where a recipe says so."""

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


class _Stage:
    """One level of one image: its views, its denoiser and its part of the progress."""

    def __init__(
        self, bank: SeedBank, recipe: Recipe, level: Level, progress: tuple[float, float]
    ) -> None:
        self._bank = bank
        self._recipe = recipe
        self.level = level
        self._progress = progress
        self._views = functional.adaptive_avg_pool2d(recipe.views, level.side)
        self._expected = bent_positions(recipe.bend, level.side)
        self.denoiser = self._denoiser(is_blurred=False)

    def blurred_denoiser(self) -> Denoiser:
        """For an image that came up from the level below and has no fine detail yet."""
        return self._denoiser(is_blurred=True)

    def held(self, clean: Tensor) -> Tensor:
        """``clean`` with its low frequencies drawn to the layout's, as far as the recipe says."""
        layout, hold = self._recipe.layout, self._recipe.hold
        if layout is None or hold == 0 or self.level.side > 2 * _HELD_SIDE:
            return clean
        wanted, there = (functional.adaptive_avg_pool2d(i, _HELD_SIDE) for i in (layout, clean))
        side = self.level.side
        gap = functional.interpolate((wanted - there)[None], (side, side), mode="bilinear")
        return clean + hold * gap[0]

    def project(self, image: Tensor) -> Tensor:
        return self._bank.project(self.level, image[None])[0]

    def part(self, step: int) -> float:
        """The part of the whole image that is done after ``step`` steps of this level."""
        before, width = self._progress
        return before + width * step / self.level.steps

    def _denoiser(self, is_blurred: bool) -> Denoiser:
        keys = self._bank.keys(self.level, self._views, is_blurred)
        return Denoiser(self.level, keys, self._recipe.prior, self._expected)


def draw(bank: SeedBank, recipe: Recipe, generator: Generator, on_step: OnStep) -> Drawn:
    """Make one image. Every random number comes from ``generator``.

    ``on_step`` may raise to stop the work; a step takes well under a second.
    """
    costs = [level.steps * max(level.side, 32) ** 2 for level in bank.levels]
    total = sum(costs)
    with torch.inference_mode():
        stage = _Stage(bank, recipe, bank.levels[0], (0.0, costs[0] / total))
        image, matches = _begin(stage, recipe, generator, on_step)
        for number, level in enumerate(bank.levels[1:], 1):
            progress = (sum(costs[:number]) / total, costs[number] / total)
            stage = _Stage(bank, recipe, level, progress)
            image, matches = _refine(stage, image, matches, generator, on_step)
        misfit = stage.denoiser.misfit(stage.project(image), matches)
    side = stage.level.side
    return Drawn(image.clamp(-1, 1), matches.index[:, 0].view(side, side), misfit)


def _begin(
    stage: _Stage, recipe: Recipe, generator: Generator, on_step: OnStep
) -> tuple[Tensor, Matches]:
    """The coarsest level: all steps from the layout with noise, or from noise alone."""
    level = stage.level
    noise = torch.randn((3, level.side, level.side), generator=generator)
    if recipe.layout is None:
        sigmas = karras_sigmas(SIGMA_MAX, level.steps)
        image = SIGMA_MAX * noise
    else:
        sigmas = level.sigmas
        layout = functional.adaptive_avg_pool2d(recipe.layout[None], level.side)[0]
        image = layout + sigmas[0] * noise
    clean, matches = stage.denoiser.exact(stage.project(image), sigmas[0])
    for step, (sigma, after) in enumerate(pairwise(sigmas[:-1]), 1):
        clean = stage.held(clean)
        image = clean + (image - clean) * (after / sigma)
        on_step(stage.part(step), clean)
        clean, matches = stage.denoiser.exact(stage.project(image), after)
    on_step(stage.part(level.steps), clean)
    return clean, matches


def _refine(
    stage: _Stage, image: Tensor, matches: Matches, generator: Generator, on_step: OnStep
) -> tuple[Tensor, Matches]:
    """A later level: the image of the one below, matched blurred, then with noise, then sharp."""
    level = stage.level
    image = upsample(image[None], level.side)[0]
    matches = lift(matches, level.side // 2)
    denoiser = stage.blurred_denoiser()
    clean = image
    for step, sigma in enumerate(level.sigmas[:-1], 1):
        query = stage.project(image)
        if level.is_exact:
            clean, matches = denoiser.exact(query, sigma)
        else:
            clean, matches = denoiser.candidates(query, sigma, matches, generator)
        if step < level.steps:
            clean = stage.held(clean)
        after = level.sigmas[step]
        if step == 1:
            image = clean + after * torch.randn(clean.shape, generator=generator)
            denoiser = stage.denoiser
        else:
            image = clean + (image - clean) * (after / sigma)
        on_step(stage.part(step), clean)
    return clean, matches
