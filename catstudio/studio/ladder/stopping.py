"""Doing the ladder's jobs so that they can be stopped within a second, from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from catstudio.core.errors import CancelledError
from catstudio.jobs.events import AnyEvent
from catstudio.jobs.requests import AnyRequest
from catstudio.studio.door import Studio

PATIENCE = 0.6
"""Seconds that a job is given to end by itself. A worker that is just starting, or loads a model,
hears nothing for longer; it holds nothing that could be lost."""


class Stopper:
    """Runs jobs one after another; :meth:`stop` ends the one at hand and all that would follow."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._studio: Studio | None = None
        self._job = ""
        self._timer: threading.Timer | None = None

    @contextmanager
    def of(self, studio: Studio) -> Iterator[None]:
        """Stop jobs of ``studio`` from now on."""
        with self._lock:
            self._studio = studio
        try:
            yield
        finally:
            with self._lock:
                self._studio = None
                timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
                timer.join()

    def stop(self) -> None:
        """From any thread; may be called twice."""
        with self._lock:
            self._stopped.set()
            studio, job = self._studio, self._job
            if studio is None or not job or self._timer is not None:
                return
            self._timer = threading.Timer(PATIENCE, self._insist, (studio, job))
            self._timer.name = "ladder-stop"
            self._timer.start()
        studio.cancel(job)

    def check(self) -> None:
        """Raise :class:`CancelledError` once stopped."""
        if self._stopped.is_set():
            raise CancelledError("Stopped.", "Every finished rung is kept; climb again to go on.")

    def run(self, request: AnyRequest, on_event: Callable[[AnyEvent], None]) -> dict[str, Any]:
        """Do a job and return its result."""
        studio = self._studio
        if studio is None:
            raise RuntimeError("no project is open")
        with self._lock:
            self.check()
            self._job = request.job_id

        def heard(event: AnyEvent) -> None:
            if self._stopped.is_set():  # Pressed before the job was known: say it again.
                studio.cancel(event.job_id)
            on_event(event)

        try:
            return studio.run(request, heard).result
        finally:
            with self._lock:
                self._job = ""
            self.check()

    def _insist(self, studio: Studio, job: str) -> None:
        with self._lock:
            is_still_at_it = self._job == job
        if is_still_at_it:
            studio.kill_worker()
