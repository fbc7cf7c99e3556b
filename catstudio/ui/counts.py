"""The project's counts, read once for all who show them: header, panel, training tab."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from catstudio.studio import Readiness
from catstudio.ui.bridge import StudioBridge

_PAUSE_MS = 200


class Counts(QObject):
    """``changed`` carries the :class:`Readiness` after edits and new images, at most 5 times a
    second."""

    changed = Signal(object)

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.readiness: Readiness | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self.read)
        bridge.touched.connect(lambda _: self._later())
        bridge.image_added.connect(lambda _: self._later())

    def read(self) -> None:
        """Read now, in the background."""
        self._bridge.fetch(self._bridge.studio.readiness, self._show)

    def _later(self) -> None:
        # Not restarted: a steady stream of images must not put the counts off for ever.
        if not self._soon.isActive():
            self._soon.start()

    def _show(self, readiness: Readiness) -> None:
        self.readiness = readiness
        self.changed.emit(readiness)
