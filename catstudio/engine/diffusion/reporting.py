"""What a job says while it runs: steps with a look at the image in the making, and notes once."""

from __future__ import annotations

import math
import time
from typing import Any

import torch

from catstudio.engine.diffusion import preview
from catstudio.engine.diffusion.owner import Warm
from catstudio.jobs.context import JobContext

PREVIEW_SECONDS = 0.25


class Reporter:
    """Tells the person how far one job of ``count`` images is."""

    def __init__(self, context: JobContext, count: int) -> None:
        self.context = context
        self._count = count
        self._last_preview = -math.inf
        self._said: set[str] = set()

    def say_once(self, message: str, hint: str = "") -> None:
        """A warning, the first time only."""
        if message not in self._said:
            self._said.add(message)
            self.context.warn(message, hint)

    def loading(self, number: int, what: str) -> None:
        """Something is loaded before image ``number`` (from 0)."""
        self.context.progress(number, self._count, f"Loading {what}")

    def finished(self, number: int) -> None:
        """Image ``number`` (from 0) is handed over."""
        self.context.progress(number + 1, self._count, f"{number + 1} of {self._count}")

    def step(
        self,
        warm: Warm,
        pipe: Any,
        number: int,
        part: tuple[int, int],
        step: int,
        latents: torch.Tensor,
        size: tuple[int, int],
    ) -> None:
        """``part`` is (which pass from 0, of how many); ``step`` counts from 0 within it.

        Raises :class:`CancelledError`. Raising here ends the call at once; the pipeline's own
        ``interrupt`` flag would still decode the unfinished image, which can take longer than a
        step.
        """
        self.context.check_cancelled()
        total = max(step + 1, int(getattr(pipe, "num_timesteps", 0) or 0))
        which, passes = part
        # The decoder comes after the last step, so an image is never whole before it is handed over.
        share = (which + (step + 1) / (total + 1)) / passes
        words = "" if which == 0 else ", enlarged"
        self.context.progress(
            number + share,
            self._count,
            f"Image {number + 1} of {self._count}{words}, step {step + 1} of {total}",
            self._picture(warm, pipe, latents, size),
        )

    def _picture(
        self, warm: Warm, pipe: Any, latents: torch.Tensor, size: tuple[int, int]
    ) -> bytes | None:
        now = time.monotonic()
        if now - self._last_preview < PREVIEW_SECONDS:
            return None
        self._last_preview = now
        plain = preview.unpacked(latents, *size)
        if plain is None:
            return None
        if warm.projection is None:
            warm.projection = preview.projection_for(pipe, plain)
        return warm.projection.jpeg(plain)
