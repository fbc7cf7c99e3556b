"""One job: a model learns what the photos of a label show, and hands back the adapter."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import save as save_tensors

from catstudio.core.errors import CancelledError, ModelFileError
from catstudio.engine import device as devices
from catstudio.engine import diffusion
from catstudio.engine.device import Device
from catstudio.engine.diffusion import call, loading
from catstudio.engine.diffusion.loading import Choice
from catstudio.engine.personalise import checkpoints, families, memory, objective, photos, samples
from catstudio.engine.personalise.learners import Learner, Lora, TextualInversion
from catstudio.engine.personalise.training import Training
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import PersonaliseRequest
from catstudio.models.adapters import AdapterCard, TrainedPhoto, metadata_of
from catstudio.models.training_cost import Cost, parts_of

ADAPTER_FILE, SAMPLES_FILE = "adapter.safetensors", "samples.jpg"
_SHOWN_LOSSES = 100

Answer = tuple[dict[str, Any], dict[str, bytes]]


def personalise(request: PersonaliseRequest, context: JobContext) -> Answer:
    """Train the adapter, or say what it would need.

    Returns (result, files): the result holds ``steps``, ``loss``, ``losses`` ((step, smoothed
    loss) pairs, at most 100), ``photos``, ``model``, ``revision``, ``family``, ``kind``,
    ``trigger_word``, ``seconds`` and the estimate; the files are the adapter as safetensors and,
    where some were asked for, the last sample pictures as JPEG.

    Raises
    ------
    CancelledError : within one step; the state is in ``request.folder``, the step in ``result``.
    NotPossibleError : does not fit into memory, or a model that is not known here.
    BadInputError : the state to go on from has other settings.
    """
    diffusion.drop()  # What it kept warm counts as free only when it is gone.
    job = _Job(request, context)
    try:
        return job.run()
    finally:
        gc.collect()  # Pipelines hold themselves in cycles.
        devices.empty_cache(job.device.kind)


class _Job:
    def __init__(self, request: PersonaliseRequest, context: JobContext) -> None:
        self.request, self.context = request, context
        self.settings = request.settings
        self.choice: Choice = loading.find(request.model)
        self.folder = Path(request.folder)
        device = devices.choose(request.device)
        self.device: Device = replace(device, dtype=memory.dtype_for(device))
        self.way: Cost = memory.plan(
            parts_of(self.choice.inspection), self.settings, self.device, self.choice.id
        )
        self.pictures = b""

    def run(self) -> Answer:
        needs = memory.estimate(self.way, self.request.steps, self.device)
        if self.request.is_estimate:
            return {**needs, "model": self.choice.id, "photos": len(self.request.images)}, {}
        began = time.monotonic()
        self.context.progress(0, self.request.steps, f"Loading {self.choice.id}")
        what = f"Training on {self.choice.id}"
        side = self.settings.resolution
        with devices.explained_memory(self.device, what, side, side):
            training = self._prepare()
            self._train(training)
        return self._answer(training, needs, time.monotonic() - began)

    # -- before the first step -----------------------------------------------------------------

    def _prepare(self) -> Training:
        pipe = loading.load(self.choice, self.device)
        family = families.family_of(pipe, self.choice.id)
        task = objective.objective_of(pipe.scheduler, self.settings.min_snr_gamma, self.choice.id)
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.requires_grad_(False)
                part.eval()
        self.context.check_cancelled()
        encoded = self._encode(pipe)
        learner = self._learner(family)
        training = Training(
            family=family,
            learner=learner,
            objective=task,
            photos=encoded,
            settings=self.settings,
            check_cancelled=self.context.check_cancelled,
            device=self.device.torch_device,
        )
        self._read_texts(training)
        denoiser = getattr(pipe, family.part).to(self.device.torch_device)
        if self.way.is_checkpointed:
            denoiser.enable_gradient_checkpointing()
            denoiser.train()  # It computes again only while it trains; nothing else changes.
        self._go_on(training)
        return training

    def _encode(self, pipe: Any) -> list[photos.Encoded]:
        vae = pipe.vae.to(self.device.torch_device)
        return photos.encode(
            self.request.images,
            vae,
            self.settings.resolution,
            call.size_step(pipe),
            self.settings.random_flip,
            self.context,
        )

    def _learner(self, family: Any) -> Learner:
        if self.settings.method == "lora":
            return Lora(family, self.settings)
        return TextualInversion(family, self.settings, start=self.request.label)

    def _read_texts(self, training: Training) -> None:
        pipe = training.family.pipe
        for name in families.text_encoders(pipe):
            getattr(pipe, name).to(self.device.torch_device)
        if training.learner.learns_text:
            return
        training.read_texts()
        for prompt in (self.request.sample_prompt, ""):
            training.text(prompt)
        samples.drop_text_encoders(pipe)
        devices.empty_cache(self.device.kind)

    def _go_on(self, training: Training) -> None:
        """Take up the checkpoint that was asked for; a damaged one is said, and not used."""
        if not self.request.resume:
            return
        try:
            found = checkpoints.read(self.folder, self._basis())
        except ModelFileError as error:
            self.context.warn(error.message, error.hint)
            return
        if found is None:
            self.context.warn(
                "There is no stopped training of this label with this model to go on with.",
                "It starts from the beginning.",
            )
            return
        training.restore(*found)

    def _basis(self) -> dict[str, Any]:
        """All that must be the same for two trainings to be one."""
        return {
            **msgspec.to_builtins(self.settings),
            "model": self.choice.revision,
            "photos": [photo.sha256 for photo in self.request.images],
            "caption": self.request.sample_prompt,
            "captions": [photo.caption for photo in self.request.images],
            "precision": self.device.dtype_name,
        }

    # -- steps ---------------------------------------------------------------------------------

    def _train(self, training: Training) -> None:
        total = self.request.steps
        try:
            self._report(training)
            while training.step < total:
                training.run_step()
                self._report(training)
                if training.step % self.request.checkpoint_every == 0 or training.step == total:
                    training.save(self.folder, self._basis())
                is_last = training.step == total
                if self.request.samples and (
                    is_last or training.step % self.request.sample_every == 0
                ):
                    self._show(training)
        except CancelledError as error:
            if training.step:
                training.save(self.folder, self._basis())
            error.result = {"step": training.step, "steps": total}
            raise

    def _report(self, training: Training) -> None:
        words = f"Step {training.step} of {self.request.steps}"
        if training.losses:
            words += f", loss {training.loss:.4f}"
        self.context.progress(training.step, self.request.steps, words)

    def _show(self, training: Training) -> None:
        """Sample pictures, seen on the job's card; the last ones are kept with the adapter."""
        step = call.size_step(training.family.pipe)
        side = max(step, self.settings.resolution // step * step)
        self.pictures = samples.grid(
            training.family,
            training.text(self.request.sample_prompt),
            training.text(""),
            self.request.samples,
            side,
            self.settings.seed,
            self.context.check_cancelled,
        )
        self.context.progress(
            training.step,
            self.request.steps,
            f"Pictures after step {training.step}",
            self.pictures,
        )

    # -- the end -------------------------------------------------------------------------------

    def _answer(self, training: Training, needs: dict[str, Any], took: float) -> Answer:
        seen = {one.photo.id: one.photo for one in training.photos}
        is_lora = self.settings.method == "lora"
        card = AdapterCard(
            kind="lora" if is_lora else "embedding",
            label=self.request.label,
            trigger_word=self.settings.trigger_word,
            model=self.choice.id,
            revision=self.choice.revision,
            family=self.choice.inspection.family,
            steps=training.step,
            photos=tuple(TrainedPhoto(one.id, one.sha256) for one in seen.values()),
            settings=msgspec.to_builtins(self.settings),
        )
        data = _ordered(
            save_tensors(training.learner.exported(), metadata_of(card, self.request.name))
        )
        stride = max(1, -(-len(training.losses) // _SHOWN_LOSSES))
        result = {
            **needs,
            "steps": training.step,
            "loss": round(training.loss, 6),
            "losses": [(step, round(loss, 6)) for step, loss in training.losses[::-stride][::-1]],
            "photos": len(seen),
            "kind": card.kind,
            "label": card.label,
            "trigger_word": card.trigger_word,
            "model": card.model,
            "revision": card.revision,
            "family": card.family,
            "seconds": round(took, 3),
        }
        files = {ADAPTER_FILE: data}
        if self.pictures:
            files[SAMPLES_FILE] = self.pictures
        return result, files


def _ordered(data: bytes) -> bytes:
    """A safetensors file with its header in order: the library's own order changes every time,
    and the same training shall be the same file."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = msgspec.json.encode(msgspec.json.decode(data[8:end]), order="sorted")
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[end:]
