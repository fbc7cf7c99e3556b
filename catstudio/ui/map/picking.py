"""What is picked on the map becomes the gallery's selection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from catstudio.ui.bridge import Fetch
from catstudio.ui.gallery.filters import Filter, Found
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.slices import Slices

if TYPE_CHECKING:
    from catstudio.ui.map.canvas import Pick

_MOST_SCATTERED = 1_000
"""More separate rows than this are hard to find in the gallery: it then shows these alone."""


class Picking(QObject):
    """Selects in ``gallery``; what is picked later takes the place of what is under way."""

    def __init__(self, gallery: GalleryPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._looking = Fetch()
        self._selecting = Slices(self)

    def pick(self, ids: list[str], pick: Pick, current: str) -> None:
        """Select ``ids``, add them, or turn them around; go on from ``current``."""
        view = self._gallery.view
        if pick.value != "replace":
            old = view.selected_ids()
            both = set(ids) | set(old) if pick.value == "add" else set(ids) ^ set(old)
            ids = [id_ for id_ in dict.fromkeys([*old, *ids]) if id_ in both]
        self._looking.cancel()
        self._selecting.cancel()
        if len(ids) <= _MOST_SCATTERED:
            view.select(ids, current or None)
        elif len(ids) >= self._gallery.model.rowCount():
            view.selectAll()
        else:
            alone = Filter(found=Found(tuple(ids), "From the map"))
            self._looking = self._gallery.model.foresee(
                alone, lambda: self._selecting.start(self._select_alone(alone)), self
            )

    def _select_alone(self, alone: Filter) -> Iterator[None]:
        """Show and select what ``alone`` lets through."""
        self._gallery.view.select([])  # Else it would be sought among the new rows.
        self._gallery.show_only(alone)
        yield
        if self._gallery.model.filter() is alone:
            self._gallery.view.selectAll()
