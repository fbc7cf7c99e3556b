"""Applying a plan to a photo's pixels."""

from __future__ import annotations

import io
import math
from typing import Any

import kornia
import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from catstudio.engine.album import Pixels

_BLUR_SIDE = 256
"""Blur is given in pixels of a picture of this side, so that a preview looks like the image."""


def apply_plan(photo: Image.Image, plan: dict[str, Any], size: int) -> Tensor:
    """Apply a plan of :func:`catstudio.engine.augment.plans.draw_plan`: float32 [3, size, size]
    in [0, 1]. The same photo, plan and size give the same image."""
    pixels = _tensor(photo.convert("RGB"))
    with torch.inference_mode():
        image = _colour(_warp(pixels, plan["corners"], size), plan)
        if "shade" in plan:
            image = image * _shade(size, plan["shade"] / 100, plan["shade_angle"])
        if "blur" in plan:
            sigma = plan["blur"] * size / _BLUR_SIDE
            kernel = 2 * math.ceil(2.5 * sigma) + 1
            image = kornia.filters.gaussian_blur2d(image, kernel, (sigma, sigma))
        if "noise" in plan:
            generator = Generator().manual_seed(plan["noise_seed"])
            image = image + plan["noise"] / 100 * torch.randn(image.shape, generator=generator)
        image = image.clamp(0, 1)
        if "cutout" in plan:
            left, top, right, bottom = (round(edge * size) for edge in plan["cutout_box"])
            # Its mean, so that the box brings in no light of its own.
            image[:, :, top:bottom, left:right] = image.mean((2, 3), keepdim=True)
        if "jpeg" in plan:
            image = _saved(image[0], round(plan["jpeg"]))
        return image[0].clamp(0, 1)


def to_bytes(image: Tensor) -> Pixels:
    """``image`` [3, h, w] in [0, 1] as uint8 [h, w, 3]."""
    return (image * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


def _tensor(photo: Image.Image) -> Tensor:
    array = np.asarray(photo, dtype=np.float32) / 255
    return torch.from_numpy(array).permute(2, 0, 1)[None].contiguous()


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


def _colour(image: Tensor, plan: dict[str, Any]) -> Tensor:
    if "brightness" in plan:
        image = (image * plan["brightness"]).clamp(0, 1)
    if "contrast" in plan:
        image = kornia.enhance.adjust_contrast_with_mean_subtraction(image, plan["contrast"])
    if "saturation" in plan:
        image = kornia.enhance.adjust_saturation(image, plan["saturation"])
    if "hue" in plan:
        image = kornia.enhance.adjust_hue(image, math.radians(plan["hue"]))
    if "grayscale" in plan:
        image = kornia.color.rgb_to_grayscale(image).repeat(1, 3, 1, 1)
    return image


def _shade(size: int, depth: float, angle: float) -> Tensor:
    """Light that falls off across the picture, from 1 to ``1 - depth``: [1, 1, size, size].

    A smooth step along the direction ``angle`` in degrees, the shadow's edge in the middle.
    """
    line = torch.linspace(-1, 1, size)
    towards = math.cos(math.radians(angle)) * line + math.sin(math.radians(angle)) * line[:, None]
    part = (towards * 0.75 + 0.5).clamp(0, 1)
    return (1 - depth * part * part * (3 - 2 * part))[None, None]


def _saved(image: Tensor, quality: int) -> Tensor:
    """``image`` [3, h, w] after it was saved as a JPEG of ``quality``: [1, 3, h, w]."""
    buffer = io.BytesIO()
    Image.fromarray(to_bytes(image)).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as read:
        return _tensor(read.convert("RGB"))
