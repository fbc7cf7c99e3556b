"""The drawing room: canvas, tools, colours and layers, and the way from there into the project."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout

from catstudio.core.changes import AddLabel
from catstudio.core.errors import CatStudioError
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw.canvas import Canvas
from catstudio.ui.draw.desk import Desk
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.draft import Draft, new_path
from catstudio.ui.draw.draft_keeper import DraftKeeper
from catstudio.ui.draw.keys import Keys
from catstudio.ui.draw.layer import Snapshot
from catstudio.ui.draw.outcome import Outcome
from catstudio.ui.draw.real import Wish
from catstudio.ui.draw.real_bar import RealBar
from catstudio.ui.draw.room_head import RoomHead
from catstudio.ui.draw.starting import GUIDE_OPACITY, New, Picture, Start, read, read_picture
from catstudio.ui.draw.starting import document as started
from catstudio.ui.room import Room
from catstudio.ui.settings import Settings
from catstudio.ui.widgets import label


class DrawRoom(Room):
    """Draw, save, make real.

    Parameters
    ----------
    start : what is drawn on: :class:`New`, :class:`Over` a photo, a drawing :class:`Again`, or
        the :class:`Draft` of one that was not saved.
    below : the image that the layer list offers to put below, if any.
    label : what the drawing is called at first; None decides later.
    """

    def __init__(
        self,
        bridge: StudioBridge,
        settings: Settings,
        start: Start,
        below: str | None = None,
        label_: str | None = None,
    ) -> None:
        super().__init__(bridge)
        self._start = start
        self._below = below
        self._label = label_
        self._name = ""
        blank = start if isinstance(start, New) else New(512, 512)
        self.head = RoomHead()
        self.desk = Desk(Document(blank.width, blank.height))
        self.real = RealBar(settings)
        self.real.hide()
        self.note = label("", "muted", wrap=True)
        self.note.hide()
        path = start.path if isinstance(start, Draft) else new_path(bridge.studio.root)
        self.drafts = DraftKeeper(bridge, path, self)
        self.outcome = Outcome(bridge, self)
        self._lay_out()
        self._connect()
        self._set_keys()
        self.setFocusProxy(self.canvas)
        self._show_document(self.document)
        self.canvas.setEnabled(isinstance(start, New))
        if not isinstance(start, New):
            self.say("Opening…")
            studio = bridge.studio
            bridge.fetch(lambda: read(studio, start), self._opened, self._refused, self)
        bridge.fetch(bridge.studio.labels, self._show_labels)

    @property
    def document(self) -> Document:
        """What is drawn on."""
        return self.desk.document

    @property
    def canvas(self) -> Canvas:
        return self.desk.canvas

    # -- for the window ----------------------------------------------------------------------

    def shut(self) -> None:
        self.canvas.give_up()
        self.drafts.shut()

    def leave(self) -> None:
        """Back to the gallery, after a save under way; an unsaved drawing is kept as a draft."""
        if self.outcome.is_saving:
            self.outcome.then(self.leave)
            return
        # Written first, so that the page, which looks for unsaved drawings, finds this one.
        self.drafts.finish(self.left.emit)

    @property
    def is_changed(self) -> bool:
        """Is there something that has not been saved?"""
        return not self.document.is_blank and self.document.version != self.outcome.saved_version

    def say(self, text: str, role: str = "muted") -> None:
        """Say something under the head: ``muted``, ``ok`` or ``problem``; "" says nothing."""
        self.note.setProperty("role", role)
        self.note.style().unpolish(self.note)
        self.note.style().polish(self.note)
        self.note.setText(text)
        self.note.setVisible(bool(text))

    # -- the document ------------------------------------------------------------------------

    def _show_document(self, document: Document) -> None:
        if document is not self.document:
            self.desk.show_document(document)
        self.head.show_title(self._title(), document.width, document.height)
        document.layers_changed.connect(self._offer_photo)
        self.drafts.follow(document, is_kept=True)
        self._offer_photo()
        self._show_steps()

    def _title(self) -> str:
        photo = self.document.photo
        if photo is not None:
            return f"Over {photo.name}"
        return self._name or "New drawing"

    def _opened(self, found: Picture | Snapshot | None) -> None:
        document = started(self._start, found)
        self._name = found.record.name if isinstance(found, Picture) else "Drawing"
        self.say("")
        self._show_document(document)
        if self._label is None:
            self._label = document.label
        self.head.labels.choose(self._label)
        self.canvas.setEnabled(True)
        self.canvas.setFocus()

    def _refused(self, error: CatStudioError) -> None:
        self.told.emit(error.message, error.hint)
        self.left.emit()

    def _stepped(self) -> None:
        if self.note.property("role") != "problem":
            self.say("")
        self._show_steps()

    def _show_steps(self) -> None:
        self.head.show_steps(self.document)
        self.head.save.setEnabled(not self.document.is_blank)
        self.head.save.setToolTip(
            "Draw something first"
            if self.document.is_blank
            else "Add the drawing to the project (Ctrl+S)"
        )
        self.head.real.setEnabled(not self.document.is_blank)

    # -- the photo below ---------------------------------------------------------------------

    def _offer_photo(self) -> None:
        photo = self.document.photo
        if self._below is None:
            self.desk.layers.offer_photo("To put a photo below, select it in the gallery first")
        elif photo is not None and photo.photo_id == self._below:
            self.desk.layers.offer_photo("The selected photo lies below")
        else:
            self.desk.layers.offer_photo("")

    def _put_below(self) -> None:
        studio, id_ = self.bridge.studio, self._below
        if id_ is not None:
            self.bridge.fetch(lambda: read_picture(studio, id_), self._came_below, self._tell, self)

    def _came_below(self, picture: Picture) -> None:
        record = picture.record
        self.document.put_photo_below(picture.image, record.id, record.name, GUIDE_OPACITY)

    # -- into the project --------------------------------------------------------------------

    def save(self) -> None:
        """Add the drawing to the project, as it is now."""
        self.canvas.give_up()
        if not self.document.is_blank:
            self.say("Saving…")
            self.outcome.save(self.document, self._label)

    def _saved(self, is_duplicate: bool) -> None:
        self.drafts.forget(self.outcome.saved_version)
        if is_duplicate:
            self.say("This very drawing is in the project already.", "ok")
        else:
            self.say("Saved: it is in the gallery. Go on drawing, or go back.", "ok")

    def _make_real(self, wish: Wish) -> None:
        self.canvas.give_up()
        self.say("Starting…")
        self.outcome.make_real(self.document, self._label, wish)

    def _started(self, count: int) -> None:
        images = "1 image is" if count == 1 else f"{count:,} images are"
        self.say(f"{images} being made and will wait for review in the gallery.", "ok")

    def _tell(self, error: CatStudioError) -> None:
        self.say(str(error), "problem")

    def _toggle_real(self, is_open: bool) -> None:
        self.head.real.setChecked(is_open)
        self.real.setVisible(is_open)
        if is_open:
            self._look()
            (self.real.prompt if self.real.prompt.isVisible() else self.real.make).setFocus()
        else:
            self.canvas.setFocus()

    def _look(self) -> None:
        self.real.show_label(self._label or "")
        self.outcome.look(self.real.wish(), self.real.show_way)

    # -- labels ------------------------------------------------------------------------------

    def _show_labels(self, labels: tuple[str, ...]) -> None:
        self.head.labels.allow_none(True)
        self.head.labels.set_labels(labels)
        self.head.labels.choose(self._label)

    def _label_chosen(self) -> None:
        self._label = self.head.labels.value()
        self.document.label = self._label
        if self.real.isVisible():
            self._look()

    # -- keys --------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self.canvas.is_busy:
                self.canvas.give_up()
            elif self.real.isVisible():
                self._toggle_real(False)
            else:
                self.leave()
        else:
            super().keyPressEvent(event)

    def _set_keys(self) -> None:
        keys = Keys(self)
        self.desk.set_keys(keys)
        keys.set("Ctrl+S", do=self.save)
        keys.set("Ctrl+M", do=self.head.real.click)

    # -- building ----------------------------------------------------------------------------

    def _connect(self) -> None:
        head, outcome, desk = self.head, self.outcome, self.desk
        head.back.clicked.connect(self.leave)
        head.undo.clicked.connect(desk.undo)
        head.redo.clicked.connect(desk.redo)
        head.zoom_asked.connect(desk.zoom)
        head.labels.changed.connect(self._label_chosen)
        head.labels.added.connect(lambda name: self.bridge.apply(AddLabel(name)))
        head.real.clicked.connect(self._toggle_real)
        head.save.clicked.connect(self.save)
        desk.stepped.connect(self._stepped)
        desk.refused.connect(lambda why: self.say(why, "look"))
        desk.canvas.zoomed.connect(head.show_zoom)
        desk.layers.photo_asked.connect(self._put_below)
        self.real.asked.connect(self._make_real)
        self.real.closed.connect(lambda: self._toggle_real(False))
        outcome.saved.connect(self._saved)
        outcome.started.connect(self._started)
        outcome.failed.connect(self._tell)
        self.drafts.failed.connect(self._tell)

    def _lay_out(self) -> None:
        self.desk.bar.addWidget(self.real)
        self.desk.bar.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.desk, 1)
