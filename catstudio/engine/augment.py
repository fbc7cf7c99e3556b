"""Augmentation: one photo flipped, cropped, turned, recoloured; every parameter on record.

The parameters of an image are drawn first, as plain JSON, and then applied by kornia: what
stands in the provenance is what was done, and applying it again gives the same image.
"""

from __future__ import annotations

import math
from typing import Any

import kornia
import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from catstudio.core.types import Parent
from catstudio.engine.album import Album, picture, png, preview
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest
from catstudio.sources import augment as augment_source

_SPARE = 1.4
"""Pixels of a parent kept beyond the output's side, so that a tight crop stays sharp."""


def run(request: GenerateRequest, context: JobContext) -> dict[str, Any]:
    """Augment ``request.seeds`` in turn; image i comes from ``request.seed + i`` and its parent.

    Raises :class:`BadInputError` for a setting out of range, :class:`NotPossibleError` when no
    parent can be read, and :class:`CancelledError`. A parent that cannot be read is warned of
    once and the next one takes its place.
    """
    options = augment_source.SOURCE.options(request.options)
    size, strength = int(options["size"]), float(options["strength"])
    album = Album(request.seeds, round(_SPARE * size), context)
    for index in range(request.count):
        context.check_cancelled()
        seed = request.seed + index
        parent, photo = album.photo(seed)
        plan = draw_plan(photo.width, photo.height, strength, seed)
        image = picture(apply_plan(photo, plan, size))
        context.image(
            png(image),
            f"{request.label}-augmented-{seed}.png",
            parents=(Parent(parent.id, 1.0),),
            method="augmentation",
            params={**options, "seed": seed, "transform": plan},
        )
        context.progress(
            index + 1, request.count, f"Image {index + 1} of {request.count}", preview(image)
        )
    return {"made": request.count, "kept": request.count}


def draw_plan(width: int, height: int, strength: float, seed: int) -> dict[str, Any]:
    """The parameters of one augmentation of a ``width`` × ``height`` photo, as plain JSON.

    ``strength`` in [0, 1] scales all of them; at 0 the largest square is taken as it is.
    ``corners`` are the (x, y) in [0, 1] of the photo that become the image's top left, top
    right, bottom right and bottom left: crop, turn, perspective and flip in one. They lie
    inside the photo, so there is no border to fill. ``hue`` is in turns of the colour circle,
    ``blur_sigma`` in pixels of an image of 256 × 256, ``noise_std`` in parts of full scale.
    """
    dice = _Dice(seed)
    brightness, contrast = dice.spread(0.15 * strength), dice.spread(0.3 * strength)
    return {
        "corners": _draw_corners(width, height, strength, dice),
        "brightness": round(brightness, 4),
        "contrast": round(1 + contrast, 4),
        "saturation": round(1 + dice.spread(0.5 * strength), 4),
        "hue": round(dice.spread(0.05 * strength), 4),
        "grayscale": dice.happens(0.08 * strength),
        "blur_sigma": round(dice.between(0.5, 2.5), 3) if dice.happens(0.25 * strength) else 0.0,
        "noise_std": round(dice.between(0.01, 0.05), 4) if dice.happens(0.3 * strength) else 0.0,
        "noise_seed": seed,
    }


def apply_plan(photo: Image.Image, plan: dict[str, Any], size: int) -> Tensor:
    """Apply a plan of :func:`draw_plan`: float32 [3, size, size] in [0, 1].

    The same photo, plan and size give the same image.
    """
    array = np.asarray(photo.convert("RGB"), dtype=np.float32) / 255
    pixels = torch.from_numpy(array).permute(2, 0, 1)[None].contiguous()
    with torch.inference_mode():
        image = _warp(pixels, plan["corners"], size)
        image = kornia.enhance.adjust_brightness(image, plan["brightness"])
        image = kornia.enhance.adjust_contrast_with_mean_subtraction(image, plan["contrast"])
        image = kornia.enhance.adjust_saturation(image, plan["saturation"])
        image = kornia.enhance.adjust_hue(image, plan["hue"] * 2 * math.pi)
        if plan["grayscale"]:
            image = kornia.color.rgb_to_grayscale(image).expand(-1, 3, -1, -1)
        if plan["blur_sigma"]:
            sigma = plan["blur_sigma"] * size / 256
            kernel = 2 * math.ceil(2.5 * sigma) + 1
            image = kornia.filters.gaussian_blur2d(image, kernel, (sigma, sigma))
        if plan["noise_std"]:
            generator = Generator().manual_seed(plan["noise_seed"])
            image = image + plan["noise_std"] * torch.randn(image.shape, generator=generator)
        return image[0].clamp(0, 1)


class _Dice:
    """Random numbers from one explicit generator, in the order they are asked for."""

    def __init__(self, seed: int) -> None:
        self._generator = Generator().manual_seed(seed)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self._generator))

    def spread(self, most: float) -> float:
        return self.between(-most, most)

    def happens(self, chance: float) -> bool:
        return self.between(0, 1) < chance


def _draw_corners(width: int, height: int, strength: float, dice: _Dice) -> list[list[float]]:
    """Four corners inside the photo; see :func:`draw_plan`."""
    area = dice.between(1 - 0.6 * strength, 1.0)
    aspect = math.exp(dice.spread(0.25 * strength))
    angle = math.radians(dice.spread(25 * strength))
    side = math.sqrt(area) * min(width, height)
    half_x, half_y = side * math.sqrt(aspect) / 2, side / math.sqrt(aspect) / 2
    # Each corner moves inwards by up to an eighth of a side: a mild change of viewpoint.
    unit = [
        (x * (1 - dice.between(0, 0.25 * strength)), y * (1 - dice.between(0, 0.25 * strength)))
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    cos, sin = math.cos(angle), math.sin(angle)
    points = [
        (cos * x * half_x - sin * y * half_y, sin * x * half_x + cos * y * half_y) for x, y in unit
    ]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    scale = min(1.0, width / (max(xs) - min(xs)), height / (max(ys) - min(ys)))
    centre = []
    for values, extent in ((xs, width), (ys, height)):
        low, high = -min(values) * scale, extent - max(values) * scale
        # At strength 0 the middle, at 1 anywhere that the crop stays inside.
        middle = (low + high) / 2
        centre.append(middle + strength * dice.spread(1) * (high - low) / 2)
    corners = [
        [
            round(min(max((centre[0] + scale * x) / width, 0.0), 1.0), 5),
            round(min(max((centre[1] + scale * y) / height, 0.0), 1.0), 5),
        ]
        for x, y in points
    ]
    if strength > 0 and dice.happens(0.5):
        corners = [corners[1], corners[0], corners[3], corners[2]]
    return corners


def _warp(pixels: Tensor, corners: list[list[float]], size: int) -> Tensor:
    """The quadrilateral ``corners`` of ``pixels`` [1, 3, h, w] as [1, 3, size, size]."""
    height, width = pixels.shape[-2:]
    source = torch.tensor(corners) * torch.tensor([width - 1.0, height - 1.0])
    last = size - 1.0
    target = torch.tensor([[0.0, 0.0], [last, 0.0], [last, last], [0.0, last]])
    matrix = kornia.geometry.transform.get_perspective_transform(source[None], target[None])
    warped = kornia.geometry.transform.warp_perspective(
        pixels, matrix, (size, size), mode="bicubic", padding_mode="reflection"
    )
    return warped.clamp(0, 1)
