"""The downloads of one open project: they go on when the room that began them is left."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Failed, Progress
from catstudio.ui.bridge import StudioBridge


class Downloads(QObject):
    """One for each bridge; see :meth:`of`. ``changed(str)`` names an entry of the catalogue,
    ``failed(str, str)`` is a message and a hint."""

    changed = Signal(str)
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._jobs: dict[str, str] = {}
        self._progress: dict[str, Progress] = {}
        bridge.job_event.connect(self._job_event)

    @classmethod
    def of(cls, bridge: StudioBridge) -> Downloads:
        """Those of ``bridge``, which owns them."""
        return bridge.findChild(cls) or cls(bridge)

    def is_running(self, entry: str) -> bool:
        return entry in self._jobs

    def progress(self, entry: str) -> Progress | None:
        """How far it is; None before the first word."""
        return self._progress.get(entry)

    def start(self, entry: str) -> None:
        """Fetch ``entry``, an id of the catalogue."""
        request = self._bridge.studio.download_request(entry)
        self._jobs[entry] = request.job_id
        try:
            self._bridge.submit(request)
        except CatStudioError as error:
            del self._jobs[entry]
            self.failed.emit(error.message, error.hint)
        self.changed.emit(entry)

    def cancel(self, entry: str) -> None:
        """Stop; what has arrived is kept for the next time."""
        if entry in self._jobs:
            self._bridge.studio.cancel(self._jobs[entry])

    def _job_event(self, event: AnyEvent) -> None:
        entry = next((one for one, job in self._jobs.items() if job == event.job_id), None)
        if entry is None:
            return
        if isinstance(event, Progress):
            self._progress[entry] = event
        elif isinstance(event, TERMINAL):
            del self._jobs[entry]
            self._progress.pop(entry, None)
            if isinstance(event, Failed):
                self.failed.emit(event.message, event.hint)
        self.changed.emit(entry)
