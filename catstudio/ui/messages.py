"""Inline messages: what happened, what is safe, what to do; details can be copied. Never a dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.errors import CatStudioError
from catstudio.ui.mark import Mark
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import WrappedLabel, button, icon_button

Level = Literal["ok", "look", "problem"]
_SECONDS = {"ok": 6, "look": 0, "problem": 0}
MAX_BARS = 3
_LONGEST_WORD = 80


@dataclass(frozen=True)
class Message:
    """One message. ``text`` says what happened and what is safe, ``hint`` what to do."""

    text: str
    hint: str = ""
    level: Level = "problem"
    details: str = ""
    action: str = ""
    """The words of a button that does what the hint says, or ""."""

    @classmethod
    def of(cls, error: CatStudioError, details: str = "") -> Message:
        """An expected error's own sentence and hint."""
        return cls(error.message, error.hint, details=details)


class MessageBar(QFrame):
    """One message across the window. ``acted`` is sent by its button, ``closed`` when it goes."""

    acted = Signal()
    closed = Signal()

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = message
        self.setProperty("role", "card")
        self.setAccessibleName(message.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(M, S, S, S)
        row.setSpacing(M)
        row.addWidget(Mark(18, message.level, message.level), 0, Qt.AlignmentFlag.AlignVCenter)
        # Only what is too long for a line is broken up: paths are copied from here.
        text = WrappedLabel(f"{message.text} {message.hint}".strip(), longest=_LONGEST_WORD)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(text, 1)
        if message.action:
            act = button(message.action)
            act.clicked.connect(self._act)
            row.addWidget(act, 0, Qt.AlignmentFlag.AlignVCenter)
        if message.details:
            copy = button("Copy details", "quiet")
            copy.clicked.connect(self.copy_details)
            row.addWidget(copy, 0, Qt.AlignmentFlag.AlignVCenter)
        close = icon_button("close", "Close this message")
        close.clicked.connect(self.closed)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignVCenter)
        if seconds := _SECONDS[message.level]:
            QTimer.singleShot(seconds * 1000, self, self.closed.emit)

    def copy_details(self) -> None:
        """Put message, hint and details on the clipboard."""
        message = self.message
        parts = (message.text, message.hint, message.details)
        QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part))

    def _act(self) -> None:
        self.acted.emit()
        self.closed.emit()


class MessageList(QWidget):
    """Shows messages above the page; takes no room while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(S, S, S, 0)
        self._column.setSpacing(XS)
        self._bars: list[MessageBar] = []
        self.hide()

    @property
    def messages(self) -> list[Message]:
        """What is showing, newest first."""
        return [bar.message for bar in self._bars]

    def show_message(self, message: Message, act: Callable[[], None] | None = None) -> None:
        """Add a message; the same one again only moves to the front. ``act`` is its button."""
        for bar in [bar for bar in self._bars if bar.message == message]:
            self._drop(bar)
        bar = MessageBar(message, self)
        bar.closed.connect(lambda: self._drop(bar))
        if act is not None:
            bar.acted.connect(act)
        self._bars.insert(0, bar)
        self._column.insertWidget(0, bar)
        for old in self._bars[MAX_BARS:]:
            self._drop(old)
        self.show()

    def clear(self) -> None:
        """Take all messages away."""
        for bar in list(self._bars):
            self._drop(bar)

    def _drop(self, bar: MessageBar) -> None:
        if bar not in self._bars:
            return
        self._bars.remove(bar)
        self._column.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        self.setVisible(bool(self._bars))
