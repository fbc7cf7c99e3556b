"""The gallery as the window places it: chips, grid, status line, and what an empty one says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord, State
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.actions import GalleryActions
from catstudio.ui.gallery.carrying import Carrier
from catstudio.ui.gallery.filter_bar import FilterBar
from catstudio.ui.gallery.filters import Facets, Filter
from catstudio.ui.gallery.model import GalleryModel
from catstudio.ui.gallery.thumbnails import Thumbnails, decode_picture
from catstudio.ui.gallery.view import CELL_SIZES, GalleryView
from catstudio.ui.slices import Slices
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import EmptyState, label

_COPIED_SIDE = 4096
_MANY = 1_000
_INDEPENDENT = (
    "Independent: how many different photos (or bursts of near-copies) the shown images go "
    "back to. Copies and variations of one photo teach little more than the photo."
)


class GalleryPanel(QWidget):
    """All images of the open project.

    Signals
    -------
    selection_changed(list[ImageRecord]) : in the order shown; also when one of them changed.
    preview_requested(list[str], str) : the ids to leaf through, and the one to begin with.
    review_requested(list[str]) : the ids to review; empty means all that wait.
    use_requested(ImageRecord), more_requested(ImageRecord), fix_requested(ImageRecord) : put its
        settings in the panel; make variations of it; mend it.
    similar_requested(ImageRecord) : show what looks like it.
    add_requested() : the button of the empty gallery.
    counts_changed(Facets) : counts of the whole project and of what is shown.
    cell_size_changed(int) : to be kept for the next start.
    """

    selection_changed = Signal(object)
    preview_requested = Signal(object, str)
    review_requested = Signal(object)
    use_requested = Signal(object)
    more_requested = Signal(object)
    fix_requested = Signal(object)
    similar_requested = Signal(object)
    add_requested = Signal()
    counts_changed = Signal(object)
    cell_size_changed = Signal(int)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.model = GalleryModel(bridge, self)
        self.thumbnails = Thumbnails(bridge, self)
        self.view = GalleryView(self.model, self.thumbnails)
        self.filter_bar = FilterBar()
        self.actions_ = GalleryActions(self.view, bridge, self.view.selected_records)
        self._carrier = Carrier(bridge.studio)
        self._telling = Slices(self)
        self._build()
        self._connect()

    def _build(self) -> None:
        self._empty = EmptyState(
            "gallery",
            "No images yet",
            "Drop photos anywhere on the window, paste them, or choose a way to get data at the "
            "left.",
            "Add photos",
            "primary",
        )
        self._nothing = EmptyState("filter", "Nothing matches", "", "Clear filters")
        self._waiting = QWidget()
        self._stack = QStackedWidget()
        for page in (self._waiting, self.view, self._empty, self._nothing):
            self._stack.addWidget(page)
        self._status = label("", "muted")
        self._status.setToolTip(_INDEPENDENT)
        self._zoom = QSlider(Qt.Orientation.Horizontal)
        self._zoom.setRange(0, len(CELL_SIZES) - 1)
        self._zoom.setPageStep(1)
        self._zoom.setFixedWidth(120)
        self._zoom.setAccessibleName("Size of the images")
        self._zoom.setToolTip("Size of the images (Ctrl + wheel)")
        self._zoom.setValue(CELL_SIZES.index(self.view.cell_size))
        bottom = QHBoxLayout()
        bottom.setContentsMargins(L, S, L, S)
        bottom.setSpacing(M)
        bottom.addWidget(self._status, 1)
        bottom.addWidget(self._zoom)
        top = QVBoxLayout()
        top.setContentsMargins(L, M, L, S)
        top.addWidget(self.filter_bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        grid = QVBoxLayout()
        grid.setContentsMargins(S, 0, 0, 0)
        grid.addWidget(self._stack)
        column.addLayout(grid, 1)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.filter_bar.filter_changed.connect(self.model.set_filter)
        self.filter_bar.sort_changed.connect(self.model.set_sort)
        self.model.facets_changed.connect(self._show_facets)
        self.model.dataChanged.connect(lambda *_: self._selection_changed())
        self.view.chosen_changed.connect(self._selection_changed)
        self.view.cell_size_changed.connect(self._cell_size_changed)
        self.view.drag_wanted.connect(self._drag)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.doubleClicked.connect(lambda _: self.preview())
        self._zoom.valueChanged.connect(lambda step: self.view.set_cell_size(CELL_SIZES[step]))
        self.actions_.preview_wanted.connect(self.preview)
        self.actions_.review_wanted.connect(self.review)
        self.actions_.copy_wanted.connect(self.copy)
        self.actions_.use_wanted.connect(self.use_requested)
        self.actions_.more_wanted.connect(self.more_requested)
        self.actions_.fix_wanted.connect(self.fix_requested)
        self.actions_.similar_wanted.connect(self.similar_requested)
        self._empty.triggered.connect(self.add_requested)
        self._nothing.triggered.connect(self.clear_filters)

    # -- for the window ----------------------------------------------------------------------

    def load(self) -> None:
        """Read the project; what is there appears soon."""
        self.model.load()

    def close_files(self) -> None:
        """Remove what was laid out for other programs; when the project is closed."""
        self._carrier.close()

    def facets(self) -> Facets:
        return self.model.facets()

    def set_search(self, text: str) -> None:
        """Show only what has all words of ``text``."""
        self.filter_bar.set_text(text)

    def show_only(self, wanted: Filter) -> None:
        """Set the chips, from elsewhere in the window."""
        self.filter_bar.set_filter(wanted, tell=True)

    def clear_filters(self) -> None:
        self.show_only(Filter())

    def select(self, ids: Iterable[str]) -> None:
        """Select images and bring the first into sight, clearing filters that hide them all."""
        wanted = [id_ for id_ in ids if self.model.record(id_) is not None]
        if wanted and all(self.model.row_of(id_) is None for id_ in wanted):
            self.show_only(Filter(states=self._states_of(wanted)))
        self.view.select(wanted)

    def _states_of(self, ids: list[str]) -> frozenset[State]:
        """No filter, or the trash's where the images lie in it."""
        records = [r for r in map(self.model.record, ids) if r is not None]
        is_gone = bool(records) and all(r.state is State.TRASHED for r in records)
        return frozenset({State.TRASHED}) if is_gone else frozenset()

    def selected_records(self) -> list[ImageRecord]:
        return self.view.selected_records()

    def focus_view(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def cell_size(self) -> int:
        return self.view.cell_size

    def set_cell_size(self, size: int) -> None:
        self.view.set_cell_size(size)

    # -- what the actions ask for ------------------------------------------------------------

    def preview(self) -> None:
        """Ask for the preview: of the selected images when several are, else of all shown."""
        current = self.view.current_id()
        chosen = self.view.selected_ids()
        if current is None:
            return
        ids = chosen if len(chosen) > 1 and current in chosen else self.model.visible_ids()
        self.preview_requested.emit(ids, current)

    def review(self) -> None:
        """Ask for review: of the selected images when several are, else of all that wait."""
        chosen = self.view.selected_ids()
        self.review_requested.emit(chosen if len(chosen) > 1 else [])

    def copy(self) -> None:
        """Put the selected images on the clipboard: as files, and a single one as a picture."""
        records = self.selected_records()
        if not records:
            return
        QGuiApplication.clipboard().setMimeData(self._carrier.mime(records))
        if len(records) == 1:
            record, studio = records[0], self._bridge.studio

            def add_picture(image: QImage) -> None:
                mime = self._carrier.mime([record])
                mime.setImageData(image)
                QGuiApplication.clipboard().setMimeData(mime)

            self._bridge.fetch(
                lambda: decode_picture(studio, record, _COPIED_SIDE), add_picture, receiver=self
            )

    def _drag(self) -> None:
        records = self.selected_records()
        if records:
            self.view.drag(self._carrier.mime(records))

    def _open_menu(self, at: QPoint) -> None:
        if self.selected_records():
            menu = self.actions_.menu(self.view)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(at))

    # -- showing -----------------------------------------------------------------------------

    def _cell_size_changed(self, size: int) -> None:
        self._zoom.setValue(CELL_SIZES.index(size))
        self.cell_size_changed.emit(size)

    def _selection_changed(self) -> None:
        self._telling.start(self._tell())

    def _tell(self) -> Iterator[None]:
        self.actions_.update()
        self._show_status()
        records = self.selected_records()
        if len(records) > _MANY:
            yield  # Who listens will need as long again.
        self.selection_changed.emit(records)

    def _show_facets(self, facets: Facets) -> None:
        self.filter_bar.set_labels(self.model.labels())
        self.filter_bar.show_facets(facets)
        self.actions_.set_labels(self.model.labels())
        self.actions_.update()
        wanted = self.model.filter()
        if facets.shown:
            self._stack.setCurrentWidget(self.view)
        elif wanted.is_everything:
            self._stack.setCurrentWidget(self._empty)
        else:
            looked_for = f"No image has “{wanted.text}”." if wanted.text else ""
            self._nothing.set_texts(
                "Nothing matches",
                looked_for or f"None of the {facets.total:,} images passes all filters.",
                "Clear filters",
            )
            self._stack.setCurrentWidget(self._nothing)
        self._show_status()
        self.counts_changed.emit(facets)

    def _show_status(self) -> None:
        facets = self.model.facets()
        self._status.setText(status_text(facets, self.view.selected_count()))


def status_text(facets: Facets, chosen: int) -> str:
    """``214 images (243 with copies) · 12 selected · 41 independent``; what is filtered out is
    counted too."""
    if not facets.total and not facets.shown:
        return ""
    noun = "image" if facets.shown == 1 else "images"
    is_all = facets.shown == facets.total
    parts = [
        f"{facets.shown:,} {noun}" if is_all else f"{facets.shown:,} of {facets.total:,} images"
    ]
    if facets.counted > facets.shown:
        parts[0] += f" ({facets.counted:,} with copies)"
    if chosen:
        parts.append(f"{chosen:,} selected")
    if facets.shown:
        parts.append(f"{facets.lineages:,} independent")
    return " · ".join(parts)
