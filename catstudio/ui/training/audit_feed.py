"""The audit of the run that is shown: started, its parts as they come, or read from its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Done, Found, Progress
from catstudio.jobs.requests import AuditRequest
from catstudio.ui.bridge import StudioBridge

Audit = dict[str, Any]


class AuditFeed(QObject):
    """Keeps ``audit``, all that is known of one run's audit so far.

    Signals
    -------
    changed : ``audit`` or ``is_running`` is another.
    progressed(Progress) : how far the running audit is.
    failed(str, str) : message and hint.
    """

    changed = Signal()
    progressed = Signal(object)
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._shown = 0
        self._running: dict[str, int] = {}
        """The run that each waiting or working audit asks about, by job."""
        self._parts: dict[int, Audit] = {}
        self.audit: Audit = {}
        bridge.job_event.connect(self._job_event)

    @property
    def is_running(self) -> bool:
        """Is the shown run questioned at this moment?"""
        return self._shown in self._running.values()

    def show_run(self, number: int) -> None:
        """Follow run ``number`` from now on; 0 none."""
        self._shown = number
        self.audit = self._parts.get(number, {})
        self.changed.emit()
        if number and not self.is_running:
            studio = self._bridge.studio
            self._bridge.fetch(
                lambda: (number, studio.audit(number)), self._read, self._unreadable, self
            )

    def start(self, number: int, strangers: tuple[str, ...] | None = None) -> None:
        """Question run ``number``, in the background; ``strangers`` are photos of neither class or
        folders of them, the examples when None."""
        if number in self._running.values():
            return
        studio = self._bridge.studio
        self._bridge.fetch(
            lambda: studio.audit_request(number, strangers=strangers),
            self._submit,
            self._unreadable,
            self,
        )

    def cancel(self) -> None:
        """Stop questioning the shown run; what was found so far stays in sight."""
        for job, number in self._running.items():
            if number == self._shown:
                self._bridge.studio.cancel(job)

    def _submit(self, request: AuditRequest) -> None:
        self._running[request.job_id] = request.run
        self._parts[request.run] = {}
        self._bridge.submit(request)
        self._tell(request.run)

    def _read(self, found: tuple[int, Mapping[str, Any] | None]) -> None:
        number, audit = found
        if audit is not None and number not in self._running.values():
            self._parts[number] = dict(audit)
            self._tell(number)

    def _unreadable(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)

    def _job_event(self, event: AnyEvent) -> None:
        number = self._running.get(event.job_id)
        if number is None:
            return
        if isinstance(event, Progress):
            if number == self._shown:
                self.progressed.emit(event)
        elif isinstance(event, Found):
            self._parts[number] = joined(self._parts[number], event)
            self._tell(number)
        elif isinstance(event, TERMINAL):
            del self._running[event.job_id]
            if isinstance(event, Done):
                self._parts[number] = dict(event.result)
            self._tell(number)

    def _tell(self, number: int) -> None:
        if number == self._shown:
            self.audit = self._parts[number]
            self.changed.emit()


def joined(audit: Audit, found: Found) -> Audit:
    """``audit`` with one more part."""
    if found.part == "check":
        return {**audit, "checks": [*audit.get("checks", ()), found.value]}
    if found.part == "sources":
        return {**audit, **found.value}
    return {**audit, found.part: found.value}
