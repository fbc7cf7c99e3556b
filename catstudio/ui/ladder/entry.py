"""The way into the ladder's room and out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from catstudio.ui.messages import Message

if TYPE_CHECKING:
    from catstudio.ui.ladder.room import LadderRoom


class LadderEntry(QObject):
    """Shows the room among the window's ``pages``, whose first is the window as usual.

    ``told(Message)`` is something to say, ``open_asked(str)`` a project to open.
    """

    told = Signal(object)
    open_asked = Signal(str)

    def __init__(self, pages: QStackedWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pages = pages
        self.room: LadderRoom | None = None

    def enter(self) -> None:
        """Show the room; it stays as it is while it is there."""
        if self.room is None:
            # Few come here: the window starts without it.
            from catstudio.studio.ladder.keeping import ladder_folder
            from catstudio.ui.ladder.room import LadderRoom

            room = LadderRoom(ladder_folder())
            room.left.connect(self._leave)
            room.told.connect(lambda text, hint: self.told.emit(Message(text, hint)))
            room.open_asked.connect(self._open)
            self.room = room
            self._pages.addWidget(room)
        self._pages.setCurrentWidget(self.room)
        self.room.setFocus()

    def shut(self) -> None:
        """Take the room away, its climb stopped; may be called twice."""
        room, self.room = self.room, None
        if room is not None:
            room.shut()
            self._pages.removeWidget(room)
            room.hide()
            room.deleteLater()

    def _leave(self) -> None:
        self.shut()
        self._pages.setCurrentIndex(0)

    def _open(self, path: str) -> None:
        self._leave()
        self.open_asked.emit(path)
