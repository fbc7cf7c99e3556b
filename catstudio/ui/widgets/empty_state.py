"""What an empty area says: what belongs there and how to put it there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from catstudio.ui.icons import icon
from catstudio.ui.theme import L, S
from catstudio.ui.widgets.buttons import button
from catstudio.ui.widgets.labels import label

_ICON = 40


class EmptyState(QWidget):
    """An icon, a sentence, an explanation and, where ``action`` is given, a button.

    ``triggered`` says that the button was pressed.
    """

    triggered = Signal()

    def __init__(
        self,
        icon_name: str,
        title: str,
        text: str = "",
        action: str = "",
        role: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = label(title, "heading", wrap=True)
        self._text = label(text, "muted", wrap=True)
        self.action = button(action, role)
        self.action.clicked.connect(self.triggered)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, L, L, L)
        column.setSpacing(S)
        column.addStretch(1)
        column.addWidget(self._picture)
        for one in (self._title, self._text):
            one.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(one)
        column.addSpacing(S)
        column.addWidget(self.action, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.set_texts(title, text, action)

    def set_texts(self, title: str, text: str = "", action: str = "") -> None:
        """Say something else; what is empty is left out."""
        self._draw_icon()
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.action.setText(action)
        self.action.setVisible(bool(action))

    def _draw_icon(self) -> None:
        self._picture.setPixmap(icon(self._icon_name, "muted").pixmap(_ICON, _ICON))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._draw_icon()  # A label keeps a pixmap, and so the old theme's colour.
        super().changeEvent(event)
