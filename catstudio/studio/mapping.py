"""The embedding map: what it is asked of, where it is kept, and who looks like whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError, NotPlacedError, NotPossibleError
from catstudio.core.files import explain_os_error, sha256, write_atomic
from catstudio.core.project import ProjectFolder
from catstudio.core.store import Store
from catstudio.core.types import ImageRecord, State
from catstudio.jobs.events import AnyEvent, Done, Placed
from catstudio.jobs.requests import DEFAULT_BACKBONE, DataItem, MapRequest, WordsRequest
from catstudio.models.registry import ModelRegistry
from catstudio.studio.requesting import new_job_id

if TYPE_CHECKING:
    from catstudio.learn.image_map import ImageMap

NEAREST = 100
"""How many images a search shows: more than anyone looks through, few enough to mean something."""
_TEXT_TYPES = ("clip", "siglip", "siglip2")
_MAP_FILE = "map.npz"


class Look(Struct, frozen=True):
    """Something that maps can be made with: what a request calls it, and its name for a person."""

    backbone: str
    title: str
    knows_words: bool = False


def looks() -> tuple[Look, ...]:
    """What can look on this computer: the one that comes along first. Reads the disk."""
    found = [Look(DEFAULT_BACKBONE, "EfficientNet-Lite2")]
    found += [
        Look(entry.path, entry.title, knows_words=True)
        for entry in ModelRegistry().list()
        if entry.kind == "backbone" and _model_type(Path(entry.path)) in _TEXT_TYPES
    ]
    return tuple(found)


def request(store: Store, backbone: str, *, is_quick: bool, is_anew: bool) -> MapRequest:
    """Lay out every image that is not in the trash; ``is_anew`` forgets the map before.

    Raises :class:`NotPossibleError` for a project without images.
    """
    store.folder.check_reachable()
    records = [record for record in store.images() if record.state is not State.TRASHED]
    if not records:
        raise NotPossibleError(
            f"{store.folder.name} has no images yet.", "Add photos; the map shows them by likeness."
        )
    return MapRequest(
        job_id=new_job_id(),
        items=tuple(_item(store, record) for record in records),
        backbone=backbone,
        embedding_cache=str(store.folder.embeddings),
        map_file="" if is_anew else str(map_path(store.folder, backbone)),
        is_quick=is_quick,
    )


def words_request(text: str, backbone: str) -> WordsRequest:
    """Find the place of ``text`` among pictures. Raises :class:`BadInputError` for no words."""
    if not text.strip():
        raise BadInputError("There is nothing to look for.", "Describe what the picture shows.")
    return WordsRequest(job_id=new_job_id(), text=text.strip(), backbone=backbone)


def map_path(folder: ProjectFolder, backbone: str) -> Path:
    """Where the map made with ``backbone`` is kept: in the cache, so it may go at any time."""
    name = re.sub(r"[^\w.-]+", "-", Path(backbone).name)
    # Two folders of one name are two models.
    mark = f"-{sha256(backbone.encode())[:8]}" if Path(backbone).is_absolute() else ""
    return folder.cache / "maps" / f"{name}{mark}.npz"


def read(folder: ProjectFolder, backbone: str) -> ImageMap | None:
    """The kept map; None while there is none."""
    # numpy comes in with the first map: the window shows sooner without it.
    from catstudio.learn.image_map import ImageMap

    return ImageMap.read(map_path(folder, backbone))


def keep(folder: ProjectFolder, request: MapRequest, event: AnyEvent) -> AnyEvent:
    """Keep what ``event`` brings of a map; returns the event without it."""
    if isinstance(event, Placed) and event.file:
        _write(folder, request, event.file)
        return msgspec.structs.replace(event, file=b"")
    if isinstance(event, Done) and _MAP_FILE in event.files:
        _write(folder, request, event.files[_MAP_FILE])
        return Done(job_id=event.job_id, result=event.result)
    return event


def similar(store: Store, id_: str, backbone: str, count: int = NEAREST) -> list[str]:
    """Ids of the images most like ``id_``, the image itself first, the most alike next.

    Raises :class:`NotPlacedError` when the map does not have it yet.
    """
    record = store.image(id_)
    found = read(store.folder, backbone)
    if found is None or record.sha256 not in found.hashes:
        raise NotPlacedError(
            f"{record.name} is not on the map yet.", "Bring the map up to date first."
        )
    query = found.likeness.row(found.hashes.index(record.sha256))
    ids = _nearest(store, found, query, count + 1)
    return [id_, *(other for other in ids if other != id_)][: count + 1]


def like_words(
    store: Store, vector: Sequence[float], backbone: str, count: int = NEAREST
) -> list[str]:
    """Ids of the images that ``vector`` (a :class:`WordsRequest`'s result) describes best."""
    found = read(store.folder, backbone)
    if found is None or found.likeness.steps.shape[1] != len(vector):
        raise NotPlacedError("There is no map to look in yet.", "Make the map first.")
    return _nearest(store, found, vector, count)


def _nearest(store: Store, found: ImageMap, query: Iterable[float], count: int) -> list[str]:
    import numpy as np

    order, _ = found.likeness.ranked(np.asarray(query, np.float32))
    # What went into the trash, or out of the project, is still on the map.
    ids = {r.sha256: r.id for r in store.images() if r.state is not State.TRASHED}
    there = (ids.get(found.hashes[int(row)]) for row in order)
    return [id_ for id_ in there if id_ is not None][:count]


def _write(folder: ProjectFolder, request: MapRequest, data: bytes) -> None:
    path = map_path(folder, request.backbone)
    try:
        write_atomic(path, data, durable=False)
    except OSError as error:
        raise explain_os_error(error, str(path)) from error


def _item(store: Store, record: ImageRecord) -> DataItem:
    return DataItem(
        id=record.id,
        path=str(store.image_path(record)),
        sha256=record.sha256,
        label=record.label or "",
        source=record.source,
        is_real=record.is_real,
        lineages=record.lineages,
    )


def _model_type(path: Path) -> str:
    try:
        said = msgspec.json.decode((path / "config.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return ""
    return str(said.get("model_type", "")) if isinstance(said, dict) else ""
