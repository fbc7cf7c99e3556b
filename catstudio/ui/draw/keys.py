"""The keys of canvas and mask painter: each tool's letter, brush size, undo, zoom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from catstudio.ui.draw.tools import Tool

Key = Qt.Key
TOOL_KEYS = {
    Tool.BRUSH: "B",
    Tool.ERASER: "E",
    Tool.FILL: "F",
    Tool.WAND: "W",
    Tool.LINE: "L",
    Tool.RECTANGLE: "R",
    Tool.ELLIPSE: "O",
    Tool.LASSO: "S",
    Tool.PICKER: "I",
}


class Keys(QObject):
    """Calls what belongs to a key while ``widget``, or what is in it, has the focus.

    A child that uses a key itself (a text field every letter) keeps it. The window's own
    shortcuts for the same keys stand back: Ctrl+Z undoes a stroke, no edit of the project.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._calls: dict[str, Callable[[], object]] = {}
        widget.installEventFilter(self)

    def set(self, *keys: str, do: Callable[[], object]) -> None:
        """``do`` is what each of ``keys`` does, such as ``Ctrl+Z`` or ``[``."""
        for key in keys:
            self._calls[key] = do

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        call = self._calls.get(_name(event))
        if call is None or event.type() == QEvent.Type.KeyRelease:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            call()
        return True


def _name(event: QKeyEvent) -> str:
    """The key as it is written, ``Ctrl+Shift+Z``; brackets and signs as typed on any layout."""
    typed = event.text()
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    control, alt = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
    # AltGr, which types a bracket on many keyboards, may come as Ctrl and Alt together.
    if typed in tuple("[]{}+-=") and (not modifiers & control or modifiers & alt):
        return typed
    if event.key() in (Key.Key_Control, Key.Key_Shift, Key.Key_Alt, Key.Key_unknown):
        return ""
    return QKeySequence(QKeyCombination(modifiers, Key(event.key()))).toString()
