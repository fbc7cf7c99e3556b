"""Progress of a job on standard error: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TextIO

from catstudio.core.wording import duration
from catstudio.jobs.events import AnyEvent, Progress, Warned

SECONDS_BETWEEN_LINES = 3.0
SECONDS_BETWEEN_FRAMES = 0.1
_BAR = 24


class ProgressLine:
    """Shows the events of one job after another; events may come from any thread."""

    def __init__(self, stream: TextIO, is_quiet: bool = False) -> None:
        self._stream = stream
        self._is_quiet = is_quiet
        self._is_terminal = stream.isatty()
        self._lock = threading.Lock()
        self._shown = 0
        self._next = 0.0 if self._is_terminal else time.monotonic() + SECONDS_BETWEEN_LINES

    def __call__(self, event: AnyEvent) -> None:
        """Show ``event`` if it is progress or a warning."""
        if isinstance(event, Progress):
            self.show(event.done, event.total, event.message, event.eta)
        elif isinstance(event, Warned):
            self._warn(event)

    def show(self, done: float, total: float, message: str = "", eta: float | None = None) -> None:
        """``done`` of ``total`` units; ``eta`` in seconds."""
        now = time.monotonic()
        with self._lock:
            if self._is_quiet or now < self._next:
                return
            text = _words(done, total, message, eta)
            if self._is_terminal:
                self._next = now + SECONDS_BETWEEN_FRAMES
                width = shutil.get_terminal_size().columns - 1
                line = f"{_bar(done, total)} {text}"[:width]
                self._stream.write("\r" + line.ljust(self._shown))
                self._shown = len(line)
            else:
                self._next = now + SECONDS_BETWEEN_LINES
                self._stream.write(text + "\n")
            self._stream.flush()

    def clear(self) -> None:
        """Take the bar off the terminal, so that a line can stand there."""
        with self._lock:
            if self._shown:
                self._stream.write("\r" + " " * self._shown + "\r")
                self._stream.flush()
                self._shown = 0
            if self._is_terminal:
                self._next = 0.0

    def _warn(self, event: Warned) -> None:
        self.clear()
        with self._lock:
            self._stream.write(f"{event.message} {event.hint}".strip() + "\n")
            self._stream.flush()


def _bar(done: float, total: float) -> str:
    filled = round(_BAR * min(max(done / total, 0.0), 1.0)) if total else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}]"


def _words(done: float, total: float, message: str, eta: float | None) -> str:
    counted = f"{int(done)} of {int(total)}"
    parts = [message] if counted in message else [counted, message] if message else [counted]
    if eta is not None:
        parts.append(f"about {duration(eta)} left")
    return " · ".join(parts)
