"""The one owner of the loaded pipeline: kept warm between jobs, replaced when the model changes."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import torch

from catstudio.core.errors import NotPossibleError
from catstudio.engine import device as devices
from catstudio.engine.acceleration import Accelerator
from catstudio.engine.device import Device, MemoryPlan
from catstudio.engine.diffusion import control, decoder, loading
from catstudio.engine.diffusion.loading import Choice
from catstudio.engine.diffusion.parts import Part
from catstudio.engine.diffusion.preview import Projection


class Task(StrEnum):
    """What a pipeline is asked to do; the value is the method's name in provenance."""

    TEXT = "text to image"
    IMAGE = "image to image"
    INPAINT = "inpaint"


_AUTO = {
    Task.TEXT: "AutoPipelineForText2Image",
    Task.IMAGE: "AutoPipelineForImage2Image",
    Task.INPAINT: "AutoPipelineForInpainting",
}
_CANNOT = {
    Task.TEXT: (
        "{} redraws masked parts of images; it makes none from text.",
        "Give a seed image with a mask, or choose another model.",
    ),
    Task.IMAGE: (
        "{} makes images from text only; it cannot start from a seed image.",
        "Generate without seed images, or choose another model.",
    ),
    Task.INPAINT: (
        "{} is of a kind that cannot redraw a part of an image.",
        "Leave out the mask or the extending, or choose another model.",
    ),
}


@dataclass
class Warm:
    """The loaded pipeline in each of its shapes; all of them share one set of weights.

    ``base`` is the pipeline as it was loaded: what changes the weights of a job (adapters, a
    faster engine) works on its modules, and so on every shape. ``controlled`` are the shapes
    that follow the ControlNet ``control``; ``placed`` is the one that holds the offloading hooks.
    ``tiny`` is the tiny decoder ``decoder``, which a call may wear.
    """

    choice: Choice
    device: Device
    plan: MemoryPlan
    base: Any
    pipes: dict[Task, Any]
    placed: Any
    accelerator: Accelerator
    decoder: Part | None = None
    tiny: Any = None
    control: Part | None = None
    network: Any = None
    controlled: dict[Task, Any] = field(default_factory=dict)
    projection: Projection | None = None

    def pipe(self, task: Task, is_controlled: bool = False) -> Any:
        """The pipeline that does ``task``, made at need and placed on the device.

        Raises :class:`NotPossibleError` when there is none for models of this kind.
        """
        known = self.controlled if is_controlled else self.pipes
        if task not in known:
            known[task] = self._derived(task, is_controlled)
        pipe = known[task]
        if self.plan.model_offload and self.placed is not pipe:
            # Offloading hooks belong to one pipeline object; the other takes them over.
            loading.place(pipe, self.device, self.plan)
            self.placed = pipe
        return pipe

    def _derived(self, task: Task, is_controlled: bool) -> Any:
        import diffusers

        auto: Any = getattr(diffusers, _AUTO[task])
        if is_controlled:
            found = control.derived(auto, self.base, self.network, self.choice.id, task)
        else:
            message, hint = _CANNOT[task]
            refused = NotPossibleError(message.format(self.choice.id), hint)
            if task is not Task.INPAINT and _only_inpaints(self.base):
                raise refused
            try:
                found = auto.from_pipe(self.base)
            except ValueError as error:
                raise refused from error
        found.set_progress_bar_config(disable=True)
        return found


