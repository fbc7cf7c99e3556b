"""Training an adapter on a label's photos: which photos, which settings, and keeping the result."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.changes import count_images
from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.files import explain_os_error, write_atomic
from catstudio.core.paths import data_dir
from catstudio.core.store import Store
from catstudio.core.types import ImageRecord, State
from catstudio.jobs.events import Done
from catstudio.jobs.requests import AdapterSettings, PersonaliseRequest, TrainingImage
from catstudio.learn.splits import draw_splits
from catstudio.models import ModelRegistry, Resolved, resolve
from catstudio.models.adapters import stopped_at
from catstudio.sources.base import Kind, Parameter
from catstudio.studio import requesting

MAX_PHOTOS = 500
"""Each image made with the adapter has all of its photos as parents."""
METHODS = (("lora", "LoRA"), ("textual-inversion", "Textual inversion"))
_KEPT = tuple(one for one in AdapterSettings.__struct_fields__ if one not in ("method", "seed"))
"""The settings that a stopped training is gone on with."""
_ADAPTER_FILE, _SAMPLES_FILE = "adapter.safetensors", "samples.jpg"
_LEARNING_RATES = {"lora": 1e-4, "textual-inversion": 5e-3}
_WORDS = {"lora": "sks", "textual-inversion": "<{label}-word>"}
_CAPTIONS = {"lora": "a photo of {trigger} {label}", "textual-inversion": "a photo of {trigger}"}
_SUPPORTED = (
    "StableDiffusionPipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusion3Pipeline",
    "FluxPipeline",
)


def _number(
    name: str, title: str, default: float, low: float, high: float, **more: Any
) -> Parameter:
    kind = more.pop("kind", Kind.INT)
    return Parameter(name=name, title=title, kind=kind, default=default, low=low, high=high, **more)


PARAMETERS = (
    Parameter(
        name="method",
        title="Method",
        kind=Kind.CHOICE,
        default="lora",
        choices=METHODS,
        help="A LoRA changes the model a little; textual inversion only learns a new word for it.",
    ),
    Parameter(
        name="trigger_word",
        title="Trigger word",
        kind=Kind.TEXT,
        default="",
        help="The word that calls it up in a prompt. Empty: sks, or <LABEL-word> for a new word.",
    ),
    _number("steps", "Steps", 500, 1, 20_000, step=50, help="More learn more, and copy more."),
    _number(
        "rank",
        "Rank",
        8,
        1,
        256,
        step=4,
        help="How much a LoRA can hold; 4 to 16 suit one subject.",
    ),
    _number(
        "resolution",
        "Resolution",
        512,
        32,
        2048,
        step=64,
        unit="px",
        help="What the model was made for is best: 512 for Stable Diffusion 1.5, 1024 for SDXL.",
    ),
    Parameter(
        name="caption",
        title="Caption",
        kind=Kind.TEXT,
        default="",
        is_advanced=True,
        help="What the model is told of each photo; {trigger} and {label} are filled in.",
    ),
    Parameter(
        name="use_tags",
        title="Add each photo's tags to its caption",
        kind=Kind.BOOL,
        default=True,
        is_advanced=True,
        help="What is named is not mistaken for the subject: indoors, on grass.",
    ),
    Parameter(
        name="random_flip",
        title="Learn mirror images too",
        kind=Kind.BOOL,
        default=True,
        is_advanced=True,
        help="Off where left and right differ: writing, a marking on one side.",
    ),
    _number("batch_size", "Photos a step", 1, 1, 64, is_advanced=True),
    _number(
        "alpha", "Alpha", 0, 0, 512, is_advanced=True, help="A LoRA's strength; 0 takes the rank."
    ),
    _number(
        "vectors",
        "Vectors",
        1,
        1,
        16,
        is_advanced=True,
        help="Textual inversion: how many embeddings the word stands for.",
    ),
    _number(
        "learning_rate",
        "Learning rate",
        0.0,
        0.0,
        0.1,
        kind=Kind.FLOAT,
        step=0.0001,
        is_advanced=True,
        help="0 takes the method's usual: 0.0001 for a LoRA, 0.005 for textual inversion.",
    ),
    _number("warmup_steps", "Warm-up", 10, 0, 1000, unit="steps", is_advanced=True),
    _number(
        "min_snr_gamma",
        "Min-SNR",
        5.0,
        0.0,
        20.0,
        kind=Kind.FLOAT,
        step=0.5,
        is_advanced=True,
        help="Keeps the easy noise levels from ruling; 0 weighs all alike.",
    ),
    _number(
        "sample_every", "Pictures every", 100, 1, 20_000, step=50, unit="steps", is_advanced=True
    ),
    _number("samples", "Pictures", 2, 0, 4, is_advanced=True, help="Sample pictures; 0 for none."),
)
"""Every setting, for the window's fields and the command line's options."""


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
    caption = _caption(checked, word, label)
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
        settings=_settings(checked, word, seed),
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


def _settings(checked: Mapping[str, Any], word: str, seed: int) -> AdapterSettings:
    method = checked["method"]
    return AdapterSettings(
        method=method,
        trigger_word=word,
        rank=checked["rank"],
        alpha=checked["alpha"] or checked["rank"],
        vectors=checked["vectors"],
        resolution=checked["resolution"],
        learning_rate=checked["learning_rate"] or _LEARNING_RATES[method],
        warmup_steps=checked["warmup_steps"],
        batch_size=checked["batch_size"],
        min_snr_gamma=checked["min_snr_gamma"],
        random_flip=checked["random_flip"],
        seed=seed,
    )


def options_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, ``given`` ones checked. Raises :class:`BadInputError`."""
    known = {parameter.name: parameter for parameter in PARAMETERS}
    for name in given:
        if name not in known:
            raise BadInputError(
                f"Personalise has no setting called {name!r}.", f"It knows: {', '.join(known)}."
            )
    return {n: p.checked(given[n]) if n in given else p.default for n, p in known.items()}


