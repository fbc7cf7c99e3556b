"""An image's family: the badge of its source, what it was made from, what was made from it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.sources import SOURCES
from catstudio.ui.gallery.delegate import badge
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.strip import ThumbnailStrip
from catstudio.ui.theme import S, current
from catstudio.ui.widgets import SectionHeader

_PARENTS, _CHILDREN = 4, 8


class SourceMark(QWidget):
    """A source's badge, drawn for the screen's scale and the theme of the moment."""

    def __init__(self, side: int = 18) -> None:
        super().__init__()
        self._source = ""
        self.setFixedSize(QSize(side, side))

    def show_source(self, source: str) -> None:
        self._source = source
        known = SOURCES.get(source)
        self.setToolTip(known.title if known else source)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        mark = badge(current(), self._source, self.width(), self.devicePixelRatioF())
        QPainter(self).drawPixmap(QPointF(0, 0), mark)


class Family(QWidget):
    """Parents and children as thumbnails; ``chosen(id)`` tells of a click."""

    chosen = Signal(str)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parents = ThumbnailStrip(thumbnails, most=_PARENTS)
        self.descendants = ThumbnailStrip(thumbnails, most=_CHILDREN)
        self._parents_header = SectionHeader("Made from")
        self.descendants_header = SectionHeader("")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        for widget in (
            self._parents_header,
            self.parents,
            self.descendants_header,
            self.descendants,
        ):
            column.addWidget(widget)
        for strip in (self.parents, self.descendants):
            strip.chosen.connect(self.chosen)
        self.hide()

    def show_records(self, parents: list[ImageRecord], children: list[ImageRecord]) -> None:
        """Show both; what is empty is left out, heading too."""
        self.parents.show_records(parents)
        self.descendants.show_records(children)
        self._parents_header.setVisible(bool(parents))
        self.descendants_header.set_text(f"Made into {len(children):,}")
        self.descendants_header.setVisible(bool(children))
        self.setVisible(bool(parents or children))
