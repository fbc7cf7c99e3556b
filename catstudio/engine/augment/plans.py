"""Drawing what happens to one picture: a plan, as plain JSON."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from catstudio.sources.augment import TRANSFORMS, Recipe

_EITHER_WAY = ("rotate", "hue")
_FREE_CROP = 60.0
"""A crop that may lose this many percent may also lie anywhere; a looser one keeps nearer to the
middle, where the subject is."""


def draw_plan(width: int, height: int, recipe: Recipe, seed: int) -> dict[str, Any]:
    """What happens to a ``width`` × ``height`` photo, drawn from ``recipe`` by ``seed``.

    Only what happens is in the plan, under its transform's name and in its unit; ``rotate`` and
    ``hue`` have a sign. ``corners`` are the (x, y) in [0, 1] of the photo that become the
    image's top left, top right, bottom right and bottom left: crop, turn, stretch, viewpoint
    and flips in one. They lie inside the photo, so there is no border to fill.

    Each transform has dice of its own: changing one leaves what the others do to the same seed.
    """
    plan: dict[str, Any] = {}
    for name, given in recipe.items():
        transform, dice = TRANSFORMS[name], Random(f"{seed}/{name}")
        if dice.random() >= given.chance:
            continue
        value: float | bool = True
        if transform.low is not None:
            value = round(given.low + (given.high - given.low) * dice.random(), 4)
        if value != transform.neutral:
            plan[name] = -value if name in _EITHER_WAY and dice.random() < 0.5 else value
    loosest = 100 - recipe["crop"].low if "crop" in recipe else 0.0
    plan["corners"] = _corners(width, height, plan, min(1.0, loosest / _FREE_CROP), seed)
    dice = Random(f"{seed}/details")
    angle, left, top = dice.random(), dice.random(), dice.random()
    if "shade" in plan:
        plan["shade_angle"] = round(360 * angle)
    if "cutout" in plan:
        plan["cutout_box"] = _box(plan["cutout"] / 100, left, top)
    if "noise" in plan:
        plan["noise_seed"] = seed
    return plan


def _box(area: float, left: float, top: float) -> list[float]:
    """A square of ``area`` in [0, 1] of the picture, as [left, top, right, bottom]."""
    side = math.sqrt(area)
    x, y = left * (1 - side), top * (1 - side)
    return [round(edge, 4) for edge in (x, y, x + side, y + side)]


def _corners(
    width: int, height: int, plan: dict[str, Any], freedom: float, seed: int
) -> list[list[float]]:
    """Four corners inside the photo; see :func:`draw_plan`."""
    dice = Random(f"{seed}/corners")
    across, down = dice.random(), dice.random()
    side = math.sqrt(plan.get("crop", 100.0) / 100) * min(width, height)
    aspect = plan.get("stretch", 1.0) ** (1 if dice.random() < 0.5 else -1)
    half_x, half_y = side * math.sqrt(aspect) / 2, side / math.sqrt(aspect) / 2
    inwards = plan.get("perspective", 0.0) / 100
    unit = [
        (x * (1 - inwards * dice.random()), y * (1 - inwards * dice.random()))
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    angle = math.radians(plan.get("rotate", 0.0))
    cos, sin = math.cos(angle), math.sin(angle)
    points = [
        (cos * x * half_x - sin * y * half_y, sin * x * half_x + cos * y * half_y) for x, y in unit
    ]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    scale = min(1.0, width / (max(xs) - min(xs)), height / (max(ys) - min(ys)))
    centre = []
    for values, extent, where in ((xs, width, across), (ys, height, down)):
        low, high = -min(values) * scale, extent - max(values) * scale
        centre.append((low + high) / 2 + freedom * (2 * where - 1) * (high - low) / 2)
    corners = [
        [
            round(min(max((centre[0] + scale * x) / width, 0.0), 1.0), 5),
            round(min(max((centre[1] + scale * y) / height, 0.0), 1.0), 5),
        ]
        for x, y in points
    ]
    if plan.get("flip"):
        corners = [corners[1], corners[0], corners[3], corners[2]]
    if plan.get("flip_vertical"):
        corners = [corners[3], corners[2], corners[1], corners[0]]
    return corners
