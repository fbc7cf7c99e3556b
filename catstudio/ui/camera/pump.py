"""From frames to what the viewfinder shows: the newest one, at its size, made in the background."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtMultimedia import QVideoFrame

from catstudio.ui.camera.pictures import Size, as_qimage, picture


class FramePump(QObject):
    """Call :meth:`take` with each frame; ``shown(QImage)`` follows for as many as there is time.

    One frame is converted at a time, and then the newest: what came between is dropped.
    """

    shown = Signal(QImage)
    _made = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.newest: QVideoFrame | None = None
        self.most: Size = (640, 480)
        """The most device pixels that the viewfinder has room for."""
        self._is_busy = self._is_fresh = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="viewfinder")
        self._made.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def take(self, frame: QVideoFrame) -> None:
        """Know ``frame`` as the newest."""
        self.newest = frame
        self._is_fresh = True
        self._convert()

    def forget(self) -> None:
        """Hold no frame any more: its camera is gone."""
        self.newest = None
        self._is_fresh = False

    def close(self) -> None:
        """End the thread; may be called twice."""
        self.forget()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _convert(self) -> None:
        frame, most = self.newest, self.most
        if self._is_busy or not self._is_fresh or frame is None:
            return
        self._is_busy, self._is_fresh = True, False

        def make() -> QImage | None:
            image = picture(frame, most)
            return as_qimage(image) if image is not None else None

        def done(future: Future[QImage | None]) -> None:
            if not future.cancelled() and shiboken6.isValid(self):
                self._made.emit(None if future.exception() else future.result())

        self._pool.submit(make).add_done_callback(done)

    def _show(self, image: QImage | None) -> None:
        self._is_busy = False
        if image is not None and self.newest is not None:
            self.shown.emit(image)
        self._convert()
