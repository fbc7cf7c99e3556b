"""The closed-form denoiser: the posterior mean over the patches of the bank.

For a finite set of patches the best denoiser is known exactly (Kamb & Ganguli, "An analytic
theory of creativity in convolutional diffusion models", arXiv 2412.20292; Qiu, Kutulakos &
Lindell, "Efficient and training-free single-image diffusion models", arXiv 2606.04299).
Coarse levels evaluate it over all keys; fine levels over 16 candidates a pixel, found by
propagation and random search as in PatchMatch (Barnes et al., 2009), which GPNN (Granot et
al., arXiv 2103.15545) showed to be enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from catstudio.engine.seed_diffusion.bank import Keys
from catstudio.engine.seed_diffusion.levels import Level

TOP = 4
_NEAR = ((-1, 0), (1, 0), (0, -1), (0, 1), (-3, 0), (3, 0), (0, -3), (0, 3))


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before a patch is compared.

    ``tau`` is the spread of a pixel's source around its expected place, in parts of the side:
    a true prior, which fades as the noise does. ``pull`` is an energy that scales with the
    likelihood and so stays. ``handicaps`` [2, views] are the squared per-pixel advantages
    that a patch of each view must have over the others, in the anchor's places and in those
    lent to another view; ``lent`` [h, w] in [0, 1] says which places those are.
    """

    tau: float
    pull: float
    handicaps: Tensor
    lent: Tensor


@dataclass(frozen=True, slots=True)
class Matches:
    """For each output pixel the ``TOP`` best keys, best first: [side², TOP], and their weights."""

    index: Tensor
    weight: Tensor


