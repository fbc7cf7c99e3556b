"""The worker's side of a running job: what a generator or trainer says while it works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from catstudio.core.errors import CancelledError
from catstudio.core.types import Parent
from catstudio.jobs.events import AnyEvent, Embedded, Found, ImageMade, Placed, Progress, Warned

_REPORT_EVERY = 0.1  # Seconds; a person sees no more, and each report wakes the window.
_NO_DIGITS = str.maketrans("", "", "0123456789")


class JobContext:
    """Handed to every job; turns calls into events and knows whether the person cancelled.

    Parameters
    ----------
    job_id : the job that events are about.
    emit : takes each event, in order; called from the job's thread only.
    cancelled : set by another thread when the person presses Cancel. Fresh for each job.
    """

    def __init__(
        self, job_id: str, emit: Callable[[AnyEvent], None], cancelled: threading.Event
    ) -> None:
        self.job_id = job_id
        self._emit = emit
        self._cancelled = cancelled
        self._since: tuple[float, float, float] | None = None
        self._reported = 0.0
        self._stage = ""

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check_cancelled(self) -> None:
        """Raise :class:`CancelledError` if the person cancelled. Call once a step."""
        if self._cancelled.is_set():
            raise CancelledError("Cancelled.", "Everything finished so far is kept.")

    def progress(
        self, done: float, total: float, message: str = "", preview: bytes | None = None
    ) -> None:
        """Report ``done`` of ``total``; the estimate assumes that the rest goes as fast.

        Call it as often as is handy: at most ten reports a second are sent, besides those that
        carry a preview, a message that differs in more than numbers, or the end.
        """
        now = time.monotonic()
        # From the first report of a stage on: loading a model says nothing about its speed.
        if self._since is None or self._since[2] != total or done < self._since[1]:
            self._since = (now, done, total)
        # "3 of 12 files" is the same stage as "4 of 12 files".
        stage = message.translate(_NO_DIGITS)
        is_news = preview is not None or stage != self._stage or done >= total
        if not is_news and now - self._reported < _REPORT_EVERY:
            return
        self._reported, self._stage = now, stage
        began, first, _ = self._since
        eta = (now - began) * (total - done) / (done - first) if done > first else None
        self._emit(
            Progress(
                job_id=self.job_id,
                done=done,
                total=total,
                message=message,
                eta=eta,
                preview=preview,
            )
        )

    def image(
        self,
        data: bytes,
        name: str,
        *,
        parents: tuple[Parent, ...] = (),
        method: str = "",
        params: dict[str, Any] | None = None,
        score: float | None = None,
        flags: tuple[str, ...] = (),
        label: str | None = None,
    ) -> None:
        """Hand over one finished image: encoded ``data`` (PNG) and its provenance.

        ``label`` is what it shows, in place of the request's.
        """
        self._emit(
            ImageMade(
                job_id=self.job_id,
                data=data,
                name=name,
                parents=parents,
                method=method,
                params=params or {},
                score=score,
                flags=flags,
                label=label,
            )
        )

    def embedded(self, backbone: str, keys: tuple[str, ...], dim: int, features: bytes) -> None:
        """Hand over fresh embeddings, so that they are kept even if the job ends early."""
        self._emit(
            Embedded(job_id=self.job_id, backbone=backbone, keys=keys, dim=dim, features=features)
        )

    def found(self, part: str, value: Any) -> None:
        """Hand over a part of the result, as plain JSON, while the rest is worked on."""
        self._emit(Found(job_id=self.job_id, part=part, value=value))

    def placed(self, how: str, index: bytes, xy: bytes, file: bytes = b"") -> None:
        """Hand over where images lie on a map so far; ``file`` is kept even if the job ends here."""
        self._emit(Placed(job_id=self.job_id, how=how, index=index, xy=xy, file=file))

    def warn(self, message: str, hint: str = "", path: str = "") -> None:
        """Say that something was refused or looks wrong; the job goes on."""
        self._emit(Warned(job_id=self.job_id, message=message, hint=hint, path=path))