class PipelineOwner:
    """Holds at most one loaded model, because two rarely fit.

    Used by one thread at a time: the worker runs one job after another, and a pipeline keeps
    its scheduler's state, so two jobs must never share it at once.

    Parameters
    ----------
    choose : gives the device for a request's preference ("auto", "cpu", ...).
    """

    def __init__(self, choose: Callable[[str], Device] = devices.choose) -> None:
        self._choose = choose
        self._warm: Warm | None = None
        self._needs_float32: set[str] = set()
        self._needs_saving: set[str] = set()
        self._accelerator = Accelerator()

    def get(
        self,
        choice: Choice,
        task: Task,
        preference: str,
        pixels: int,
        allow_download: bool,
        part: Part | None = None,
        tiny: Part | None = None,
    ) -> Warm:
        """The pipeline of ``choice``, loaded if it is not, ready for ``task``.

        ``part`` is the ControlNet to follow, ``tiny`` the tiny decoder to have at hand; those of
        an earlier job are dropped without them. Raises
        :class:`NotPossibleError` when the model cannot do the task, :class:`BadInputError` when
        the ControlNet was made for another kind of model.
        """
        device = self._device(choice, preference)
        warm = self._warm
        if warm is None or not _is_same(warm, choice, device):
            self.drop()
            device = self._device(choice, preference)  # with the memory that this gave back
            warm = self._load(choice, device, pixels, allow_download)
        self._follow(warm, part)
        if warm.decoder != tiny:
            warm.decoder = warm.tiny = None
            if tiny is not None:
                warm.tiny = decoder.load(tiny, warm.base, choice.id, warm.device)
                warm.decoder = tiny
        warm.pipe(task, part is not None)
        return warm

    def drop(self) -> None:
        """Forget the pipeline and give its memory back."""
        if self._warm is None:
            return
        kind = self._warm.device.kind
        self._warm = None
        self._accelerator.forget()
        gc.collect()  # pipelines hold themselves in cycles
        devices.empty_cache(kind)

    def use_float32(self, choice: Choice) -> None:
        """From now on run this model in float32: in fewer bits it gave no valid image."""
        self._needs_float32.add(choice.revision)

    def save_memory(self, choice: Choice) -> bool:
        """From now on run this model with every memory-saving option; False if it already is."""
        if self._warm is None or self._warm.plan == devices.smallest_plan(self._warm.device.kind):
            return False
        self._needs_saving.add(choice.revision)
        self.drop()
        return True

    def _follow(self, warm: Warm, part: Part | None) -> None:
        """Have exactly the ControlNet ``part`` loaded beside the model."""
        if warm.control == part:
            return
        if warm.control is not None:
            warm.control = warm.network = warm.placed = None
            warm.controlled.clear()
            gc.collect()
            devices.empty_cache(warm.device.kind)
        if part is not None:
            network = control.load(part, warm.base, warm.choice.id, warm.device)
            if not warm.plan.model_offload:
                with devices.explained_memory(warm.device, part.id):
                    network.to(warm.device.kind)
            warm.control, warm.network = part, network

    def _device(self, choice: Choice, preference: str) -> Device:
        device = self._choose(preference)
        if choice.revision in self._needs_float32:
            device = replace(device, dtype=torch.float32)
        return device

    def _load(self, choice: Choice, device: Device, pixels: int, allow_download: bool) -> Warm:
        pipe = loading.load(choice, device, allow_download)
        sizes = loading.part_sizes(pipe)
        plan = devices.plan_memory(device, sum(sizes), max(sizes, default=0), pixels)
        if choice.revision in self._needs_saving:
            plan = devices.smallest_plan(device.kind)
        with devices.explained_memory(device, choice.id):
            loading.place(pipe, device, plan)
        task = Task.INPAINT if "Inpaint" in type(pipe).__name__ else Task.TEXT
        self._warm = Warm(
            choice=choice,
            device=device,
            plan=plan,
            base=pipe,
            pipes={task: pipe},
            placed=pipe,
            accelerator=self._accelerator,
        )
        return self._warm


def _only_inpaints(pipe: Any) -> bool:
    """Is it a denoiser that wants the masked image and the mask beside the latents?"""
    denoiser = getattr(pipe, "unet", None)
    vae: Any = getattr(pipe, "vae", None)
    if denoiser is None or vae is None:
        return False
    return int(denoiser.config.in_channels) > int(vae.config.latent_channels)


def _is_same(warm: Warm, choice: Choice, device: Device) -> bool:
    return (
        warm.choice.inspection.path == choice.inspection.path
        and warm.choice.revision == choice.revision
        and (warm.device.kind, warm.device.dtype) == (device.kind, device.dtype)
    )
