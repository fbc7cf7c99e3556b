"""Keeping what jobs bring: images with their provenance, embeddings, trained models.

Called from the job threads of the process that holds the project, which alone writes it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec
from msgspec import Struct
from PIL.Image import Image

from catstudio.core.changes import AddImages, Touched
from catstudio.core.edits import Edits
from catstudio.core.errors import CatStudioError
from catstudio.core.pixels import decode
from catstudio.core.project import ProjectFolder
from catstudio.core.store import AddedImage, NewImage, Store
from catstudio.core.thumbnails import write_thumbnail
from catstudio.core.types import Parent, Provenance, State
from catstudio.core.wording import shown
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import (
    TERMINAL,
    AnyEvent,
    Done,
    Embedded,
    ImageAdded,
    ImageMade,
)
from catstudio.jobs.requests import (
    AnyRequest,
    AuditRequest,
    CheckDatasetRequest,
    DownloadRequest,
    GenerateRequest,
    ImportDatasetRequest,
    ImportRequest,
    MapRequest,
    PersonaliseRequest,
    TrainRequest,
)
from catstudio.sources import importing
from catstudio.studio import auditing, inheriting, mapping, personalising


class _Made(Struct):
    """What a running job has brought in so far."""

    started: float
    ids: list[str]
    duplicates: int = 0


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

    def keep(self, request: AnyRequest, event: AnyEvent) -> AnyEvent | None:
        """Keep what ``event`` brings; returns what is to be published in its place, or None."""
        if isinstance(request, GenerateRequest):
            self._begin(event.job_id)
        if isinstance(event, ImageMade) and isinstance(request, GenerateRequest):
            return event if request.is_trial else self._keep_image(request, event)
        if isinstance(event, Embedded):
            self._keep_embeddings(event)
            return None
        if isinstance(event, TERMINAL) and isinstance(request, GenerateRequest):
            return msgspec.structs.replace(
                event, result={**event.result, **self._finish(event.job_id, "generate")}
            )
        if isinstance(event, Done) and isinstance(request, PersonaliseRequest):
            return personalising.keep(request, event)
        if isinstance(event, Done) and isinstance(request, AuditRequest):
            return auditing.keep(request, event)
        if isinstance(request, MapRequest):
            return mapping.keep(self._folder, request, event)
        if isinstance(event, Done) and isinstance(request, TrainRequest):
            number = self._store.add_run(request.backbone, _summary(event.result), event.files)
            return Done(job_id=event.job_id, result={"run": number, **event.result})
        return event

    def run_here(self, request: AnyRequest, context: JobContext) -> Done:
        """Do a job of this process's lanes."""
        if isinstance(request, ImportRequest):
            return self.run_import(request, context)
        if isinstance(request, CheckDatasetRequest):
            return inheriting.check(request, context, self._store)
        if isinstance(request, ImportDatasetRequest):
            return inheriting.take_in(request, context, self._store, self.take_in)
        if isinstance(request, DownloadRequest):
            # Only who downloads needs what speaks HTTP.
            from catstudio.models.catalogue import wanted
            from catstudio.models.downloading import download

            found = download(wanted(request.model), context)
            return Done(job_id=request.job_id, result=msgspec.to_builtins(found))
        raise TypeError(f"{type(request).__name__} is not a job for this process")

    def run_import(self, request: ImportRequest, context: JobContext) -> Done:
        """Decode and store every file of the request; what is refused is said and passed over.

        Raises :class:`CancelledError`; what was added before stays.
        """
        found = importing.find(request)
        given = importing.Given(request, found.candidates, len(found.candidates), found.refused)
        return self.take_in(given, context, {"skipped": list(found.skipped)})

    def take_in(self, given: importing.Given, context: JobContext, facts: dict[str, Any]) -> Done:
        """Decode and store ``given``, one undoable step; ``facts`` go into the result too.

        Raises :class:`CancelledError`; what was added before stays.
        """
        request, total = given.request, given.total
        self._begin(request.job_id)
        refused = [
            {"path": one.path, "reason": f"{one.message} {one.hint}"} for one in given.refused
        ]
        for one in given.refused:
            context.warn(one.message, one.hint, one.path)
        problem: CatStudioError | None = None
        without_place = 0
        with closing(importing.checked(request, given.candidates)) as every:
            try:
                for done, checked in enumerate(every, 1):
                    context.check_cancelled()
                    if isinstance(checked, importing.Refused):
                        path = shown(checked.candidate.path or checked.candidate.name)
                        refused.append({"path": path, "reason": str(checked.reason)})
                        context.warn(checked.reason.message, checked.reason.hint, path)
                    else:
                        is_new = self._import_one(request, checked, context)
                        without_place += is_new and checked.lost_location
                    context.progress(done, total, f"{done} of {total} files")
            except CatStudioError as error:
                problem = error
                raise
            finally:
                finished = self._finish(request.job_id, "add")
                result = {"added": finished.pop("made"), **finished, "refused": refused, **facts}
                result["location_removed"] = without_place
                if problem is not None:
                    problem.result = result
        return Done(job_id=request.job_id, result=result)

    # -- one thing -------------------------------------------------------------------------

    def _import_one(
        self, request: ImportRequest, sound: importing.Sound, context: JobContext
    ) -> bool:
        """Store one; was it new?"""
        added = self._store.add_image(sound.new)
        if sound.note and not added.is_duplicate:
            context.warn(sound.note, path=sound.candidate.path)
        if added.note:
            context.warn(added.note, path=sound.candidate.path)
        self._publish(self._added(request.job_id, added, sound.small))
        return not added.is_duplicate

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
                    parents=_parents(request, event),
                    params=params,
                ),
                label=event.label or request.label,
                state=State.ACCEPTED if request.accept else State.PENDING,
            )
        )
        return self._added(event.job_id, added, decoded.image)

    def _added(self, job_id: str, added: AddedImage, image: Image) -> ImageAdded:
        """Count what was stored, and make its thumbnail while its pixels are at hand."""
        with self._lock:
            made = self._made[job_id]
            if added.is_duplicate:
                made.duplicates += 1
            else:
                made.ids.append(added.record.id)
        if not added.is_duplicate:
            # Only a cache: it is made again when somebody looks.
            with contextlib.suppress(CatStudioError):
                write_thumbnail(image, self._folder.cache, added.record.sha256, importing.THUMBNAIL)
        return ImageAdded(job_id=job_id, image_id=added.record.id, is_duplicate=added.is_duplicate)

    def _keep_embeddings(self, event: Embedded) -> None:
        # numpy comes in with the first embeddings: the window shows a sixth sooner without it.
        import numpy as np

        from catstudio.learn.cache import EmbeddingCache

        features = np.frombuffer(event.features, np.float32).reshape(len(event.keys), event.dim)
        # Only a cache: a full disk makes the next training slower, and stops nothing now.
        with contextlib.suppress(sqlite3.Error, OSError):
            EmbeddingCache(self._folder.embeddings).put_many(event.keys, features)

    def _begin(self, job_id: str) -> None:
        with self._lock:
            self._made.setdefault(job_id, _Made(time.monotonic(), []))

    def _finish(self, job_id: str, what: str) -> dict[str, Any]:
        """Make what the job brought one undoable step; returns the figures of its result."""
        with self._lock:
            made = self._made.pop(job_id, _Made(time.monotonic(), []))
        # On a disk that is full by now the images stay; only undo cannot take them back at once.
        with contextlib.suppress(CatStudioError):
            if made.ids:
                self._publish(self._edits.apply(AddImages(tuple(made.ids), what)))
        return {
            "made": len(made.ids),
            "ids": list(made.ids),
            "duplicates": made.duplicates,
            "seconds": round(time.monotonic() - made.started, 3),
        }


def _parents(request: GenerateRequest, event: ImageMade) -> tuple[Parent, ...]:
    """What the image was made from, then what its adapters have learned from, each once."""
    own = {parent.id for parent in event.parents}
    return (*event.parents, *(one for one in request.learned_from if one.id not in own))


_SUMMARY = ("answer", "metrics", "why_not", "n_train", "n_test", "seconds", "labels")


def _summary(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a report that the list of runs shows without opening its file."""
    return {key: result[key] for key in _SUMMARY if key in result}
