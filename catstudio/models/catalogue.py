"""The catalogue of models worth knowing: what each is for, needs, weighs, and what its licence allows."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.models.hub import is_hub_id
from catstudio.resources import resource

Kind = Literal[
    "text-to-image", "inpaint", "controlnet", "lora", "tiny-decoder", "segmentation", "backbone"
]
Speed = Literal["seconds", "minute", "minutes", "hour", "faster"]

KIND_TITLES: dict[str, str] = {
    "text-to-image": "Text to image",
    "image-to-image": "Image to image",
    "inpaint": "Inpainting",
    "controlnet": "ControlNet",
    "lora": "LoRA",
    "embedding": "Word embedding",
    "tiny-decoder": "Tiny decoder",
    "vae": "Decoder",
    "segmentation": "Cut-outs",
    "backbone": "Backbone",
}
"""What people call each kind, of the catalogue's and of files that were added."""
SPEED_WORDS: dict[str, str] = {
    "seconds": "seconds an image without a graphics card",
    "minute": "about a minute an image without a graphics card",
    "minutes": "some minutes an image without a graphics card",
    "hour": "far too slow without a graphics card",
    "faster": "makes the model it is used with faster",
}


class License(Struct, frozen=True, forbid_unknown_fields=True):
    """A licence in plain words; ``may_train`` and ``may_sell`` are sentences."""

    title: str
    url: str
    may_train: str
    may_sell: str


class CatalogueEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of the catalogue.

    ``repo`` is the hub's "owner/name", "" for what is built in; ``revision`` a commit, or
    "main". ``files`` are patterns of what is taken; none means what the repository's
    model_index.json names. ``size``, ``memory_cpu`` and ``memory_gpu`` are bytes, approximate.
    ``native_size`` is a side in pixels. ``gated`` models are given to who has agreed to their
    terms on the hub. ``not_yet`` says what CatStudio cannot do with it so far. ``steps`` and
    ``guidance_scale`` are what its makers advise to begin with.
    """

    id: str
    title: str
    kind: Kind
    size: int
    memory_cpu: int
    memory_gpu: int
    native_size: int
    family: str
    license: str
    speed: Speed
    good_for: str
    repo: str = ""
    revision: str = ""
    files: tuple[str, ...] = ()
    gated: bool = False
    is_built_in: bool = False
    not_yet: str = ""
    steps: int | None = None
    guidance_scale: float | None = None

    @property
    def advised(self) -> dict[str, float]:
        """The settings that its makers advise, by the names of a generator's parameters."""
        given = {"num_inference_steps": self.steps, "guidance_scale": self.guidance_scale}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def is_pinned(self) -> bool:
        """Does the revision name exactly one set of weights?"""
        return len(self.revision) == 40


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """All entries, by kind as in the file, and the licences by id."""

    licenses: dict[str, License]
    models: tuple[CatalogueEntry, ...]

    def find(self, id_: str) -> CatalogueEntry | None:
        """The entry called ``id_``, else the first one of the repository ``id_``, else None."""
        by_id = next((entry for entry in self.models if entry.id == id_), None)
        return by_id or next((e for e in self.models if e.repo and e.repo == id_), None)

    def license_of(self, entry: CatalogueEntry) -> License:
        """The licence of an entry, in words."""
        return self.licenses[entry.license]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue that comes with CatStudio."""
    return read_catalogue(resource("models.toml"))


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in the TOML file ``path``.

    Raises
    ------
    ModelFileError : it cannot be read, or an entry is incomplete, doubled or contradicts itself.
    """
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Catalogue)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise _damaged(path, str(error)) from error
    seen: set[str] = set()
    for entry in found.models:
        if entry.id in seen:
            raise _damaged(path, f"{entry.id} is there twice")
        seen.add(entry.id)
        if reason := _why_not(entry, found.licenses):
            raise _damaged(path, f"{entry.id}: {reason}")
    return found


def _why_not(entry: CatalogueEntry, licenses: dict[str, License]) -> str:
    """What is wrong with an entry, or ""."""
    words = licenses.get(entry.license)
    if words is None or not (words.may_train and words.may_sell and words.title):
        return f"the licence {entry.license!r} is not explained"
    if not (entry.title and entry.good_for):
        return "its title or what it is good for is missing"
    if entry.size <= 0 or entry.native_size <= 0 or not (entry.memory_cpu or entry.memory_gpu):
        return "its size, native size or memory is missing"
    if entry.steps is not None and entry.steps < 1:
        return "no image is made in fewer steps than one"
    if entry.is_built_in:
        return "it is built in and has a repository" if entry.repo or entry.files else ""
    if not is_hub_id(entry.repo) or not entry.revision:
        return "its repository or revision is missing"
    if not entry.files and entry.kind not in ("text-to-image", "inpaint"):
        return "it has no model_index.json to go by, and names no files"
    return ""


def _damaged(path: Path, reason: str) -> ModelFileError:
    return ModelFileError(
        f"{path} (the model catalogue) cannot be used: {reason}.", "Install CatStudio again."
    )


class Wanted(Struct, frozen=True, kw_only=True):
    """What to fetch: a repository, the revision, and which of its files (none: see there)."""

    repo: str
    revision: str = "main"
    files: tuple[str, ...] = ()
    title: str = ""
    size: int = 0


def wanted(model: str) -> Wanted:
    """What downloading ``model`` (a catalogue id or "owner/name") means.

    Raises :class:`NotPossibleError` for a name that is neither, and for what is built in.
    """
    entry = catalogue().find(model)
    if entry is not None and entry.is_built_in:
        raise NotPossibleError(
            f"{entry.title} comes with CatStudio; there is nothing to download.", "Use it as it is."
        )
    if entry is not None:
        return Wanted(
            repo=entry.repo,
            revision=entry.revision,
            files=entry.files,
            title=entry.title,
            size=entry.size,
        )
    if is_hub_id(model):
        return Wanted(repo=model, title=model)
    raise NotPossibleError(
        f"There is no model called {model!r} in the catalogue.",
        "Give an id from `catstudio models list`, or owner/name as the hub spells it.",
    )
