"""Asks the diffusion engine for images as a job would, and records what it says."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from PIL import Image

from catstudio.engine.diffusion import PipelineOwner, generate
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import ImageMade, Progress, Warned
from catstudio.jobs.requests import GenerateRequest

FAMILIES = ("stable_diffusion", "stable_diffusion_xl", "stable_diffusion_3", "flux")


class Recorder:
    """A job's context and what was said to it; ``cancel_at`` n cancels at the n-th step."""

    def __init__(self, cancel_at: int = 0) -> None:
        self.events = []
        self.cancelled = threading.Event()
        self.cancel_at = cancel_at
        self.context = JobContext("job", self._take, self.cancelled)

    def _take(self, event) -> None:
        self.events.append(event)
        if len(self.steps) == self.cancel_at > 0:
            self.cancelled.set()

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def steps(self):
        return [event for event in self.of(Progress) if "step" in event.message]

    @property
    def warnings(self) -> list[str]:
        return [event.message for event in self.of(Warned)]


def request(model: Path | str, count: int = 1, **more) -> GenerateRequest:
    options = {"model": str(model), "size": 32, "num_inference_steps": 2, "prompt": "a cat"}
    options |= more.pop("options", {})
    return GenerateRequest(
        job_id="job", method="diffusers", label="cat", count=count, options=options, **more
    )


def made(req: GenerateRequest, owner: PipelineOwner) -> list[ImageMade]:
    recorder = Recorder()
    generate(req, recorder.context, owner)
    return recorder.of(ImageMade)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
