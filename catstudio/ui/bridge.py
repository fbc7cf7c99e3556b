"""Between a Studio and the window: edits and jobs go out at once, everything comes back on the
window's own thread."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from catstudio.core.changes import AnyChange, Touched
from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Event, ImageAdded
from catstudio.jobs.requests import AnyRequest
from catstudio.studio import EditFailed, Studio

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_READERS = 3


class Fetch:
    """A read under way. ``cancel`` drops its result; it may be called at any time."""

    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class StudioBridge(QObject):
    """One open project as the window sees it. All signals arrive on the window's thread.

    Signals
    -------
    touched(Touched) : an edit was written, by whomever.
    job_event(AnyEvent) : a job said something, ``ImageAdded`` too; not of a job that is followed.
    image_added(str) : the id of an image that is new in the project.
    edit_failed(str, str) : message and hint; nothing has changed.
    """

    touched = Signal(object)
    job_event = Signal(object)
    image_added = Signal(str)
    edit_failed = Signal(str, str)

    _arrived = Signal(object)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.studio = studio
        self._is_closed = False
        self._followed: dict[str, _Delivery] = {}
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="read")
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = studio.subscribe(self._send)

    # -- out: each returns at once -----------------------------------------------------------

    def apply(self, change: AnyChange) -> None:
        """Apply an edit; ``touched`` or ``edit_failed`` follows."""
        if not self._is_closed:
            self.studio.apply_later(change)

    def undo(self) -> None:
        if not self._is_closed:
            self.studio.undo_later()

    def redo(self) -> None:
        if not self._is_closed:
            self.studio.redo_later()

    def submit(self, request: AnyRequest) -> str:
        """Start a job; returns its id. Its events arrive as ``job_event``."""
        return self.studio.submit(request)

    def follow(
        self,
        request: AnyRequest,
        on_event: Callable[[AnyEvent], None],
        receiver: QObject | None = None,
    ) -> str:
        """Start a job whose events go to ``on_event`` alone, such as a trial for a live preview:
        it gets no card in the queue. Returns its id. ``on_event`` is held as in :meth:`fetch`.
        """
        self._followed[request.job_id] = _Delivery(Fetch(), on_event, receiver)
        try:
            return self.studio.submit(request)
        except CatStudioError:
            del self._followed[request.job_id]
            raise

    def fetch(
        self,
        read: Callable[[], _T],
        callback: Callable[[_T], None],
        on_error: Callable[[CatStudioError], None] | None = None,
        receiver: QObject | None = None,
    ) -> Fetch:
        """Run ``read`` on a background thread, then ``callback(result)`` on the window's.

        A ``callback`` that is a method is held weakly, and left out when its object is gone;
        for a function or lambda, name the ``receiver`` that must still be there. An error
        goes to ``on_error``, or to ``edit_failed``.
        """
        handle = Fetch()
        if self._is_closed:
            handle.cancel()
            return handle
        deliver = _Delivery(handle, callback, receiver)
        fail = _Delivery(handle, on_error or self._read_failed, receiver)

        def done(future: Future[_T]) -> None:
            if future.cancelled() or handle.is_cancelled:
                return
            error = future.exception()
            if error is None:
                self._send((deliver, future.result()))
            elif isinstance(error, MemoryError):
                self._send((fail, CatStudioError("There is not enough memory to show this.")))
            elif isinstance(error, CatStudioError):
                self._send((fail, error))
            else:
                _log.error("A background read failed", exc_info=error)
                self._send((fail, CatStudioError(f"Something could not be read: {error}.")))

        self._readers.submit(read).add_done_callback(done)
        return handle

    def close(self) -> None:
        """Stop listening and end the reading threads; leaves the Studio open. Call it before
        closing the Studio. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._unsubscribe()
        self._readers.shutdown(wait=True, cancel_futures=True)

    # -- in ----------------------------------------------------------------------------------

    def _send(self, what: Any) -> None:
        """From any thread: have ``what`` delivered on the window's."""
        if not self._is_closed and shiboken6.isValid(self):
            self._arrived.emit(what)

    def _deliver(self, what: Any) -> None:
        if self._is_closed:
            return
        if isinstance(what, tuple):
            delivery, result = what
            delivery(result)
        elif isinstance(what, Touched):
            self.touched.emit(what)
        elif isinstance(what, EditFailed):
            self.edit_failed.emit(what.message, what.hint)
        elif isinstance(what, Event):
            self._deliver_event(what)

    def _deliver_event(self, event: Event) -> None:
        follower = self._followed.get(event.job_id)
        if isinstance(event, TERMINAL):
            self._followed.pop(event.job_id, None)
        if follower is not None:
            follower(event)
        else:
            self.job_event.emit(event)
        if isinstance(event, ImageAdded) and not event.is_duplicate:
            self.image_added.emit(event.image_id)

    def _read_failed(self, error: CatStudioError) -> None:
        self.edit_failed.emit(error.message, error.hint)


class _Delivery:
    """A call to make later, if whoever wanted it is still there."""

    def __init__(
        self, handle: Fetch, call: Callable[[Any], None], receiver: QObject | None
    ) -> None:
        self._handle = handle
        owner = getattr(call, "__self__", None)
        self._call: Callable[[], Callable[[Any], None] | None]
        if isinstance(owner, QObject):
            self._call = weakref.WeakMethod(call)
            receiver = receiver or owner
        else:
            self._call = lambda: call
        self._receiver = weakref.ref(receiver) if receiver is not None else None

    def __call__(self, result: Any) -> None:
        if self._handle.is_cancelled:
            return
        if self._receiver is not None:
            receiver = self._receiver()
            if receiver is None or not shiboken6.isValid(receiver):
                return
        call = self._call()
        if call is not None:
            call(result)
