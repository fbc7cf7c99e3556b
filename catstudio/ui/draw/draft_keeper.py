"""Keeping the unsaved drawing: written every few seconds in the background, and at the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from catstudio.core.errors import CatStudioError
from catstudio.core.files import explain_os_error, write_atomic
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.draft import Encoder, prune
from catstudio.ui.draw.layer import Snapshot

_log = logging.getLogger(__name__)

EVERY_MS = 3000


class DraftFile:
    """One draft on the disk. Knows no window, so that any thread may outlive the room with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoder = Encoder()
        self._lock = threading.Lock()
        self._newest = 0
        self._gone = -1

    def write(self, snapshot: Snapshot, version: int) -> int:
        """Write the drawing as it was at ``version``, unless a newer one is there or it was
        forgotten; returns ``version``. Raises :class:`CatStudioError` for a full disk and the like.
        """
        with self._lock:
            if version >= self._newest and version > self._gone:
                self._newest = version
                try:
                    write_atomic(self.path, self._encoder.encode(snapshot), durable=False)
                    prune(self.path)
                except OSError as error:
                    raise explain_os_error(error, "The unsaved drawing") from error
        return version

    def forget(self, version: int) -> None:
        """Remove the file: what it holds up to ``version`` is saved elsewhere."""
        with self._lock:
            self._gone = version
            self.path.unlink(missing_ok=True)


class DraftKeeper(QObject):
    """Writes a document's draft every few seconds while it changes, off the window's thread.

    ``failed(CatStudioError)`` says that it cannot be written.
    """

    failed = Signal(object)

    def __init__(self, bridge: StudioBridge, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._file = DraftFile(path)
        self._document: Document | None = None
        self._asked = 0
        self._kept = 0
        self._is_writing = False
        self._then: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.keep)

    @property
    def path(self) -> Path:
        return self._file.path

    def follow(self, document: Document, is_kept: bool = False) -> None:
        """Draft ``document`` from now on; ``is_kept`` when it is in the file as it is."""
        self._document = document
        self._asked = self._kept = document.version if is_kept else 0
        self._timer.start()

    def keep(self) -> None:
        """Write the draft now, if it is behind."""
        document = self._document
        if document is None or self._is_writing or document.is_editing or document.is_blank:
            return
        if document.version == self._asked:
            return
        self._asked, self._is_writing = document.version, True
        file, snapshot, version = self._file, document.snapshot(), document.version
        self._bridge.fetch(
            lambda: file.write(snapshot, version), self._written, self._not_written, self
        )

    def finish(self, then: Callable[[], None]) -> None:
        """Write what is missing, and call ``then`` when it is written, or cannot be."""
        self.keep()
        if self._is_writing:
            self._then = then
        else:
            then()

    def forget(self, version: int) -> None:
        """The document is saved as it was at ``version``: its draft goes, unless it has changed
        since."""
        document, file = self._document, self._file
        if document is not None and document.version == version:
            self._asked = self._kept = version
            self._bridge.fetch(lambda: file.forget(version), _ignore, _ignore, self)

    def shut(self) -> None:
        """Write what is missing and stop; may be called twice."""
        self._timer.stop()
        document, self._document = self._document, None
        if document is None:
            return
        document.cancel()
        if document.version != self._kept and not document.is_blank:
            # The bridge may close next and drop what waits there. The program does not end
            # before this thread does.
            what = (self._file, document.snapshot(), document.version)
            threading.Thread(target=_write_last, args=what, name="draft").start()

    def _written(self, version: int) -> None:
        self._kept = max(self._kept, version)
        self._end_writing()

    def _not_written(self, error: CatStudioError) -> None:
        self.failed.emit(error)
        self._end_writing()

    def _end_writing(self) -> None:
        self._is_writing = False
        then, self._then = self._then, None
        if then is not None:
            self.finish(then)


def _write_last(file: DraftFile, snapshot: Snapshot, version: int) -> None:
    try:
        file.write(snapshot, version)
    except CatStudioError as error:
        _log.warning("%s", error)  # The window that could say so is closing.


def _ignore(_: object) -> None:
    pass
