"""Whose photos are in an adapter: what is made with it derives from them, whatever the prompt says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from catstudio.core.changes import count_images
from catstudio.core.errors import BadInputError
from catstudio.core.lineage import held_lineages
from catstudio.core.types import ImageRecord, Parent, Provenance, Split
from catstudio.models import ModelRegistry
from catstudio.models.adapters import AdapterCard, read_card
from catstudio.sources import weighted

SHARE = 0.1
"""The part of an image that comes from all of its adapters' photos together; most of it is the
model's. It orders the parents that are shown and changes no rule: any share makes lineage."""


def learned_from(
    images: Callable[[], list[ImageRecord]], options: Mapping[str, Any]
) -> tuple[Parent, ...]:
    """The photos of the project that the adapters in ``options`` (``loras``, ``embeddings``) have
    seen, as parents in equal shares; () for adapters that were made elsewhere from others.

    A photo is known by its id, or by its bytes where the adapter was trained in another project.

    Raises
    ------
    BadInputError : an adapter has learned from a photo that is tested on.
    ModelFileError : an adapter's file is damaged.
    """
    cards = {name: card for name in _names(options) if (card := _card(name)) is not None}
    if not cards:
        return ()
    everything = images()
    held = held_lineages(everything)
    known: dict[str, ImageRecord] = {}
    for record in everything:
        known[record.id] = known[record.sha256] = record
    seen: dict[str, ImageRecord] = {}
    for name, card in cards.items():
        own = [known.get(one.id) or known.get(one.sha256) for one in card.photos]
        there = {record.id: record for record in own if record is not None}
        _refuse_tested(name, list(there.values()), held)
        seen |= there
    return tuple(Parent(id_, SHARE / len(seen)) for id_ in seen)


def learned_parents(provenance: Provenance) -> tuple[Parent, ...]:
    """Those of an image's parents that only its adapters have seen."""
    if not {"loras", "embeddings"} & provenance.params.keys():
        return ()
    return tuple(parent for parent in provenance.parents if parent.share <= SHARE)


def _refuse_tested(name: str, photos: list[ImageRecord], held: set[str]) -> None:
    tested = [
        record
        for record in photos
        if record.split in (Split.VAL, Split.TEST) or held.intersection(record.lineages)
    ]
    if tested:
        raise BadInputError(
            f"{name} has learned from {count_images(len(tested))} that this project tests on "
            f"({tested[0].name}).",
            "What it makes could not be trained on: train it again on this project's photos.",
        )


def _names(options: Mapping[str, Any]) -> list[str]:
    loras = [one.name for one in weighted.parse(str(options.get("loras") or ""))]
    words = [name.strip() for name in str(options.get("embeddings") or "").split(",")]
    return loras + [name for name in words if name]


def _card(name: str) -> AdapterCard | None:
    """The card of an adapter by its name in the list of models, or its path; None without one."""
    registered = {entry.id: entry.path for entry in ModelRegistry().registered()}
    path = Path(registered.get(name, name)).expanduser()
    if path.is_dir():
        files = sorted(path.glob("*.safetensors"))
        path = files[0] if len(files) == 1 else path
    # What is missing, or is no such file, is named by the job that would load it.
    return read_card(path) if path.suffix == ".safetensors" and path.is_file() else None
