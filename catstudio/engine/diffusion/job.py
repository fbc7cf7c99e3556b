"""One job: images from prompts, or from seed images and prompts, one after another."""

from __future__ import annotations

import io
import math
import time
from typing import Any

import numpy as np
import torch
from PIL import Image

from catstudio.core.errors import (
    BadInputError,
    CatStudioError,
    ImageRefusedError,
    OutOfMemoryError,
)
from catstudio.core.pixels import open_rgb
from catstudio.core.types import Parent
from catstudio.engine import device as devices
from catstudio.engine.diffusion import call, loading, preview
from catstudio.engine.diffusion.call import Settings
from catstudio.engine.diffusion.owner import PipelineOwner, Task, Warm
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest, SeedImage
from catstudio.sources.diffusers import SOURCE
from catstudio.sources.prompts import expand

PREVIEW_SECONDS = 0.25
_SHOWN = 60
"""Characters shown of what was cut off a prompt."""
_ATTEMPTS = 3  # as it is, with memory saved, in float32


def generate(
    request: GenerateRequest, context: JobContext, owner: PipelineOwner
) -> dict[str, object]:
    """Make ``request.count`` images and hand each over as soon as it is done.

    With seed images (cycled) it is image to image, without them text to image. Image i takes
    prompt i (cycled; without ``prompts`` the option ``prompt`` is expanded as a template) and
    the generator seed ``request.seed + i``.

    Returns ``made``, ``model``, ``revision``, ``device`` and ``dtype``.

    Raises
    ------
    CancelledError : within one denoising step of the person's cancel.
    OutOfMemoryError : with the size that would fit; the pipeline is dropped.
    NotPossibleError, ModelFileError, BadInputError : see :func:`loading.find`.
    """
    return _Job(request, context, owner).run()


