"""Keeping what jobs bring: images with their provenance, embeddings, trained models.

Called from the job threads of the process that holds the project, which alone writes it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from PIL.Image import Image

from catstudio.core.changes import AddImages, Touched
from catstudio.core.edits import Edits
from catstudio.core.pixels import decode
from catstudio.core.project import ProjectFolder
from catstudio.core.store import NewImage, Store
from catstudio.core.thumbnails import write_thumbnail
from catstudio.core.types import Provenance, State
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import (
    TERMINAL,
    AnyEvent,
    Done,
    Embedded,
    ImageAdded,
    ImageMade,
)
from catstudio.jobs.requests import AnyRequest, GenerateRequest, ImportRequest, TrainRequest
from catstudio.learn.cache import EmbeddingCache
from catstudio.sources import importing

GALLERY_THUMBNAIL = 256


class _Made(Struct):
    """What a running job has brought in so far."""

    started: float
    ids: list[str]


class Keeper:
    """Turns events that carry bytes into records, and says what became of them."""

    def __init__(
        self,
        folder: ProjectFolder,
        store: Store,
        edits: Edits,
        publish: Callable[[Touched | AnyEvent], None],
    ) -> None:
        self._folder = folder
        self._store = store
        self._edits = edits
        self._publish = publish
        self._made: dict[str, _Made] = {}
        self._lock = threading.Lock()
        self._embeddings = EmbeddingCache(folder.embeddings)

    def keep(self, request: AnyRequest, event: AnyEvent) -> AnyEvent | None:
        """Keep what ``event`` brings; returns what is to be published in its place, or None."""
        if isinstance(event, ImageMade) and isinstance(request, GenerateRequest):
            return self._keep_image(request, event)
        if isinstance(event, Embedded):
            self._keep_embeddings(event)
            return None
        if isinstance(event, TERMINAL) and isinstance(request, GenerateRequest):
            return msgspec.structs.replace(
                event, result={**event.result, **self._finish(event.job_id, "generate")}
            )
        if isinstance(event, Done) and isinstance(request, TrainRequest):
            number = self._store.add_run(request.backbone, _summary(event.result), event.files)
            return Done(job_id=event.job_id, result={"run": number, **event.result})
        return event

    def run_import(self, request: ImportRequest, context: JobContext) -> Done:
        """Decode and store every file of the request; what is refused is said and passed over.

        Raises :class:`CancelledError`; what was added before stays.
        """
        found = importing.find(request)
        refused = [{"path": path, "reason": "There is no such file."} for path in found.missing]
        refused += [
            {"path": path, "reason": "This folder has no images in it."}
            for path in found.empty_folders
        ]
        for one in refused:
            context.warn(f"{one['path']}: {one['reason']}", "Check the path.", one["path"])
        duplicates = 0
        total = len(found.candidates)
        try:
            for done, checked in enumerate(importing.checked(request, found.candidates), 1):
                context.check_cancelled()
                if isinstance(checked, importing.Refused):
                    path = checked.candidate.path or checked.candidate.name
                    refused.append({"path": path, "reason": str(checked.reason)})
                    context.warn(checked.reason.message, checked.reason.hint, path)
                else:
                    duplicates += self._import_one(request, checked, context)
                context.progress(done, total, f"{done} of {total} files")
        finally:
            finished = self._finish(request.job_id, "add")
        return Done(
            job_id=request.job_id,
            result={
                "added": finished["made"],
                "duplicates": duplicates,
                "refused": refused,
                "skipped": list(found.skipped),
                "ids": finished["ids"],
                "seconds": finished["seconds"],
            },
        )

    # -- one thing -------------------------------------------------------------------------

    def _import_one(
        self, request: ImportRequest, sound: importing.Sound, context: JobContext
    ) -> bool:
        """Store one decoded file; True when its bytes were there already."""
        added = self._store.add_image(sound.new)
        if added.note:
            context.warn(added.note, path=sound.candidate.path)
        if not added.is_duplicate:
            self._remember(request.job_id, added.record.id)
            self._write_thumbnail(sound.decoded.image, added.record.sha256)
        self._publish(
            ImageAdded(
                job_id=request.job_id,
                image_id=added.record.id,
                is_duplicate=added.is_duplicate,
            )
        )
        return added.is_duplicate

    def _keep_image(self, request: GenerateRequest, event: ImageMade) -> ImageAdded:
        decoded = decode(event.data, event.name)
        params = dict(event.params)
        if event.score is not None:
            params["score"] = event.score
        if event.flags:
            params["flags"] = list(event.flags)
        added = self._store.add_image(
            NewImage(
                data=event.data,
                name=event.name,
                format=decoded.format,
                width=decoded.width,
                height=decoded.height,
                dhash=decoded.dhash,
                is_real=False,
                provenance=Provenance(
                    source=request.method,
                    method=event.method,
                    parents=event.parents,
                    params=params,
                ),
                label=request.label,
                state=State.ACCEPTED if request.accept else State.PENDING,
            )
        )
        if not added.is_duplicate:
            self._remember(event.job_id, added.record.id)
            self._write_thumbnail(decoded.image, added.record.sha256)
        return ImageAdded(
            job_id=event.job_id, image_id=added.record.id, is_duplicate=added.is_duplicate
        )

    def _keep_embeddings(self, event: Embedded) -> None:
        features = np.frombuffer(event.features, np.float32).reshape(len(event.keys), event.dim)
        # Only a cache: a full disk makes the next training slower, and stops nothing now.
        with contextlib.suppress(sqlite3.Error, OSError):
            self._embeddings.put_many(event.keys, features)

    def _write_thumbnail(self, image: Image, sha256: str) -> None:
        # Only a cache: it is made again when somebody looks.
        with contextlib.suppress(OSError):
            write_thumbnail(image, self._folder.cache, sha256, GALLERY_THUMBNAIL)

    def _remember(self, job_id: str, image_id: str) -> None:
        with self._lock:
            made = self._made.setdefault(job_id, _Made(time.monotonic(), []))
            made.ids.append(image_id)

    def _finish(self, job_id: str, what: str) -> dict[str, Any]:
        """Make what the job brought one undoable step; returns the figures of its result."""
        with self._lock:
            made = self._made.pop(job_id, _Made(time.monotonic(), []))
        if made.ids:
            self._publish(self._edits.apply(AddImages(tuple(made.ids), what)))
        return {
            "made": len(made.ids),
            "ids": list(made.ids),
            "seconds": round(time.monotonic() - made.started, 3),
        }


_SUMMARY = ("answer", "metrics", "why_not", "n_train", "n_test", "seconds", "labels")


def _summary(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a report that the list of runs shows without opening its file."""
    return {key: result[key] for key in _SUMMARY if key in result}
