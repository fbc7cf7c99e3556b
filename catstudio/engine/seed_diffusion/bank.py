"""What the denoiser compares with: the patches of a few views of the seed photos.

The principal axes of the patches are fitted once for all seeds; the keys of an image are
computed when it is made, from the handful of views that it uses, so memory and time do not
grow with the number of seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from catstudio.engine.seed_diffusion.layout import render, upright
from catstudio.engine.seed_diffusion.levels import Level, pyramid
from catstudio.engine.seed_diffusion.photos import SeedPhoto

_SAMPLES = 8192


@dataclass(frozen=True, slots=True)
class Projection:
    """Principal axes of patches as convolution kernels.

    ``kernels`` is [dims, 3, patch, patch], orthonormal rows, so noise keeps its variance;
    ``offset`` [dims] is the projection of the mean patch.
    """

    kernels: Tensor
    offset: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """Features of every patch of ``images`` [n, 3, h, w]: [n, h·w, dims]."""
        around = self.kernels.shape[-1] // 2
        padded = functional.pad(images, (around,) * 4, mode="reflect")
        features = functional.conv2d(padded, self.kernels) - self.offset[:, None, None]
        return features.flatten(2).transpose(1, 2)


@dataclass(frozen=True, slots=True)
class Keys:
    """The patches of ``views`` at one level, ready to be compared.

    ``features`` is [m, dims]; ``padded`` [views · (side+2)², 3] are the pixels with a reflected
    rim, from which votes are gathered. Key j is pixel j mod side² of view j div side².
    """

    features: Tensor
    padded: Tensor
    views: int


class SeedBank:
    """Seed photos and the axes along which their patches are compared.

    Attributes
    ----------
    photos : the seeds.
    size : side of the images to be made, in pixels.
    levels : the pyramid for the strength given to :meth:`fit`.
    thumbs : [photos, 3, 16, 16] upright views, to find seeds with a like layout.
    references : [2 · photos, 3, 16, 16] what a near-copy resembles: the upright views, square
        and squeezed.
    """

    def __init__(
        self,
        photos: list[SeedPhoto],
        size: int,
        levels: tuple[Level, ...],
        projections: dict[int, Projection],
        references: Tensor,
    ) -> None:
        self.photos = photos
        self.size = size
        self.levels = levels
        self._projections = projections
        self.thumbs = references[: len(photos)]
        self.references = references

    @classmethod
    def fit(
        cls, photos: list[SeedPhoto], size: int, strength: float, is_drawn: bool = False
    ) -> SeedBank:
        """Fit the axes of each level to upright views of all ``photos`` and their mirrors.

        ``is_drawn`` prepares for a layout that no seed has; see :func:`pyramid`.
        """
        levels = pyramid(size, strength, is_drawn)
        square = [render(p, upright(p, 1.0), levels[-1].side) for p in photos]
        squeezed = [render(p, upright(p, p.most_squeeze), levels[-1].side) for p in photos]
        projections = {}
        for level in levels:
            images = torch.stack([functional.adaptive_avg_pool2d(i, level.side) for i in square])
            projections[level.side] = _principal_axes(images, level)
        references = [functional.adaptive_avg_pool2d(i, 16) for i in square + squeezed]
        return cls(photos, size, levels, projections, torch.stack(references))

    def project(self, level: Level, images: Tensor) -> Tensor:
        """Features [n, side², dims] of ``images`` [n, 3, side, side]."""
        return self._projections[level.side](images)

    def keys(self, level: Level, views: Tensor, is_blurred: bool = False) -> Keys:
        """The keys of ``views`` [v, 3, side, side].

        ``is_blurred`` compares with what the views look like after coming up from the level
        below, which is what the query then looks like too; the pixels voted stay sharp.
        """
        side = level.side
        shown = views
        if is_blurred:
            shown = upsample(functional.avg_pool2d(views, 2), side)
        features = self.project(level, shown).flatten(0, 1).contiguous()
        padded = functional.pad(views, (1, 1, 1, 1), mode="reflect")
        pixels = padded.permute(0, 2, 3, 1).reshape(-1, 3).contiguous()
        return Keys(features, pixels, views.shape[0])


def upsample(images: Tensor, side: int) -> Tensor:
    """``images`` [n, 3, h, w] enlarged to ``side``."""
    return functional.interpolate(images, (side, side), mode="bicubic", align_corners=False).clamp(
        -1, 1
    )


def _principal_axes(images: Tensor, level: Level) -> Projection:
    """Axes of at most 8192 patches of ``images`` [n, 3, side, side] and of their mirrors.

    The covariance is made even under mirroring, so that a photo and its mirror are told apart
    equally well.
    """
    patch, side = level.patch, level.side
    around = patch // 2
    padded = functional.pad(images, (around,) * 4, mode="reflect")
    generator = torch.Generator().manual_seed(side)
    count = min(_SAMPLES // 2, images.shape[0] * side * side)
    at = torch.randint(0, images.shape[0] * side * side, (count,), generator=generator)
    image, pixel = at // (side * side), at % (side * side)
    windows = padded.unfold(2, patch, 1).unfold(3, patch, 1)
    patches = windows[image, :, pixel // side, pixel % side]
    both = torch.cat([patches, patches.flip(-1)]).flatten(1)
    mean = both.mean(0)
    centred = both - mean
    _, axes = torch.linalg.eigh(centred.T @ centred)
    dims = min(level.dims, axes.shape[1])
    kept = axes[:, -dims:].T.contiguous()
    return Projection(kept.reshape(dims, 3, patch, patch), kept @ mean)