class _Job:
    def __init__(self, request: GenerateRequest, context: JobContext, owner: PipelineOwner) -> None:
        self.request, self.context, self.owner = request, context, owner
        options = SOURCE.options(request.options)
        self.settings = Settings(
            negative_prompt=options["negative_prompt"],
            size=options["size"],
            num_inference_steps=options["num_inference_steps"],
            guidance_scale=options["guidance_scale"],
            strength=options["strength"],
        )
        self.allow_download: bool = options["allow_download"]
        self.prompts = request.prompts or tuple(expand(options["prompt"]))
        self.task = Task.IMAGE if request.seeds else Task.TEXT
        if self.task is Task.TEXT and not all(prompt.strip() for prompt in self.prompts):
            raise BadInputError(
                "The prompt is empty.", "Write what the image should show, or give a seed image."
            )
        self.choice = loading.find(options["model"], self.allow_download)
        self._last_preview = -math.inf
        self._said: set[str] = set()

    def run(self) -> dict[str, object]:
        made = 0
        for number in range(self.request.count):
            self.context.check_cancelled()
            made += self._image(number)
        if not made:
            raise CatStudioError(
                f"{self.choice.id} made no usable image.",
                "See the warnings of this job; another model or other settings may help.",
            )
        warm = self._warm()
        return {
            "made": made,
            "model": self.choice.id,
            "revision": self.choice.revision,
            "device": warm.device.kind,
            "dtype": warm.device.dtype_name,
        }

    def _warm(self) -> Warm:
        size = self.settings.size
        return self.owner.get(
            self.choice, self.task, self.request.device, size * size, self.allow_download
        )

    def _image(self, number: int) -> bool:
        """Make image ``number`` (from 0) and hand it over; False if it had to be left out."""
        seed_image, picture = None, None
        if self.task is Task.IMAGE:
            seed_image = self.request.seeds[number % len(self.request.seeds)]
            try:
                picture = open_rgb(seed_image.path)
            except ImageRefusedError as error:
                self.context.warn(error.message, error.hint, path=seed_image.path)
                return False
        for attempt in range(_ATTEMPTS):
            if number == 0 or attempt > 0:
                self.context.progress(number, self.request.count, f"Loading {self.choice.id}")
            warm = self._warm()
            self.context.check_cancelled()
            try:
                pixels, arguments = self._call(warm, number, picture)
            except OutOfMemoryError:
                if not self._can_save_memory(warm):
                    self.owner.drop()
                    raise
                continue
            if pixels is None:
                return False
            if _is_usable(pixels):
                self._emit(warm, number, seed_image, pixels, arguments)
                return True
            if not self._can_use_float32(warm):
                break
        self.context.warn(
            f"{self.choice.id} gave no valid image for image {number + 1}: all black or not numbers.",
            "The model file may be damaged: download it again, or choose another model.",
        )
        return False

    def _can_save_memory(self, warm: Warm) -> bool:
        if not self.owner.save_memory(self.choice):
            return False
        self._say_once(
            f"{self.choice.id} filled the memory of the {warm.device.name}.",
            "It goes on with less memory and more time.",
        )
        return True

    def _can_use_float32(self, warm: Warm) -> bool:
        if warm.device.dtype == torch.float32:
            return False
        self.owner.use_float32(self.choice)
        self._say_once(
            f"{self.choice.id} gave no valid image in {warm.device.dtype_name}.",
            "It goes on in float32, which needs more memory and time.",
        )
        return True

    def _call(
        self, warm: Warm, number: int, picture: Image.Image | None
    ) -> tuple[torch.Tensor | None, dict[str, Any]]:
        """Run the pipeline once: pixels [3, height, width] in [0, 1], and the call's arguments.

        The pixels are None, and the person told, when the model's safety checker blanked them.
        """
        pipe = warm.pipes[self.task]
        width, height = self._size(pipe, picture)
        prompt = self.prompts[number % len(self.prompts)]
        self._say_what_is_unread(pipe, prompt)
        start = None if picture is None else call.start_image(picture, width, height)

        def on_step(running: Any, step: int, latents: torch.Tensor) -> None:
            # Raising here ends the call at once; the pipeline's own `interrupt` flag would
            # still decode the unfinished image, which can take longer than a step.
            self.context.check_cancelled()
            self._report(warm, running, number, step, latents, (width, height))

        arguments = call.arguments(
            pipe,
            self.settings,
            prompt,
            (width, height),
            (self.request.seed + number) % 2**63,
            start,
            on_step,
        )
        try:
            with devices.explained_memory(warm.device, self.choice.id, width, height):
                result = pipe(**arguments)
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
            raise CatStudioError(
                f"{self.choice.id} could not make image {number + 1}: {loading.first_line(error)}.",
                "Try another size or fewer settings; the log has the details.",
            ) from error
        finally:
            pipe.maybe_free_model_hooks()
        blocked = getattr(result, "nsfw_content_detected", None)
        if blocked and blocked[0]:
            self.context.warn(
                f"{self.choice.id} blanked image {number + 1}: its safety checker objected.",
                "Change the prompt or the seed.",
            )
            return None, arguments
        return result.images[0].detach().float().cpu(), arguments

    def _size(self, pipe: Any, picture: Image.Image | None) -> tuple[int, int]:
        width, height = call.size_for(pipe, self.settings.size, picture, self.choice.id)
        if min(width, height) != self.settings.size:
            self._say_once(
                f"{self.choice.id} cannot make {self.settings.size} pixels; "
                f"{min(width, height)} is the nearest that it can.",
            )
        native = self.choice.inspection.native_size
        if min(width, height) < native / 2:
            self._say_once(
                f"{self.choice.id} was made for {native} pixels and draws badly at {min(width, height)}.",
                f"Choose a size nearer to {native}; training scales images down anyway.",
            )
        if self.settings.negative_prompt and not call.accepts_negative(pipe):
            self._say_once(
                f"{self.choice.id} does not use a negative prompt; it is left out.",
                "Say what you want instead of what you don't.",
            )
        return width, height

    def _say_what_is_unread(self, pipe: Any, prompt: str) -> None:
        limit, end = call.unread(pipe, prompt)
        if end:
            shown = end if len(end) <= _SHOWN else f"{end[:_SHOWN]}…"
            self._say_once(
                f"{self.choice.id} reads {limit} tokens of a prompt; not read: “{shown}”.",
                "Say what matters first, or shorten the prompt.",
            )

    def _say_once(self, message: str, hint: str = "") -> None:
        if message not in self._said:
            self._said.add(message)
            self.context.warn(message, hint)

    def _report(
        self,
        warm: Warm,
        pipe: Any,
        number: int,
        step: int,
        latents: torch.Tensor,
        size: tuple[int, int],
    ) -> None:
        total = max(step + 1, int(getattr(pipe, "num_timesteps", 0) or 0))
        picture = None
        now = time.monotonic()
        if now - self._last_preview >= PREVIEW_SECONDS:
            self._last_preview = now
            plain = preview.unpacked(latents, *size)
            if plain is not None:
                if warm.projection is None:
                    warm.projection = preview.projection_for(pipe, plain)
                picture = warm.projection.jpeg(plain)
        # The decoder comes after the last step, so an image is never whole before it is handed over.
        self.context.progress(
            number + (step + 1) / (total + 1),
            self.request.count,
            f"Image {number + 1} of {self.request.count}, step {step + 1} of {total}",
            picture,
        )

    def _emit(
        self,
        warm: Warm,
        number: int,
        seed_image: SeedImage | None,
        pixels: torch.Tensor,
        arguments: dict[str, Any],
    ) -> None:
        seed = (self.request.seed + number) % 2**63
        kept = ("prompt", "negative_prompt", "num_inference_steps", "guidance_scale", "strength")
        self.context.image(
            _png(pixels),
            f"{self.request.label}-{seed}.png",
            parents=() if seed_image is None else (Parent(id=seed_image.id),),
            method=str(self.task),
            params={
                **{name: arguments[name] for name in kept if name in arguments},
                "model": self.choice.id,
                "revision": self.choice.revision,
                "seed": seed,
                "scheduler": type(warm.pipes[self.task].scheduler).__name__,
                "dtype": warm.device.dtype_name,
                "width": pixels.shape[2],
                "height": pixels.shape[1],
            },
        )
        self.context.progress(
            number + 1, self.request.count, f"{number + 1} of {self.request.count}"
        )


def _is_usable(pixels: torch.Tensor) -> bool:
    return bool(pixels.isfinite().all()) and bool(pixels.max() > 0)


def _png(pixels: torch.Tensor) -> bytes:
    """Lossless PNG of ``pixels`` [3, height, width] in [0, 1]."""
    array = (pixels.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(buffer, "PNG")
    return buffer.getvalue()
