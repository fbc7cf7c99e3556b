"""Blends by weight and by box: overlay, MixUp and CutMix. All in sRGB values, as published."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from catstudio.engine.blend.arrays import Pixels

_GHOST = 0.08
"""From this :func:`ghosting` on a person sees two pictures rather than one."""


def draw_weights(count: int, alpha: float, rng: Generator) -> list[float]:
    """``count`` weights that sum to 1: λ and 1 - λ of Beta(alpha, alpha) for two.

    MixUp (Zhang et al., 2018); for more the Dirichlet distribution, which is Beta for two.
    """
    return [float(weight) for weight in rng.dirichlet([alpha] * count)]


def balanced(count: int, balance: float) -> list[float]:
    """Weights of ``count`` images: 1 - ``balance`` for the first, the others share the rest."""
    return [1 - balance, *([balance / (count - 1)] * (count - 1))]


def mix(views: list[Pixels], weights: list[float]) -> Pixels:
    """The weighted mean of ``views``, rounded once."""
    mean = sum(
        weight * view.astype(np.float64) for weight, view in zip(weights, views, strict=True)
    )
    mixed: Pixels = np.clip(np.rint(mean), 0, 255).astype(np.uint8)
    return mixed


def draw_boxes(size: int, weights: list[float], rng: Generator) -> list[list[int]]:
    """A square [left, top, right, bottom] for each weight but the first, of that part of the area.

    CutMix (Yun et al., 2019) draws its middle and clips what sticks out; here it lies inside, so
    that its area is what was drawn. A weight of less than half a pixel gets an empty box.
    """
    boxes = []
    for weight in weights[1:]:
        side = round(size * weight**0.5)
        left, top = (int(at) for at in rng.integers(0, size - side + 1, 2))
        boxes.append([left, top, left + side, top + side])
    return boxes


def cut_mix(views: list[Pixels], boxes: list[list[int]]) -> tuple[Pixels, list[float]]:
    """The first view with a box of each other one set in, and the part of the area that each has."""
    image = views[0].copy()
    owner = np.zeros(image.shape[:2], np.uint8)
    for number, (view, (left, top, right, bottom)) in enumerate(
        zip(views[1:], boxes, strict=True), 1
    ):
        image[top:bottom, left:right] = view[top:bottom, left:right]
        owner[top:bottom, left:right] = number
    return image, [float((owner == number).mean()) for number in range(len(views))]


def ghosting(views: list[Pixels], weights: list[float]) -> float:
    """How far the views disagree where both show, in [0, 1]: 0 for the same or for one alone.

    The mean distance of each view's blurred brightness from the mix, weighted.
    """
    gray = [cv2.cvtColor(view, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255 for view in views]
    sigma = views[0].shape[0] / 64
    soft = [cv2.GaussianBlur(one, (0, 0), sigma) for one in gray]
    mean = sum(weight * one for weight, one in zip(weights, soft, strict=True))
    return float(
        sum(
            weight * float(np.abs(one - mean).mean())
            for weight, one in zip(weights, soft, strict=True)
        )
    )


def is_ghostly(amount: float) -> bool:
    """True when :func:`ghosting` is so strong that a reviewer should be told."""
    return amount > _GHOST
