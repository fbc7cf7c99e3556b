"""The schedulers that can be chosen, by the classes of the diffusers library; without importing it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

OWN = "own"
"""The scheduler that the model comes with."""


class Scheduler(Struct, frozen=True):
    """One choice. ``diffusion`` is the class for models that predict noise, with ``settings``
    over the model's own; ``flow`` the class for flow-matching models, "" where there is none."""

    id: str
    title: str
    diffusion: str
    settings: dict[str, Any] = {}
    flow: str = ""


# Latents are not clipped: they are no pixels (diffusers' defaults clip where the model's own
# configuration does not say).
_UNCLIPPED = {"clip_sample": False, "set_alpha_to_one": False}

SCHEDULERS: dict[str, Scheduler] = {
    one.id: one
    for one in (
        Scheduler(
            "euler", "Euler", "EulerDiscreteScheduler", flow="FlowMatchEulerDiscreteScheduler"
        ),
        Scheduler("euler-a", "Euler a", "EulerAncestralDiscreteScheduler"),
        Scheduler(
            "dpmpp-2m",
            "DPM++ 2M",
            "DPMSolverMultistepScheduler",
            {"use_karras_sigmas": False, "algorithm_type": "dpmsolver++"},
        ),
        Scheduler(
            "dpmpp-2m-karras",
            "DPM++ 2M Karras",
            "DPMSolverMultistepScheduler",
            {"use_karras_sigmas": True, "algorithm_type": "dpmsolver++"},
        ),
        Scheduler("unipc", "UniPC", "UniPCMultistepScheduler"),
        Scheduler("ddim", "DDIM", "DDIMScheduler", _UNCLIPPED),
        Scheduler("heun", "Heun", "HeunDiscreteScheduler"),
        Scheduler("lcm", "LCM", "LCMScheduler", _UNCLIPPED, flow="FlowMatchLCMScheduler"),
    )
}

CHOICES: tuple[tuple[str, str], ...] = (
    (OWN, "The model's own"),
    *((one.id, one.title) for one in SCHEDULERS.values()),
)


def fitting(is_flow: bool) -> tuple[str, ...]:
    """The ids of the choices that fit a model, that of its own first."""
    return (OWN, *(one.id for one in SCHEDULERS.values() if one.flow or not is_flow))
