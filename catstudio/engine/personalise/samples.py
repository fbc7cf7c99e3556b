"""Pictures of what was learned so far, as one small grid."""

from __future__ import annotations

import copy
import inspect
import io
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

from catstudio.engine.personalise.families import Conditioning, text_encoders

STEPS = 20
_SIDE = 384
"""Pixels of one picture in the grid, at the most."""
_QUALITY = 88


@torch.no_grad()
def grid(
    family: Any,
    text: Conditioning,
    empty: Conditioning,
    count: int,
    size: int,
    seed: int,
    on_step: Callable[[], None],
) -> bytes:
    """A JPEG of ``count`` pictures side by side; ``on_step`` may raise to end it at a step.

    The same seeds each time, so that two grids differ by what was learned between them.
    """
    pipe = family.pipe
    # The sampler's state is the loop's own; the training asks the pipeline's scheduler as it was.
    kept, pipe.scheduler = pipe.scheduler, copy.deepcopy(pipe.scheduler)
    part = getattr(pipe, family.part)
    was_training = part.training
    part.eval()

    def step_end(_pipe: Any, _step: int, _time: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        on_step()
        return {}

    wanted = {
        **family.sampling(text, empty),
        "width": size,
        "height": size,
        "num_inference_steps": STEPS,
        "output_type": "pil",
        "callback_on_step_end": step_end,
    }
    accepted = inspect.signature(pipe.__call__).parameters
    arguments = {name: value for name, value in wanted.items() if name in accepted}
    pictures = []
    try:
        for number in range(count):
            on_step()
            generator = torch.Generator("cpu").manual_seed(seed + number)
            pictures.append(pipe(**arguments, generator=generator).images[0])
    finally:
        pipe.scheduler = kept
        part.train(was_training)
    return _joined(pictures)


def drop_text_encoders(pipe: Any) -> None:
    """Free what only read the captions: often more than half of a model."""
    for name in text_encoders(pipe):
        setattr(pipe, name, None)


def _joined(pictures: list[Image.Image]) -> bytes:
    side = min(_SIDE, max(pictures[0].size))
    small = [picture.convert("RGB") for picture in pictures]
    for picture in small:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    joined = Image.new("RGB", (side * len(small), side))
    for number, picture in enumerate(small):
        joined.paste(picture, (side * number, 0))
    buffer = io.BytesIO()
    joined.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
