"""Preview: one image large over the window, left and right to the next; Space or Esc closes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui import provenance_text
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.pictures import PictureFeed, Pictures
from catstudio.ui.theme import XL, L, M, S, current
from catstudio.ui.widgets import ElidedLabel, PictureView, icon_button, label

_SCRIM = 0.97
"""How much of the window underneath is covered."""


class PreviewOverlay(QWidget):
    """Covers ``parent`` while shown. ``moved(id)`` follows the image; ``closed()`` ends it."""

    moved = Signal(str)
    closed = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._bridge = bridge
        self._ids: list[str] = []
        self._at = 0
        self._reading: Fetch | None = None
        self._pictures = Pictures(bridge, self, limit=96 << 20)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Preview")
        self.picture = PictureView(has_ground=False)
        self.picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._feed = PictureFeed(self.picture, self._pictures)
        self._name = ElidedLabel("", "heading", Qt.TextElideMode.ElideMiddle)
        self._text = ElidedLabel("", "muted")
        self._count = label("", "muted")
        self._build()
        self.hide()
        parent.installEventFilter(self)

    def _build(self) -> None:
        previous, following = icon_button("left", "Previous (←)"), icon_button("right", "Next (→)")
        close = icon_button("close", "Close (Space)")
        previous.clicked.connect(lambda: self.move_by(-1))
        following.clicked.connect(lambda: self.move_by(1))
        close.clicked.connect(self.close_preview)
        for one in (previous, following, close):
            one.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        top = QHBoxLayout()
        top.setSpacing(M)
        top.addWidget(self._name, 1)
        top.addWidget(self._count)
        top.addWidget(close)
        middle = QHBoxLayout()
        middle.setSpacing(M)
        middle.addWidget(previous)
        middle.addWidget(self.picture, 1)
        middle.addWidget(following)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, L, XL, L)
        column.setSpacing(S)
        column.addLayout(top)
        column.addLayout(middle, 1)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
        column.addWidget(self._text)

    # -- opening, moving, closing ------------------------------------------------------------

    def show_images(self, ids: list[str], id_: str) -> None:
        """Open on ``id_``; the arrows leaf through ``ids``."""
        self._ids = list(ids) if id_ in ids else [id_]
        self._at = self._ids.index(id_)
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def move_by(self, step: int) -> None:
        """Go ``step`` images on, not past an end."""
        at = max(0, min(self._at + step, len(self._ids) - 1))
        if at != self._at:
            self._at = at
            self._read()
            self.moved.emit(self._ids[at])

    def close_preview(self) -> None:
        """Give the window back."""
        if self.isVisible():
            self.hide()
            self._feed.show(None)
            self.closed.emit()

    @property
    def current_id(self) -> str | None:
        return self._ids[self._at] if self._ids else None

    # -- showing -----------------------------------------------------------------------------

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        studio, at, ids = self._bridge.studio, self._at, self._ids
        wanted = [ids[i] for i in (at, at + 1, at - 1) if 0 <= i < len(ids)]

        def read() -> tuple[list[ImageRecord], dict[str, str]]:
            records = studio.images_by_id(wanted)
            parents = [p.id for r in records[:1] for p in r.provenance.parents]
            return records, {r.id: r.name for r in studio.images_by_id(parents)}

        self._reading = self._bridge.fetch(read, self._take)

    def _take(self, found: tuple[list[ImageRecord], dict[str, str]]) -> None:
        records, names = found
        if not records or not self.isVisible():
            return
        record = records[0]
        self._feed.show(record)
        self._pictures.prepare([(one, self._feed.side) for one in records])
        self._name.setText(record.name)
        self._text.setText(provenance_text.sentence(record, names))
        self._count.setText(f"{self._at + 1:,} of {len(self._ids):,}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._covered and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._covered.rect())
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._feed.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        ground = QColor(current().window)
        ground.setAlphaF(_SCRIM)
        QPainter(self).fillRect(self.rect(), ground)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.picture.geometry().contains(event.position().toPoint()):
            self.close_preview()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps:
            self.move_by(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Return):
            self.close_preview()
        else:
            super().keyPressEvent(event)
