"""Which label new images get: one of the project's, a new one typed in place, or none yet."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QWidget,
)

from catstudio.ui.theme import XS
from catstudio.ui.widgets import ComboBox

_LATER = "decide later"
_NEW = "New label…"


class LabelChooser(QWidget):
    """``changed`` is sent when another label is chosen, ``added`` with the name of a new one."""

    changed = Signal()
    added = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._allows_none = False
        self._label: str | None = None
        self._is_chosen = False
        self._list = ComboBox()
        self._list.setAccessibleName("Label")
        self._list.setToolTip("The label that new images get")
        self._list.activated.connect(self._pick)
        self._name = QLineEdit()
        self._name.setPlaceholderText("Name of the new label")
        self._name.setAcceptDrops(False)
        self._name.returnPressed.connect(self._add)
        add = QPushButton("Add")
        add.clicked.connect(self._add)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self._name)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._show_list)
        typing = QWidget()
        row = QHBoxLayout(typing)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        row.addWidget(self._name, 1)
        row.addWidget(add)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._list)
        self._stack.addWidget(typing)
        self.setFocusProxy(self._list)

    def value(self) -> str | None:
        """The chosen label; None to decide later."""
        return self._label

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """The project's labels, in its order; keeps the choice if it is still there."""
        self._labels = labels
        is_later = self._is_chosen and self._label is None and self._allows_none
        if self._label not in labels and not is_later:
            self._label = labels[0] if labels else None
        self._fill()

    def allow_none(self, is_allowed: bool) -> None:
        """Offer "decide later", for what is brought in rather than made."""
        self._allows_none = is_allowed
        if not is_allowed and self._label is None and self._labels:
            self._label = self._labels[0]
        self._fill()

    def choose(self, label: str | None) -> None:
        """Choose ``label`` if it is offered."""
        if label in self._labels or (label is None and self._allows_none):
            self._label = label
            self._is_chosen = True
            self._fill()
            self.changed.emit()

    def _fill(self) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        self._list.addItems(self._labels)
        if self._allows_none:
            self._list.addItem(_LATER)
        self._list.insertSeparator(self._list.count())
        self._list.addItem(_NEW)
        wanted = _LATER if self._label is None and self._allows_none else self._label or ""
        self._list.setCurrentIndex(max(0, self._list.findText(wanted)))
        self._list.blockSignals(False)

    def _pick(self, index: int) -> None:
        if index == self._list.count() - 1:
            self._stack.setCurrentIndex(1)
            self._name.clear()
            self._name.setFocus()
            return
        self._label = self._labels[index] if index < len(self._labels) else None
        self._is_chosen = True
        self.changed.emit()

    def _show_list(self) -> None:
        self._stack.setCurrentIndex(0)
        self._fill()
        self._list.setFocus()

    def _add(self) -> None:
        name = self._name.text().strip()
        if name and name not in self._labels:
            self.added.emit(name)
            self._labels = (*self._labels, name)
        if name:
            self._label = name
        self._show_list()
        self.changed.emit()
