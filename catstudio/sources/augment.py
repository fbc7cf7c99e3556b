"""Augmentation: flips, crops, light, colour and camera faults of images that are there.

Each transform has a range, a chance and what it leaves unchanged; a preset is a table of them.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from catstudio.sources import ranges
from catstudio.sources.base import Kind, Parameter, Source
from catstudio.sources.ranges import Range


class Transform(Struct, frozen=True):
    """One thing that may happen to a picture.

    ``low`` to ``high`` bound its values; None when it only happens or not. At ``neutral`` a
    value changes nothing: that is where a strength of 0 brings it. Where no value is neutral
    (blur), strength makes it rarer instead; ``is_kept`` keeps its chance whatever the strength.
    ``says`` tells of a drawn value in the words of a picture's caption.
    """

    name: str
    title: str
    says: str
    low: float | None = None
    high: float | None = None
    neutral: float | None = None
    step: float = 1.0
    unit: str = ""
    help: str = ""
    is_kept: bool = False

    @property
    def decimals(self) -> int:
        """Digits behind the point that its values are given with."""
        return 0 if self.step >= 1 else 2 if self.step < 0.1 else 1

    def text(self, value: float) -> str:
        """A value with its unit: ``70%``, ``12°``, ``0.5 px``, ``1.25 ×``."""
        number = f"{round(value, self.decimals):g}"
        return (
            f"{number}{self.unit}" if self.unit in ("%", "°") else f"{number} {self.unit}".strip()
        )


TRANSFORMS = {
    one.name: one
    for one in (
        Transform(
            "flip", "Mirror", "mirrored", is_kept=True,
            help="Left becomes right. Off for text, digits and signs: it would change the label.",
        ),
        Transform(
            "flip_vertical", "Upside down", "upside down", is_kept=True,
            help="For pictures without an up, such as from a microscope or from above.",
        ),
        Transform(
            "crop", "Crop", "cropped to {:.0f}%", 10, 100, 100, unit="%",
            help="How much of the largest square is kept.",
        ),
        Transform(
            "rotate", "Turn", "turned by {:+.0f}°", 0, 180, 0, unit="°",
            help="Either way. A digit that is turned far may become another.",
        ),
        Transform(
            "stretch", "Stretch", "stretched {:.2f} times", 1, 2, 1, 0.05, "×",
            help="Wider or higher, by at most this.",
        ),
        Transform(
            "perspective", "Viewpoint", "viewpoint moved {:.0f}%", 0, 50, 0, unit="%",
            help="How far each corner may move inwards.",
        ),
        Transform("brightness", "Brightness", "brightness × {:.2f}", 0.2, 3, 1, 0.05, "×"),
        Transform("contrast", "Contrast", "contrast × {:.2f}", 0.2, 3, 1, 0.05, "×"),
        Transform("saturation", "Saturation", "saturation × {:.2f}", 0, 3, 1, 0.05, "×"),
        Transform(
            "hue", "Hue", "hue {:+.0f}°", 0, 180, 0, unit="°",
            help="Either way round the colour circle. Off where the colour is the label.",
        ),
        Transform("grayscale", "Black and white", "black and white"),
        Transform(
            "shade", "Shadow", "shadow of {:.0f}%", 5, 90, unit="%",
            help="One side of the picture darker by up to this.",
        ),
        Transform(
            "blur", "Blur", "blur of {:.1f} px", 0.2, 8, step=0.1, unit="px",
            help="Its radius, in a picture of 256 pixels.",
        ),
        Transform(
            "noise", "Noise", "noise of {:.1f}%", 0.5, 30, step=0.5, unit="%",
            help="Its standard deviation, in parts of full scale.",
        ),
        Transform(
            "jpeg", "JPEG quality", "JPEG of quality {:.0f}", 5, 95,
            help="The quality that the picture was once saved at: blocks and rings.",
        ),
        Transform(
            "cutout", "Cutout", "{:.0f}% covered", 1, 50, unit="%",
            help="A grey box over a part of the picture, so that no part alone decides.",
        ),
    )
}  # fmt: skip

Recipe = dict[str, Range]
"""The transforms that may happen, by name."""

_HALF = Range(chance=0.5)


class Preset(Struct, frozen=True):
    """What may happen at full strength."""

    title: str
    summary: str
    recipe: Recipe


PRESETS = {
    "gentle": Preset(
        "Gentle",
        "Framing only: mirrored, cropped, turned a little.",
        {
            "flip": _HALF,
            "crop": Range(55, 100),
            "rotate": Range(0, 12),
            "stretch": Range(1, 1.1),
        },
    ),
    "medium": Preset(
        "Medium",
        "Framing, viewpoint, light and colour; now and then blur or noise.",
        {
            "flip": _HALF,
            "crop": Range(40, 100),
            "rotate": Range(0, 25),
            "stretch": Range(1, 1.25),
            "perspective": Range(0, 25),
            "brightness": Range(0.7, 1.4),
            "contrast": Range(0.7, 1.3),
            "saturation": Range(0.5, 1.5),
            "hue": Range(0, 18),
            "grayscale": Range(chance=0.08),
            "blur": Range(0.5, 2.5, 0.25),
            "noise": Range(1, 5, 0.3),
        },
    ),
    "strong": Preset(
        "Strong",
        "Everything, and further: shadows, JPEG blocks and covered parts too.",
        {
            "flip": _HALF,
            "crop": Range(20, 100),
            "rotate": Range(0, 45),
            "stretch": Range(1, 1.5),
            "perspective": Range(0, 40),
            "brightness": Range(0.4, 1.8),
            "contrast": Range(0.4, 1.7),
            "saturation": Range(0.2, 2),
            "hue": Range(0, 40),
            "grayscale": Range(chance=0.2),
            "shade": Range(20, 70, 0.5),
            "blur": Range(0.5, 4, 0.5),
            "noise": Range(1, 10, 0.5),
            "jpeg": Range(10, 60, 0.5),
            "cutout": Range(5, 25, 0.5),
        },
    ),
    "lab": Preset(
        "Photo lab",
        "Light, colour and the faults of cameras; the framing stays.",
        {
            "brightness": Range(0.4, 1.8),
            "contrast": Range(0.4, 1.7),
            "saturation": Range(0.2, 2),
            "hue": Range(0, 30),
            "grayscale": Range(chance=0.2),
            "shade": Range(20, 70, 0.6),
            "blur": Range(0.5, 3, 0.5),
            "noise": Range(1, 8, 0.6),
            "jpeg": Range(10, 60, 0.6),
        },
    ),
}


def recipe(options: dict[str, Any]) -> Recipe:
    """What ``options`` (checked; see :meth:`Source.options`) allow to happen: the preset brought
    to its strength, and what was set for a transform in place of that."""
    chosen: Recipe = {}
    preset = PRESETS[options["preset"]].recipe
    for name, one in TRANSFORMS.items():
        own = options.get(name, "")
        given = ranges.parse(own, one.low, one.high) if own else None
        if not own and name in preset:
            given = _scaled(one, preset[name], options["strength"])
        if given is not None and given.chance > 0:
            chosen[name] = given
    return chosen


def _scaled(one: Transform, full: Range, strength: float) -> Range | None:
    if strength <= 0:
        return None
    if one.is_kept:
        return full
    if one.neutral is None:
        return Range(full.low, full.high, round(full.chance * strength, 2))
    low, high = (
        round(one.neutral + (end - one.neutral) * strength, one.decimals)
        for end in (full.low, full.high)
    )
    return Range(low, high, full.chance)


def describe(plan: dict[str, Any]) -> str:
    """What was done to one picture, from its provenance: ``mirrored, cropped to 78%``."""
    parts = [one.says.format(plan[name]) for name, one in TRANSFORMS.items() if plan.get(name)]
    return ", ".join(parts).replace("-", "\N{MINUS SIGN}") or "unchanged"


def _parameter(one: Transform) -> Parameter:
    return Parameter(
        name=one.name,
        title=one.title,
        kind=Kind.RANGE,
        default="",
        low=one.low,
        high=one.high,
        step=one.step,
        unit=one.unit,
        help=one.help,
        is_advanced=True,
    )


SOURCE = Source(
    id="augment",
    title="Augment",
    summary="Flip, crop, turn and recolour what you have: cheap, and close to its parent.",
    icon="adjustments",
    is_real=False,
    entry="catstudio.engine.augment:run",
    min_seeds=1,
    parameters=(
        Parameter(
            name="preset",
            title="Preset",
            kind=Kind.CHOICE,
            default="medium",
            choices=tuple((id_, preset.title) for id_, preset in PRESETS.items()),
            help="Which changes may happen.",
        ),
        Parameter(
            name="strength",
            title="Strength",
            kind=Kind.FLOAT,
            default=0.5,
            low=0.0,
            high=1.0,
            step=0.05,
            help="How far they go: 0 changes nothing, 1 as far as the preset has it.",
        ),
        Parameter(
            name="size",
            title="Size",
            kind=Kind.INT,
            default=256,
            low=64,
            high=1024,
            step=64,
            unit="px",
            is_advanced=True,
        ),
        *map(_parameter, TRANSFORMS.values()),
    ),
)
