"""Training an adapter on a label's photos: which photos, which settings, and keeping the result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.changes import count_images
from catstudio.core.errors import NotPossibleError
from catstudio.core.files import explain_os_error, write_atomic
from catstudio.core.paths import data_dir
from catstudio.core.store import Store
from catstudio.core.types import ImageRecord, State
from catstudio.jobs.events import Done
from catstudio.jobs.requests import AdapterSettings, PersonaliseRequest, TrainingImage
from catstudio.learn.splits import draw_splits
from catstudio.models import ModelRegistry, Resolved, resolve
from catstudio.models.adapters import stopped_at
from catstudio.studio import requesting
from catstudio.studio.personal_settings import (
    METHODS,
    adapter_settings,
    caption_of,
    default_name,
    options_of,
    slug,
    trigger_word,
)

MAX_PHOTOS = 500
"""Each image made with the adapter has all of its photos as parents."""
_ADAPTER_FILE, _SAMPLES_FILE = "adapter.safetensors", "samples.jpg"
_KEPT = tuple(one for one in AdapterSettings.__struct_fields__ if one not in ("method", "seed"))
"""The settings that a stopped training is gone on with."""
_SUPPORTED = (
    "StableDiffusionPipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusion3Pipeline",
    "FluxPipeline",
)


class Chosen(Struct, frozen=True):
    """Which photos are learned from; ``left_out`` are (how many, why) of the label's others."""

    photos: tuple[ImageRecord, ...]
    left_out: tuple[tuple[int, str], ...]


def choose(images: list[ImageRecord], label: str) -> Chosen:
    """The accepted real photos of ``label`` that are neither validated nor tested on.

    Photos that have no split yet are counted as they will be drawn when the training starts.
    """
    drawn = draw_splits(images)
    as_drawn = [
        msgspec.structs.replace(one, split=drawn[one.id]) if one.id in drawn else one
        for one in images
    ]
    of_label = [one for one in as_drawn if one.label == label and one.state is not State.TRASHED]
    fit = requesting.seed_photos(as_drawn, label)
    used = fit[:MAX_PHOTOS]
    accepted = [one for one in of_label if one.state is State.ACCEPTED]
    real = sum(one.is_real for one in accepted)
    left_out = (
        (real - len(fit), "kept for validation and testing, or near-copies of such"),
        (len(accepted) - real, "not photos: generated, drawn or blended"),
        (sum(one.state is State.PENDING for one in of_label), "waiting for review"),
        (len(fit) - len(used), f"beyond the first {MAX_PHOTOS}"),
    )
    return Chosen(tuple(used), tuple((n, why) for n, why in left_out if n))


def request(
    store: Store,
    label: str,
    model: str,
    options: Mapping[str, Any],
    *,
    name: str = "",
    seed: int | None = None,
    resume: bool = False,
    is_estimate: bool = False,
) -> PersonaliseRequest:
    """Check the settings and find the photos. ``options`` by the names of ``PARAMETERS``.

    What is not said is, with ``resume``, as it was in the training that was stopped.

    Raises
    ------
    BadInputError : an unknown label, setting or value, a trigger word of several words.
    NotPossibleError : no photo to learn from, or a model that is missing or of another kind.
    """
    store.folder.check_reachable()
    store.check_label(label)
    found = resolve(model)
    folder = _folder(store, label, str(options.get("method", METHODS[0][0])), found.id)
    stopped = stopped_at(folder) if resume else None
    before = stopped.basis if stopped is not None else {}
    checked = options_of({name: before[name] for name in _KEPT if name in before} | dict(options))
    seed = int(before.get("seed", 0)) if seed is None else seed
    requesting.check_seed(seed)
    _check_model(found, checked["method"])
    chosen = choose(store.images(), label)
    if not chosen.photos:
        raise NotPossibleError(
            f"There is no photo of {label} to learn from.", _why_none(label, chosen)
        )
    word = trigger_word(checked, label)
    caption = caption_of(checked, word, label)
    captions = [
        ", ".join((caption, *record.tags)) if checked["use_tags"] else caption
        for record in chosen.photos
    ]
    if before and "caption" not in options:
        caption, captions = _captions_before(before, captions)
    return PersonaliseRequest(
        job_id=requesting.new_job_id(),
        label=label,
        name=name.strip() or default_name(store.folder.name, label, word),
        model=model,
        images=tuple(
            TrainingImage(record.id, str(store.image_path(record)), record.sha256, text)
            for record, text in zip(chosen.photos, captions, strict=True)
        ),
        settings=adapter_settings(checked, word, seed),
        sample_prompt=caption,
        folder=str(folder),
        steps=checked["steps"],
        sample_every=checked["sample_every"],
        samples=checked["samples"],
        resume=resume,
        is_estimate=is_estimate,
    )


def _captions_before(before: Mapping[str, Any], captions: list[str]) -> tuple[str, list[str]]:
    """The caption of a stopped training and that of each photo; where the photos are others now,
    theirs stay, and the worker says so."""
    kept = before["captions"] if len(before["captions"]) == len(captions) else captions
    return str(before["caption"]), list(kept)


def _folder(store: Store, label: str, method: str, model: str) -> Path:
    """Where a label's training on a model keeps its state: one for each, so it is found again."""
    key = hashlib.sha256(f"{label}\0{method}\0{model}".encode()).hexdigest()[:16]
    return store.folder.cache / "personalise" / key


def keep(asked: PersonaliseRequest, done: Done) -> Done:
    """Write a finished adapter where models lie and put it on their list; says where it is.

    Raises :class:`CatStudioError` when it cannot be written; the training's last state is kept,
    so nothing is lost.
    """
    if _ADAPTER_FILE not in done.files:
        return done
    folder = data_dir() / "models" / "adapters"
    stem = slug(asked.name)
    numbered = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 10_000))
    path = next(p for name in numbered if not (p := folder / f"{name}.safetensors").exists())
    try:
        write_atomic(path, done.files[_ADAPTER_FILE])
        if _SAMPLES_FILE in done.files:
            write_atomic(path.with_suffix(".jpg"), done.files[_SAMPLES_FILE])
    except OSError as error:
        raise explain_os_error(error, str(path)) from error
    entry = ModelRegistry().add_adapter(path, asked.name)
    return Done(job_id=done.job_id, result={**done.result, "adapter": entry.id, "path": str(path)})


def _check_model(found: Resolved, method: str) -> None:
    """Refuse what the worker would refuse, before anything is loaded."""
    pipeline, family = found.inspection.pipeline, found.inspection.family
    if pipeline and pipeline not in _SUPPORTED:
        raise NotPossibleError(
            f"{found.id} is of a kind that cannot be personalised here ({pipeline}).",
            "Choose a Stable Diffusion 1.5, SDXL, Stable Diffusion 3 or Flux model.",
        )
    if method == "textual-inversion" and family == "flow-matching":
        raise NotPossibleError(
            "Textual inversion is possible for Stable Diffusion 1.5 and SDXL models only.",
            "Train a LoRA for this model instead.",
        )


def _why_none(label: str, chosen: Chosen) -> str:
    if not chosen.left_out:
        return f"Add photos of {label} first."
    reasons = "; ".join(f"{count_images(n)} {why}" for n, why in chosen.left_out)
    return f"Add more photos of {label}. Left out: {reasons}."
