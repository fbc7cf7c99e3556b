"""Opening, beginning and closing projects in the background: a large one takes a moment."""

from __future__ import annotations

import gc
import logging
import queue
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CatStudioError

if TYPE_CHECKING:
    from catstudio.studio import Studio

_log = logging.getLogger(__name__)


class Opener(QObject):
    """Does one thing at a time, in order.

    Signals
    -------
    opened() : a project is open; :meth:`take` it. Whoever takes it closes it.
    failed(CatStudioError, str) : the error, and the path that was asked for.
    repaired(str) : what was done to bring a damaged project back; it is opened next.
    """

    opened = Signal()
    failed = Signal(object, str)
    repaired = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None
        self._ready: queue.SimpleQueue[Studio] = queue.SimpleQueue()

    @property
    def is_busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def get_ready(self) -> None:
        """Load what an open project needs, before one is asked for."""

        def load() -> None:
            _studio()

        self._start(Path(), load)

    def open(self, path: Path) -> None:
        """Open the project at ``path``."""
        self._start(path, lambda: _studio().open(path))

    def repair(self, path: Path) -> None:
        """Bring the database of the damaged project at ``path`` back, and open it."""

        def mend() -> Studio:
            self.repaired.emit(_studio().repair(path))
            return _studio().open(path)

        self._start(path, mend)

    def create(
        self,
        path: Path,
        labels: Iterable[str],
        fill: Callable[[Studio], None] | None = None,
    ) -> None:
        """Begin a project at ``path``; ``fill`` it if given."""
        wanted = tuple(labels)

        def begin() -> Studio:
            path.parent.mkdir(parents=True, exist_ok=True)
            studio = _studio().create(path, wanted)
            if fill is not None:
                try:
                    fill(studio)
                except BaseException:
                    studio.close()
                    raise
            return studio

        self._start(path, begin)

    def close(self, studio: Studio) -> None:
        """Close a project: it stops its jobs, and keeps a copy of its database."""
        self._start(studio.root, studio.close)

    def take(self) -> Studio | None:
        """The next project that has been opened, or None."""
        try:
            return self._ready.get_nowait()
        except queue.Empty:
            return None

    def wait(self) -> None:
        """Until what is under way has ended; for the end of the program."""
        if self._thread is not None:
            self._thread.join()

    def _start(self, path: Path, do: Callable[[], Studio | None]) -> None:
        before = self._thread

        def run() -> None:
            if before is not None:
                before.join()
            try:
                studio = do()
                if studio is not None:
                    self._ready.put(studio)
                    self.opened.emit()
            except CatStudioError as error:
                self.failed.emit(error, str(path))
            except OSError as error:
                _log.exception("%s cannot be opened", path)
                explained = CatStudioError(
                    f"{path} cannot be used: {(error.strerror or str(error)).lower()}.",
                    "Choose another folder, or check that you may write to it.",
                )
                self.failed.emit(explained, str(path))
            except Exception as error:  # noqa: BLE001 - a thread: nobody else would say it.
                _log.exception("%s cannot be opened", path)
                unknown = CatStudioError(
                    f"{path} cannot be opened: {error}.", "The log has the details."
                )
                self.failed.emit(unknown, str(path))

        # Not a daemon: a project that is being closed must be closed whole.
        self._thread = threading.Thread(target=run, name="opener")
        self._thread.start()


def _studio() -> type[Studio]:
    """What opens a project, once all that the window needs for an open one is loaded: a third of
    a second, which is spent here and not by the start of the window or on its thread."""
    is_first = "catstudio.ui.full_window" not in sys.modules
    from catstudio.studio import Studio
    from catstudio.ui import full_window  # noqa: F401 - its import brings the workspace's.

    if is_first:
        # Modules stay to the end: without this the collector, which runs on the window's thread,
        # goes through all that they brought, for 50 ms.
        gc.freeze()
    return Studio
