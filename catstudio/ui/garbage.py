"""Python's garbage collector, run on the window's thread only.

Left to itself it runs in whatever thread allocates, a reading one say, and there finalises
widgets that lie in reference cycles: Qt then warns, or crashes.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1000


class GarbageCollector(QObject):
    """Collects now and then, by Python's own thresholds, until ``close``. One an application."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> int | None:
        """Collect the oldest generation that is due; returns it, or None when none is."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation] > 0:
                gc.collect(generation)
                return generation
        return None

    def close(self) -> None:
        """Give collecting back to Python; may be called twice."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
