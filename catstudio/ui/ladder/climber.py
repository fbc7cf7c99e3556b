"""The climb beside the window: on a thread of its own, heard of on the window's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CancelledError, CatStudioError
from catstudio.jobs.events import AnyEvent, Progress
from catstudio.studio.ladder import Amounts, Climb, Heard, found_model, kept, own_photos
from catstudio.studio.ladder.rungs import Plan

_log = logging.getLogger(__name__)


class Climber(QObject):
    """Looks at the ladder that lies in ``folder``, and climbs it.

    Signals
    -------
    looked(Kept | None, str) : the climb that is there, and the diffusion model that would be used.
    begun(str) : the id of the rung that is worked on.
    progressed(Progress) : of the job at hand.
    climbed(object) : a finished rung, as its report says it.
    ended(CatStudioError | None) : the climb is over; None when it reached the top.
    """

    looked = Signal(object, str)
    begun = Signal(str)
    progressed = Signal(object)
    climbed = Signal(object)
    ended = Signal(object)

    def __init__(
        self, folder: Path, amounts: Amounts | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.folder = folder
        self._amounts = amounts
        self._climb: Climb | None = None
        self._is_stopped = False
        self._threads: list[threading.Thread] = []

    def look(self) -> None:
        """Find out what is there; ``looked`` follows."""
        self._start(lambda: self.looked.emit(kept(self.folder), found_model()))

    def start(self, photos: str, model: str | None, again: bool) -> None:
        """Climb what is left; ``photos`` is a folder of the person's own, "" for none."""
        heard = Heard(
            begun=self._tell_begun,
            finished=self.climbed.emit,
            event=self._tell_event,
        )

        def climb() -> None:
            own = own_photos(photos) if photos else None
            made = Climb(
                self.folder, own, model=model, amounts=self._amounts, again=again, heard=heard
            )
            self._climb = made
            if self._is_stopped:
                made.stop()
            made.run()

        self._is_stopped = False
        self._start(lambda: self._finish(climb))

    def stop(self) -> None:
        """Stop within a second; ``ended`` follows."""
        self._is_stopped = True
        if self._climb is not None:
            self._climb.stop()

    def close(self) -> None:
        """Stop, and wait for it."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def _finish(self, climb: Callable[[], None]) -> None:
        problem: CatStudioError | None = None
        try:
            climb()
        except CatStudioError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 - a thread: nobody else would say it.
            _log.exception("The ladder could not be climbed")
            problem = CatStudioError(
                f"Something unexpected went wrong ({type(error).__name__}: {error}).",
                "Every finished rung is kept. The log has the details.",
            )
        self._climb = None
        self.ended.emit(problem)

    def _tell_begun(self, plan: Plan) -> None:
        self.begun.emit(plan.id)

    def _tell_event(self, event: AnyEvent) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event)

    def _start(self, do: Callable[[], Any]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        # Not a daemon: the project must be closed whole.
        thread = threading.Thread(target=do, name="ladder")
        self._threads.append(thread)
        thread.start()


def was_stopped(problem: CatStudioError | None) -> bool:
    """Did the person end the climb?"""
    return isinstance(problem, CancelledError)
