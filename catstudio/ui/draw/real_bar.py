"""The bar in which a drawing is made real: how, with which words, how many, and the button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from catstudio.ui.add_data.asks import plural
from catstudio.ui.draw.real import COUNT, Way, Wish, default_prompt
from catstudio.ui.draw.tool_bar import Dial, percent
from catstudio.ui.settings import Settings
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import SpinBox, button, label

MOST = 64


class RealBar(QFrame):
    """``asked(Wish)`` when the button is pressed; ``closed()`` on Escape."""

    asked = Signal(object)
    closed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._settings = settings
        self._label = ""
        self._way = Way("", "")
        self._why = label("", "muted", wrap=True)
        self.prompt = QLineEdit()
        self.prompt.setAccessibleName("Prompt")
        self.prompt.setMinimumWidth(220)
        self.prompt.returnPressed.connect(self._ask)
        self.strength = Dial("Redrawn", 0.05, 1.0, percent)
        self.strength.slider.setToolTip("How much the model may change: all of it at 100%")
        self.strength.set_value(0.7)
        self._strength = 0.7
        self.strength.moved.connect(self._set_strength)
        self.count = SpinBox()
        self.count.setRange(1, MOST)
        self.count.setValue(COUNT)
        self.count.setAccessibleName("Images")
        self.count.valueChanged.connect(self._show)
        self.make = button("", "primary", "wand")
        self.make.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.setSpacing(M)
        row.addWidget(self.prompt, 1)
        row.addWidget(self.strength)
        row.addWidget(label("Images", "muted"))
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self.make)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, M)
        column.setSpacing(S)
        column.addWidget(self._why)
        column.addLayout(row)

    def wish(self) -> Wish:
        """What the fields say now."""
        return Wish(
            self._label,
            self.prompt.text(),
            self.count.value(),
            self._strength,
            dict(self._settings.options),
        )

    def show_label(self, name: str) -> None:
        """The label that the results get."""
        self._label = name
        self.prompt.setPlaceholderText(default_prompt(name) if name else "Prompt")
        self._show()

    def show_way(self, way: Way) -> None:
        """How it would be done, or why it cannot."""
        self._way = way
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        is_model = self._way.method == "diffusers"
        self.prompt.setVisible(is_model)
        self.strength.setVisible(is_model)
        self._why.setText(
            self._way.why if self._label else "Choose a label first: what is made gets it."
        )
        self.make.setText(f"Make {plural(self._label or 'image', self.count.value())}")
        self.make.setEnabled(self._way.is_possible and bool(self._label))
        self.make.setToolTip(self._way.why)

    def _set_strength(self, strength: float) -> None:
        self._strength = round(strength, 2)

    def _ask(self) -> None:
        if self.make.isEnabled():
            self._settings.remember_prompt(self.prompt.text())
            self.asked.emit(self.wish())
