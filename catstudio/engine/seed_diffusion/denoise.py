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
from torch.nn import functional

from catstudio.engine.seed_diffusion.bank import Keys
from catstudio.engine.seed_diffusion.levels import Level

TOP = 4
_BLOCK = 4096
_NEAR = ((-1, 0), (1, 0), (0, -1), (0, 1), (-3, 0), (3, 0), (0, -3), (0, 3))


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before a patch is compared.

    ``tau`` is the spread of a pixel's source around its expected place, in parts of the side:
    a true prior, which fades as the noise does. ``pull`` is an energy that scales with the
    likelihood and so stays. ``handicaps`` [2, views] are the squared per-pixel advantages
    that a patch of each view must have over the others, in the anchor's places and in those
    lent to another view; ``lent`` [h, w] in [0, 1] says which places those are. ``depth``
    [1 + views, h, w] is a third coordinate of place, of the layout and of each view, in parts
    of the side: subject comes from subject when it is large there and small elsewhere.
    """

    tau: float
    pull: float
    handicaps: Tensor
    lent: Tensor
    depth: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """For each output pixel the ``TOP`` best keys, best first: [side², TOP], and their weights."""

    index: Tensor
    weight: Tensor


class Denoiser:
    """The denoiser of one image at one level.

    With q the query's features, K and c a key's features and place, e the expected place and
    h the handicap, the log-posterior of a key is, up to a constant of the query,

        (q·K - |K|²/2) / σ² + κ (e·c - |c|²/2) - h · 3p² / (2σ²),  κ = 1/τ² + pull · 3p²/σ².

    It is linear in what is known of the key, so it is one product with one table.

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
        side = self._side = level.side
        lent = functional.interpolate(
            prior.lent[None, None], (side, side), mode="bilinear", antialias=True
        ).flatten()
        self._lent = torch.stack([1 - lent, lent], 1)
        # From the middle of the image: small numbers lose less when κ is large.
        self._expected = expected.flatten(1).T.contiguous() - 0.5
        at = (torch.arange(side, dtype=torch.float32) + 0.5) / side - 0.5
        places = torch.cartesian_prod(at, at).repeat(keys.views, 1)
        if prior.depth is not None:
            depth = functional.interpolate(
                prior.depth[None], (side, side), mode="bilinear", antialias=True
            )[0].flatten(1)
            self._expected = torch.cat([self._expected, depth[0, :, None]], 1)
            places = torch.cat([places, depth[1:].reshape(-1, 1)], 1)
        handicaps = prior.handicaps.repeat_interleave(side * side, 1).T
        self._table = torch.cat(
            [
                keys.features,
                keys.features.square().sum(1, keepdim=True) / 2,
                places,
                places.square().sum(1, keepdim=True) / 2,
                handicaps,
            ],
            1,
        )

    def exact(self, query: Tensor, sigma: float) -> tuple[Tensor, Matches]:
        """Denoise with ``query`` [side², dims] against all keys: image [3, side, side], matches."""
        side = self._side
        weights = (self._weights(query, sigma) @ self._table.T).softmax(1)
        columns = (weights @ self._values()).T
        image = functional.fold(columns[None], (side, side), 3, padding=1)[0]
        top = weights.topk(TOP, 1)
        weight = top.values / top.values.sum(1, keepdim=True).clamp(min=1e-12)
        return image / _counts(side), Matches(top.indices, weight)

    def candidates(
        self, query: Tensor, sigma: float, matches: Matches, generator: Generator
    ) -> tuple[Tensor, Matches]:
        """Denoise against 16 keys a pixel, found from the matches of the step before."""
        index = self._propose(matches.index, generator)
        weights = self._weights(query, sigma)[:, :, None]
        logits = torch.empty(index.shape)
        # In blocks: 16 keys for each of 65,536 pixels would leave the processor's cache.
        for start in range(0, index.shape[0], _BLOCK):
            block = slice(start, start + _BLOCK)
            theirs = self._table.index_select(0, index[block].flatten())
            theirs = theirs.view(-1, index.shape[1], theirs.shape[1])
            logits[block] = torch.bmm(theirs, weights[block])[:, :, 0]
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

    def _weights(self, query: Tensor, sigma: float) -> Tensor:
        """What each column of the table counts for each query: [side², columns]."""
        variance, size = sigma * sigma, 3 * self._level.patch**2
        kappa = 1 / self._prior.tau**2 + self._prior.pull * size / variance
        ones = torch.ones(query.shape[0], 1)
        return torch.cat(
            [
                query / variance,
                ones * (-1 / variance),
                kappa * self._expected,
                ones * -kappa,
                self._lent * (-size / (2 * variance)),
            ],
            1,
        )

    def _values(self) -> Tensor:
        """The 3×3 pixels around every key: [m, 27]. Small at exact levels, so it is stored."""
        rim = self._side + 2
        images = self._keys.padded.view(self._keys.views, rim, rim, 3).permute(0, 3, 1, 2)
        return functional.unfold(images, 3).transpose(1, 2).flatten(0, 1)

    def _propose(self, index: Tensor, generator: Generator) -> Tensor:
        """Own matches, neighbours' best shifted back, and random ones: [side², 16]."""
        side = self._side
        best = index[:, 0].view(side, side)
        proposals = [index]
        for dy, dx in _NEAR:
            moved = torch.roll(best, (dy, dx), (0, 1))
            proposals.append(self._moved(moved, dy, dx).view(-1, 1))
        spread = torch.randn((side * side, 2, 2), generator=generator) * self._prior.tau
        place = ((self._expected[:, None, :2] + 0.5 + spread) * side).long().clamp(0, side - 1)
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
