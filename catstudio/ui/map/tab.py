"""The map tab: all images by likeness, coloured, selected together with the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.studio import mapping
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.filters import Filter, Found
from catstudio.ui.gallery.model import description
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.map.bar import MapBar
from catstudio.ui.map.colouring import Answers, ColourBy
from catstudio.ui.map.feed import MapFeed, newest_report
from catstudio.ui.map.finder import Finder
from catstudio.ui.map.hover_card import HoverCard
from catstudio.ui.map.legend import Legend
from catstudio.ui.map.picking import Picking
from catstudio.ui.map.shown import Shown, prepare
from catstudio.ui.map.tool_bar import MapToolBar
from catstudio.ui.slices import Slices, bit_by_bit
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import ElidedLabel, EmptyState, button

if TYPE_CHECKING:
    from catstudio.ui.map.canvas import MapCanvas

_PAUSE_MS = 120
_ZOOM = 1.4
_KEYS = (
    "The wheel zooms, the right button moves the map. Shift adds to the selection, Ctrl turns it "
    "around. Pale images are hidden by the gallery's filters."
)
_HINT = "drag around images to select them"


class MapTab(QWidget):
    """Signals: ``failed(str, str)`` message and hint; ``told(str, str)`` likewise, of no failure;
    ``gallery_asked()`` to see the selection there; ``add_photos()`` from the empty state."""

    failed = Signal(str, str)
    told = Signal(str, str)
    gallery_asked = Signal()
    add_photos = Signal()

    def __init__(
        self, bridge: StudioBridge, gallery: GalleryPanel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._gallery = gallery
        self.feed = MapFeed(bridge, self)
        self.finder = Finder(bridge, self)
        self.tools = MapToolBar()
        self.legend = Legend()
        self.bar = MapBar(self.feed)
        self.canvas: MapCanvas | None = None
        self.card: HoverCard | None = None
        self._shown: Shown | None = None
        self._tested: Answers | None = None
        self._is_preparing = False
        self.picking = Picking(gallery, self)
        self._marking = Slices(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self._prepare)
        self._lay_out()
        self._connect()
        self._show_page()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.feed.is_read:
            self.feed.read()
        self._bridge.fetch(mapping.looks, self.tools.show_looks)
        self._read_tested()
        self._refresh()

    # -- what is shown -----------------------------------------------------------------------

    def _refresh(self) -> None:
        """Work out what is to be seen, soon; nothing while nobody looks."""
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _prepare(self) -> None:
        self._show_page()
        layout = self.feed.layout
        if layout is None or not self.isVisible():
            return
        if self._is_preparing:
            self._soon.start()
            return
        self._is_preparing = True
        model, by = self._gallery.model, self.tools.by
        records, visible = model.all_records(), model.visible_ids()
        labels, hidden, tested = model.labels(), self.legend.hidden, self._tested

        def work() -> Shown:
            # The canvas needs numpy, which is slow to come: not on the window's thread.
            from catstudio.ui.map import canvas  # noqa: F401

            return prepare(layout, records, visible, hidden, by, labels, tested)

        self._bridge.fetch(work, self._show, self._give_up)

    def _give_up(self, error: Any) -> None:
        self._is_preparing = False
        self.failed.emit(error.message, error.hint)

    def _show(self, shown: Shown) -> None:
        self._is_preparing = False
        if self.feed.layout is None:
            return
        before, self._shown = self._shown, shown
        canvas = self._canvas()
        groups = shown.groups
        canvas.set_points(shown.ids, shown.places, shown.rows)
        # While the map takes shape only the places change, several times a second.
        if before is None or not before.looks_like(shown):
            canvas.set_groups(
                shown.codes,
                [group.role for group in groups],
                [group.is_marked for group in groups],
                shown.allowed,
            )
        self.legend.show_groups(groups)
        self.bar.refresh(shown.missing)
        self._show_selection(self._gallery.selected_records())
        self._show_page()

    def _canvas(self) -> MapCanvas:
        """The map, built when there is something to show."""
        if self.canvas is None:
            from catstudio.ui.map.canvas import MapCanvas

            self.canvas = canvas = MapCanvas()
            self.card = HoverCard(self._bridge, canvas)
            canvas.picked.connect(self.picking.pick)
            canvas.hovered.connect(self._hover)
            canvas.opened.connect(self._gallery.preview)
            canvas.menu_asked.connect(self._open_menu)
            canvas.moves = self.tools.hand.isChecked()
            # The same keys as in the gallery: they act on the same selection.
            canvas.addActions(self._gallery.actions_.all())
            self._frame.addWidget(canvas)
        return self.canvas

    def _show_page(self) -> None:
        has_images = bool(self._gallery.model.facets().total)
        has_map = self._shown is not None and self.feed.layout is not None
        if has_map:
            self._stack.setCurrentWidget(self._full)
        elif not has_images:
            self._stack.setCurrentWidget(self._empty)
        else:
            self._stack.setCurrentWidget(self._unmade if self.feed.is_read else self._waiting)
        is_running = self.feed.is_running
        self._unmade.action.setVisible(not is_running)
        self.tools.setVisible(has_images)
        self.legend.setVisible(has_map)
        self.bar.refresh(self._shown.missing if has_map and self._shown is not None else 0)
        self._foot.setVisible(has_map)

    def _read_tested(self) -> None:
        studio = self._bridge.studio

        def read() -> Answers | None:
            found = newest_report(studio)
            return Answers.of(*found) if found else None

        self._bridge.fetch(read, self._take_tested)

    def _take_tested(self, tested: Answers | None) -> None:
        chip = self.tools.chips[ColourBy.MISTAKE]
        chip.setEnabled(tested is not None)
        chip.setToolTip(
            f"What run {tested.run} called its test photos"
            if tested is not None
            else "Train first: the newest run's mistakes are shown here"
        )
        if tested != self._tested:
            self._tested = tested
            self._refresh()

    # -- the selection: one, the gallery's -------------------------------------------------------

    def _show_selection(self, records: list[ImageRecord]) -> None:
        if self.canvas is None:
            return
        self._marking.start(self._mark(self.canvas, records))
        n = len(self._shown.rows) if self._shown is not None else 0
        noun = "image" if n == 1 else "images"
        chosen = f" · {len(records):,} selected" if records else ""
        self._status.setText(f"{n:,} {noun}{chosen} · {_HINT}")
        self._to_gallery.setVisible(bool(records))
        self.canvas.setAccessibleDescription(
            description(records[0])
            if len(records) == 1
            else f"{n:,} images by likeness, {len(records):,} selected. Arrow keys go from image to "
            "image, Shift adds, plus and minus zoom, Home shows all."
        )

    def _mark(self, canvas: MapCanvas, records: list[ImageRecord]) -> Iterator[None]:
        """Mark ``records`` on the map, which look-ups of many scattered ids make long."""
        rows: list[int] = []
        yield from bit_by_bit(
            records, lambda part: rows.extend(canvas.rows_of(record.id for record in part))
        )
        canvas.select_rows(rows)

    def _hover(self, id_: str, at: QPoint) -> None:
        if self.card is not None:
            self.card.show_record(self._gallery.model.record(id_) if id_ else None, at)

    def _open_menu(self, at: QPoint) -> None:
        if self.canvas is not None and self._gallery.selected_records():
            menu = self._gallery.actions_.menu(self.canvas)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(at)

    # -- finding -------------------------------------------------------------------------------

    def find_similar(self, record: ImageRecord) -> None:
        """Show in the gallery what looks like ``record``."""
        self.finder.like_image(record, self.feed.backbone)

    def _found(self, found: Found) -> None:
        self._gallery.show_only(Filter(found=found))
        self._gallery.view.select(found.ids[:1])
        self.gallery_asked.emit()
        if self.feed.is_read and not self.feed.is_running:
            self.feed.read()

    # -- building ------------------------------------------------------------------------------

    def _zoom(self, step: int) -> None:
        if self.canvas is not None:
            if step:
                self.canvas.zoom(_ZOOM**step)
            else:
                self.canvas.fit()

    def _recolour(self) -> None:
        self.legend.reset()
        self._refresh()

    def _set_moves(self, moves: bool) -> None:
        if self.canvas is not None:
            self.canvas.moves = moves

    def _use(self, backbone: str) -> None:
        self._shown = None
        self.feed.use(backbone)

    def _connect(self) -> None:
        self.feed.changed.connect(self._refresh)
        self.feed.changed.connect(self._show_page)
        self.feed.failed.connect(self.failed)
        self.bar.asked.connect(self.feed.make)
        self.finder.found.connect(self._found)
        self.finder.looking.connect(self.told)
        self.finder.failed.connect(self.failed)
        self.tools.by_changed.connect(lambda _: self._recolour())
        self.tools.look_changed.connect(self._use)
        self.tools.words_asked.connect(
            lambda text: self.finder.like_words(text, self.feed.backbone)
        )
        self.tools.moves_changed.connect(self._set_moves)
        self.tools.zoomed.connect(self._zoom)
        self.legend.hidden_changed.connect(lambda _: self._refresh())
        self._gallery.model.facets_changed.connect(lambda _: self._refresh())
        self._gallery.selection_changed.connect(self._show_selection)
        self._unmade.triggered.connect(self.feed.make)
        self._empty.triggered.connect(self.add_photos)
        self._to_gallery.clicked.connect(self.gallery_asked)

    def _lay_out(self) -> None:
        self._waiting = QWidget()
        self._unmade = EmptyState(
            "map-trifold",
            "No map yet",
            "The map puts images that look alike side by side, so that what is mislabelled, "
            "doubled or out of place stands out. Every image is looked at once; the map is kept.",
            "Make the map",
            "primary",
        )
        self._empty = EmptyState(
            "map-trifold",
            "No images yet",
            "The map shows all images of the project by likeness. Drop photos anywhere on the "
            "window to begin.",
            "Add photos",
            "primary",
        )
        self._full = QWidget()
        self._frame = QVBoxLayout(self._full)
        self._frame.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget()
        for page in (self._waiting, self._unmade, self._empty, self._full):
            self._stack.addWidget(page)
        self._status = ElidedLabel("", "muted")
        self._to_gallery = button("Show in the gallery", "link")
        self._foot = QWidget()
        self._foot.setToolTip(_KEYS)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self._status, 1)
        foot.addWidget(self._to_gallery)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, S)
        column.setSpacing(S)
        for part in (self.tools, self.legend, self.bar):
            column.addWidget(part)
        column.addWidget(self._stack, 1)
        column.addWidget(self._foot)
