"""What one call of a pipeline gets: sizes that the model can make, and the arguments it accepts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageOps

from catstudio.core.errors import BadInputError
from catstudio.engine.diffusion.settings import Settings

_LONGEST = 2.0
"""A seed image longer than this (long side / short side) is cropped in the middle."""

StepEnd = Callable[[Any, int, torch.Tensor], None]
"""Called with (pipeline, step from 0, latents) after each denoising step."""


def size_for(pipe: Any, size: int, seed: Image.Image | None, model: str) -> tuple[int, int]:
    """(width, height) in pixels: square, or of the seed's shape with ``size`` as short side.

    Each side is rounded to what the model can make. Raises as :func:`rounded`.
    """
    long = 1.0
    if seed is not None:
        long = min(_LONGEST, max(seed.size) / min(seed.size))
    short, longer = rounded(pipe, (size, size * long), model)
    is_upright = seed is not None and seed.height > seed.width
    return (short, longer) if is_upright else (longer, short)


def rounded(pipe: Any, size: tuple[float, float], model: str) -> tuple[int, int]:
    """``size`` in pixels, each side rounded to what the model can make.

    Raises
    ------
    BadInputError : larger than the model's positions reach.
    """
    step = size_step(pipe)
    sides = (max(step, round(size[0] / step) * step), max(step, round(size[1] / step) * step))
    largest = _largest_side(pipe)
    if largest and max(sides) > largest:
        raise BadInputError(
            f"{model} cannot make images of {max(sides)} pixels.",
            f"It makes at most {largest} pixels on the long side; choose a smaller size.",
        )
    return sides


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


def steps_for(steps: int, strength: float, from_image: bool) -> int:
    """Denoising steps to ask for; from an image only ``strength`` of them run, and one must."""
    if not from_image:
        return steps
    return max(steps, math.ceil(1 / strength - 1e-9))


@dataclass(frozen=True)
class Images:
    """The pictures that a call gets, each of the size that is made: ``start`` is drawn over,
    ``mask`` is white where, ``control`` is what a ControlNet follows."""

    start: Image.Image | None = None
    mask: Image.Image | None = None
    control: Image.Image | None = None


def arguments(
    pipe: Any,
    settings: Settings,
    prompt: str,
    size: tuple[int, int],
    seed: int,
    images: Images,
    on_step: StepEnd,
) -> dict[str, Any]:
    """The keyword arguments for ``pipe(...)``: only those that its signature names.

    The generator is the CPU's whatever the device, so one seed is one image everywhere.
    """
    accepted = inspect.signature(pipe.__call__).parameters
    is_from_image = images.start is not None
    wanted: dict[str, Any] = {
        "prompt": prompt,
        "width": size[0],
        "height": size[1],
        "num_inference_steps": steps_for(
            settings.num_inference_steps, settings.strength, is_from_image
        ),
        "guidance_scale": settings.guidance_scale,
        "generator": torch.Generator("cpu").manual_seed(seed),
        "output_type": "pt",
    }
    if settings.negative_prompt and accepts_negative(pipe):
        wanted["negative_prompt"] = settings.negative_prompt
    if is_from_image:
        wanted |= {"image": images.start, "strength": settings.strength}
    if images.mask is not None:
        wanted["mask_image"] = images.mask
    if images.control is not None:
        # From text alone, Stable Diffusion's pipelines call the guide just "image".
        wanted["control_image" if "control_image" in accepted else "image"] = images.control
        wanted |= {
            "controlnet_conditioning_scale": settings.controlnet_conditioning_scale,
            "control_guidance_start": settings.control_guidance_start,
            "control_guidance_end": settings.control_guidance_end,
        }
    wanted |= _step_callback(pipe, accepted, on_step)
    return {name: value for name, value in wanted.items() if name in accepted}


def _step_callback(pipe: Any, accepted: Mapping[str, Any], on_step: StepEnd) -> dict[str, Any]:
    if "callback_on_step_end" in accepted:

        def step_end(running: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            on_step(running, step, tensors["latents"])
            return {}

        return {"callback_on_step_end": step_end}
    # The older interface, which PixArt still has.
    return {
        "callback": lambda step, _, latents: on_step(pipe, step, latents),
        "callback_steps": 1,
    }
