"""Finds what goes with a model: ControlNets, LoRAs, embeddings, by name, path or hub id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.engine.diffusion import loading
from catstudio.models import ModelRegistry
from catstudio.models.hub import hub_cache, is_hub_id
from catstudio.models.weights import PICKLED_SUFFIXES, pickled_error, read_header, revision_of

_WEIGHTS = "*.safetensors"


@dataclass(frozen=True)
class Part:
    """Found on disk: ``id`` as the person calls it, its file or folder, a name for its weights."""

    id: str
    path: Path
    revision: str


def find_folder(name: str, what: str, allow_download: bool) -> Part:
    """The folder (with config.json and weights) called ``name``; ``what`` is what it should be.

    Raises :class:`NotPossibleError` when it is nowhere, :class:`ModelFileError` when it is there
    and cannot be used.
    """
    path = _locate(name, what, allow_download, "config.json")
    if not path.is_dir() or not (path / "config.json").is_file():
        raise ModelFileError(
            f"{path} is not a {what}: it is not a folder with a config.json.",
            f"Choose the folder of a {what} in the layout of the diffusers library.",
        )
    weights = sorted(path.glob(_WEIGHTS))
    if not weights:
        pickled = [p for p in sorted(path.iterdir()) if p.suffix.lower() in PICKLED_SUFFIXES]
        raise (
            pickled_error(pickled[0])
            if pickled
            else ModelFileError(
                f"{path} has no weights: no .safetensors file.", "Download the whole folder again."
            )
        )
    for file in weights:
        read_header(file)
    return Part(id=_called(name, path), path=path, revision=revision_of(path))


def class_name(part: Part) -> str:
    """What its config.json says it is, or "". Raises :class:`ModelFileError` for a damaged one."""
    try:
        config = json.loads((part.path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{part.path / 'config.json'} cannot be read as JSON: {error}.", "Download it again."
        ) from error
    return str(config.get("_class_name", "")) if isinstance(config, dict) else ""


def find_file(name: str, what: str, allow_download: bool) -> Part:
    """The one safetensors file called ``name``; of a folder, the one that it holds. See above."""
    path = _locate(name, what, allow_download, _WEIGHTS)
    called = _called(name, path)
    if path.is_dir():
        files = sorted(path.glob(_WEIGHTS))
        if len(files) != 1:
            raise ModelFileError(
                f"{path} holds {len(files) or 'no'} .safetensors files; a {what} is one.",
                "Name the file itself.",
            )
        path = files[0]
    if path.suffix.lower() in PICKLED_SUFFIXES:
        raise pickled_error(path)
    read_header(path)
    return Part(id=called, path=path, revision=revision_of(path))


def _called(name: str, path: Path) -> str:
    """A path is long, and another computer's; its file's name is what a person knows."""
    return path.resolve().name if Path(name).expanduser().exists() else name


def _locate(name: str, what: str, allow_download: bool, sign: str) -> Path:
    entries = {entry.id: entry for entry in ModelRegistry().registered()}
    if name in entries:
        path = Path(entries[name].path)
        if path.exists():
            return path
        raise NotPossibleError(f"The {what} {name} is no longer at {path}.", "Add it again.")
    path = Path(name).expanduser()
    if path.exists():
        return path
    if is_hub_id(name) and path.suffix != ".safetensors":
        if (cached := _cached(name, sign)) is not None:
            return cached
        if allow_download:
            return loading.download(name, ["config.json", _WEIGHTS])
    known = ", ".join(entries) or "none yet"
    raise NotPossibleError(
        f"There is no {what} called {name!r} on this computer.",
        f"Give the path of its file or folder, or a name of the list of models ({known}).",
    )


def _cached(hub_id: str, sign: str) -> Path | None:
    """The snapshot of ``hub_id`` in the hub's cache that holds a file like ``sign``."""
    repo = hub_cache() / f"models--{hub_id.replace('/', '--')}"
    head = repo / "refs" / "main"
    if not head.is_file():
        return None
    snapshot = repo / "snapshots" / head.read_text().strip()
    return snapshot if any(snapshot.glob(sign)) else None
