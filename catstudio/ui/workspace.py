"""One open project: add-data panel and queue at the left, gallery and training, inspector."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from catstudio.core.changes import Touched
from catstudio.core.errors import CatStudioError
from catstudio.core.types import ImageRecord, State
from catstudio.jobs.events import AnyEvent, Failed
from catstudio.models import ModelRegistry
from catstudio.sources import recipes
from catstudio.sources.datasets import is_dataset
from catstudio.studio import Readiness, Studio
from catstudio.ui.add_data.draw_page import DrawPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.model_chooser import IMAGE_MODELS
from catstudio.ui.add_data.panel import AddDataPanel
from catstudio.ui.asking import Asking
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.clipboard import Incoming
from catstudio.ui.counts import Counts
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.inspector import Inspector
from catstudio.ui.jobs_queue import JobsQueue
from catstudio.ui.map.tab import MapTab
from catstudio.ui.messages import Message
from catstudio.ui.settings import Settings
from catstudio.ui.tabs import GALLERY, MAP, TRAINING
from catstudio.ui.theme import L
from catstudio.ui.training.tab import TrainingTab

PANEL_WIDTH, INSPECTOR_WIDTH = 304, 280
_MIN_SIDE, _MIN_CENTRE = 248, 400
_QUEUE_SHARE, _READ_QUEUE_SHARE = 0.34, 0.6


class Workspace(QWidget):
    """The project's widgets, joined. It owns the bridge and closes it; not the Studio.

    Signals
    -------
    told(Message) : something to say across the window.
    undo_changed(undo, redo) : what they would do, or None.
    counts_changed(Readiness) : after edits and new images.
    review_asked(list[str]), preview_asked(list[str], str) : as the gallery's.
    room_asked(RoomBuilder) : something needs the whole window for a while.
    """

    told = Signal(object)
    undo_changed = Signal(object, object)
    counts_changed = Signal(object)
    review_asked = Signal(object)
    preview_asked = Signal(object, str)
    room_asked = Signal(object)

    def __init__(self, studio: Studio, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.studio = studio
        self._settings = settings
        self.bridge = StudioBridge(studio, self)
        self.counts = Counts(self.bridge, self)
        self.asking = Asking(self.bridge, self)
        self.panel = AddDataPanel(self.bridge, settings)
        self.queue = JobsQueue()
        self.gallery = GalleryPanel(self.bridge)
        self.training = TrainingTab(self.bridge, self.counts)
        self.map = MapTab(self.bridge, self.gallery)
        self.inspector = Inspector(self.bridge)
        self.tabs = QTabWidget()
        self._selected: tuple[str, ...] = ()
        self._has_picture = False
        self._is_left_split = False
        self._wants_inspector = True
        self._lay_out()
        self._connect()
        self.gallery.load()
        self.counts.read()

    # -- for the window ----------------------------------------------------------------------

    def bring_in(self, incoming: Incoming, label: str | None) -> None:
        """Import what was dropped or pasted; an archive or a list of images opens the wizard."""
        if incoming.count == len(incoming.paths) == 1:
            path = incoming.paths[0]

            def go_on(is_data_set: bool) -> None:
                if is_data_set:
                    self.panel.open_dataset(path)
                else:
                    self._import(incoming, label)

            self.bridge.fetch(
                lambda: is_dataset(path, takes_folders=False), go_on, self._tell_error, self
            )
        else:
            self._import(incoming, label)

    def _import(self, incoming: Incoming, label: str | None) -> None:
        self.asking.bring_in(self.panel.import_ask(incoming.paths, label), incoming)

    def show_image(self, id_: str) -> None:
        """Bring an image into sight in the gallery."""
        self.tabs.setCurrentIndex(GALLERY)
        self.gallery.select([id_])
        self.gallery.focus_view()

    def find_picture(self, keep: Callable[[Path, str], None]) -> None:
        """Call ``keep`` with the root and the oldest image's thumbnail, once there is one."""
        if self._has_picture:
            return
        studio = self.studio

        def find() -> str:
            records = (r for r in studio.images() if r.state is not State.TRASHED)
            first = next(records, None)
            return str(studio.thumbnail(first, 256)) if first is not None else ""

        def show(picture: str) -> None:
            if picture:
                self._has_picture = True
                keep(studio.root, picture)

        self.bridge.fetch(find, show, lambda _: None, self)

    def review(self, ids: list[str]) -> None:
        """Review ``ids``; all that waits when empty."""
        self.review_asked.emit(ids)

    def add_photos(self) -> None:
        """What the buttons of empty areas do: ask for photos of one's own."""
        self.panel.setVisible(True)
        self.panel.choose("photo")
        self.panel.press()

    def make_images(self) -> None:
        """Show in the panel what makes images of the photos there are."""
        self.left.setVisible(True)
        self.panel.choose("seed")
        self.panel.button.setFocus()

    def keep(self) -> None:
        """Put what the next start should find into the settings."""
        sizes = self.splitter.sizes()
        if all(sizes):  # A hidden side has no width to remember.
            self._settings.splitter = sizes
        self._settings.zoom = self.gallery.cell_size

    def close_parts(self) -> None:
        """Stop listening to the project, before it is closed; may be called twice."""
        self.gallery.close_files()
        self.bridge.close()

    # -- inside ------------------------------------------------------------------------------

    def _connect(self) -> None:
        bridge = self.bridge
        bridge.job_event.connect(self._job_event)
        bridge.edit_failed.connect(self.tell)
        bridge.touched.connect(self._touched)
        self.tabs.currentChanged.connect(self._show_inspector)
        self.left.splitterMoved.connect(self._split_left)
        self.counts.changed.connect(self._show_counts)
        self.asking.failed.connect(self._tell_error)
        self.panel.generate_asked.connect(self.asking.generate)
        self.panel.import_asked.connect(self.asking.bring_in)
        self.panel.copy_asked.connect(self.asking.count_copies)
        self.panel.failed.connect(self.tell)
        self.panel.room_asked.connect(self.room_asked)
        self.queue.cancel_asked.connect(self.studio.cancel)
        self.queue.resized.connect(self._show_queue)
        self.gallery.selection_changed.connect(self._show_selection)
        self.gallery.add_requested.connect(self.add_photos)
        self.gallery.review_requested.connect(self.review)
        self.gallery.preview_requested.connect(self.preview_asked)
        self.gallery.use_requested.connect(self._use_settings)
        self.gallery.more_requested.connect(self._make_more)
        self.gallery.fix_requested.connect(self._fix)
        self.gallery.similar_requested.connect(self.map.find_similar)
        self.inspector.select_requested.connect(self.show_image)
        self.inspector.use_settings.connect(self._use_settings)
        self.inspector.real_asked.connect(self._make_real)
        self.inspector.more_asked.connect(self._make_more)
        self.inspector.fix_asked.connect(self._fix)
        self.inspector.preview_requested.connect(lambda id_: self.preview_asked.emit([id_], id_))
        self.training.show_image.connect(self.show_image)
        self.training.failed.connect(self.tell)
        self.training.add_photos.connect(self.add_photos)
        self.map.failed.connect(self.tell)
        self.map.told.connect(self._tell_news)
        self.map.gallery_asked.connect(self._show_gallery)
        self.map.add_photos.connect(self.add_photos)
        self.training.eye.room_asked.connect(self.room_asked)
        self.training.eye.made_asked.connect(self.make_images)

    def _show_counts(self, readiness: Readiness) -> None:
        self.panel.show_facts(Facts.of(readiness, self._selected))
        self.counts_changed.emit(readiness)

    def _show_selection(self, records: list[ImageRecord]) -> None:
        self._selected = tuple(record.id for record in records)
        self.inspector.show_records(records)
        if self.counts.readiness is not None:
            self.panel.show_facts(Facts.of(self.counts.readiness, self._selected))

    def _use_settings(self, record: ImageRecord) -> None:
        self.left.setVisible(True)
        self.panel.use_settings(record)

    def _make_real(self, drawing: ImageRecord) -> None:
        self.left.setVisible(True)
        self.panel.choose("drawing")
        if isinstance(self.panel.page, DrawPage):
            self.panel.page.make_real(drawing)

    def _make_more(self, record: ImageRecord) -> None:
        """Put into the panel what makes variations; with Shift held down, start at once."""
        keys = QGuiApplication.keyboardModifiers()
        is_at_once = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        registry = ModelRegistry()

        def read() -> bool:
            return any(entry.kind in IMAGE_MODELS for entry in registry.list())

        def go_on(has_model: bool) -> None:
            self.left.setVisible(True)
            self.panel.use_recipe(recipes.more_like(record, has_model), record)
            self.panel.button.setFocus()
            if is_at_once:
                self.panel.press_soon()

        self.bridge.fetch(read, go_on, self._tell_error, self)

    def _fix(self, record: ImageRecord) -> None:
        self.left.setVisible(True)
        self.panel.fix(record)

    def show_inspector(self, is_wanted: bool) -> None:
        """Show the inspector beside the gallery; the training tab needs its room."""
        self._wants_inspector = is_wanted
        self._show_inspector()

    def _show_inspector(self) -> None:
        has_selection = self.tabs.currentIndex() in (GALLERY, MAP)
        self.inspector.setVisible(self._wants_inspector and has_selection)

    def _show_gallery(self) -> None:
        self.tabs.setCurrentIndex(GALLERY)
        self.gallery.focus_view()

    def _split_left(self) -> None:
        self._is_left_split = True  # The person's own division stays.

    def _show_queue(self) -> None:
        """Give the queue the room for its cards, up to a share of the column."""
        if self.queue.isHidden() or self._is_left_split:
            return
        height = self.left.height()
        share = _READ_QUEUE_SHARE if self.queue.is_read else _QUEUE_SHARE
        wanted = min(self.queue.wanted_height(), round(height * share))
        self.left.setSizes([height - wanted, wanted])

    def _touched(self, touched: Touched) -> None:
        self.undo_changed.emit(touched.undo_name, touched.redo_name)

    def _job_event(self, event: AnyEvent) -> None:
        self.queue.show_event(event)
        self._show_queue()
        if isinstance(event, Failed) and not self.queue.isVisible():
            self.told.emit(Message(event.message, event.hint, details=event.details))

    def tell(self, message: str, hint: str) -> None:
        """Say something across the window."""
        self.told.emit(Message(message, hint))

    def _tell_news(self, message: str, hint: str) -> None:
        self.told.emit(Message(message, hint, "look"))

    def _tell_error(self, error: CatStudioError) -> None:
        self.told.emit(Message.of(error))

    def _lay_out(self) -> None:
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setStyleSheet(f"QTabWidget::tab-bar {{ left: {L}px; }}")
        self.tabs.addTab(self.gallery, "Gallery")
        self.tabs.addTab(self.training, "Training")
        self.tabs.addTab(self.map, "Map")
        self.tabs.setTabToolTip(GALLERY, "Ctrl+1")
        self.tabs.setTabToolTip(TRAINING, "Ctrl+2")
        self.tabs.setTabToolTip(MAP, "Ctrl+3")
        self.tabs.setMinimumWidth(_MIN_CENTRE)
        self.left = QSplitter(Qt.Orientation.Vertical)
        self.left.setChildrenCollapsible(False)
        self.left.setMinimumWidth(_MIN_SIDE)
        self.left.addWidget(self.panel)
        self.left.addWidget(self.queue)
        self.left.setStretchFactor(0, 3)
        self.left.setStretchFactor(1, 2)
        self.inspector.setMinimumWidth(_MIN_SIDE)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        for part in (self.left, self.tabs, self.inspector):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        known = self._settings.splitter
        centre = 1280 - PANEL_WIDTH - INSPECTOR_WIDTH
        self.splitter.setSizes(known if len(known) == 3 else [PANEL_WIDTH, centre, INSPECTOR_WIDTH])
        if self._settings.zoom:
            self.gallery.set_cell_size(self._settings.zoom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)
