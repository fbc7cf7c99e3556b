"""What a trained adapter (LoRA or embedding) says of itself: its base, its word, its photos.

The card is JSON in the metadata of the safetensors file, so it goes wherever the file goes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.errors import ModelFileError
from catstudio.models.weights import read_header

KEY = "catstudio.adapter"
"""Where the card stands in the metadata."""
ADAPTER_KINDS = ("lora", "embedding")
"""What the list of models calls adapters: they go with a model, and make nothing alone."""
CHECKPOINT_FILE, CHECKPOINT_KEY = "checkpoint.safetensors", "catstudio.checkpoint"
"""The state of a training that can go on, and where its own part stands in the metadata."""
_VERSION = 1
_ARCHITECTURES = {
    "stable-diffusion": "stable-diffusion-v1",
    "sdxl": "stable-diffusion-xl-v1-base",
}


class TrainedPhoto(Struct, frozen=True):
    """A photo that an adapter has seen: its id in the project where it was trained, its hash."""

    id: str
    sha256: str


class AdapterCard(Struct, frozen=True, kw_only=True):
    """Where an adapter comes from. ``kind`` is "lora" or "embedding"; ``settings`` plain JSON."""

    kind: str
    label: str
    trigger_word: str
    model: str
    revision: str
    family: str
    steps: int
    photos: tuple[TrainedPhoto, ...]
    settings: dict[str, Any]
    version: int = _VERSION


def metadata_of(card: AdapterCard, title: str) -> dict[str, str]:
    """``card`` as a safetensors file's metadata, with the fields that other programs show."""
    base = _ARCHITECTURES.get(card.family, card.family)
    kind = "lora" if card.kind == "lora" else "textual-inversion"
    return {
        "format": "pt",
        KEY: msgspec.json.encode(card).decode(),
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.title": title,
        "modelspec.architecture": f"{base}/{kind}",
        "modelspec.trigger_phrase": card.trigger_word,
    }


def card_in(metadata: dict[str, str]) -> AdapterCard | None:
    """The card in a file's metadata; None for an adapter that was made elsewhere.

    Raises :class:`ModelFileError` for a card that cannot be read: whose photos are in it would
    otherwise be forgotten.
    """
    if KEY not in metadata:
        return None
    try:
        card = msgspec.json.decode(metadata[KEY], type=AdapterCard)
    except msgspec.MsgspecError as error:
        raise ModelFileError(
            f"The adapter's own description is damaged: {error}.",
            "Train it again, or use another copy of the file.",
        ) from error
    if card.version > _VERSION:
        raise ModelFileError("The adapter was made by a newer CatStudio.", "Update CatStudio.")
    return card


def read_card(path: str | Path) -> AdapterCard | None:
    """The card of the adapter at ``path``; see :func:`card_in`. Reads the header alone."""
    try:
        return card_in(read_header(Path(path)).metadata)
    except ModelFileError as error:
        if str(path) in error.message:
            raise
        raise ModelFileError(f"{path}: {error.message}", error.hint) from error


def trained_on(path: str | Path) -> tuple[str, ...]:
    """Ids of the photos that the adapter at ``path`` was trained on; () if made elsewhere."""
    card = read_card(path)
    return tuple(photo.id for photo in card.photos) if card is not None else ()


class Stopped(Struct, frozen=True):
    """The part of a checkpoint that is read without torch: finished steps, and ``basis``, all
    settings and inputs that must be the same to go on."""

    step: int
    basis: dict[str, Any]


def stopped_at(folder: str | Path) -> Stopped | None:
    """The training that was saved in ``folder``; None when there is none to go on with."""
    path = Path(folder) / CHECKPOINT_FILE
    try:
        return msgspec.json.decode(read_header(path).metadata[CHECKPOINT_KEY], type=Stopped)
    except (ModelFileError, KeyError, msgspec.MsgspecError):
        return None
