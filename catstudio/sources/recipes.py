"""From an image back to the settings that made it, or that make more like it, or mend it."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.core.types import ImageRecord, Provenance
from catstudio.sources import SOURCES, Source
from catstudio.sources.ideas import subject_of
from catstudio.sources.prompts import escape
from catstudio.sources.schedulers import SCHEDULERS

MORE_STRENGTH = 0.55
"""Redraws enough to be another image, and keeps what the image is of."""
FIX_STRENGTH, TOUCH_UP_STRENGTH = 0.75, 0.3
"""Inside a mask much may change; without one little may, or it is another image."""
_DIFFUSERS, _SEED = "diffusers", "seed"
_NAMES = {
    "Steps": "num_inference_steps",
    "CFG scale": "guidance_scale",
    "Denoising strength": "strength",
}
_WRITTEN = re.compile(r"(?P<name>[A-Z][\w ]*): (?P<value>[^,]+)")
_SIZE = re.compile(r"\bSize: (\d+)x(\d+)")


class Recipe(Struct, frozen=True):
    """A method with its options (by the names that its source declares), the prompt as a template,
    the generator's seed (None draws one), and the images to start from and to follow. Where it
    ``needs_mask``, a mask was painted, which is not kept: without one all of it is redrawn."""

    method: str
    options: dict[str, Any]
    template: str = ""
    seed: int | None = None
    seeds: tuple[str, ...] = ()
    guide: str | None = None
    needs_mask: bool = False


def read_back(record: ImageRecord) -> Recipe | None:
    """What made ``record``, so that it can be made again; None for what nothing here makes.

    Of a picture by another tool its prompts are taken, and the settings that stand in an
    AUTOMATIC1111 text, for a diffusion model.
    """
    provenance, params = record.provenance, record.provenance.params
    maker = SOURCES.get(provenance.source)
    if maker is None or not maker.is_generator:
        return _of_another_tool(params) if params.get("prompt") else None
    options = dict(params)
    # The class that was run stands under this name, not the choice.
    options.pop("scheduler", None)
    if "scheduler_choice" in params:
        options["scheduler"] = params["scheduler_choice"]
    template = escape(str(options.pop("prompt", "")))
    guide = params.get("guide") if isinstance(params.get("guide"), str) else None
    seed = params["seed"] if isinstance(params.get("seed"), int) else None
    return Recipe(
        maker.id,
        _sound(maker, options),
        template,
        seed,
        _drawn_from(provenance),
        guide,
        needs_mask=provenance.method == "inpaint",
    )


def _drawn_from(provenance: Provenance) -> tuple[str, ...]:
    """The images that it started from: not the guide, and not what its adapters have learned from."""
    ids = tuple(parent.id for parent in provenance.parents)
    if provenance.source != _DIFFUSERS:
        return ids
    return () if provenance.method == "text to image" else ids[:1]


def _sound(maker: Source, options: dict[str, Any]) -> dict[str, Any]:
    """Those of ``options`` that ``maker`` knows and takes: other versions had other ranges."""
    sound: dict[str, Any] = {}
    for parameter in maker.parameters:
        try:
            if parameter.name in options:
                sound[parameter.name] = parameter.checked(options[parameter.name])
        except BadInputError:
            continue
    return sound


def more_like(record: ImageRecord, has_model: bool) -> Recipe:
    """Variations of ``record``: redrawn by a diffusion model with its own words where there is
    one, else by seed diffusion with its own settings."""
    before = read_back(record)
    own = before if before is not None and before.method == _DIFFUSERS else None
    if has_model or own is not None:
        options = {**(own.options if own else {}), "strength": MORE_STRENGTH}
        options = _without_parts(options)
        return Recipe(_DIFFUSERS, options, _words(record, own), None, (record.id,))
    settings = before.options if before is not None and before.method == _SEED else {}
    return Recipe(_SEED, settings, "", None, (record.id,))


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
    if said := record.provenance.params.get("prompt"):
        return escape(str(said))
    # What a picture labelled "not-cat" shows, nobody has said: the picture itself must do.
    subject = subject_of(record.label) if record.label else None
    return escape(f"a photo of a {subject}") if subject else ""


def _without_parts(options: dict[str, Any]) -> dict[str, Any]:
    """Without what would extend, enlarge or guide anew."""
    left_out = ("outpaint", "outpaint_amount", "hires", "controlnet", "control")
    return {name: value for name, value in options.items() if name not in left_out}


def _of_another_tool(params: dict[str, Any]) -> Recipe:
    options: dict[str, Any] = {"negative_prompt": str(params.get("negative_prompt", ""))}
    text = str(params.get("parameters", ""))
    written = {name.strip(): value.strip() for name, value in _WRITTEN.findall(text)}
    for name, key in _NAMES.items():
        if name in written:
            options[key] = written[name]
    if chosen := _scheduler(written):
        options["scheduler"] = chosen
    if size := _SIZE.search(text):
        options["size"] = min(int(size[1]), int(size[2]))
    seed = written.get("Seed", "")
    return Recipe(
        _DIFFUSERS,
        _sound(SOURCES[_DIFFUSERS], {name: value for name, value in options.items() if value}),
        escape(str(params["prompt"])),
        int(seed) if seed.isdecimal() else None,
    )


def _scheduler(written: dict[str, str]) -> str:
    """The choice that the web UI calls ``DPM++ 2M Karras``, or newer ones ``DPM++ 2M`` of the
    schedule type ``Karras``; "" for one that is not known here."""
    sampler, schedule = written.get("Sampler", ""), written.get("Schedule type", "")
    wanted = (f"{sampler} {schedule}", sampler)
    titles = {one.title.lower(): one.id for one in SCHEDULERS.values()}
    return next((titles[name.lower()] for name in wanted if name.lower() in titles), "")
