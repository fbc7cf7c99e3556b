"""Trials for a live preview: started soon after a change, never kept, never in the way of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Cancelled, Done, Failed, ImageMade
from catstudio.jobs.requests import GenerateRequest, Lane
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.asking import generate_request
from catstudio.ui.bridge import Fetch, StudioBridge

_SETTLE_MS = 250
"""A slider that is being dragged asks once, when it rests."""
_LOOK_AGAIN_MS = 400
WAITS = "The preview waits for the running job."


@dataclass(frozen=True)
class Trial:
    """One picture that was tried: ready to be shown, and what was done in words."""

    image: QImage
    caption: str


class Trials(QObject):
    """Runs the newest :class:`GenerateAsk` it was given as a trial, while somebody looks.

    Signals
    -------
    began(int) : so many pictures will come; those of before are old, and what was said is over.
    made(int, Trial) : the picture at an index, decoded.
    ended(int) : so many came, or are on their way to ``made``.
    said(str, bool) : why there is none now, and whether that is a problem.
    """

    began = Signal(int)
    made = Signal(int, object)
    ended = Signal(int)
    said = Signal(str, bool)

    def __init__(
        self,
        bridge: StudioBridge,
        caption: Callable[[ImageMade], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._caption = caption
        self._wanted: GenerateAsk | None = None
        self._shown: GenerateAsk | None = None
        """What the pictures that are there, or under way, were asked with."""
        self._is_watched = False
        self._job = ""
        self._arrived = 0
        self._reading: list[Fetch] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._try)
        bridge.job_event.connect(self._give_way)

    @property
    def is_running(self) -> bool:
        return bool(self._job)

    def want(self, ask: GenerateAsk) -> None:
        """Show what ``ask`` would make, soon; what was wanted before is dropped."""
        if ask == self._wanted and (ask == self._shown or self._timer.isActive()):
            return
        self._wanted = ask
        if self._is_watched:
            self._timer.start(_SETTLE_MS)

    def drop(self) -> None:
        """Nothing is wanted any more."""
        self._wanted = self._shown = None
        self._stop()

    def watch(self, is_watched: bool) -> None:
        """Is somebody looking? Nothing runs while nobody is."""
        self._is_watched = is_watched
        if not is_watched:
            if self._job or self._reading:
                self._shown = None  # It was not finished.
            self._stop()
        elif self._wanted is not None and self._wanted != self._shown:
            self._timer.start(0)

    # -- inside ------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._timer.stop()
        for fetch in self._reading:
            fetch.cancel()
        self._reading.clear()
        if self._job:
            self._bridge.studio.cancel(self._job)

    def _try(self) -> None:
        """Start what is wanted, once nothing is in its way."""
        if self._wanted is None or not self._is_watched:
            return
        if self._job:
            self._stop()  # Its end tries again.
            return
        if self._bridge.studio.jobs(Lane.WORKER):
            self.said.emit(WAITS, False)
            self._timer.start(_LOOK_AGAIN_MS)
            return
        ask = self._shown = self._wanted
        read = partial(generate_request, self._bridge.studio, ask, is_trial=True)
        self._stop()
        self._reading.append(self._bridge.fetch(read, self._start, self._fail))

    def _start(self, request: GenerateRequest) -> None:
        self._reading.clear()
        if self._job or not self._is_watched:
            self._shown = None
            return
        try:
            self._job = self._bridge.follow(request, self._event)
        except CatStudioError as error:
            self._fail(error)
            return
        self._arrived = 0
        self.began.emit(request.count)

    def _event(self, event: AnyEvent) -> None:
        if isinstance(event, ImageMade):
            self._read(event)
        elif isinstance(event, TERMINAL) and event.job_id == self._job:
            self._job = ""
            self._finish(event)

    def _finish(self, end: Done | Failed | Cancelled) -> None:
        if isinstance(end, Cancelled):
            self._shown = None
        if isinstance(end, Failed):
            self.said.emit(f"{end.message} {end.hint}".strip(), True)
        if self._wanted != self._shown:
            self._timer.start(0)
        elif isinstance(end, Done):
            self.ended.emit(self._arrived)

    def _read(self, event: ImageMade) -> None:
        """Decode a picture in the background; it arrives by its number."""
        index, caption = self._arrived, self._caption(event)
        self._arrived += 1

        def decode() -> Trial:
            return Trial(QImage.fromData(event.data), caption)

        def take(trial: Trial) -> None:
            self.made.emit(index, trial)

        self._reading.append(self._bridge.fetch(decode, take, self._fail, self))

    def _give_way(self, _: AnyEvent) -> None:
        """The person's own job comes first: a trial under way is put off."""
        if self._job and self._bridge.studio.jobs(Lane.WORKER) != (self._job,):
            self._bridge.studio.cancel(self._job)

    def _fail(self, error: CatStudioError) -> None:
        self._reading.clear()
        self.said.emit(f"{error.message} {error.hint}".strip(), True)
