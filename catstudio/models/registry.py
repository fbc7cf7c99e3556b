"""The list of models that the person added, in one JSON file, joined with the hub's local cache."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from catstudio.core.errors import CatStudioError, ModelFileError, NotPossibleError
from catstudio.core.files import write_atomic
from catstudio.core.paths import data_dir
from catstudio.models import hub
from catstudio.models.adapters import read_card
from catstudio.models.entry import ModelEntry
from catstudio.models.inspection import Inspection, inspect
from catstudio.models.parts import inspect_part
from catstudio.models.weights import PICKLED_SUFFIXES

_VERSION = 1
_ADD = "Add one with the + beside the list of models (catstudio models add PATH)."


class _Stored(msgspec.Struct, frozen=True):
    version: int = _VERSION
    models: tuple[ModelEntry, ...] = ()


class ModelRegistry:
    """Models registered by the person: read and written as one file, ``models.json``.

    Parameters
    ----------
    folder : where ``models.json`` lies; made on the first write. Default: the data folder of
        this user (``CATSTUDIO_HOME`` is honoured).
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.file = (Path(folder) if folder is not None else data_dir()) / "models.json"

    def list(self) -> tuple[ModelEntry, ...]:
        """Registered models in the order they were added, then those of the hub's cache, and
        what goes with them. Kinds differ: choose by :attr:`ModelEntry.kind`."""
        # Only who lists pays for it: what speaks HTTP comes along, and is not for the start.
        from catstudio.models.installed import installed_parts

        return (*self.registered(), *hub.cached_models(), *installed_parts())

    def show(self, id_: str) -> ModelEntry:
        """The model called ``id_``; :class:`NotPossibleError` naming the known ones otherwise."""
        for entry in self.list():
            if entry.id == id_:
                return entry
        raise self.unknown(id_)

    def unknown(self, id_: str) -> NotPossibleError:
        """The error for a model that is nowhere on this computer; it names those that are."""
        known = ", ".join(entry.id for entry in self.list()[:8]) or "none yet"
        return NotPossibleError(
            f"There is no model called {id_!r} on this computer.",
            f"Known models: {known}. {_ADD}",
        )

    def add(self, path: str | Path) -> ModelEntry:
        """Check the model at ``path``, or what goes with one (a LoRA, an embedding, a ControlNet, a
        decoder, a backbone), and register it; the same path again updates its entry.

        The files stay where they are. Raises :class:`ModelFileError` when it cannot be used.
        """
        own = Path(path).expanduser()
        if own.suffix == ".safetensors" and own.is_file() and read_card(own) is not None:
            return self.add_adapter(own, own.stem)
        found = inspect_part(path) or inspect(path)
        models = self.registered()
        before = next((e for e in models if e.path == found.path), None)
        entry = ModelEntry(
            id=before.id if before else _free_id(found.title, {e.id for e in models}),
            title=found.title,
            kind=found.kind,
            path=found.path,
            family=found.family,
            size=found.size,
            added=before.added if before else datetime.now(UTC).isoformat(timespec="seconds"),
            license=found.license,
            native_size=found.native_size,
        )
        self._write((*(e for e in models if e.path != found.path), entry))
        return entry

    def add_adapter(self, path: str | Path, title: str) -> ModelEntry:
        """Register an adapter that was trained here, a file with a card; see :mod:`adapters`.

        Raises :class:`ModelFileError` when the file cannot be read or has no card.
        """
        path = Path(path).resolve()
        card = read_card(path)
        if card is None:
            raise ModelFileError(
                f"{path} does not say what it was trained on.", "Choose one that was trained here."
            )
        models = self.registered()
        entry = ModelEntry(
            id=_free_id(title, {e.id for e in models if e.path != str(path)}),
            title=title,
            kind=card.kind,
            path=str(path),
            family=card.family,
            size=path.stat().st_size,
            added=datetime.now(UTC).isoformat(timespec="seconds"),
            provenance=msgspec.to_builtins(card),
        )
        self._write((*(e for e in models if e.path != str(path)), entry))
        return entry

    def remove(self, id_: str) -> ModelEntry:
        """Forget the model called ``id_`` and return its entry. Its files are never touched."""
        entry = self.show(id_)
        if entry.is_hub:
            raise NotPossibleError(
                f"{id_} lies in the Hugging Face cache and is not registered here.",
                f"To free the space, delete it there: catstudio models remove {id_} --files.",
            )
        self._write(tuple(e for e in self.registered() if e.id != id_))
        return entry

    def registered(self) -> tuple[ModelEntry, ...]:
        """Registered models in the order they were added; none when there is no list yet."""
        try:
            raw = self.file.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ModelFileError(
                f"The list of models {self.file} cannot be read: {error.strerror or error}.",
                "Check that its folder is there and that you may read it.",
            ) from error
        try:
            stored = msgspec.json.decode(raw, type=_Stored)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ModelFileError(
                f"{self.file} (the list of models) is damaged: {error}.",
                "Delete it and add your models again; the models themselves are not touched.",
            ) from error
        if stored.version > _VERSION:
            raise ModelFileError(
                f"{self.file} (the list of models) was written by a newer CatStudio.",
                "Update CatStudio.",
            )
        return stored.models

    def _write(self, models: tuple[ModelEntry, ...]) -> None:
        try:
            write_atomic(
                self.file, msgspec.json.format(msgspec.json.encode(_Stored(models=models)))
            )
        except OSError as error:
            raise CatStudioError(
                f"The list of models {self.file} cannot be written: {error.strerror or error}.",
                "Check that the folder is writable and that the disk is not full.",
            ) from error


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen model, found and inspected: what provenance calls it, and what it is."""

    id: str
    inspection: Inspection


def resolve(model: str, registry: ModelRegistry | None = None) -> Resolved:
    """Find ``model``: the id of a registered model, a path, or a hub id in the cache.

    Raises
    ------
    NotPossibleError : no model chosen, none of that name, or not in the cache.
    ModelFileError : it is there and cannot be used.
    """
    if not model:
        raise NotPossibleError("No diffusion model is chosen.", _ADD)
    registry = registry or ModelRegistry()
    registered = {entry.id: entry for entry in registry.registered()}
    if model in registered:
        return Resolved(id=model, inspection=inspect(registered[model].path))
    path = Path(model).expanduser()
    is_file_name = path.suffix.lower() in (".safetensors", *PICKLED_SUFFIXES)
    if path.exists() or path.is_absolute() or model.startswith((".", "~")) or is_file_name:
        return Resolved(id=path.resolve().name, inspection=inspect(path))
    if not hub.is_hub_id(model):
        raise registry.unknown(model)
    snapshot = hub.cached_snapshot(model)
    if snapshot is None:
        raise NotPossibleError(
            f"The model {model} is not on this computer: it is not in the Hugging Face cache.",
            "Tick “Allow download” under Advanced (--allow-download), or add a copy with the + "
            "beside the list of models (catstudio models add PATH).",
        )
    return Resolved(id=model, inspection=inspect(snapshot))


def _free_id(title: str, taken: set[str]) -> str:
    """A short name made of ``title`` that is not in ``taken``."""
    stem = re.sub(r"[^a-z0-9.]+", "-", title.lower()).strip("-.") or "model"
    numbered = (f"{stem}-{n}" for n in range(2, len(taken) + 3))
    return next(name for name in (stem, *numbered) if name not in taken)
