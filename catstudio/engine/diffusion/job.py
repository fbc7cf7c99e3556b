"""One job: images from prompts, from seed images and prompts, or around and inside seed images."""

from __future__ import annotations

import io
from typing import Any

import torch

from catstudio.core.errors import (
    BadInputError,
    CatStudioError,
    ImageRefusedError,
    OutOfMemoryError,
)
from catstudio.core.pixels import open_rgb
from catstudio.core.types import Parent
from catstudio.engine.diffusion import control, decoder, loading
from catstudio.engine.diffusion.adapters import Adapters
from catstudio.engine.diffusion.making import Maker, Result, UnusableError, Wish
from catstudio.engine.diffusion.owner import PipelineOwner, Task, Warm
from catstudio.engine.diffusion.parts import Part
from catstudio.engine.diffusion.reporting import Reporter
from catstudio.engine.diffusion.settings import Settings, settings_from
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest, SeedImage
from catstudio.sources import prompts

_ATTEMPTS = 3  # as it is, with memory saved, in float32
_GUIDE_SHARE = 0.2
"""A guide lends its layout, not its pixels; more than all that an adapter has learned from."""
_MAX_SEED = 2**63


def generate(
    request: GenerateRequest, context: JobContext, owner: PipelineOwner
) -> dict[str, object]:
    """Make ``request.count`` images and hand each over as soon as it is done.

    With a mask the first seed image is redrawn where the mask is white (inpaint); with the
    option ``outpaint`` seed images are extended; with seed images (cycled) alone it is image to
    image, without them text to image. A ``guide`` is followed by the ControlNet of the option
    ``controlnet``. Image i takes prompt i (cycled; without ``prompts`` the option ``prompt`` is
    expanded as a template) and the generator seed ``request.seed + i``; with ``lock_seed`` all
    prompts share a seed, and the next round of them takes the next.

    Returns ``made``, ``model``, ``revision``, ``device`` and ``dtype``.

    Raises
    ------
    CancelledError : within one denoising step of the person's cancel.
    OutOfMemoryError : with the size that would fit; the pipeline is dropped.
    NotPossibleError, ModelFileError : see :func:`loading.find`; the same of a ControlNet, LoRA or
        embedding.
    BadInputError : settings that do not go together or do not fit the model.
    """
    return _Job(request, context, owner).run()


