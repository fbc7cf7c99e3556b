"""Doing a job and waiting for its end, for the command line and notebooks; what jobs are called."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from catstudio.core import errors
from catstudio.core.changes import count_images
from catstudio.core.errors import CancelledError, CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Done, Event, Failed
from catstudio.jobs.requests import (
    AnyRequest,
    AuditRequest,
    CheckDatasetRequest,
    DownloadRequest,
    EvaluateRequest,
    GenerateRequest,
    ImportDatasetRequest,
    ImportRequest,
    MapRequest,
    PersonaliseRequest,
    PredictRequest,
    TrainRequest,
    WordsRequest,
)

if TYPE_CHECKING:
    from catstudio.studio.door import Studio
    from catstudio.studio.listening import Told

_TICK = 0.2  # Seconds between looks for Ctrl-C: a blocking get cannot be interrupted everywhere.


def title(request: AnyRequest) -> str:
    """What a person calls the job."""
    match request:
        case ImportRequest(paths=paths, blobs=blobs):
            # How many files lie in a folder is not known before it has been walked.
            n = len(paths) + len(blobs)
            what = Path(paths[0]).name if len(paths) == n == 1 else f"{n} items"
            words = f"Add {what}" + (f" as {request.label}" if request.label else "")
        case CheckDatasetRequest():
            words = f"Check {Path(request.path).name}"
        case ImportDatasetRequest():
            words = f"Add {Path(request.path).name}"
        case GenerateRequest():
            words = f"Generate {request.count} × {request.label}"
        case TrainRequest():
            words = f"Train on {count_images(len(request.items))}"
        case AuditRequest():
            words = f"Question run {request.run}"
        case EvaluateRequest():
            words = f"Evaluate on {count_images(len(request.items))}"
        case DownloadRequest():
            words = f"Download {request.model}"
        case PersonaliseRequest():
            verb = "Estimate" if request.is_estimate else "Personalise"
            words = f"{verb} {request.label} with {count_images(len(request.images))}"
        case PredictRequest():
            words = f"Predict {count_images(len(request.paths))}"
        case MapRequest() | WordsRequest():
            words = _by_likeness(request)
    return words


def _by_likeness(request: MapRequest | WordsRequest) -> str:
    if isinstance(request, WordsRequest):
        return f"Look for “{request.text}”"
    return f"Map {count_images(len(request.items))}"


def wait(studio: Studio, request: AnyRequest, on_event: Callable[[AnyEvent], None] | None) -> Done:
    """Submit ``request``, pass its events to ``on_event`` on this thread, return its result.

    A KeyboardInterrupt cancels the job; a second one kills its worker.
    """
    events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
    end: list[AnyEvent] = []

    def listen(event: Told) -> None:
        if isinstance(event, Event) and event.job_id == request.job_id:
            if isinstance(event, TERMINAL):
                end.append(event)
            events.put(event)

    unsubscribe = studio.subscribe(listen)
    is_interrupted = False
    event: AnyEvent | None = None
    try:
        studio.submit(request)
        while not isinstance(event, TERMINAL):
            try:
                event = events.get(timeout=_TICK)
                if on_event is not None:
                    on_event(event)
            except queue.Empty:
                # An interrupt may have struck between taking the last event and keeping it.
                event = end[0] if end and events.empty() else event
            except KeyboardInterrupt:
                if is_interrupted:
                    studio.kill_worker()
                is_interrupted = True
                studio.cancel(request.job_id)
        return _result(event)
    finally:
        unsubscribe()


def _result(event: AnyEvent) -> Done:
    if isinstance(event, Done):
        return event
    if isinstance(event, Failed):
        kind = getattr(errors, event.error, CatStudioError)
        error = kind(event.message, event.hint)
        error.add_note(event.details)
    else:
        error = CancelledError("Cancelled.", "Everything finished so far is kept.")
    error.result = getattr(event, "result", {})
    raise error
