"""From an image back to the settings that made it, or that make more like it, or mend it."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from catstudio.core.types import ImageRecord
from catstudio.sources import SOURCES
from catstudio.sources.prompts import escape

MORE_STRENGTH = 0.55
"""Redraws enough to be another image, and keeps what the image is of."""
FIX_STRENGTH, TOUCH_UP_STRENGTH = 0.75, 0.3
"""Inside a mask much may change; without one little may, or it is another image."""
_DIFFUSERS, _SEED = "diffusers", "seed"
_NUMBERS = {
    "Steps": ("num_inference_steps", int),
    "CFG scale": ("guidance_scale", float),
    "Seed": ("seed", int),
    "Denoising strength": ("strength", float),
}
_WRITTEN = re.compile(r"(?P<name>[A-Z][\w ]*): (?P<value>[^,]+)")


class Recipe(Struct, frozen=True):
    """A method with its options (by the names that its source declares), the prompt as a template,
    the generator's seed (None draws one), and the images to start from and to follow."""

    method: str
    options: dict[str, Any]
    template: str = ""
    seed: int | None = None
    seeds: tuple[str, ...] = ()
    guide: str | None = None


def read_back(record: ImageRecord) -> Recipe | None:
    """What made ``record``, so that it can be made again; None for what nothing here makes.

    Of a picture by another tool its prompts are taken, and the settings that stand in an
    AUTOMATIC1111 text, for a diffusion model.
    """
    provenance, params = record.provenance, record.provenance.params
    maker = SOURCES.get(provenance.source)
    if maker is not None and maker.is_generator:
        known = {parameter.name for parameter in maker.parameters}
        options = {name: value for name, value in params.items() if name in known}
        if "scheduler_choice" in params:
            options["scheduler"] = params["scheduler_choice"]
        elif "scheduler" in known:
            options.pop("scheduler", None)  # The class that was run, not the choice.
        if isinstance(params.get("mode"), str) and "mode" in known:
            options["mode"] = params["mode"]
        template = escape(str(options.pop("prompt", "")))
        guide = params.get("guide") if isinstance(params.get("guide"), str) else None
        parents = tuple(p.id for p in provenance.parents if p.id != guide)
        seed = params["seed"] if isinstance(params.get("seed"), int) else None
        return Recipe(maker.id, options, template, seed, parents, guide)
    if params.get("prompt"):
        return _of_another_tool(params)
    return None


def more_like(record: ImageRecord, has_model: bool) -> Recipe:
    """Variations of ``record``: redrawn by a diffusion model with its own words where there is
    one, else by seed diffusion."""
    before = read_back(record)
    own = before if before is not None and before.method == _DIFFUSERS else None
    if has_model or own is not None:
        options = {**(own.options if own else {}), "strength": MORE_STRENGTH}
        options = _without_parts(options)
        return Recipe(_DIFFUSERS, options, _words(record, own), None, (record.id,))
    return Recipe(_SEED, {}, "", None, (record.id,))


def fix(record: ImageRecord, has_mask: bool) -> Recipe:
    """The image redrawn where a mask is white; without one, touched up all over."""
    before = read_back(record)
    own = before if before is not None and before.method == _DIFFUSERS else None
    strength = FIX_STRENGTH if has_mask else TOUCH_UP_STRENGTH
    options = _without_parts({**(own.options if own else {}), "strength": strength})
    return Recipe(_DIFFUSERS, options, _words(record, own), None, (record.id,))


def _words(record: ImageRecord, own: Recipe | None) -> str:
    if own is not None and own.template:
        return own.template
    said = record.provenance.params.get("prompt") or f"a photo of a {record.label or 'subject'}"
    return escape(str(said))


def _without_parts(options: dict[str, Any]) -> dict[str, Any]:
    """Without what would extend, enlarge or guide anew."""
    left_out = ("outpaint", "outpaint_amount", "hires", "controlnet", "control")
    return {name: value for name, value in options.items() if name not in left_out}


def _of_another_tool(params: dict[str, Any]) -> Recipe:
    options: dict[str, Any] = {}
    if params.get("negative_prompt"):
        options["negative_prompt"] = str(params["negative_prompt"])
    seed: int | None = None
    for name, value in _WRITTEN.findall(str(params.get("parameters", ""))):
        key, kind = _NUMBERS.get(name.strip(), ("", str))
        try:
            number = kind(value.strip())
        except ValueError:
            continue
        if key == "seed":
            seed = int(number)
        elif key:
            options[key] = number
    return Recipe(_DIFFUSERS, options, escape(str(params["prompt"])), seed)
