"""The photos that a blend is made of: small, with their labels, the one to cut out first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.strip import SIDE, ThumbnailButton
from catstudio.ui.theme import XS
from catstudio.ui.widgets import ElidedLabel, FlowLayout, label

_MOST = 8
_BYTES = 8 << 20
_WORDS = 16  # Pixels for the label under a picture.


class BlendParents(QWidget):
    """Shown while images are given. ``changed`` when they became known or in another order.

    Those of the label that is made come first: what is cut out must be one of them.
    """

    changed = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._thumbnails = Thumbnails(bridge, self, limit=_BYTES)
        self._ids: tuple[str, ...] = ()
        self._label = ""
        self._first = ""
        self._records: list[ImageRecord] = []
        self._reading: Fetch | None = None
        self._pictures = QWidget()
        self._flow = FlowLayout(self._pictures, XS)
        self._rest = label("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addWidget(self._pictures)
        column.addWidget(self._rest)
        self.hide()

    def show_ids(self, ids: tuple[str, ...], label: str) -> None:
        """The images, and the label that is made of them."""
        if (ids, label) == (self._ids, self._label):
            return
        if self._reading is not None:
            self._reading.cancel()
        self._ids, self._label, self._first = ids, label, ""
        self._records = []
        self.setVisible(bool(ids))
        if ids:
            studio = self._bridge.studio
            self._reading = self._bridge.fetch(
                lambda: studio.images_by_id(ids), self._take, receiver=self
            )

    def ids(self) -> tuple[str, ...]:
        """The images in the order in which they are handed over."""
        return tuple(record.id for record in self._records) or self._ids

    @property
    def first(self) -> ImageRecord | None:
        """The photo whose subject would be cut out, once it is known."""
        return self._records[0] if self._records else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all, each once, that of the first photo first."""
        return tuple(dict.fromkeys(record.label or self._label for record in self._records))

    def name(self, id_: str) -> str:
        """An image's file name, or "" while it is not known."""
        return next((record.name for record in self._records if record.id == id_), "")

    def choose(self, id_: str) -> None:
        """Put another photo first."""
        self._first = id_
        self._arrange(self._records)

    def _take(self, records: list[ImageRecord]) -> None:
        position = {id_: at for at, id_ in enumerate(self._ids)}
        self._arrange(sorted(records, key=lambda record: position[record.id]))

    def _arrange(self, records: list[ImageRecord]) -> None:
        self._records = sorted(
            records, key=lambda record: (record.id != self._first, record.label != self._label)
        )
        self._flow.clear()
        for record in self._records[:_MOST]:
            self._flow.addWidget(self._cell(record))
        rest = len(self._records) - _MOST
        self._rest.setText(f"and {rest:,} more")
        self._rest.setVisible(rest > 0)
        self._pictures.updateGeometry()
        self.changed.emit()

    def _cell(self, record: ImageRecord) -> QWidget:
        cell = QWidget()
        picture = ThumbnailButton(record, self._thumbnails)
        picture.clicked.connect(lambda _=False, id_=record.id: self.choose(id_))
        words = ElidedLabel(record.label or "no label", "small")
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words.setFixedWidth(SIDE)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(picture)
        column.addWidget(words)
        cell.setFixedSize(SIDE, SIDE + _WORDS)
        return cell
