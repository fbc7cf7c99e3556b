"""The prompt: a few lines of text with a history, lists that complete, and what its template stands for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from PySide6.QtCore import QMimeData, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QPlainTextEdit, QWidget

from catstudio.core.errors import BadInputError
from catstudio.sources import prompts
from catstudio.ui.theme import S

CLIP_TOKENS = 75
"""So many tokens of a prompt do Stable Diffusion and SDXL read."""
_TOKEN = re.compile(r"[a-z]+|\d|[^\sa-z\d]+", re.IGNORECASE)
"""Each of these is one token of CLIP's at least (its own first cut of a text)."""
_WHOLE_LIST = re.compile(r"__[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*__")
_BEGUN_LIST = re.compile(r"__([A-Za-z0-9_-]*)$")
_POPUP_WIDTH = 200
_POPUP_KEYS = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
)


class PromptEditor(QPlainTextEdit):
    """Up on the first line and Down on the last walk the history; Ctrl+Return submits. Two
    underscores offer the lists that :meth:`set_lists` was told of."""

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
        self.completer = QCompleter(self)
        self.completer.setWidget(self)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.activated.connect(self.complete)
        self._popup.setProperty("role", "popup")

    def set_history(self, history: Sequence[str]) -> None:
        """Earlier prompts, oldest first."""
        self._history = list(history)
        self._position = len(self._history)

    def set_lists(self, names: Sequence[str]) -> None:
        """The lists that two underscores offer."""
        self.completer.setModel(QStringListModel(list(names), self.completer))

    def text(self) -> str:
        return self.toPlainText().strip()

    def replace(self, text: str) -> None:
        """Put ``text`` in place of what is there; Ctrl+Z brings that back."""
        cursor = self.textCursor()
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.removeSelectedText()
        cursor.insertText(text)
        cursor.endEditBlock()
        self.setTextCursor(cursor)

    def put_in(self, text: str) -> None:
        """Put ``text`` where the cursor is."""
        self.textCursor().insertText(text)
        self.setFocus()

    def append_words(self, words: str) -> None:
        """Put ``words`` at the end, behind a comma, unless the text says them already."""
        said = self.toPlainText()
        if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", said, re.IGNORECASE):
            return
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(f", {words}" if said.strip() else words)
        self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the history at the edges of the text, submit on Ctrl+Return."""
        key, modifiers = event.key(), event.modifiers()
        if self.is_offering and key in _POPUP_KEYS:
            event.ignore()  # They are the popup's.
            return
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
            self._offer_lists()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text only."""
        if source.hasText():
            self.insertPlainText(source.text())

    @property
    def is_offering(self) -> bool:
        """Do the lists show?"""
        return self._popup.isVisible()

    @property
    def _popup(self) -> QAbstractItemView:
        popup = self.completer.popup()
        if popup is None:
            raise AssertionError("a completer makes its popup when it is asked for")
        return popup

    def complete(self, name: str) -> None:
        """Finish the list that was begun before the cursor as ``__name__``."""
        begun = self._begun()
        if begun is None:
            return
        cursor = self.textCursor()
        n = len(begun) + 2
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, n)
        cursor.insertText(f"__{name}__")
        self.setTextCursor(cursor)

    def _begun(self) -> str | None:
        """What follows the two underscores before the cursor; None where no list is begun."""
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        found = _BEGUN_LIST.search(_WHOLE_LIST.sub(" ", before))
        return found[1] if found else None

    def _offer_lists(self) -> None:
        begun = self._begun()
        if begun is None or self.completer.model() is None:
            self._popup.hide()
            return
        self.completer.setCompletionPrefix(begun)
        if self.completer.completionCount() == 0:
            self._popup.hide()
            return
        self._popup.setCurrentIndex(self.completer.completionModel().index(0, 0))
        place = self.cursorRect()
        place.setWidth(_POPUP_WIDTH)
        self.completer.complete(place)

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


def template_note(
    template: str, images: int = 0, lists: Collection[str] | None = None
) -> tuple[str, bool]:
    """What to say of a template, and whether it can be used: (``6 prompts, used in turn.``, True).

    ``images`` is how many are to be made, 0 if that is not known; ``lists`` the names of all
    lists, None where they are not known.
    """
    try:
        n = prompts.count(template)
        drawn = prompts.wildcards(template)
    except BadInputError as error:
        return str(error), False
    if n > prompts.CAP:
        return f"Expands to {n:,} prompts; at most {prompts.CAP:,} are made at once.", False
    if lists is not None and (unknown := [name for name in drawn if name not in lists]):
        return f"There is no list called __{unknown[0]}__. Type two underscores to see all.", False
    said = f"{n:,} prompts, used in turn" if n > 1 else ""
    if n > images > 0:
        said = (
            f"{n:,} prompts: {_made(images)} the first {images:,}"
            if images > 1
            else (f"{n:,} prompts: one image uses the first")
        )
    if drawn:
        said += (
            "; each image draws anew from the lists"
            if said
            else ("Each image draws anew from the lists")
        )
    return (f"{said}." if said else ""), True


def _made(images: int) -> str:
    return f"{images:,} images use"


def is_too_long(template: str) -> bool:
    """Has every prompt of ``template`` surely more tokens than CLIP reads? Counted low, so that
    no prompt that fits is called too long."""
    plain = re.sub(r"\{[^{}]*\}", "", _WHOLE_LIST.sub("", template))
    return len(_TOKEN.findall(plain)) > CLIP_TOKENS
