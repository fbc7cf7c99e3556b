"""One model on this computer, as the list of models shows it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class ModelEntry(Struct, frozen=True, kw_only=True):
    """A model that can be chosen.

    ``id`` is what a person types (a short name, or the hub's "owner/name"); ``path`` the
    folder or file. ``kind`` such as "text-to-image"; ``family`` "stable-diffusion", "sdxl",
    "flow-matching" or "other". ``size`` in bytes; ``added`` an ISO 8601 time in UTC;
    ``native_size`` the side in pixels that the model was made for, 0 if unknown. ``is_hub``
    marks entries of the hub's cache, which are listed but not registered. ``provenance`` is an
    adapter's own card (:class:`catstudio.models.adapters.AdapterCard`) as plain JSON.
    """

    id: str
    title: str
    kind: str
    path: str
    family: str
    size: int
    added: str
    license: str = ""
    native_size: int = 0
    is_hub: bool = False
    provenance: dict[str, Any] = {}