def trigger_word(options: Mapping[str, Any], label: str) -> str:
    """The word that calls the adapter up; :class:`BadInputError` for what is not one word."""
    given = str(options["trigger_word"]).strip()
    word = given or _WORDS[options["method"]].format(label=_slug(label))
    if re.search(r"[\s,:{}|()\[\]]", word) or len(word) > 40:
        raise BadInputError(
            f"The trigger word {word!r} is not one plain word.",
            "Give one without spaces, commas, colons or brackets, such as sks.",
        )
    return word


def default_name(project: str, label: str, word: str) -> str:
    """What an adapter is called when nobody says."""
    return f"{project} {label} {word}"


def keep(asked: PersonaliseRequest, done: Done) -> Done:
    """Write a finished adapter where models lie and put it on their list; says where it is.

    Raises :class:`CatStudioError` when it cannot be written; the training's last state is kept,
    so nothing is lost.
    """
    if _ADAPTER_FILE not in done.files:
        return done
    folder = data_dir() / "models" / "adapters"
    stem = _slug(asked.name)
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


def _caption(options: Mapping[str, Any], word: str, label: str) -> str:
    template = str(options["caption"]).strip() or _CAPTIONS[options["method"]]
    if "{trigger}" not in template:
        raise BadInputError(
            f"The caption {template!r} does not say {{trigger}}.",
            "Put {trigger} where the trigger word belongs: a photo of {trigger} {label}.",
        )
    return template.replace("{trigger}", word).replace("{label}", label)


def _why_none(label: str, chosen: Chosen) -> str:
    if not chosen.left_out:
        return f"Add photos of {label} first."
    reasons = "; ".join(f"{count_images(n)} {why}" for n, why in chosen.left_out)
    return f"Add more photos of {label}. Left out: {reasons}."


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "adapter"


__all__ = ["MAX_PHOTOS", "METHODS", "PARAMETERS", "Chosen", "choose", "keep", "request"]
