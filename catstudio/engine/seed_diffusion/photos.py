"""Seed photos in memory: decoded, shrunk to what the output needs, with the subject's place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from catstudio.core.errors import ImageRefusedError, NotPossibleError
from catstudio.core.pixels import open_rgb
from catstudio.engine.seed_diffusion.subject import centre, subject_map
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import SeedImage

_MOST_SQUEEZE = 1.2
_SPARE = 1.3
"""Pixels kept beyond the output's side, so that a window zoomed in by as much stays sharp."""


@dataclass(frozen=True, slots=True)
class SeedPhoto:
    """A seed: its id in the project, its pixels and where its subject is.

    ``pixels`` is float32 [3, height, width] in [-1, 1]; ``subject`` is (y, x) in [0, 1];
    ``chance`` [32, 32] is the probability that a place belongs to the subject.
    """

    id: str
    pixels: Tensor
    subject: tuple[float, float]
    chance: Tensor

    @property
    def height(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def most_squeeze(self) -> float:
        """How much the long side of a window may be longer than its short one."""
        long, short = max(self.height, self.width), min(self.height, self.width)
        return min(long / short, _MOST_SQUEEZE)


def load_photos(seeds: tuple[SeedImage, ...], size: int, context: JobContext) -> list[SeedPhoto]:
    """Decode ``seeds`` for an output of ``size`` pixels; those that cannot be read are warned of.

    Raises :class:`NotPossibleError` when none can be read.
    """
    photos = []
    for seed in seeds:
        context.check_cancelled()
        try:
            photos.append(prepare(seed.id, open_rgb(seed.path), size))
        except ImageRefusedError as error:
            context.warn(error.message, error.hint, seed.path)
    if not photos:
        raise NotPossibleError(
            "There is no seed photo to start from.", "Add at least one photo of this label."
        )
    return photos


def prepare(id_: str, image: Image.Image, size: int) -> SeedPhoto:
    """Shrink ``image`` so that its short side is at most 1.3 × ``size`` and find its subject."""
    short = min(image.size)
    factor = min(1.0, _SPARE * size / short)
    if factor < 1.0:
        wide, high = (max(1, round(side * factor)) for side in image.size)
        image = image.resize((wide, high), Image.Resampling.LANCZOS)
    array = np.asarray(image.convert("RGB"), dtype=np.float32) / 127.5 - 1.0
    pixels = torch.from_numpy(array).permute(2, 0, 1).contiguous()
    chance = subject_map(pixels)
    return SeedPhoto(id_, pixels, centre(chance), chance)
