"""The one owner of the loaded pipeline: kept warm between jobs, replaced when the model changes."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import torch

from catstudio.core.errors import NotPossibleError
from catstudio.engine import device as devices
from catstudio.engine.device import Device, MemoryPlan
from catstudio.engine.diffusion import loading
from catstudio.engine.diffusion.loading import Choice
from catstudio.engine.diffusion.preview import Projection


class Task(StrEnum):
    """What a pipeline is asked to do; the value is the method's name in provenance."""

    TEXT = "text to image"
    IMAGE = "image to image"


@dataclass
class Warm:
    """The loaded pipeline in each of its shapes; all of them share one set of weights."""

    choice: Choice
    device: Device
    plan: MemoryPlan
    pipes: dict[Task, Any]
    placed: Task = Task.TEXT
    projection: Projection | None = None


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

    def get(
        self, choice: Choice, task: Task, preference: str, pixels: int, allow_download: bool
    ) -> Warm:
        """The pipeline of ``choice``, loaded if it is not, with ``pipes[task]`` ready to run.

        Raises :class:`NotPossibleError` when the model cannot start from an image.
        """
        device = self._device(choice, preference)
        warm = self._warm
        if warm is None or not _is_same(warm, choice, device):
            self.drop()
            device = self._device(choice, preference)  # with the memory that this gave back
            warm = self._load(choice, device, pixels, allow_download)
        if task not in warm.pipes:
            warm.pipes[task] = _image_to_image(choice, warm.pipes[Task.TEXT])
        if warm.plan.model_offload and warm.placed is not task:
            # Offloading hooks belong to one pipeline object; the other takes them over.
            loading.place(warm.pipes[task], device, warm.plan)
        warm.placed = task
        return warm

    def drop(self) -> None:
        """Forget the pipeline and give its memory back."""
        if self._warm is None:
            return
        kind = self._warm.device.kind
        self._warm = None
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
        self._warm = Warm(choice=choice, device=device, plan=plan, pipes={Task.TEXT: pipe})
        return self._warm


def _is_same(warm: Warm, choice: Choice, device: Device) -> bool:
    return (
        warm.choice.inspection.path == choice.inspection.path
        and warm.choice.revision == choice.revision
        and (warm.device.kind, warm.device.dtype) == (device.kind, device.dtype)
    )


def _image_to_image(choice: Choice, pipe: Any) -> Any:
    from diffusers import AutoPipelineForImage2Image

    try:
        derived = AutoPipelineForImage2Image.from_pipe(pipe)
    except ValueError as error:
        raise NotPossibleError(
            f"{choice.id} makes images from text only; it cannot start from a seed image.",
            "Generate without seed images, or choose another model.",
        ) from error
    derived.set_progress_bar_config(disable=True)
    return derived
