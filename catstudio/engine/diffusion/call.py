"""What one call of a pipeline gets: sizes that the model can make, and the arguments it accepts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageOps

from catstudio.core.errors import BadInputError

_LONGEST = 2.0
"""A seed image longer than this (long side / short side) is cropped in the middle."""

StepEnd = Callable[[Any, int, torch.Tensor], None]
"""Called with (pipeline, step from 0, latents) after each denoising step."""


@dataclass(frozen=True)
class Settings:
    """What the person set, checked against the ranges that the source declares."""

    negative_prompt: str
    size: int
    num_inference_steps: int
    guidance_scale: float
    strength: float


def size_for(pipe: Any, size: int, seed: Image.Image | None, model: str) -> tuple[int, int]:
    """(width, height) in pixels: square, or of the seed's shape with ``size`` as short side.

    Each side is rounded to what the model can make.

    Raises
    ------
    BadInputError : larger than the model's positions reach.
    """
    step = size_step(pipe)
    long = 1.0
    if seed is not None:
        long = min(_LONGEST, max(seed.size) / min(seed.size))
    sides = [max(step, round(side / step) * step) for side in (size, size * long)]
    largest = _largest_side(pipe)
    if largest and sides[1] > largest:
        raise BadInputError(
            f"{model} cannot make images of {sides[1]} pixels.",
            f"It makes at most {largest} pixels on the long side; choose a smaller size.",
        )
    is_upright = seed is not None and seed.height > seed.width
    return (sides[0], sides[1]) if is_upright else (sides[1], sides[0])


def size_step(pipe: Any) -> int:
    """Sides must be multiples of this: latent pixels, packed or in patches, and 8 at least."""
    scale = int(getattr(pipe, "vae_scale_factor", 8))
    transformer = getattr(getattr(pipe, "transformer", None), "config", None)
    patch = getattr(transformer, "patch_size", 1)
    processor = getattr(getattr(pipe, "image_processor", None), "config", None)
    packed = int(getattr(processor, "vae_scale_factor", 1))
    return math.lcm(8, scale * (patch if isinstance(patch, int) else 1), packed)


def _largest_side(pipe: Any) -> int:
    """The longest side that a transformer with a table of positions can make; 0 for no limit."""
    config: Any = getattr(getattr(pipe, "transformer", None), "config", None)
    reach = getattr(config, "pos_embed_max_size", None)
    return int(reach) * config.patch_size * int(pipe.vae_scale_factor) if reach else 0


def start_image(seed: Image.Image, width: int, height: int) -> Image.Image:
    """``seed`` scaled to fill width × height, cropped in the middle where its shape differs."""
    return ImageOps.fit(seed, (width, height), Image.Resampling.LANCZOS)


def accepts_negative(pipe: Any) -> bool:
    """True when a negative prompt changes the result.

    Guidance-distilled models (Flux) take one, but ignore it while ``true_cfg_scale`` is 1.
    """
    accepted = inspect.signature(pipe.__call__).parameters
    true_scale = accepted.get("true_cfg_scale")
    return "negative_prompt" in accepted and (true_scale is None or (true_scale.default or 0) > 1)


def unread(pipe: Any, prompt: str) -> tuple[int, str]:
    """How many tokens of a prompt the model reads, and the end of ``prompt`` that it does not.

    Of several tokenizers the one that reads farthest counts. (0, "") when all is read. The
    pipelines cut the prompt themselves and say so in the log only.
    """
    ends: list[tuple[int, str]] = []
    for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
        tokenizer = getattr(pipe, name, None)
        if tokenizer is None:
            continue
        limit = int(tokenizer.model_max_length)
        tokens = tokenizer(prompt, truncation=False, verbose=False).input_ids
        if len(tokens) <= limit:
            return 0, ""
        ends.append((limit, tokenizer.decode(tokens[limit - 1 : -1]).strip()))
    return max(ends, default=(0, ""))


def steps_for(settings: Settings, from_image: bool) -> int:
    """Denoising steps to ask for; from an image only ``strength`` of them run, and one must."""
    if not from_image:
        return settings.num_inference_steps
    return max(settings.num_inference_steps, math.ceil(1 / settings.strength - 1e-9))


def arguments(
    pipe: Any,
    settings: Settings,
    prompt: str,
    size: tuple[int, int],
    seed: int,
    image: Image.Image | None,
    on_step: StepEnd,
) -> dict[str, Any]:
    """The keyword arguments for ``pipe(...)``: only those that its signature names.

    The generator is the CPU's whatever the device, so one seed is one image everywhere.
    """
    accepted = inspect.signature(pipe.__call__).parameters
    wanted: dict[str, Any] = {
        "prompt": prompt,
        "width": size[0],
        "height": size[1],
        "num_inference_steps": steps_for(settings, image is not None),
        "guidance_scale": settings.guidance_scale,
        "generator": torch.Generator("cpu").manual_seed(seed),
        "output_type": "pt",
    }
    if settings.negative_prompt and accepts_negative(pipe):
        wanted["negative_prompt"] = settings.negative_prompt
    if image is not None:
        wanted |= {"image": image, "strength": settings.strength}
    if "callback_on_step_end" in accepted:

        def step_end(pipe: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            on_step(pipe, step, tensors["latents"])
            return {}

        wanted["callback_on_step_end"] = step_end
    elif "callback" in accepted:  # the older interface, which PixArt still has
        wanted["callback"] = lambda step, _, latents: on_step(pipe, step, latents)
        wanted["callback_steps"] = 1
    return {name: value for name, value in wanted.items() if name in accepted}
