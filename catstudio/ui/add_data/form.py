"""The page's own pieces: rows of words and editor, and the seed's number."""

from __future__ import annotations

import random

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QWidget,
)

from catstudio.studio import MAX_SEED
from catstudio.ui import icons
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import DoubleSpinBox, icon_button, label


class Form(QWidget):
    """Two columns: words and editors. What has no words spans both."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(S)
        self._grid.setVerticalSpacing(S)
        self._grid.setColumnStretch(1, 1)
        self._words: dict[QWidget, QLabel] = {}

    def add(self, words: str, editor: QWidget) -> None:
        """A row: ``words`` left of ``editor``, whose buddy they are."""
        text = label(words, "muted")
        text.setBuddy(editor)
        at = self._grid.rowCount()
        self._grid.addWidget(text, at, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(editor, at, 1)
        self._words[editor] = text

    def release(self, editor: QWidget) -> None:
        """Give an editor up, without its words: it may go into another layout."""
        words = self._words.pop(editor)
        self._grid.removeWidget(words)
        self._grid.removeWidget(editor)
        words.deleteLater()

    def span(self, widget: QWidget) -> None:
        """A row that needs both columns."""
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 2)

    def show_row(self, editor: QWidget, is_shown: bool) -> None:
        """Show or hide an editor with its words."""
        editor.setVisible(is_shown)
        if editor in self._words:
            self._words[editor].setVisible(is_shown)

    @property
    def is_empty(self) -> bool:
        return self._grid.count() == 0


class SeedNumber(QWidget):
    """The generator's seed: drawn afresh each time unless it is locked. ``changed`` tells of each
    other number."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = DoubleSpinBox()
        self._number.setDecimals(0)
        self._number.setRange(0, MAX_SEED)
        self._number.setAccessibleName("Seed number")
        self._number.setToolTip("The same number with the same settings makes the same images")
        self._number.setMinimumWidth(72)
        self._number.valueChanged.connect(self.changed)
        self._lock = icon_button(
            "lock-open", "Keep this number for the next images", checkable=True
        )
        self._lock.toggled.connect(self._show_lock)
        dice = icon_button("dice-five", "Draw another number")
        dice.clicked.connect(self.draw)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        row.addWidget(self._number, 1)
        row.addWidget(self._lock)
        row.addWidget(dice)
        self.setFocusProxy(self._number)
        self.draw()

    def value(self) -> int:
        return int(self._number.value())

    def lock(self, number: int) -> None:
        """Keep ``number``, so that an image can be made again."""
        self._number.setValue(number)
        self._lock.setChecked(True)

    def draw(self) -> None:
        """Draw another number."""
        self._number.setValue(random.randrange(MAX_SEED))

    def used(self) -> None:
        """After images were asked for: draw another number unless it is locked."""
        if not self._lock.isChecked():
            self.draw()

    def _show_lock(self, is_locked: bool) -> None:
        self._lock.setIcon(icons.icon("lock" if is_locked else "lock-open"))
