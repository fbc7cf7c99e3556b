"""The scrolling grid: zoom, selection by id, and thumbnails for what is in sight only."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QMimeData,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QDrag, QMouseEvent, QRegion, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui.gallery.delegate import GAP, LABEL_HEIGHT, CellDelegate
from catstudio.ui.gallery.model import RECORD, GalleryModel
from catstudio.ui.gallery.thumbnails import Thumbnails

CELL_SIZES = (96, 112, 128, 144, 160, 192, 224, 256, 320)
_DRAG_PICTURE = 96
_MOST_PARTS = 64
"""Of a selection in more parts than this, Qt would take long to find out where each is."""


class GalleryView(QListView):
    """Shows a :class:`GalleryModel`. ``cell_size_changed(int)`` follows the zoom,
    ``chosen_changed`` the selection;
    ``drag_wanted`` asks its owner for what to carry out, to :meth:`drag`.
    """

    cell_size_changed = Signal(int)
    chosen_changed = Signal()
    drag_wanted = Signal()

    def __init__(
        self, model: GalleryModel, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._gallery = model
        self._thumbnails = thumbnails
        self._wheel = 0
        self._target = 144
        self._remembered: tuple[list[str], int] = ([], -1)
        self._chosen: list[ImageRecord] | None = None
        """The selected images, once somebody has asked; None when they may be others."""
        self._coming: list[ImageRecord] | None = None
        self._cells = CellDelegate(thumbnails, self)
        self.setItemDelegate(self._cells)
        self.setAccessibleName("Gallery")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewMode(QListView.ViewMode.IconMode)
        # Without uniform sizes, batches, a grid and a size hint, Qt asks every row: 10,000
        # rows then take seconds.
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(500)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._scrolled = QTimer(self)
        self._scrolled.setSingleShot(True)
        self._scrolled.setInterval(0)
        self._scrolled.timeout.connect(self._forget_out_of_sight)
        model.modelAboutToBeReset.connect(self._remember)
        model.rowsAboutToBeRemoved.connect(self._remember)
        self.setModel(model)
        for changed in (model.dataChanged, model.rowsInserted, model.rowsRemoved):
            changed.connect(self._forget_chosen)
        model.modelReset.connect(self._restore)
        model.rowsRemoved.connect(self._choose_neighbour)
        self.selectionModel().selectionChanged.connect(self._choice_changed)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._scrolled.start())
        thumbnails.ready.connect(self._thumbnail_came)
        self._fit()

    # -- cells -------------------------------------------------------------------------------

    @property
    def cell_size(self) -> int:
        """The least width of a cell; cells grow from it until the columns fill the view."""
        return self._target

    def set_cell_size(self, size: int) -> None:
        """Make cells at least about ``size`` logical pixels wide; keeps the current image in
        sight."""
        target = min(CELL_SIZES, key=lambda known: abs(known - size))
        if target == self._target:
            return
        anchor = self.currentIndex()
        if not anchor.isValid() or not self.viewport().rect().intersects(self.visualRect(anchor)):
            anchor = self.indexAt(self.viewport().rect().center())
        self._target = target
        self._fit()
        if anchor.isValid():
            self.scrollTo(anchor, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.cell_size_changed.emit(target)

    def zoom(self, steps: int) -> None:
        """Go ``steps`` cell sizes up or down."""
        at = CELL_SIZES.index(self._target) + steps
        self.set_cell_size(CELL_SIZES[max(0, min(at, len(CELL_SIZES) - 1))])

    def _fit(self) -> None:
        """Spread the columns over the width, so that no strip stays empty at the right."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        width = max(self.width() - bar - 2, self._target + GAP)
        columns = max(1, width // (self._target + GAP))
        cell = width // columns - GAP
        grid = QSize(cell + GAP, cell + LABEL_HEIGHT + GAP)
        if grid != self.gridSize():
            self._cells.cell = cell
            self._cells.grid = grid
            self.setGridSize(grid)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)
        self._scrolled.start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / 120)
        if steps:
            self._wheel -= steps * 120
            self.zoom(steps)
        event.accept()

    # -- selection ---------------------------------------------------------------------------

    def selected_count(self) -> int:
        return len(self._selected())

    def selected_ids(self) -> list[str]:
        """The selected images, in the order shown."""
        return [record.id for record in self._selected()]

    def selected_records(self) -> list[ImageRecord]:
        return list(self._selected())

    def _selected(self) -> list[ImageRecord]:
        # Asked for several times at each change, and long to read where they lie scattered.
        if self._chosen is None:
            # 10,000 selected rows are one range, and 10,000 indexes.
            selection = self.selectionModel().selection()
            parts = [selection.at(i) for i in range(selection.size())]
            rows = sorted(row for part in parts for row in range(part.top(), part.bottom() + 1))
            self._chosen = self._gallery.records_at(rows)
        return self._chosen

    def _forget_chosen(self) -> None:
        self._chosen = None

    def _choice_changed(self) -> None:
        self._chosen = self._coming
        self.chosen_changed.emit()

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """What is to be painted again when ``selection`` comes or goes."""
        if selection.size() > _MOST_PARTS:
            return QRegion(self.viewport().rect())
        return super().visualRegionForSelection(selection)

    def current_id(self) -> str | None:
        record: ImageRecord | None = self.currentIndex().data(RECORD)
        return record.id if record else None

    def select(self, ids: Iterable[str], current: str | None = None) -> None:
        """Select those of ``ids`` that are shown, and bring the current one into sight."""
        rows = sorted(r for r in map(self._gallery.row_of, ids) if r is not None)
        at = self._gallery.row_of(current) if current is not None else None
        if at is None and rows:
            at = rows[0]
        if at is not None:
            self.selectionModel().setCurrentIndex(
                self._gallery.index(at), QItemSelectionModel.SelectionFlag.NoUpdate
            )
        self._choose(self._gallery.selection(rows), self._gallery.records_at(rows))
        if at is not None:
            self.scrollTo(self._gallery.index(at))

    def selectAll(self) -> None:
        rows = range(self._gallery.rowCount())
        self._choose(self._gallery.selection(rows), self._gallery.records_at(rows))

    def _choose(self, selection: QItemSelection, records: list[ImageRecord]) -> None:
        """Let ``selection``, which is ``records``, take the place of what was selected."""
        model = self.selectionModel()
        had_any = model.hasSelection()
        # In two steps: to say what comes and what goes, Qt would compare each part of the old
        # with each of the new, which takes a second for thousands of scattered images.
        with QSignalBlocker(model):
            model.clearSelection()
        self._coming = records
        if records:
            model.select(selection, QItemSelectionModel.SelectionFlag.Select)
        elif had_any:
            self._choice_changed()
        self._coming = None
        self.viewport().update()

    def _remember(self) -> None:
        self._remembered = (self.selected_ids(), self.currentIndex().row())

    def _restore(self) -> None:
        self._forget_chosen()
        ids, row = self._remembered
        there = [id_ for id_ in ids if self._gallery.row_of(id_) is not None]
        if there:
            self.select(there)
        elif ids:
            self._select_row(row)
        if ids and not self.selectionModel().hasSelection():  # Else it has been said.
            self.chosen_changed.emit()

    def _choose_neighbour(self) -> None:
        # What was decided has left the filter: go on with the next, as in a pile of photos.
        ids, row = self._remembered
        if ids and not self.selectionModel().hasSelection():
            self._select_row(row)

    def _select_row(self, row: int) -> None:
        row = min(row, self._gallery.rowCount() - 1)
        if row >= 0:
            self.select([self._gallery.visible_ids()[row]])

    # -- thumbnails --------------------------------------------------------------------------

    def records_in_sight(self) -> list[ImageRecord]:
        """The images whose cells can be seen at this moment, at least in part."""
        grid = self.gridSize()
        columns = max(1, self.viewport().width() // grid.width())
        top = self.verticalScrollBar().value()
        first = top // grid.height() * columns
        last = (top + self.viewport().height()) // grid.height() * columns + columns
        count = self._gallery.rowCount()
        return [self._gallery.record_at(row) for row in range(first, min(last, count))]

    def _forget_out_of_sight(self) -> None:
        self._thumbnails.keep_only(self.records_in_sight())

    def _thumbnail_came(self, id_: str) -> None:
        row = self._gallery.row_of(id_)
        if row is not None:
            self.update(self._gallery.index(row))

    # -- dragging out ------------------------------------------------------------------------

    def startDrag(self, actions: Qt.DropAction) -> None:
        self.drag_wanted.emit()

    def drag(self, mime: QMimeData) -> None:
        """Carry ``mime`` out of the window, under the current image's thumbnail."""
        drag = QDrag(self)
        drag.setMimeData(mime)
        record: ImageRecord | None = self.currentIndex().data(RECORD)
        if record is not None:
            side = self._cells.image_side(self.devicePixelRatioF())
            pixmap = self._thumbnails.pixmap(record, side)
            if pixmap is not None:
                width = round(_DRAG_PICTURE * self.devicePixelRatioF())
                small = pixmap.scaled(width, width, Qt.AspectRatioMode.KeepAspectRatio)
                small.setDevicePixelRatio(self.devicePixelRatioF())
                drag.setPixmap(small)
        drag.exec(Qt.DropAction.CopyAction)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # Only the left button opens; Qt would open with any.
        if event.button() == Qt.MouseButton.LeftButton:
            super().mouseDoubleClickEvent(event)
