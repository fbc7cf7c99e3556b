"""The prompt: a few lines of text with a history, and how many prompts its template stands for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from catstudio.core.errors import BadInputError
from catstudio.sources import prompts
from catstudio.ui.theme import S


class PromptEditor(QPlainTextEdit):
    """Up on the first line and Down on the last walk the history; Ctrl+Return submits."""

    submitted = Signal()

    def __init__(self, lines: int, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        # Files dropped here are for the project: the window's drop zones take them.
        self.setAcceptDrops(False)
        height = self.fontMetrics().lineSpacing() * lines
        margins = int(2 * self.document().documentMargin()) + 2 * self.frameWidth() + 2 * S
        self.setFixedHeight(height + margins)
        if lines == 1:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._history: list[str] = []
        self._position = 0
        self._draft = ""

    def set_history(self, history: Sequence[str]) -> None:
        """Earlier prompts, oldest first."""
        self._history = list(history)
        self._position = len(self._history)

    def text(self) -> str:
        return self.toPlainText().strip()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the history at the edges of the text, submit on Ctrl+Return."""
        key, modifiers = event.key(), event.modifiers()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
            modifiers & Qt.KeyboardModifier.ControlModifier
        ):
            self.submitted.emit()
            return
        plain = modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if key == Qt.Key.Key_Up and plain and self._is_at_edge(QTextCursor.MoveOperation.Up):
            self._walk(-1)
        elif key == Qt.Key.Key_Down and plain and self._is_at_edge(QTextCursor.MoveOperation.Down):
            self._walk(1)
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text only."""
        if source.hasText():
            self.insertPlainText(source.text())

    def _is_at_edge(self, direction: QTextCursor.MoveOperation) -> bool:
        cursor = self.textCursor()
        return not cursor.movePosition(direction)

    def _walk(self, step: int) -> None:
        target = self._position + step
        if not 0 <= target <= len(self._history):
            return
        if self._position == len(self._history):
            self._draft = self.toPlainText()
        self._position = target
        is_draft = target == len(self._history)
        self.setPlainText(self._draft if is_draft else self._history[target])
        self.moveCursor(QTextCursor.MoveOperation.End)


def template_note(template: str) -> tuple[str, bool]:
    """What to say of a template, and whether it can be used: (``expands to 6 prompts``, True)."""
    try:
        n = prompts.count(template)
    except BadInputError as error:
        return str(error), False
    if n > prompts.CAP:
        return f"Expands to {n:,} prompts; at most {prompts.CAP:,} are made at once.", False
    return (f"Expands to {n:,} prompts." if n > 1 else ""), True
