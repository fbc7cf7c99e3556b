"""What the denoiser compares with: the patches of a few views of the seed photos.

The principal axes of the patches are fitted once for all seeds; the keys of an image are
computed when it is made, from the handful of views that it uses, so memory and time do not
grow with the number of seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from catstudio.engine.seed_diffusion.layout import Pose, render
from catstudio.engine.seed_diffusion.levels import Level, pyramid
from catstudio.engine.seed_diffusion.photos import SeedPhoto

_SAMPLES = 8192
VOTE = 3
"""Side of the square of pixels that each matched patch votes for."""


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
        padded = F.pad(images, (around,) * 4, mode="reflect")
        features = F.conv2d(padded, self.kernels) - self.offset[:, None, None]
        return features.flatten(2).transpose(1, 2)


@dataclass(frozen=True, slots=True)
class Keys:
    """The patches of ``views`` at one level, ready to be compared.

    ``features`` [m, dims] and their halved squared norms ``energy`` [m]; ``padded`` [views ·
    (side+2)², 3] are the pixels with a reflected rim, from which votes are gathered. Key
    j is pixel j mod side² of view j div side².
    """

    features: Tensor
    energy: Tensor
    padded: Tensor
    side: int
    views: int


class SeedBank:
    """Seed photos and the axes along which their patches are compared.

    Attributes
    ----------
    photos : the seeds.
    size : side of the images to be made, in pixels.
    levels : the pyramid for the strength given to :meth:`fit`.
    thumbs : [photos, 3, 16, 16] upright views, to find seeds with a like layout.
    """

    def __init__(
        self,
        photos: list[SeedPhoto],
        size: int,
        levels: tuple[Level, ...],
        projections: dict[int, Projection],
        thumbs: Tensor,
    ) -> None:
        self.photos = photos
        self.size = size
        self.levels = levels
        self._projections = projections
        self.thumbs = thumbs

    @classmethod
    def fit(cls, photos: list[SeedPhoto], size: int, strength: float) -> SeedBank:
        """Fit the axes of each level to upright views of all ``photos`` and their mirrors."""
        levels = pyramid(size, strength)
        upright = [render(p, _upright(p), levels[-1].side)[None] for p in photos]
        projections = {}
        for level in levels:
            # At fine levels a sample of the photos is plenty: neighbours are all alike.
            images = torch.cat([F.adaptive_avg_pool2d(image, level.side) for image in upright])
            projections[level.side] = _principal_axes(images, level)
        thumbs = torch.cat([F.adaptive_avg_pool2d(image, 16) for image in upright])
        return cls(photos, size, levels, projections, thumbs)

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
            shown = upsample(F.avg_pool2d(views, 2), side)
        features = self.project(level, shown).flatten(0, 1).contiguous()
        padded = F.pad(views, (1, 1, 1, 1), mode="reflect")
        pixels = padded.permute(0, 2, 3, 1).reshape(-1, 3).contiguous()
        return Keys(features, features.square().sum(1) / 2, pixels, side, views.shape[0])


def upsample(images: Tensor, side: int) -> Tensor:
    """``images`` [n, 3, h, w] enlarged to ``side``."""
    return F.interpolate(images, (side, side), mode="bicubic", align_corners=False).clamp(-1, 1)


def _upright(photo: SeedPhoto) -> Pose:
    side = float(min(photo.height, photo.width))
    y = min(max(photo.subject[0] * photo.height, side / 2), photo.height - side / 2)
    x = min(max(photo.subject[1] * photo.width, side / 2), photo.width - side / 2)
    return Pose((y, x), side, side)


def _principal_axes(images: Tensor, level: Level) -> Projection:
    """Axes of at most 8192 patches of ``images`` [n, 3, side, side] and of their mirrors.

    The covariance is made even under mirroring, so that a photo and its mirror are told apart
    equally well.
    """
    patch, side = level.patch, level.side
    around = patch // 2
    padded = F.pad(images, (around,) * 4, mode="reflect")
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
