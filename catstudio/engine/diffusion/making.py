"""Makes one image: what its passes are given, the calls themselves, and the way back to a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from catstudio.core.errors import CatStudioError
from catstudio.engine import device as devices
from catstudio.engine.acceleration import Engine
from catstudio.engine.diffusion import call, canvas, decoder, guides, loading, schedulers
from catstudio.engine.diffusion.call import Images
from catstudio.engine.diffusion.canvas import Canvas
from catstudio.engine.diffusion.owner import Task, Warm
from catstudio.engine.diffusion.reporting import Reporter
from catstudio.engine.diffusion.settings import Settings
from catstudio.sources.diffusers import OUTPAINT_STRENGTH

_SHOWN = 60
"""Characters shown of what was cut off a prompt."""
_KEPT = (
    "prompt", "negative_prompt", "num_inference_steps", "guidance_scale", "strength",
    "controlnet_conditioning_scale", "control_guidance_start", "control_guidance_end",
)  # fmt: skip


class UnusableError(Exception):
    """The model gave no valid image: all black, or not numbers."""


@dataclass(frozen=True)
class Wish:
    """One image: its ``number`` in the job (from 0), prompt and generator seed; the pictures that
    it starts from and follows, at their own sizes; bytes of a PNG mask, or b""."""

    number: int
    prompt: str
    seed: int
    picture: Image.Image | None = None
    guide: Image.Image | None = None
    mask: bytes = b""


@dataclass(frozen=True)
class Result:
    """A finished image, and what it was made with as plain JSON values."""

    image: Image.Image
    params: dict[str, Any]


@dataclass(frozen=True)
class _Scene:
    """What the first pass is given. ``canvas`` is there when only a part is redrawn."""

    size: tuple[int, int]
    images: Images
    settings: Settings
    canvas: Canvas | None = None
    params: dict[str, Any] = field(default_factory=dict)


class Maker:
    """Makes the images of one job with a loaded model."""

    def __init__(self, settings: Settings, task: Task, reporter: Reporter, count: int) -> None:
        self.settings, self.task = settings, task
        self._reporter = reporter
        self._count = count
        self._engines: set[str] = set()

    def make(self, warm: Warm, wish: Wish) -> Result | None:
        """Make one image; None, and the person told, when the model's safety checker blanked it.

        Raises
        ------
        CancelledError : within one denoising step.
        OutOfMemoryError : with the size that would fit.
        BadInputError : a size or a scheduler that the model cannot do.
        UnusableError : nothing valid came out.
        """
        self._engines.clear()
        is_controlled = warm.control is not None
        pipe = warm.pipe(self.task, is_controlled)
        schedulers.check(self.settings.scheduler, pipe, warm.choice.id)
        scene = self._scene(warm, pipe, wish)
        self._say_what_is_unread(pipe, warm.choice.id, wish.prompt)
        passes = 2 if self._enlarges else 1
        found = self._pass(warm, pipe, wish, scene, (0, passes))
        if found is None:
            return None
        image, params = found
        if scene.canvas is not None:
            image = scene.canvas.finished(image)
        if self._enlarges:
            larger = self._enlarged(warm, wish, image)
            if larger is None:
                return None
            image, more = larger
            params |= more
        how = {"engine": max(self._engines, default="torch")}  # openvino, if any pass used it
        if warm.decoder is not None:
            how |= {"decoder": warm.decoder.id, "decoder_revision": warm.decoder.revision}
        return Result(image, {**params, **scene.params, **how, "seed": wish.seed})

    @property
    def _enlarges(self) -> bool:
        return self.settings.enlarges and self.task is not Task.INPAINT

    # -- what the passes are given -------------------------------------------------------------

    def _scene(self, warm: Warm, pipe: Any, wish: Wish) -> _Scene:
        settings, picture = self.settings, wish.picture
        if picture is None:
            scene = _Scene(self._size(warm, pipe, None), Images(), settings)
        elif self.task is Task.INPAINT:
            scene = self._partly(warm, pipe, picture, wish.mask)
        else:
            size = self._size(warm, pipe, picture)
            scene = _Scene(size, Images(start=call.start_image(picture, *size)), settings)
        guide = self._guide(wish, scene)
        if warm.control is None or guide is None:
            return scene
        control = guides.control_image(settings.control, guide)
        params = {"controlnet": warm.control.id, "controlnet_revision": warm.control.revision}
        return replace(
            scene,
            images=replace(scene.images, control=control),
            params={**scene.params, **params, "control": settings.control},
        )

    def _partly(self, warm: Warm, pipe: Any, picture: Image.Image, mask: bytes) -> _Scene:
        if self.settings.enlarges:
            self._reporter.say_once(
                "The image is not enlarged: what is not redrawn stays as it is.",
                "Enlarge the result in a job of its own.",
            )
        if self.settings.extends:
            return self._outpainting(warm, pipe, picture)
        return self._inpainting(warm, pipe, picture, mask)

    def _inpainting(self, warm: Warm, pipe: Any, picture: Image.Image, data: bytes) -> _Scene:
        mask, note = canvas.read_mask(data, picture.size)
        if note:
            self._reporter.say_once(note)
        scene = canvas.inpainting(picture, mask, self.settings.size)
        size = self._size(warm, pipe, scene.part)
        images = Images(
            start=scene.part.resize(size, Image.Resampling.LANCZOS), mask=scene.model_mask(*size)
        )
        share = round(float(mask.mean()), 4)
        params = {"area": list(scene.box), "mask_share": share}
        return _Scene(size, images, self.settings, scene, params)

    def _outpainting(self, warm: Warm, pipe: Any, picture: Image.Image) -> _Scene:
        settings = self.settings
        added = canvas.extended_size(picture.size, settings.outpaint, settings.outpaint_amount)
        full = (picture.width + added[0] + added[2], picture.height + added[1] + added[3])
        canvas.check_shape(full)
        size = self._size(warm, pipe, Image.new("1", full))
        scene = canvas.outpainting(picture, added, *size)
        return _Scene(
            size,
            Images(start=scene.part, mask=scene.model_mask(*size)),
            replace(settings, strength=max(settings.strength, OUTPAINT_STRENGTH)),
            scene,
            {"outpaint": settings.outpaint, "outpaint_amount": settings.outpaint_amount},
        )

    def _guide(self, wish: Wish, scene: _Scene) -> Image.Image | None:
        """The guide at the size that is made; without one the seed image guides itself."""
        if wish.guide is None:
            return scene.images.start
        if scene.canvas is None:
            return call.start_image(wish.guide, *scene.size)
        whole = call.start_image(wish.guide, *scene.canvas.base.size)
        return whole.crop(scene.canvas.box).resize(scene.size, Image.Resampling.LANCZOS)

    def _size(self, warm: Warm, pipe: Any, picture: Image.Image | None) -> tuple[int, int]:
        model, asked = warm.choice, self.settings.size
        width, height = call.size_for(pipe, asked, picture, model.id)
        short = min(width, height)
        if short != asked:
            self._reporter.say_once(
                f"{model.id} cannot make {asked} pixels; {short} is the nearest that it can.",
            )
        native = model.inspection.native_size
        if short < native / 2:
            self._reporter.say_once(
                f"{model.id} was made for {native} pixels and draws badly at {short}.",
                f"Choose a size nearer to {native}; training scales images down anyway.",
            )
        if self.settings.negative_prompt and not call.accepts_negative(pipe):
            self._reporter.say_once(
                f"{model.id} does not use a negative prompt; it is left out.",
                "Say what you want instead of what you don't.",
            )
        return width, height

    def _say_what_is_unread(self, pipe: Any, model: str, prompt: str) -> None:
        limit, end = call.unread(pipe, prompt)
        if end:
            shown = end if len(end) <= _SHOWN else f"{end[:_SHOWN]}…"
            self._reporter.say_once(
                f"{model} reads {limit} tokens of a prompt; not read: “{shown}”.",
                "Say what matters first, or shorten the prompt.",
            )

    def _say_preparing(self, text: str) -> None:
        self._reporter.context.check_cancelled()
        self._reporter.say_once(text, "It stays prepared for the next images.")

    # -- the passes ----------------------------------------------------------------------------

    def _enlarged(
        self, warm: Warm, wish: Wish, image: Image.Image
    ) -> tuple[Image.Image, dict[str, Any]] | None:
        """``image`` larger, its new pixels drawn by image to image, decoded in tiles."""
        settings = replace(self.settings, strength=self.settings.hires_strength)
        pipe = warm.pipe(Task.IMAGE)
        wanted = (image.width * settings.hires, image.height * settings.hires)
        size = call.rounded(pipe, wanted, warm.choice.id)
        start = image.resize(size, Image.Resampling.LANCZOS)
        scene = _Scene(size, Images(start=start), settings)
        with _tiled(warm):
            found = self._pass(warm, pipe, wish, scene, (1, 2))
        if found is None:
            return None
        return found[0], {"hires": settings.hires, "hires_strength": settings.hires_strength}

    def _pass(
        self, warm: Warm, pipe: Any, wish: Wish, scene: _Scene, part: tuple[int, int]
    ) -> tuple[Image.Image, dict[str, Any]] | None:
        def on_step(running: Any, step: int, latents: torch.Tensor) -> None:
            self._reporter.step(warm, running, wish.number, part, step, latents, scene.size)

        scheduler = schedulers.made(self.settings.scheduler, pipe.scheduler)
        arguments = call.arguments(
            pipe, scene.settings, wish.prompt, scene.size, wish.seed, scene.images, on_step
        )
        pixels = self._called(warm, pipe, wish, scheduler, arguments, scene.size)
        if pixels is None:
            return None
        if not pixels.isfinite().all() or not pixels.max() > 0:
            raise UnusableError
        params = {name: arguments[name] for name in _KEPT if name in arguments}
        if scene.images.start is None:
            params.pop("strength", None)
        params["scheduler"] = type(scheduler).__name__
        if self.settings.scheduler != "own":
            params["scheduler_choice"] = self.settings.scheduler
        return _picture(pixels), params

    def _called(
        self,
        warm: Warm,
        pipe: Any,
        wish: Wish,
        scheduler: Any,
        arguments: dict[str, Any],
        size: tuple[int, int],
    ) -> torch.Tensor | None:
        """The one place where a pipeline runs: pixels [3, height, width] in [0, 1].

        None, and the person told, when the model's safety checker blanked them.
        """
        model = warm.choice.id
        calls = (self._count - wish.number) * int(arguments.get("num_inference_steps", 1))
        engine = Engine(self.settings.engine)
        try:
            with (
                schedulers.worn(pipe, scheduler),
                decoder.worn(pipe, warm.tiny),
                warm.accelerator.running(pipe, engine, calls, self._say_preparing) as used,
                _seeded(wish.seed),
                devices.explained_memory(warm.device, model, *size),
            ):
                result = pipe(**arguments)
                self._engines.add(used())
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise CatStudioError(
                f"{model} could not make image {wish.number + 1}: {loading.first_line(error)}.",
                "Try another size or fewer settings; the log has the details.",
            ) from error
        finally:
            pipe.maybe_free_model_hooks()
        blocked = getattr(result, "nsfw_content_detected", None)
        if blocked and blocked[0]:
            self._reporter.context.warn(
                f"{model} blanked image {wish.number + 1}: its safety checker objected.",
                "Change the prompt or the seed.",
            )
            return None
        pixels: torch.Tensor = result.images[0].detach().float().cpu()
        return pixels


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """What draws without the call's own generator (SD3 encodes a guide so) draws from ``seed``."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def _tiled(warm: Warm) -> Iterator[None]:
    """The autoencoder works in tiles and slices while the block runs, then as planned again."""
    vae: Any = getattr(warm.base, "vae", None)
    switches = [
        name
        for name, is_on in (("tiling", warm.plan.vae_tiling), ("slicing", warm.plan.vae_slicing))
        if not is_on and hasattr(vae, f"enable_{name}")
    ]
    for name in switches:
        getattr(vae, f"enable_{name}")()
    try:
        yield
    finally:
        for name in switches:
            getattr(vae, f"disable_{name}")()


def _picture(pixels: torch.Tensor) -> Image.Image:
    """``pixels`` [3, height, width] in [0, 1] as an 8-bit RGB image."""
    array = (pixels.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(np.ascontiguousarray(array))
