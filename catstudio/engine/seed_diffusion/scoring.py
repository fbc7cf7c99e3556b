"""How good an image looks to arithmetic: the measures by which the worse of a pair is dropped.

None of them sees two heads. They see what goes wrong at seams: a patch that no seed has, a
patchwork instead of regions copied whole, blur, streaks along the border, and a layout that
was lost on the way. Likeness to a seed is measured too: as a note for the reviewer, and so that
near-copies lose against images as clean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from catstudio.engine.seed_diffusion.bank import SeedBank
    from catstudio.engine.seed_diffusion.pipeline import Drawn
    from catstudio.engine.seed_diffusion.recipes import Recipe

CLOSE = 0.93
"""Correlation at 16 px with an upright seed (or its mirror) from which an image is a near-copy.

Two different cats correlate at up to about 0.6; a plain warp of a seed at 0.84."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of one image; all but ``likeness`` enter :attr:`score` as penalties.

    ``misfit``: RMS difference, for colours in [-1, 1], between the worst 5 % of patches and
    their nearest seed patch. ``coherence``: share of neighbouring pixels whose sources are
    neighbours in one view, in [0, 1]. ``seam``: mean colour step across the other neighbours
    over the mean step in the anchor's window. ``sharpness``: gradient energy over that of the
    anchor's window. ``streak``: how much more the border band is drawn out along one
    direction than the anchor's. ``drift``: RMS difference at 16 px from the layout.
    ``likeness``: best correlation at 16 px with a seed, in [-1, 1].
    """

    misfit: float
    coherence: float
    seam: float
    sharpness: float
    streak: float
    drift: float
    likeness: float

    @property
    def score(self) -> float:
        """Quality in [0, 1], higher is better; 1 less the sum of the penalties, each capped."""
        penalty = (
            min(1.5 * self.misfit, 0.3)
            + 0.3 * (1 - self.coherence)
            + min(0.05 * max(self.seam - 1, 0), 0.15)
            + min(0.3 * abs(self.sharpness - 1), 0.2)
            + min(0.2 * self.streak, 0.1)
            + min(0.5 * self.drift, 0.2)
            + min(4 * max(self.likeness - CLOSE, 0), 0.25)
        )
        return round(max(0.0, 1 - penalty), 4)

    @property
    def flags(self) -> tuple[str, ...]:
        """Short notes for the reviewer."""
        return ("close to seed",) if self.likeness >= CLOSE else ()


def measure(bank: SeedBank, recipe: Recipe, drawn: Drawn) -> Measures:
    """Measure one finished image against its recipe and all seeds of the bank."""
    with torch.inference_mode():
        side = drawn.source.shape[0]
        anchor = recipe.views[0]
        torn = _torn(drawn.source)
        coherence = 1 - float(torch.cat([part.float().flatten() for part in torn]).mean())
        both = torch.cat([bank.references, bank.references.flip(-1)])
        drift = 0.0
        if recipe.layout is not None:
            gap = functional.adaptive_avg_pool2d(drawn.image - recipe.layout, 16)
            drift = float(gap.square().mean().sqrt())
        worst = drawn.misfit.flatten().topk(max(1, side * side // 20)).values
        return Measures(
            misfit=float(worst.mean()),
            coherence=coherence,
            seam=_seam(drawn.image, torn, anchor),
            sharpness=_energy(drawn.image) / (_energy(anchor) + 1e-6),
            streak=max(0.0, _streak(drawn.image) - _streak(anchor)),
            drift=drift,
            likeness=float(likeness(drawn.image, both).max()),
        )


def likeness(image: Tensor, others: Tensor) -> Tensor:
    """Correlation of ``image`` [3, h, w] with each of ``others`` [n, 3, h', w'] at 16 px: [n]."""
    return (_standard(others) * _standard(image[None])).mean(1)


def shares(recipe: Recipe, drawn: Drawn) -> dict[int, float]:
    """The part of the pixels that each photo (index into the bank's) gave; sums to 1."""
    side = drawn.source.shape[0]
    views = (drawn.source // (side * side)).flatten()
    counts = torch.bincount(views, minlength=len(recipe.owners)).tolist()
    total: dict[int, float] = {}
    for owner, count in zip(recipe.owners, counts, strict=True):
        total[owner] = total.get(owner, 0.0) + count / (side * side)
    return {owner: part for owner, part in total.items() if part > 0}


def _steps(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean absolute colour steps to the pixel below [h-1, w] and to the right [h, w-1]."""
    down = (image[:, 1:] - image[:, :-1]).abs().mean(0)
    right = (image[:, :, 1:] - image[:, :, :-1]).abs().mean(0)
    return down, right


def _torn(source: Tensor) -> tuple[Tensor, Tensor]:
    """Where neighbours do not come from neighbours, to within a pixel: two masks as in _steps."""
    side = source.shape[0]
    pixel = source % (side * side)
    place = torch.stack([source // (side * side) * 1000, pixel // side, pixel % side])
    below = torch.tensor([0, 1, 0])[:, None, None]
    beside = torch.tensor([0, 0, 1])[:, None, None]
    down = (place[:, 1:] - place[:, :-1] - below).abs().amax(0) > 1
    # A mirrored view runs the other way but is its own view, so its steps are the same.
    right = (place[:, :, 1:] - place[:, :, :-1] - beside).abs().amax(0) > 1
    return down, right


def _seam(image: Tensor, torn: tuple[Tensor, Tensor], anchor: Tensor) -> float:
    steps = _steps(image)
    cut = torch.cat([step[mask] for step, mask in zip(steps, torn, strict=True)])
    usual = torch.cat([step.flatten() for step in _steps(anchor)]).mean()
    return float(cut.mean() / (usual + 1e-3)) if cut.numel() else 0.0


def _energy(image: Tensor) -> float:
    """Mean step between neighbours: falls with blur, rises with torn texture."""
    return float(torch.cat([step.flatten() for step in _steps(image)]).mean())


def _streak(image: Tensor) -> float:
    """Largest log ratio, over the four border bands, of the steps along it to those across.

    A border drawn out by padding changes along itself but not across.
    """
    down, right = _steps(image)
    band = max(2, image.shape[-1] // 16)
    pairs = (
        (right[:band], down[:band]),
        (right[-band:], down[-band:]),
        (down[:, :band], right[:, :band]),
        (down[:, -band:], right[:, -band:]),
    )
    return max(float(torch.log((a.mean() + 0.01) / (b.mean() + 0.01))) for a, b in pairs)


def _standard(images: Tensor) -> Tensor:
    flat = functional.adaptive_avg_pool2d(images, 16).flatten(1)
    return (flat - flat.mean(1, keepdim=True)) / (flat.std(1, keepdim=True) + 1e-3)
