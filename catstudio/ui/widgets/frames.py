"""Frames: card, hairline, section header, and a section that folds away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from catstudio.ui.icons import icon
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets.labels import label


class Card(QFrame):
    """A surface with a hairline around it and its content in a column (``column``)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(M, M, M, M)
        self.column.setSpacing(S)


class Line(QFrame):
    """A horizontal hairline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "line")
        self.setFixedHeight(1)


class SectionHeader(QWidget):
    """The name of a section in small letters, with room for an action at its right end."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, XS, 0, 0)
        self._row.setSpacing(S)
        self._label = label(text, "section")
        self._row.addWidget(self._label)
        self._row.addStretch(1)

    @property
    def text(self) -> str:
        return self._label.text()

    def set_text(self, text: str) -> None:
        self._label.setText(text)

    def add_action(self, widget: QPushButton | QToolButton) -> None:
        """Put a button at the right end."""
        self._row.addWidget(widget)


class CollapsibleSection(QWidget):
    """A heading that folds its ``body`` away; put the content into ``column``."""

    def __init__(self, text: str, is_open: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = QPushButton(text)
        self._heading.setProperty("role", "link")
        self._heading.setIconSize(QSize(12, 12))
        self._heading.setCheckable(True)
        self._heading.setCursor(Qt.CursorShape.PointingHandCursor)
        self._heading.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.body = QWidget()
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(S)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(S)
        layout.addWidget(self._heading)
        layout.addWidget(self.body)
        self._heading.toggled.connect(self._show)
        self._heading.setChecked(is_open)
        self._show(is_open)

    @property
    def is_open(self) -> bool:
        return self._heading.isChecked()

    def set_open(self, is_open: bool) -> None:
        self._heading.setChecked(is_open)

    def _show(self, is_open: bool) -> None:
        self.body.setVisible(is_open)
        self._heading.setIcon(icon("down" if is_open else "right", "accent"))
