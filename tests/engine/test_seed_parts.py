"""The parts of seed diffusion: schedule, pyramid, layout, denoiser, subject map, scores."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catstudio.engine.seed_diffusion import recipes
from catstudio.engine.seed_diffusion.bank import SeedBank
from catstudio.engine.seed_diffusion.denoise import Denoiser, Matches, Prior, lift
from catstudio.engine.seed_diffusion.layout import (
    bent_positions,
    render,
    sample_bend,
    sample_pose,
)
from catstudio.engine.seed_diffusion.levels import karras_sigmas, pyramid
from catstudio.engine.seed_diffusion.photos import SeedPhoto, prepare
from catstudio.engine.seed_diffusion.pipeline import Drawn, draw
from catstudio.engine.seed_diffusion.scoring import likeness, measure, shares
from catstudio.engine.seed_diffusion.subject import subject_map


def textured(height: int = 90, width: int = 120, seed: int = 0) -> SeedPhoto:
    """A photo with structure at every scale."""
    noise = np.random.default_rng(seed)
    image = np.zeros((height, width, 3))
    for cells in (3, 8, 30):
        patch = Image.fromarray(noise.integers(0, 255, (cells, cells, 3), dtype=np.uint8))
        image += np.asarray(patch.resize((width, height), Image.Resampling.BICUBIC)) / 3
    return prepare(f"photo{seed}", Image.fromarray(image.astype(np.uint8)), 64)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_sigmas_fall_from_the_first_to_zero() -> None:
    sigmas = karras_sigmas(0.6, 8)
    assert sigmas[0] == pytest.approx(0.6)
    assert sigmas[-2:] == (pytest.approx(0.03), 0.0)
    assert list(sigmas) == sorted(sigmas, reverse=True)


@pytest.mark.parametrize("size", [64, 100, 128, 192, 250, 256])
def test_levels_double_up_to_the_size(size: int) -> None:
    sides = [level.side for level in pyramid(size, 0.6)]
    assert all(b == 2 * a for a, b in itertools.pairwise(sides))
    assert size <= sides[-1] < size + 2 ** len(sides)
    assert sides[0] < 24


@settings(max_examples=80, deadline=None)
@given(st.integers(20, 400), st.integers(20, 400), st.floats(0, 1), st.integers(0, 2**31))
def test_a_window_never_leaves_its_photo(
    height: int, width: int, variety: float, seed: int
) -> None:
    photo = SeedPhoto("p", torch.zeros(3, height, width), (0.3, 0.8), torch.full((32, 32), 0.5))
    pose = sample_pose(photo, variety, rng(seed))
    cos, sin = math.cos(pose.angle), math.sin(pose.angle)
    for v, u in itertools.product((-0.5, 0.5), (-0.5, 0.5)):
        depth = 1 + pose.tilt[0] * v + pose.tilt[1] * u
        down, right = v / depth * pose.height, u / depth * pose.width
        at_y = pose.centre[0] + cos * down + sin * right
        at_x = pose.centre[1] + cos * right - sin * down
        assert -0.01 <= at_y <= height + 0.01
        assert -0.01 <= at_x <= width + 0.01


def test_without_variety_the_window_is_the_whole_short_side() -> None:
    photo = textured(80, 80)
    pose = sample_pose(photo, 0.0, rng())
    assert (pose.height, pose.width, pose.angle, pose.flip) == (80, 80, 0, False)
    shown = render(photo, pose, 80)
    assert (shown - photo.pixels).abs().max() < 1e-4


def test_a_bend_is_gentle_and_stays_inside() -> None:
    for seed in range(10):
        positions = bent_positions(sample_bend(0.04, rng(seed)), 32)
        assert positions.min() >= 0
        assert positions.max() <= 1
        # No fold inside: neighbours keep their order.
        assert (positions[0, 5:-4] - positions[0, 4:-5]).min() > 0
        assert (positions[1, :, 5:-4] - positions[1, :, 4:-5]).min() > 0


def test_the_exact_denoiser_is_the_posterior_mean() -> None:
    """Against the formula written out, patch by patch."""
    photo = textured()
    bank = SeedBank.fit([photo], 64, 0.6)
    level = bank.levels[0]
    views = torch.stack(
        [render(photo, sample_pose(photo, 0.5, rng(k)), level.side) for k in (1, 2)]
    )
    expected = bent_positions(torch.zeros(1, 2, 4, 4), level.side)
    prior = Prior(0.1, 1.0, torch.tensor([[0.0, 0.01], [0.0, 0.01]]), torch.zeros(1, 1))
    keys = bank.keys(level, views)
    image = views[0] + 0.3 * torch.randn(views[0].shape, generator=rng())
    query = bank.project(level, image[None])[0]
    clean, matches = Denoiser(level, keys, prior, expected).exact(query, 0.3)

    side, size = level.side, 3 * level.patch**2
    at = (torch.arange(side) + 0.5) / side
    places = torch.cartesian_prod(at, at)
    gap = torch.cdist(query.double(), keys.features.double()).square() / (2 * 0.3**2)
    kappa = 1 / 0.1**2 + size / 0.3**2
    away = torch.cdist(places, places).square().repeat(1, 2)
    handicap = torch.tensor([0.0, 0.01]).repeat_interleave(side * side) * size / (2 * 0.3**2)
    posterior = (-gap - kappa / 2 * away - handicap).softmax(1)
    padded = torch.nn.functional.pad(views, (1, 1, 1, 1), mode="reflect")
    values = torch.nn.functional.unfold(padded, 3).transpose(1, 2).flatten(0, 1).double()
    votes = (posterior @ values).T
    total = torch.nn.functional.fold(votes[None], (side, side), 3, padding=1)
    counts = torch.nn.functional.fold(torch.ones_like(votes)[None], (side, side), 3, padding=1)
    assert (clean - (total / counts)[0]).abs().max() < 1e-3
    assert torch.equal(matches.index[:, 0], posterior.argmax(1))


def test_candidates_find_the_image_itself() -> None:
    photo = textured()
    bank = SeedBank.fit([photo], 64, 0.6)
    level = bank.levels[-1]
    view = render(photo, sample_pose(photo, 0.0, rng()), level.side)
    still = bent_positions(torch.zeros(1, 2, 4, 4), level.side)
    prior = Prior(0.08, 8.0, torch.zeros(2, 1), torch.zeros(1, 1))
    denoiser = Denoiser(level, bank.keys(level, view[None]), prior, still)
    own = torch.arange(level.side**2)[:, None]
    lost = Matches((own + torch.tensor([[3, 70, 5, 200]])) % level.side**2, torch.ones(1))
    query = bank.project(level, view[None])[0]
    for _ in range(8):
        image, lost = denoiser.candidates(query, 0.05, lost, rng())
    assert (lost.index[:, 0] == own[:, 0]).float().mean() > 0.95
    assert (image - view).abs().mean() < 0.02


def test_lifted_matches_point_at_the_same_place() -> None:
    index = torch.arange(2 * 8 * 8)[:64, None] + 64  # every pixel of view 1
    lifted = lift(Matches(index, torch.ones(64, 1)), 8)
    assert torch.equal(lifted.index[:, 0], torch.arange(256) + 256)


def test_the_subject_is_found_off_the_middle() -> None:
    pixels = torch.full((3, 96, 96), -0.5) + 0.05 * torch.randn(3, 96, 96, generator=rng())
    pixels[:, 30:70, 40:80] = torch.tensor([0.9, 0.3, -0.6])[:, None, None]
    chance = subject_map(pixels)
    assert chance[12:22, 15:25].mean() > 0.8
    assert chance[:, :6].mean() < 0.35


def test_surroundings_are_never_lent_where_a_subject_is() -> None:
    chances = torch.zeros(3, 32, 32)
    chances[:, 10:22, 10:22] = 1
    chances[1, 0:16] = 1
    lender, lent = recipes.surroundings(chances, 1.0, rng())
    assert lender == 1
    assert lent[10:22, 10:22].max() < 0.05
    assert lent.mean() > 0.3
    assert recipes.surroundings(chances, 0.0, rng())[1].max() == 0
    unsure = torch.full((2, 32, 32), 0.45)
    assert recipes.surroundings(unsure, 1.0, rng())[1].max() == 0


def test_scores_punish_what_is_wrong() -> None:
    photos = [textured(seed=k) for k in range(2)]
    bank = SeedBank.fit(photos, 64, 0.6)
    recipe = recipes.variation(bank, 0, 0.5, rng(3))
    drawn = draw(bank, recipe, rng(4), lambda part, image: None)
    good = measure(bank, recipe, drawn)
    assert sum(shares(recipe, drawn).values()) == pytest.approx(1)
    shuffled = drawn.source.flatten()[torch.randperm(64 * 64, generator=rng())].view(64, 64)
    torn = measure(bank, recipe, Drawn(drawn.image, shuffled, drawn.misfit))
    assert torn.coherence < 0.2 < good.coherence
    flat = drawn.image.mean((1, 2), keepdim=True).expand_as(drawn.image)
    blurred = measure(bank, recipe, Drawn(flat, drawn.source, drawn.misfit))
    streaked = drawn.image.clone()
    streaked[:, :6] = streaked[:, 6:7]
    drawn_out = measure(bank, recipe, Drawn(streaked, drawn.source, drawn.misfit))
    assert drawn_out.streak > good.streak
    assert max(torn.score, blurred.score, drawn_out.score) < good.score


def test_likeness_is_one_for_itself_and_ignores_light() -> None:
    image = textured().pixels
    others = torch.stack([image, image * 0.5 + 0.1, image.flip(-1)])
    same, dim, mirrored = likeness(image, others).tolist()
    assert same > 0.98
    assert dim > 0.95
    assert mirrored < 0.9
