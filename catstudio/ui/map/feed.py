"""The map's data: read from its file, made by a job, and shown as it takes shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Placed, Progress
from catstudio.jobs.requests import DEFAULT_BACKBONE, MapRequest
from catstudio.ui.bridge import StudioBridge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """``hashes`` of images and where they lie, [n, 2]. ``how`` is "pca" or "t-sne"."""

    hashes: tuple[str, ...]
    xy: NDArray[np.floating]
    how: str


class MapFeed(QObject):
    """Keeps ``layout``, the newest that is known of the map made with ``backbone``.

    Signals
    -------
    changed : ``layout`` or ``is_running`` is another.
    progressed(Progress) : how far the running job is.
    failed(str, str) : message and hint.
    """

    changed = Signal()
    progressed = Signal(object)
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.backbone = DEFAULT_BACKBONE
        self.layout: Layout | None = None
        self.is_read = False
        """Is it known whether there is a map?"""
        self._request: MapRequest | None = None
        self._is_asking = False
        bridge.job_event.connect(self._job_event)

    @property
    def is_running(self) -> bool:
        return self._is_asking or self._request is not None

    def read(self) -> None:
        """Read the kept map, in the background."""
        studio, backbone = self._bridge.studio, self.backbone

        def read() -> tuple[str, Layout | None]:
            found = studio.image_map(backbone)
            return backbone, Layout(found.hashes, found.xy, found.how) if found else None

        self._bridge.fetch(read, self._take)

    def use(self, backbone: str) -> None:
        """Show the map of another backbone."""
        if backbone != self.backbone:
            self.backbone, self.layout, self.is_read = backbone, None, False
            self.changed.emit()
            self.read()

    def make(self) -> None:
        """Make the map, or bring it up to date, in the background."""
        if self.is_running:
            return
        self._is_asking = True
        studio, backbone = self._bridge.studio, self.backbone
        self._bridge.fetch(lambda: studio.map_request(backbone), self._submit, self._refused)
        self.changed.emit()

    def cancel(self) -> None:
        """Stop; what lies somewhere stays there."""
        if self._request is not None:
            self._bridge.studio.cancel(self._request.job_id)

    def _submit(self, request: MapRequest) -> None:
        self._is_asking, self._request = False, request
        self._bridge.submit(request)

    def _refused(self, error: CatStudioError) -> None:
        self._is_asking = False
        self.failed.emit(error.message, error.hint)
        self.changed.emit()

    def _take(self, found: tuple[str, Layout | None]) -> None:
        backbone, layout = found
        if backbone == self.backbone:
            self.is_read = True
            self.layout = layout or self.layout
            self.changed.emit()

    def _job_event(self, event: AnyEvent) -> None:
        request = self._request
        if request is None or event.job_id != request.job_id:
            return
        if isinstance(event, Progress):
            self.progressed.emit(event)
        elif isinstance(event, Placed):
            self._bridge.fetch(lambda: (request.backbone, unpacked(request, event)), self._take)
        elif isinstance(event, TERMINAL):
            self._request = None
            self.changed.emit()
            self.read()


def unpacked(request: MapRequest, event: Placed) -> Layout:
    """What ``event`` says of the images of ``request``. For background threads: needs numpy."""
    import numpy as np

    items = request.items
    hashes = tuple(items[int(i)].sha256 for i in np.frombuffer(event.index, "<i4"))
    return Layout(hashes, np.frombuffer(event.xy, "<f4").reshape(-1, 2), event.how)


def newest_report(studio: Any) -> tuple[int, Mapping[str, Any]] | None:
    """The newest run that was tested, and its report; None when there is none. Slow."""
    for run in reversed(studio.runs()):
        try:
            report = studio.report(run.number)
        except CatStudioError:
            continue  # An older one may still be read.
        if report.get("predictions"):
            return run.number, report
    return None
