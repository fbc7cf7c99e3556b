"""Photos as latents: each read and encoded once, kept in memory up to a bound."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from catstudio.core.errors import ImageRefusedError, NotPossibleError
from catstudio.core.pixels import open_rgb
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import TrainingImage

CACHE_BYTES = 1 << 30
"""All latents together; with 16 channels at 1024 pixels that is 500 photos and their mirrors."""
_LONGEST = 2.0
"""A photo longer than this (long side / short side) is cropped in the middle."""


@dataclass(frozen=True)
class Encoded:
    """A photo as the autoencoder sees it: mean and deviation of its latents, [1, c, h, w] float32."""

    photo: TrainingImage
    mean: torch.Tensor
    deviation: torch.Tensor

    def draw(self, generator: torch.Generator) -> torch.Tensor:
        """One sample of the latents."""
        return self.mean + self.deviation * torch.randn(self.mean.shape, generator=generator)


def size_at(picture: tuple[int, int], resolution: int, step: int) -> tuple[int, int]:
    """(width, height) of ``picture``'s shape with about ``resolution``² pixels, in multiples of
    ``step``."""
    ratio = min(max(picture[0] / picture[1], 1 / _LONGEST), _LONGEST)
    width, height = resolution * math.sqrt(ratio), resolution / math.sqrt(ratio)
    return max(step, round(width / step) * step), max(step, round(height / step) * step)


@torch.inference_mode()
def encode(
    photos: Sequence[TrainingImage],
    vae: Any,
    resolution: int,
    step: int,
    with_mirrors: bool,
    context: JobContext,
) -> list[Encoded]:
    """The latents of ``photos``, and of their mirror images behind them when asked for.

    One picture at a time: the autoencoder needs more memory for a picture than anything that
    comes after. One that cannot be read is said and left out, and so is what would not fit into
    ``CACHE_BYTES``. Raises :class:`NotPossibleError` when none is left.
    """
    found: list[Encoded] = []
    mirrored: list[Encoded] = []
    held = 0
    for number, (photo, picture) in enumerate(_read(photos, context)):
        context.progress(number, len(photos), f"Reading photo {number + 1} of {len(photos)}")
        context.check_cancelled()
        fitted = ImageOps.fit(
            picture, size_at(picture.size, resolution, step), Image.Resampling.LANCZOS
        )
        encoded = _encode(photo, fitted, vae)
        held += 2 * encoded.mean.nbytes * (2 if with_mirrors else 1)
        if found and held > CACHE_BYTES:
            context.warn(
                f"Only the first {len(found)} of {len(photos)} photos are learned from: "
                "the others do not fit into memory beside them.",
                "Choose a smaller resolution to learn from all of them.",
            )
            break
        found.append(encoded)
        if with_mirrors:
            mirrored.append(_encode(photo, ImageOps.mirror(fitted), vae))
    if not found:
        raise NotPossibleError(
            "None of the photos could be read.", "See the warnings of this job; check the project."
        )
    context.progress(len(photos), len(photos), "Photos are read")
    # Cloned: what inference mode made may not take part in training.
    return [
        Encoded(one.photo, one.mean.clone(), one.deviation.clone()) for one in (*found, *mirrored)
    ]


def _read(
    photos: Sequence[TrainingImage], context: JobContext
) -> Iterator[tuple[TrainingImage, Image.Image]]:
    for photo in photos:
        try:
            yield photo, open_rgb(photo.path)
        except ImageRefusedError as error:
            context.warn(error.message, error.hint, path=photo.path)


def _encode(photo: TrainingImage, picture: Image.Image, vae: Any) -> Encoded:
    weight = next(vae.parameters())
    array = torch.from_numpy(np.asarray(picture, np.float32) / 127.5 - 1)
    pixels = array.permute(2, 0, 1)[None].to(weight.device, weight.dtype)
    spread = vae.encode(pixels).latent_dist
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    scale = float(vae.config.scaling_factor)
    mean = (spread.mean.float().cpu() - shift) * scale
    return Encoded(photo, mean, spread.std.float().cpu() * scale)
