"""What one job was asked for, checked: the options of the source, with names and types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catstudio.core.errors import BadInputError
from catstudio.sources.diffusers import SOURCE
from catstudio.sources.weighted import Weighted, parse


@dataclass(frozen=True)
class Settings:
    """What the person set, checked against the ranges that the source declares."""

    negative_prompt: str = ""
    size: int = 512
    num_inference_steps: int = 20
    guidance_scale: float = 6.0
    strength: float = 0.7
    scheduler: str = "own"
    loras: tuple[Weighted, ...] = ()
    embeddings: tuple[str, ...] = ()
    controlnet: str = ""
    control: str = "canny"
    controlnet_conditioning_scale: float = 1.0
    control_guidance_start: float = 0.0
    control_guidance_end: float = 1.0
    outpaint: str = "none"
    outpaint_amount: int = 25
    hires: float = 1.0
    hires_strength: float = 0.35
    decoder: str = ""
    engine: str = "auto"
    lock_seed: bool = False
    allow_download: bool = False

    @property
    def extends(self) -> bool:
        """Is the seed image extended?"""
        return self.outpaint != "none"

    @property
    def enlarges(self) -> bool:
        """Is the finished image drawn once more, larger?"""
        return self.hires > 1.0


def settings_from(options: dict[str, Any]) -> tuple[Settings, str, str]:
    """(settings, model, prompt template) of a request's ``options``, defaults filled in.

    Raises :class:`BadInputError` for an unknown option, or one that cannot be.
    """
    given = SOURCE.options(options)
    model, template = str(given.pop("model")), str(given.pop("prompt"))
    given["loras"] = parse(given["loras"])
    names = [name.strip() for name in given["embeddings"].split(",")]
    given["embeddings"] = tuple(dict.fromkeys(name for name in names if name))
    settings = Settings(**given)
    if settings.control_guidance_start >= settings.control_guidance_end:
        raise BadInputError(
            f"The ControlNet would begin at {settings.control_guidance_start:g} of the steps and "
            f"end at {settings.control_guidance_end:g}.",
            "Let it end after it begins.",
        )
    return settings, model, template
