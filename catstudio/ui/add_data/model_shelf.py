"""What the panel knows of the models on this computer and of what goes with them; read in the background."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from catstudio.core.errors import ModelFileError
from catstudio.models import ModelEntry, ModelRegistry
from catstudio.models.catalogue import CatalogueEntry, catalogue
from catstudio.models.inspection import model_index
from catstudio.models.weights import read_header

FLOW = "flow-matching"
IMAGE_KINDS = ("text-to-image", "image-to-image", "inpaint")


@dataclass(frozen=True)
class Shelf:
    """``entries`` by id; ``words`` are the trigger words of LoRAs and embeddings, ``pipelines``
    the classes of whole models, ``listed`` what the catalogue says of them, each by id."""

    entries: dict[str, ModelEntry] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    pipelines: dict[str, str] = field(default_factory=dict)
    listed: dict[str, CatalogueEntry] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[ModelEntry]:
        """Those of one kind, in the list's order."""
        return [entry for entry in self.entries.values() if entry.kind == kind]

    def family(self, model: str) -> str:
        """The family of ``model``; "" when it is not known."""
        entry = self.entries.get(model)
        return entry.family if entry is not None and entry.family != "other" else ""

    def is_flow(self, model: str) -> bool:
        """Is ``model`` known to be a flow-matching one?"""
        return self.family(model) == FLOW

    def only_inpaints(self, model: str) -> bool:
        """Can ``model`` do nothing but redraw a part of an image?"""
        entry = self.entries.get(model)
        return entry is not None and entry.kind == "inpaint"

    def takes_negative(self, model: str) -> bool:
        """Flux and its kin take a negative prompt and pay no heed to it."""
        return not self.pipelines.get(model, "").startswith("Flux")

    def advice(self, model: str) -> str:
        """What the catalogue says ``model`` is good for, or ""."""
        entry = self.listed.get(model)
        return entry.good_for if entry is not None else ""

    def begin_with(self, model: str) -> dict[str, float]:
        """The settings that ``model`` was made for, by their names, as far as they are known."""
        entry, listed = self.entries.get(model), self.listed.get(model)
        size = {"size": entry.native_size} if entry is not None and entry.native_size else {}
        return {**size, **(listed.advised if listed is not None else {})}

    @property
    def has_image_model(self) -> bool:
        return any(entry.kind in IMAGE_KINDS for entry in self.entries.values())


def read_shelf(registry: ModelRegistry) -> Shelf:
    """Read the list and what is needed of the files. Slow.

    Raises :class:`ModelFileError` when the list cannot be read; a file that cannot is left to the
    job that needs it.
    """
    entries = {entry.id: entry for entry in registry.list()}
    shelf = Shelf(entries)
    known = catalogue()
    for entry in entries.values():
        if entry.kind in ("lora", "embedding"):
            if word := _word(entry):
                shelf.words[entry.id] = word
        elif entry.kind in IMAGE_KINDS:
            shelf.pipelines[entry.id] = _pipeline(Path(entry.path))
            if (listed := known.find(entry.id)) is not None:
                shelf.listed[entry.id] = listed
    return shelf


def _word(entry: ModelEntry) -> str:
    """What a prompt must say to have an adapter's effect; "" when nothing tells."""
    if word := str(entry.provenance.get("trigger_word", "")):
        return word
    path = Path(entry.path)
    if path.is_dir():
        return ""
    try:
        said = read_header(path).metadata.get("modelspec.trigger_phrase", "")
    except ModelFileError:
        said = ""
    return said or (path.stem if entry.kind == "embedding" else "")


def _pipeline(path: Path) -> str:
    if not path.is_dir():
        return ""
    try:
        return str(model_index(path).get("_class_name", ""))
    except ModelFileError:
        return ""
