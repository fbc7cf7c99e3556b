"""A room: what takes the whole window for a while, such as the camera or the drawing canvas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from catstudio.ui.bridge import StudioBridge


class Room(QWidget):
    """Shown in place of the window's usual body until it says ``left()``.

    ``told(str, str)`` carries a message and a hint for the message bar. A room is built when
    it is entered and deleted when it is left.
    """

    left = Signal()
    told = Signal(str, str)
    returns_to_gallery = True
    """Leaving it shows the gallery, where its images are; else the tab that it was entered from."""

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def shut(self) -> None:
        """Let go of devices, jobs and timers; called once before the room goes, however it goes."""


RoomBuilder = Callable[[StudioBridge], Room]
"""What a page hands to the window: builds its room on the open project."""
