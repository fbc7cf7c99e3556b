"""The gallery's images as a Qt list: loaded in the background, redrawn row by row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from catstudio.core.changes import Touched
from catstudio.core.types import ImageRecord
from catstudio.sources import SOURCES
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.gallery.filters import Asked, Facets, Filter, Rows, Sort, rows_of

RECORD = Qt.ItemDataRole.UserRole + 1
"""The role under which a row gives its :class:`ImageRecord`."""

AnyIndex = QModelIndex | QPersistentModelIndex
_GATHER_MS = 40  # A stream of new images is read and shown in groups this far apart,
_GATHER_SHARE = 10  # and further where showing a group takes more than a tenth of that time.
_MOST_RANGES = 24  # Beyond this many separate moves, telling Qt to start over is faster.


class GalleryModel(QAbstractListModel):
    """All images of a project; rows are those that the filter shows, in the sort's order.

    ``facets_changed(Facets)`` follows every change of what is there or shown; ``loaded`` the
    first reading. A reset keeps no selection: the view restores it by id.
    """

    facets_changed = Signal(object)
    loaded = Signal()

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._records: dict[str, ImageRecord] = {}
        self._labels: tuple[str, ...] = ()
        self._visible: list[str] = []
        self._rows: dict[str, int] = {}
        self._filter = Filter()
        self._sort = Sort.NEWEST
        self._facets = Facets()
        self._foreseen: tuple[Asked, Rows] | None = None
        self._stale: set[str] = set()
        self._is_reading = False
        self._is_loaded = False
        self._showing_ms = 0.0
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(_GATHER_MS)
        self._gather.timeout.connect(self._read_stale)
        bridge.touched.connect(self._touched)
        bridge.image_added.connect(self._added)

    # -- what is there -----------------------------------------------------------------------

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded

    def labels(self) -> tuple[str, ...]:
        return self._labels

    def facets(self) -> Facets:
        return self._facets

    def filter(self) -> Filter:
        return self._filter

    def sort_order(self) -> Sort:
        return self._sort

    def record(self, id_: str) -> ImageRecord | None:
        """Any image of the project, shown or not."""
        return self._records.get(id_)

    def all_records(self) -> list[ImageRecord]:
        """Every image, oldest first, trashed ones too."""
        return list(self._records.values())

    def visible_ids(self) -> list[str]:
        return list(self._visible)

    def record_at(self, row: int) -> ImageRecord:
        """The image that ``row`` shows."""
        return self._records[self._visible[row]]

    def records_at(self, rows: Iterable[int]) -> list[ImageRecord]:
        """The images that ``rows`` show."""
        records, visible = self._records, self._visible
        return [records[visible[row]] for row in rows]

    def selection(self, rows: Iterable[int]) -> QItemSelection:
        """``rows``, in order, for a selection model: neighbours as one range."""
        selection = QItemSelection()
        for first, last in ranges(rows):  # ``index`` would ask for the number of rows each time.
            selection.select(self.createIndex(first, 0), self.createIndex(last, 0))
        return selection

    def row_of(self, id_: str) -> int | None:
        """The row that shows ``id_``, or None while it is filtered out."""
        return self._rows.get(id_)

    # -- changing what is shown --------------------------------------------------------------

    def load(self) -> None:
        """Read the whole project in the background."""
        self._is_reading = True
        studio = self._bridge.studio
        self._bridge.fetch(lambda: (studio.labels(), studio.images()), self._take_all)

    def set_filter(self, wanted: Filter) -> None:
        if wanted != self._filter:
            self._filter = wanted
            self._refresh()

    def foresee(self, wanted: Filter, then: Callable[[], None], receiver: QObject) -> Fetch:
        """Work out in the background what ``wanted`` shows, and then call ``then``: when that sets
        the filter, and nothing has changed meanwhile, it takes no time. ``receiver`` must still
        be there."""
        asked = self._asked(wanted)

        def keep(found: Rows) -> None:
            self._foreseen = asked, found
            then()
            self._foreseen = None

        return self._bridge.fetch(lambda: rows_of(asked), keep, receiver=receiver)

    def set_sort(self, sort: Sort) -> None:
        if sort is not self._sort:
            self._sort = sort
            self._refresh()

    def set_images(self, records: Iterable[ImageRecord], labels: tuple[str, ...]) -> None:
        """Replace everything; ``records`` come oldest first."""
        self.beginResetModel()  # First of all: who listens may still look at the old rows.
        self._records = {record.id: record for record in records}
        self._labels = labels
        self._is_loaded = True
        found = rows_of(self._asked(self._filter))
        self._facets, self._visible, self._rows = found.facets, found.ids, found.numbers
        self.endResetModel()
        self.facets_changed.emit(self._facets)

    # -- Qt's questions ----------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's default.
        return 0 if parent.isValid() else len(self._visible)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._visible):
            return None
        record = self._records[self._visible[index.row()]]
        if role == RECORD:
            return record
        if role == Qt.ItemDataRole.DisplayRole:
            return record.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return description(record)
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    # -- news from the project ---------------------------------------------------------------

    def _touched(self, touched: Touched) -> None:
        if touched.labels_changed:
            self._bridge.fetch(self._bridge.studio.labels, self._take_labels)
        self._stale.update(touched.ids)
        if self._stale and not self._gather.isActive():
            self._gather.start(0)

    def _added(self, id_: str) -> None:
        self._stale.add(id_)
        self._gather_soon()

    def _gather_soon(self) -> None:
        if self._stale and not self._gather.isActive():
            self._gather.start(max(_GATHER_MS, round(_GATHER_SHARE * self._showing_ms)))

    def _read_stale(self) -> None:
        # One read at a time: two could arrive in the other order, the older one last.
        if self._is_reading or not self._stale:
            return
        self._is_reading = True
        ids, self._stale = tuple(self._stale), set()
        self._bridge.fetch(lambda: self._bridge.studio.images_by_id(ids), self._take_some)

    def _take_all(self, found: tuple[tuple[str, ...], list[ImageRecord]]) -> None:
        self._is_reading = False
        labels, records = found
        self.set_images(records, labels)
        self.loaded.emit()
        self._read_stale()

    def _take_labels(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._refresh()

    def _take_some(self, records: list[ImageRecord]) -> None:
        began = time.perf_counter()
        self._is_reading = False
        changed = [r for r in records if self._records.get(r.id) != r]
        # New ones go to the end in the order they were made, whatever order they came in.
        for record in sorted(changed, key=lambda r: r.created):
            self._records[record.id] = record
        self._refresh()
        for first, last in ranges(sorted(self._rows[r.id] for r in changed if r.id in self._rows)):
            self.dataChanged.emit(self.index(first), self.index(last))
        self._showing_ms = (time.perf_counter() - began) * 1000
        self._gather_soon()

    # -- rows --------------------------------------------------------------------------------

    def _asked(self, wanted: Filter) -> Asked:
        return Asked(list(self._records.values()), wanted, self._sort, self._labels)

    def _refresh(self) -> None:
        asked = self._asked(self._filter)
        if self._foreseen is not None and self._foreseen[0] == asked:
            found = self._foreseen[1]
        else:
            found = rows_of(asked)
        self._facets = found.facets
        self._show(found)
        self.facets_changed.emit(self._facets)

    def _show(self, found: Rows) -> None:
        wanted, keep = found.ids, found.numbers
        if wanted == self._visible:
            return
        going = (row for row, id_ in enumerate(self._visible) if id_ not in keep)
        coming = (row for row, id_ in enumerate(wanted) if id_ not in self._rows)
        # Counted no further than there may be.
        out, into = (list(islice(ranges(r), _MOST_RANGES + 1)) for r in (going, coming))
        if len(out) + len(into) > _MOST_RANGES or [i for i in self._visible if i in keep] != [
            i for i in wanted if i in self._rows
        ]:
            self.beginResetModel()
            self._visible, self._rows = wanted, keep
            self.endResetModel()
            return
        for first, last in reversed(out):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._set_rows(self._visible[:first] + self._visible[last + 1 :])
            self.endRemoveRows()
        for first, last in into:
            self.beginInsertRows(QModelIndex(), first, last)
            self._set_rows(
                [*self._visible[:first], *wanted[first : last + 1], *self._visible[first:]]
            )
            self.endInsertRows()

    def _set_rows(self, ids: list[str]) -> None:
        self._visible = ids
        self._rows = {id_: row for row, id_ in enumerate(ids)}


def description(record: ImageRecord) -> str:
    """One line for tooltips and screen readers."""
    source = SOURCES.get(record.source)
    parts = [record.name, record.label or "no label", record.state.value]
    parts.append(source.title if source else record.source)
    if record.split:
        parts.append(f"{record.split.value} split")
    if record.weight > 1:
        parts.append(f"counted {record.weight:,} times")
    return ", ".join(parts)


def ranges(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive numbers among sorted ones, as (first, last)."""
    first = last = -2
    for row in rows:
        if row != last + 1:
            if last >= 0:
                yield first, last
            first = row
        last = row
    if last >= 0:
        yield first, last
