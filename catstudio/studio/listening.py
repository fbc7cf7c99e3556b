"""Telling window, command line and notebook what happens in a project."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from msgspec import Struct

from catstudio.core.changes import Touched
from catstudio.jobs.events import AnyEvent

logger = logging.getLogger(__name__)


class EditFailed(Struct, frozen=True):
    """An edit given to :meth:`Studio.apply_later` could not be done; nothing has changed."""

    message: str
    hint: str = ""


Told = AnyEvent | Touched | EditFailed
Listener = Callable[[Told], None]


class Listeners:
    """Who is told; from any thread."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` everything until the returned function is called."""
        with self._lock:
            self._listeners.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return remove

    def tell(self, what: Told) -> None:
        """Call every listener, whatever the others do."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(what)
            except Exception:
                # One skin's mistake must not end the thread that serves all of them.
                logger.exception("a listener failed on %s", type(what).__name__)
