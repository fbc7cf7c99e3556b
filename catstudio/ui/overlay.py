"""One picture large over the window, left and right to the next; Space or Esc closes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from catstudio.ui.theme import XL, L, M, S, current
from catstudio.ui.widgets import ElidedLabel, PictureView, icon_button, label

_SCRIM = 0.97
"""How much of the window underneath is covered."""


class PictureOverlay(QWidget):
    """Covers ``parent`` while shown. ``turned(int)`` tells that the person went to the picture at
    another place, and ``closed()`` ends it. The picture goes into ``picture``, its words by
    :meth:`say`."""

    turned = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._at, self._total = 0, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Preview")
        self.picture = PictureView(has_ground=False)
        self.picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
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

    def open_at(self, at: int, total: int) -> None:
        """Cover the window, at picture ``at`` of ``total``."""
        self._at, self._total = at, total
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def move_by(self, step: int) -> None:
        """Go ``step`` pictures on, not past an end."""
        at = max(0, min(self._at + step, self._total - 1))
        if at != self._at:
            self._at = at
            self.turned.emit(at)

    def close_preview(self) -> None:
        """Give the window back."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def say(self, name: str, text: str) -> None:
        """Name and describe the picture that shows."""
        self._name.setText(name)
        self._text.setText(text)
        self._count.setText(f"{self._at + 1:,} of {self._total:,}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._covered and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._covered.rect())
        return super().eventFilter(watched, event)

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
