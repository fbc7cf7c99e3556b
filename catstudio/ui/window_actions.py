"""What the window can do, each with its words and its keys in one place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from catstudio.ui.icons import icon


class WindowActions(QObject):
    """Actions with shortcuts, attached to ``window``; their owner connects them.

    Those that need an open project are in :attr:`project` and are disabled without one.
    """

    hovered = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        new = self._new
        self.new = new("New project", "add", "Ctrl+N")
        self.open = new("Open project…", "folder", "Ctrl+O")
        self.close = new("Close project", "close", "Ctrl+W")
        self.quit = new("Quit", "", "Ctrl+Q")
        self.paste = new("Paste images", "paste", "Ctrl+V")
        self.undo = new("Undo", "undo", "Ctrl+Z")
        self.redo = new("Redo", "redo", "Ctrl+Y", "Ctrl+Shift+Z")
        self.find = new("Search", "search", "Ctrl+F")
        self.gallery = new("Gallery", "gallery", "Ctrl+1")
        self.training = new("Training", "train", "Ctrl+2")
        self.map = new("Map", "map-trifold", "Ctrl+3")
        self.review = new("Review what waits", "review", "Ctrl+R")
        self.panel = new("Show the add-data panel", "", "F7")
        self.inspector = new("Show the inspector", "", "F8")
        self.full_screen = new("Full screen", "", "F11")
        self.train = new("Train and evaluate", "train", "Ctrl+T")
        self.blind = new("Blind test", "blind", "Ctrl+B")
        for action in (self.panel, self.inspector, self.full_screen):
            action.setCheckable(True)
        self.project = (
            self.close,
            self.find,
            self.gallery,
            self.training,
            self.map,
            self.review,
            self.panel,
            self.inspector,
            self.train,
            self.blind,
        )
        self.show_undo(None, None)
        self.show_project(is_open=False)

    def show_project(self, is_open: bool) -> None:
        """Allow what an open project allows."""
        for action in self.project:
            action.setEnabled(is_open)

    def show_undo(self, undo: str | None, redo: str | None) -> None:
        """Name what undo and redo would do: ``Undo reject 12 images``."""
        for action, word, what in ((self.undo, "Undo", undo), (self.redo, "Redo", redo)):
            action.setEnabled(what is not None)
            action.setText(f"{word} {what}" if what else word)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            nothing = f"Nothing to {word.lower()}"
            action.setToolTip(f"{action.text()} ({keys})" if what else f"{nothing} ({keys})")

    def all(self) -> list[QAction]:
        """Every action, in the order of the list of shortcuts."""
        return [one for one in vars(self).values() if isinstance(one, QAction)]

    def shortcuts(self) -> list[tuple[str, str]]:
        """(words, keys) of every action, for people."""
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (words, action.shortcut().toString(native))
            for action in self.all()
            if (words := str(action.data()))
        ]

    def _new(self, text: str, icon_name: str, *keys: str) -> QAction:
        action = QAction(text, self._window)
        if icon_name:
            action.setIcon(icon(icon_name))
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setToolTip(f"{text.removesuffix('…')} ({keys[0]})")
        action.setData(text.removesuffix("…"))  # Undo's own text changes with what it undoes.
        self._window.addAction(action)
        return action


def connect(action: QAction, do: Callable[[], object]) -> None:
    """Call ``do`` when the action is triggered, without Qt's ``checked``."""
    action.triggered.connect(lambda _=False: do())