class Denoiser:
    """The denoiser of one image at one level.

    Parameters
    ----------
    level, keys, prior : see there.
    expected : [2, side, side], the (y, x) in [0, 1] of the anchor view that each pixel is
        expected to come from.
    """

    def __init__(self, level: Level, keys: Keys, prior: Prior, expected: Tensor) -> None:
        self._level = level
        self._keys = keys
        self._prior = prior
        self._expected = expected.flatten(1).T.contiguous()
        self._side = level.side
        lent = F.interpolate(prior.lent[None, None], (level.side,) * 2, mode="area").flatten()
        self._lent = torch.stack([1 - lent, lent], 1)
        at = (torch.arange(self._side, dtype=torch.float32) + 0.5) / self._side
        y, x = torch.meshgrid(at, at, indexing="ij")
        self._places = torch.stack([y.flatten(), x.flatten()], 1)

    def exact(self, query: Tensor, sigma: float) -> tuple[Tensor, Matches]:
        """Denoise with ``query`` [side², dims] against all keys: image [3, side, side], matches."""
        keys, side = self._keys, self._side
        variance = sigma * sigma
        kappa = self._kappa(variance)
        places = self._places.repeat(keys.views, 1)
        bias = -keys.energy / variance - kappa / 2 * places.square().sum(1)
        handicaps = self._handicaps(variance).repeat_interleave(side * side, 1)
        ours = torch.cat([query / variance, kappa * self._expected, -self._lent], 1)
        theirs = torch.cat([keys.features, places, handicaps.T], 1)
        weights = torch.addmm(bias, ours, theirs.T).softmax(1)
        values = self._values()
        columns = (weights @ values).T
        image = F.fold(columns[None], (side, side), 3, padding=1)[0]
        top = weights.topk(TOP, 1)
        weight = top.values / top.values.sum(1, keepdim=True).clamp(min=1e-12)
        return image / _counts(side), Matches(top.indices, weight)

    def candidates(
        self, query: Tensor, sigma: float, matches: Matches, generator: Generator
    ) -> tuple[Tensor, Matches]:
        """Denoise against 16 keys a pixel, found from the matches of the step before."""
        index = self._propose(matches.index, generator)
        variance = sigma * sigma
        kappa = self._kappa(variance)
        pixels = self._side * self._side
        flat = index.flatten()
        theirs = self._keys.features.index_select(0, flat).view(*index.shape, -1)
        logits = torch.bmm(theirs, query[:, :, None])[:, :, 0]
        logits = (logits - self._keys.energy[index]) / variance
        pixel = index % pixels
        gap = self._places.index_select(0, pixel.flatten()).view(*index.shape, 2)
        logits -= kappa / 2 * (gap - self._expected[:, None]).square().sum(2)
        handicaps = self._lent @ self._handicaps(variance)
        logits -= handicaps.gather(1, index // pixels)
        top = logits.topk(TOP, 1)
        best = Matches(index.gather(1, top.indices), top.values.softmax(1))
        return self.vote(best), best

    def vote(self, matches: Matches) -> Tensor:
        """The image [3, side, side] in which each pixel is the mean of the 9 votes for it."""
        side, rim = self._side, self._side + 2
        pixel = matches.index % (side * side)
        base = matches.index // (side * side) * (rim * rim) + pixel // side * rim + pixel % side
        total = torch.zeros(rim, rim, 3)
        for y in range(3):
            for x in range(3):
                at = (base + (y * rim + x)).flatten()
                votes = self._keys.padded.index_select(0, at).view(*base.shape, 3)
                mixed = torch.bmm(matches.weight[:, None], votes)
                total[y : y + side, x : x + side] += mixed.view(side, side, 3)
        return total[1:-1, 1:-1].permute(2, 0, 1) / _counts(side)

    def misfit(self, query: Tensor, matches: Matches) -> Tensor:
        """Per-pixel RMS difference between each query and its best key: [side, side]."""
        features = self._keys.features.index_select(0, matches.index[:, 0])
        size = 3 * self._level.patch**2
        gap = (features - query).square().sum(1) / size
        return gap.sqrt().view(self._side, self._side)

    def _kappa(self, variance: float) -> float:
        size = 3 * self._level.patch**2
        return 1 / self._prior.tau**2 + self._prior.pull * size / variance

    def _handicaps(self, variance: float) -> Tensor:
        return self._prior.handicaps * (3 * self._level.patch**2 / (2 * variance))

    def _values(self) -> Tensor:
        """The 3×3 pixels around every key: [m, 27]. Small at exact levels, so it is stored."""
        rim = self._side + 2
        images = self._keys.padded.view(self._keys.views, rim, rim, 3).permute(0, 3, 1, 2)
        return F.unfold(images, 3).transpose(1, 2).flatten(0, 1)

    def _propose(self, index: Tensor, generator: Generator) -> Tensor:
        """Own matches, neighbours' best shifted back, and random ones: [side², 16]."""
        side = self._side
        best = index[:, 0].view(side, side)
        proposals = [index]
        for dy, dx in _NEAR:
            moved = torch.roll(best, (dy, dx), (0, 1))
            proposals.append(self._moved(moved, dy, dx).view(-1, 1))
        spread = torch.randn((side * side, 2, 2), generator=generator) * self._prior.tau
        place = ((self._expected[:, None] + spread) * side).long().clamp(0, side - 1)
        view = torch.randint(0, self._keys.views, (side * side, 2), generator=generator)
        proposals.append((view * side + place[..., 0]) * side + place[..., 1])
        step = torch.randint(-2, 3, (2, side, side, 2), generator=generator)
        near = best[..., None]
        proposals.append(self._moved(near, step[0], step[1]).view(-1, 2))
        return torch.cat(proposals, 1)

    def _moved(self, index: Tensor, dy: Tensor | int, dx: Tensor | int) -> Tensor:
        """``index`` moved by (dy, dx) inside its own view."""
        side = self._side
        pixel = index % (side * side)
        y = (pixel // side + dy).clamp(0, side - 1)
        x = (pixel % side + dx).clamp(0, side - 1)
        return index - pixel + y * side + x


def lift(matches: Matches, side: int) -> Matches:
    """Matches at ``side`` carried to twice the side: each pixel becomes four, offsets kept."""
    double = 2 * side
    out = torch.arange(double * double)
    y, x = out // double, out % double
    index = matches.index[y // 2 * side + x // 2]
    pixel = index % (side * side)
    from_y = pixel // side * 2 + (y % 2)[:, None]
    from_x = pixel % side * 2 + (x % 2)[:, None]
    lifted = index // (side * side) * (double * double) + from_y * double + from_x
    return Matches(lifted, matches.weight[y // 2 * side + x // 2])


def _counts(side: int) -> Tensor:
    """How many 3×3 votes each pixel gets: 9 inside, 6 at an edge, 4 in a corner."""
    line = torch.full((side,), 3.0)
    line[0] = line[-1] = 2.0
    return line[:, None] * line[None, :]
