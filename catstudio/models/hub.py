"""Models of the Hugging Face hub that are already in the local cache. Never reaches the network."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from catstudio.core.errors import ModelFileError
from catstudio.models import cards
from catstudio.models.entry import ModelEntry
from catstudio.models.inspection import family_of, kind_of, model_index

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_hub_id(text: str) -> bool:
    """True for "owner/name" as the hub spells it."""
    return _HUB_ID.fullmatch(text) is not None


def hub_cache() -> Path:
    """Where hub models lie: ``HF_HUB_CACHE``, else ``HF_HOME``/hub, else the hub's default.

    Read from the environment at each call, so that a change takes effect without a restart.
    """
    if explicit := os.environ.get("HF_HUB_CACHE"):
        return Path(explicit).expanduser()
    default_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{default_cache}/huggingface"
    return Path(home).expanduser() / "hub"


def cached_snapshot(hub_id: str) -> Path | None:
    """The folder of the newest cached revision of ``hub_id`` ("main"), or None."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(hub_id, "model_index.json", cache_dir=hub_cache())
    return Path(found).parent if isinstance(found, str) else None


def cached_models() -> list[ModelEntry]:
    """Every diffusers model of the cache, by id; none when there is no cache.

    Lists what is there without reading weights; a model whose download was broken off is
    found when it is inspected.
    """
    from huggingface_hub import scan_cache_dir

    cache = hub_cache()
    if not cache.is_dir():
        return []
    entries = []
    for repo in scan_cache_dir(cache).repos:
        snapshot = cached_snapshot(repo.repo_id) if repo.repo_type == "model" else None
        if snapshot is None:
            continue
        try:
            index = model_index(snapshot)
        except ModelFileError:
            continue  # not a model that could be chosen; the window lists only those
        pipeline = str(index.get("_class_name"))
        entries.append(
            ModelEntry(
                id=repo.repo_id,
                title=repo.repo_id.partition("/")[2] or repo.repo_id,
                kind=kind_of(pipeline),
                path=str(snapshot),
                family=family_of(pipeline, index),
                size=repo.size_on_disk,
                added=datetime.fromtimestamp(repo.last_modified, UTC).isoformat(timespec="seconds"),
                license=cards.license_of(snapshot),
                is_hub=True,
            )
        )
    return sorted((e for e in entries if e.kind != "other"), key=lambda e: e.id.lower())
