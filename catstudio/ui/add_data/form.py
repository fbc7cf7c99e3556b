"""The page's own pieces: rows with their words above the editor, the fold, the seed's number."""

from __future__ import annotations

import random

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from catstudio.ui import icons
from catstudio.ui.add_data.fields import WheelGuard
from catstudio.ui.theme import XS, S

MAX_SEED = 2**31 - 1


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
        label = QLabel(words)
        label.setProperty("role", "muted")
        label.setBuddy(editor)
        at = self._grid.rowCount()
        self._grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(editor, at, 1)
        self._words[editor] = label

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


class Fold(QWidget):
    """A title that opens and closes what is below it; closed at first."""

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setProperty("role", "quiet")
        self._button.setCheckable(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.toggled.connect(self._toggle)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(content)
        self._toggle(is_open=False)

    def open(self) -> None:
        self._button.setChecked(True)

    def _toggle(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self._button.setIcon(icons.icon("down" if is_open else "right", "muted"))


class SeedNumber(QWidget):
    """The generator's seed: drawn afresh each time unless it is locked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = QSpinBox()
        self._number.setRange(0, MAX_SEED)
        self._number.setAccessibleName("Seed number")
        self._number.setToolTip("The same number with the same settings makes the same images")
        self._number.installEventFilter(WheelGuard(self))
        self._number.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._lock = _tool("lock-open", "Keep this number for the next images")
        self._lock.setCheckable(True)
        self._lock.toggled.connect(self._show_lock)
        dice = _tool("dice-five", "Draw another number")
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
        return self._number.value()

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


def _tool(icon: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icons.icon(icon))
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip)
    return button
