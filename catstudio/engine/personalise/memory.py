"""Does a training fit, with which savings, and how long about will it take? Asked before loading."""

from __future__ import annotations

import math
import time
from typing import Any

import msgspec
import torch

from catstudio.core.errors import NotPossibleError
from catstudio.core.wording import duration, size_text
from catstudio.engine.device import Device
from catstudio.jobs.requests import AdapterSettings
from catstudio.models.training_cost import Cost, Parts, cost

_SMALLER = (1024, 768, 512, 384, 256)
_EFFICIENCY = 0.5
"""The part of a plain matrix product's speed that a denoiser reaches: half, as a rule of thumb.
The first real step replaces it."""


def dtype_for(device: Device) -> torch.dtype:
    """The frozen weights' dtype: float16 has too little range for gradients without scaling."""
    return torch.float32 if device.dtype == torch.float16 else device.dtype


def plan(parts: Parts, settings: AdapterSettings, device: Device, model: str) -> Cost:
    """The quickest way to train that fits into the device's free memory.

    Raises :class:`NotPossibleError` with what is needed, what is free, and what would fit.
    """
    width = dtype_for(device).itemsize
    is_shared = device.kind in ("cpu", "mps")
    ways = [cost(parts, settings, width, is_saving) for is_saving in (False, True)]
    for way in ways:
        if way.peak(is_shared) <= device.free:
            return way
    needed = min(way.peak(is_shared) for way in ways)
    raise NotPossibleError(
        f"Training on {model} at {settings.resolution} pixels needs about {size_text(needed)}, "
        f"and {size_text(device.free)} of memory are free on the {device.name}.",
        _what_fits(parts, settings, device, is_shared),
    )


def _what_fits(parts: Parts, settings: AdapterSettings, device: Device, is_shared: bool) -> str:
    width = dtype_for(device).itemsize
    for resolution in _SMALLER:
        if resolution >= settings.resolution:
            continue
        smaller = msgspec.structs.replace(settings, resolution=resolution)
        needed = cost(parts, smaller, width, is_checkpointed=True).peak(is_shared)
        if needed <= device.free:
            return f"Choose resolution {resolution}: it needs about {size_text(needed)}."
    return "Close other programs, or choose a smaller model: Stable Diffusion 1.5 is the smallest."


def seconds(operations: float, steps: int, device: Device) -> float:
    """A rough time for ``steps`` steps, from the speed of one matrix product on the device."""
    return steps * operations / (_speed(device) * _EFFICIENCY)


def _speed(device: Device) -> float:
    """Operations a second of a product of two square matrices, the best of three."""
    side = 1024 if device.kind == "cpu" else 4096
    matrix = torch.ones(side, side, dtype=dtype_for(device), device=device.torch_device)
    best = math.inf
    for _ in range(3):
        began = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # Reading a number waits for the device.
        best = min(best, time.perf_counter() - began)
    return float(2 * side**3 / best)


def estimate(way: Cost, steps: int, device: Device) -> dict[str, Any]:
    """What the person is told before the start, as plain JSON; bytes and seconds."""
    needed = way.peak(device.kind in ("cpu", "mps"))
    took = seconds(way.operations, steps, device)
    saving = " It saves memory at the price of time." if way.is_checkpointed else ""
    rough = "less than a minute" if took < 60 else f"roughly {duration(took)}"
    return {
        "device": device.name,
        "needed_bytes": needed,
        "free_bytes": device.free,
        "trained_parameters": way.trained,
        "gradient_checkpointing": way.is_checkpointed,
        "estimated_seconds": round(took),
        "text": f"Needs about {size_text(needed)} of memory; {size_text(device.free)} are free on "
        f"the {device.name}. {steps:,} steps take {rough}, not counting pictures.{saving}",
    }
