"""When a photo is taken: at once or after a countdown, one or a burst of them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Shutter(QObject):
    """Signals
    -------
    ticked(int) : the seconds that are left; 0 at the end of the countdown.
    begun(int) : so many photos are taken from now on.
    fired() : take one now.
    ended() : all are taken, or it was stopped.
    """

    ticked = Signal(int)
    begun = Signal(int)
    fired = Signal()
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seconds = 0
        self._count = 1
        self._left = 0
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._tick)
        self._next = QTimer(self)
        self._next.timeout.connect(self._fire)

    @property
    def is_busy(self) -> bool:
        """Does it count down, or take a burst?"""
        return self._second.isActive() or self._next.isActive()

    def press(self, seconds: int, count: int, interval: float) -> None:
        """Take ``count`` photos, ``interval`` seconds apart, after ``seconds``."""
        self._seconds, self._count = seconds, count
        self._next.setInterval(max(1, round(1000 * interval)))
        if seconds:
            self._second.start()
            self.ticked.emit(seconds)
        else:
            self._begin()

    def stop(self) -> None:
        """Take no more; what was taken stays."""
        if self.is_busy:
            self._end()

    def _tick(self) -> None:
        self._seconds -= 1
        self.ticked.emit(self._seconds)
        if self._seconds <= 0:
            self._second.stop()
            self._begin()

    def _begin(self) -> None:
        self._left = self._count
        self.begun.emit(self._count)
        if self._count > 1:
            self._next.start()
        self._fire()

    def _fire(self) -> None:
        self._left -= 1
        self.fired.emit()
        if self._left <= 0:
            self._end()

    def _end(self) -> None:
        self._second.stop()
        self._next.stop()
        self.ticked.emit(0)
        self.ended.emit()