class _Job:
    def __init__(self, request: GenerateRequest, context: JobContext, owner: PipelineOwner) -> None:
        self.request, self.context, self.owner = request, context, owner
        self.settings, model, template = settings_from(request.options)
        self.prompts = request.prompts or prompts.for_images(
            template, request.count, seed=request.seed
        )
        self.task = _task(request, self.settings)
        if self.task is Task.TEXT and not all(prompt.strip() for prompt in self.prompts):
            raise BadInputError(
                "The prompt is empty.", "Write what the image should show, or give a seed image."
            )
        self.reporter = Reporter(context, request.count)
        self.maker = Maker(self.settings, self.task, self.reporter, request.count)
        allowed = self.settings.allow_download
        self.part: Part | None = None
        if self.settings.controlnet:
            self.part = control.find(self.settings.controlnet, allowed)
        self.tiny = decoder.find(self.settings.decoder, allowed) if self.settings.decoder else None
        self.adapters = Adapters(self.settings.loras, self.settings.embeddings, allowed)
        self.choice = loading.find(model, allowed)
        self.guide = None if request.guide is None else open_rgb(request.guide.path)

    def run(self) -> dict[str, object]:
        if self.request.mask and len(self.request.seeds) > 1:
            self.context.warn(
                "The mask belongs to the first seed image; the others are left out.",
                "Redraw them one after another.",
            )
        made = 0
        try:
            for number in range(self.request.count):
                self.context.check_cancelled()
                made += self._image(number)
            if not made:
                raise CatStudioError(
                    f"{self.choice.id} made no usable image.",
                    "See the warnings of this job; another model or other settings may help.",
                )
            warm = self._warm()
        finally:
            self.adapters.take_off()
        return {
            "made": made,
            "model": self.choice.id,
            "revision": self.choice.revision,
            "device": warm.device.kind,
            "dtype": warm.device.dtype_name,
        }

    def _warm(self) -> Warm:
        pixels = round((self.settings.size * self.settings.hires) ** 2)
        allowed = self.settings.allow_download
        return self.owner.get(
            self.choice, self.task, self.request.device, pixels, allowed, self.part, self.tiny
        )

    def _image(self, number: int) -> bool:
        """Make image ``number`` (from 0) and hand it over; False if it had to be left out."""
        seed_image, picture = self._seed_image(number), None
        if seed_image is not None:
            try:
                picture = open_rgb(seed_image.path)
            except ImageRefusedError as error:
                self.context.warn(error.message, error.hint, path=seed_image.path)
                return False
        wish = Wish(
            number=number,
            prompt=self.prompts[number % len(self.prompts)],
            seed=self._seed(number),
            picture=picture,
            guide=self.guide,
            mask=self.request.mask,
        )
        for attempt in range(_ATTEMPTS):
            if number == 0 or attempt > 0:
                self.reporter.loading(number, self.choice.id)
            warm = self._warm()
            self.adapters.put_on(warm)
            self.context.check_cancelled()
            try:
                result = self.maker.make(warm, wish)
            except OutOfMemoryError:
                if not self._can_save_memory(warm):
                    self.owner.drop()
                    raise
                continue
            except UnusableError:
                if not self._can_use_float32(warm):
                    break
                continue
            if result is None:
                return False
            self._emit(warm, number, seed_image, result)
            return True
        self.context.warn(
            f"{self.choice.id} gave no valid image for image {number + 1}: all black or not numbers.",
            "The model file may be damaged: download it again, or choose another model.",
        )
        return False

    def _seed_image(self, number: int) -> SeedImage | None:
        seeds = self.request.seeds
        if not seeds:
            return None
        return seeds[0] if self.request.mask else seeds[number % len(seeds)]

    def _seed(self, number: int) -> int:
        step = number // len(self.prompts) if self.settings.lock_seed else number
        return (self.request.seed + step) % _MAX_SEED

    def _can_save_memory(self, warm: Warm) -> bool:
        if not self.owner.save_memory(self.choice):
            return False
        self.reporter.say_once(
            f"{self.choice.id} filled the memory of the {warm.device.name}.",
            "It goes on with less memory and more time.",
        )
        return True

    def _can_use_float32(self, warm: Warm) -> bool:
        if warm.device.dtype == torch.float32:
            return False
        self.owner.use_float32(self.choice)
        self.reporter.say_once(
            f"{self.choice.id} gave no valid image in {warm.device.dtype_name}.",
            "It goes on in float32, which needs more memory and time.",
        )
        return True

    def _emit(self, warm: Warm, number: int, seed_image: SeedImage | None, made: Result) -> None:
        params: dict[str, Any] = {
            **made.params,
            **self.adapters.described(),
            "model": self.choice.id,
            "revision": self.choice.revision,
            "size": self.settings.size,
            "dtype": warm.device.dtype_name,
            "width": made.image.width,
            "height": made.image.height,
        }
        if self.part is not None and self.request.guide is not None:
            params["guide"] = self.request.guide.id
        buffer = io.BytesIO()
        made.image.save(buffer, "PNG")
        self.context.image(
            buffer.getvalue(),
            f"{self.request.label}-{made.params['seed']}.png",
            parents=self._parents(seed_image),
            method="outpaint" if self.settings.extends else str(self.task),
            params=params,
        )
        self.reporter.finished(number)

    def _parents(self, seed_image: SeedImage | None) -> tuple[Parent, ...]:
        """Every image of which something is in the result."""
        guide = self.request.guide
        if guide is None:
            return () if seed_image is None else (Parent(id=seed_image.id),)
        if seed_image is None or seed_image.id == guide.id:
            return (Parent(id=guide.id),)
        return (
            Parent(id=seed_image.id, share=1 - _GUIDE_SHARE),
            Parent(id=guide.id, share=_GUIDE_SHARE),
        )


def _task(request: GenerateRequest, settings: Settings) -> Task:
    """What is asked for; :class:`BadInputError` for what does not go together."""
    has_seed = bool(request.seeds)
    if (request.mask or settings.extends) and not has_seed:
        raise BadInputError(
            "There is no seed image to redraw or extend.", "Choose the image to start from."
        )
    if request.mask and settings.extends:
        raise BadInputError(
            "An image is either redrawn in the mask or extended, not both at once.",
            "Leave out the mask or the extending.",
        )
    if request.guide is not None and not settings.controlnet:
        raise BadInputError(
            "A guide image needs a ControlNet that follows it.",
            "Choose a ControlNet for this model (--controlnet), or leave the guide out.",
        )
    if settings.controlnet and request.guide is None and not has_seed:
        raise BadInputError(
            "The ControlNet has no image to follow.", "Choose a guide image (--guide)."
        )
    if request.mask or settings.extends:
        return Task.INPAINT
    return Task.IMAGE if has_seed else Task.TEXT
