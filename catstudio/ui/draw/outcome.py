"""What becomes of a drawing: it enters the project, and photographs are made after it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from catstudio.core.changes import SetLabel
from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import AnyEvent, Cancelled, Done, Failed, ImageAdded, Warned
from catstudio.jobs.requests import AnyRequest, GenerateRequest
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.real import Way, Wish, look, request
from catstudio.ui.draw.saving import save_request


class Outcome(QObject):
    """Saves drawings and starts what is made of them, all of it in the background.

    Signals
    -------
    saved(bool) : the drawing is in the project; True when it was there already.
    started(int) : that many images are being made after the drawing.
    failed(CatStudioError) : why not.
    """

    saved = Signal(bool)
    started = Signal(int)
    failed = Signal(object)

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._id = ""
        self._is_duplicate = False
        self._version = 0
        self._saved_as: tuple[int, str | None] | None = None
        self._pending: tuple[int, str | None] = (0, None)
        self._error: CatStudioError | None = None
        self._then: Callable[[], None] | None = None
        self._looking: Fetch | None = None
        self.is_saving = False

    @property
    def saved_version(self) -> int:
        """The document's version that is in the project; 0 before any is."""
        return self._saved_as[0] if self._saved_as is not None else 0

    def then(self, do: Callable[[], None]) -> None:
        """Call ``do`` once when the save under way is over, well or not."""
        self._then = do

    def save(self, document: Document, label: str | None) -> None:
        """Bring the drawing in, as it is now; one that is in already only gets the label."""
        if self.is_saving:
            return
        if self._saved_as is not None and self._saved_as[0] == document.version:
            if self._saved_as[1] != label:
                self._bridge.apply(SetLabel((self._id,), label))
                self._saved_as = (document.version, label)
            self._end_save(None)
            return
        self.is_saving, self._error = True, None
        self._pending = (document.version, label)
        snapshot, studio = document.snapshot(), self._bridge.studio
        self._bridge.fetch(
            lambda: save_request(studio, snapshot, label), self._submit_save, self._end_save, self
        )

    def look(self, wish: Wish, show: Callable[[Way], None]) -> None:
        """Find out how ``wish`` would be done."""
        if self._looking is not None:
            self._looking.cancel()  # Answers for the label before must not come after this one's.
        studio = self._bridge.studio
        self._looking = self._bridge.fetch(lambda: look(studio, wish), show, self.failed.emit, self)

    def make_real(self, document: Document, label: str | None, wish: Wish) -> None:
        """Make images after the drawing, which is saved first unless it has been."""
        if self._saved_as == (document.version, label):
            self.make(self._id, wish)
            return
        self.then(lambda: self._make_saved(wish))
        self.save(document, label)

    def make(self, drawing_id: str, wish: Wish) -> None:
        """Make images after a drawing of the project."""
        studio = self._bridge.studio
        self._bridge.fetch(
            lambda: request(studio, drawing_id, wish), self._submit_made, self.failed.emit, self
        )

    # -- inside ------------------------------------------------------------------------------

    def _make_saved(self, wish: Wish) -> None:
        if self._error is None and self._id:
            self.make(self._id, wish)

    def _submit_save(self, wanted: AnyRequest) -> None:
        try:
            self._bridge.follow(wanted, self._save_event, self)
        except CatStudioError as error:
            self._end_save(error)

    def _save_event(self, event: AnyEvent) -> None:
        if isinstance(event, ImageAdded):
            self._id, self._is_duplicate = event.image_id, event.is_duplicate
            self._saved_as = self._pending
        elif isinstance(event, Warned):
            self._error = CatStudioError(event.message, event.hint)
        elif isinstance(event, Failed):
            self._end_save(CatStudioError(event.message, event.hint))
        elif isinstance(event, Cancelled):
            self._end_save(CatStudioError("The drawing was not saved.", "Save it again."))
        elif isinstance(event, Done):
            self._end_save(self._error)

    def _end_save(self, error: CatStudioError | None) -> None:
        self.is_saving, self._error = False, error
        then, self._then = self._then, None
        if error is not None:
            self.failed.emit(error)
        else:
            self.saved.emit(self._is_duplicate)
        if then is not None:
            then()

    def _submit_made(self, wanted: GenerateRequest) -> None:
        try:
            self._bridge.submit(wanted)
        except CatStudioError as error:
            self.failed.emit(error)
            return
        self.started.emit(wanted.count)
