"""Which models of the catalogue are whole on this computer; are their bytes right; away with them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.core.files import explain_os_error
from catstudio.models.catalogue import CatalogueEntry, catalogue
from catstudio.models.entry import ModelEntry
from catstudio.models.hub import is_hub_id
from catstudio.models.inspection import components, model_index
from catstudio.models.listing import is_like
from catstudio.models.repo_cache import RepoCache
from catstudio.models.transfer import hash_of
from catstudio.models.web import Check
from catstudio.models.weights import read_header

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PIPELINES = ("text-to-image", "inpaint")


class Verified(Struct, frozen=True):
    """How many files were read, of how many bytes, and what is wrong with which."""

    files: int
    size: int
    problems: tuple[str, ...]


def folder_of(entry: CatalogueEntry) -> Path | None:
    """The folder of an entry that is whole in the shared cache, whoever fetched it; else None.

    Looks at names, not at bytes: a file is there when all of it is.
    """
    if not entry.repo:
        return None
    snapshot = RepoCache(entry.repo).newest(entry.revision)
    if snapshot is None:
        return None
    if not entry.files:
        return snapshot if _is_whole(snapshot) else None
    # Unlike a glob, a link to a blob that is gone is no file.
    names = [p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()]
    is_here = all(any(is_like(name, pattern) for name in names) for pattern in entry.files)
    return snapshot if is_here else None


def installed_parts() -> list[ModelEntry]:
    """What the catalogue has besides whole pipelines (ControlNets, LoRAs ...) and is here."""
    found = []
    for entry in catalogue().models:
        if entry.kind in _PIPELINES or (folder := folder_of(entry)) is None:
            continue
        files = [p for p in folder.rglob("*") if p.is_file()]
        weights = [p for p in files if any(is_like(p.name, f) for f in entry.files)]
        is_file = len(weights) == 1 and len(entry.files) == 1
        newest = max(p.stat().st_mtime for p in files)
        found.append(
            ModelEntry(
                id=entry.id,
                title=entry.title,
                kind=entry.kind,
                path=str(weights[0] if is_file else folder),
                family=entry.family,
                size=sum(p.stat().st_size for p in weights),
                added=datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds"),
                license=entry.license,
                native_size=entry.native_size,
                is_hub=True,
            )
        )
    return found


def verify(model: str, check: Check, on_bytes: Callable[[int, int], None]) -> Verified:
    """Read all files of ``model`` (a catalogue id or "owner/name") and compare their hashes.

    The shared cache calls contents by their hash; where links cannot be made it does not, and
    then weights are only measured. ``on_bytes`` is told (bytes read, of all).
    """
    folder = _cached(model)
    files = sorted(p for p in folder.rglob("*") if p.is_symlink() or p.is_file())
    total = sum(p.stat().st_size for p in files if p.is_file())
    problems: list[str] = []
    done = 0
    for path in files:
        check()
        if reason := _why_wrong(path, check):
            problems.append(f"{path.relative_to(folder).as_posix()} {reason}")
        done += path.stat().st_size if path.is_file() else 0
        on_bytes(done, total)
    return Verified(len(files), total, tuple(problems))


def delete(model: str) -> tuple[str, int]:
    """Delete ``model`` from the shared cache; returns the repository and the bytes freed.

    Other programs that use it lose it, too. Raises :class:`NotPossibleError` if it is not there.
    """
    repo = _repo(model)
    cache = RepoCache(repo)
    if not cache.folder.is_dir():
        raise _not_here(model)
    refs = cache.folder / "refs"
    stored = [p for p in cache.folder.rglob("*") if p.is_file() and not p.is_symlink()]
    freed = sum(p.stat().st_size for p in stored if refs not in p.parents)
    try:
        # First what makes it count as whole: a kill in between leaves no half model.
        shutil.rmtree(refs, ignore_errors=True)
        shutil.rmtree(cache.folder)
    except OSError as error:
        raise explain_os_error(error, str(cache.folder)) from error
    return repo, freed


def _why_wrong(path: Path, check: Check) -> str:
    """What is wrong with one file, or ""."""
    if not path.is_file():
        return "is missing"
    name = path.resolve().name
    if _HASH.fullmatch(name):
        is_same = hash_of(path, is_git=len(name) == 40, check=check) == name
        return "" if is_same else "has other bytes than it should (its hash differs)"
    if path.suffix == ".safetensors":
        try:
            read_header(path)
        except ModelFileError as error:
            return f"is damaged: {error.message}"
    return ""


def _is_whole(snapshot: Path) -> bool:
    try:
        index = model_index(snapshot)
    except ModelFileError:
        return False
    return all(any((snapshot / name).glob("*")) for name in components(index))


def _repo(model: str) -> str:
    entry = catalogue().find(model)
    if entry is not None and entry.is_built_in:
        raise NotPossibleError(f"{entry.title} comes with CatStudio.", "It needs nothing.")
    if entry is not None:
        return entry.repo
    if is_hub_id(model):
        return model
    raise _not_here(model)


def _cached(model: str) -> Path:
    entry = catalogue().find(model)
    folder = RepoCache(_repo(model)).newest(entry.revision if entry is not None else "main")
    if folder is None:
        raise _not_here(model)
    return folder


def _not_here(model: str) -> NotPossibleError:
    return NotPossibleError(
        f"{model} is not in the cache of downloaded models.",
        f"Download it: catstudio models download {model}.",
    )
