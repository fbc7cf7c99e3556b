"""Long work that needs the window's own thread, done a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer

_T = TypeVar("_T")

_SLICE_S = 0.004
"""How long the window waits for a slice: a quarter of a frame, as others may be at work too."""
_PART = 1_000


class Slices(QObject):
    """Goes through work that yields often. It is begun at once, and what does not yield is done
    when :meth:`start` returns; the rest follows from the event loop, if neither this object has
    ended by then nor newer work taken its place.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Iterator[object] | None = None
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._go_on)

    @property
    def is_busy(self) -> bool:
        return self._work is not None

    def start(self, work: Iterator[object]) -> None:
        """Begin ``work`` and drop what was not finished."""
        self._work = work
        self._go_on()

    def cancel(self) -> None:
        """Drop what is not finished."""
        self._work = None
        self._next.stop()

    def _go_on(self) -> None:
        work, until = self._work, time.perf_counter() + _SLICE_S
        if work is None:
            return
        for _ in work:
            if self._work is not work:  # It has led to newer work, or to an end.
                return
            if time.perf_counter() > until:
                self._next.start()
                return
        if self._work is work:
            self.cancel()


def bit_by_bit(items: Sequence[_T], take: Callable[[Sequence[_T]], object]) -> Iterator[None]:
    """Give ``items`` to ``take``, and yield after each thousand: fewer are taken at once."""
    for first in range(0, len(items), _PART):
        if first:
            yield
        take(items[first : first + _PART])
