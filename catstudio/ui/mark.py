"""A small icon that stands beside words, drawn in the colour that the theme has now."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from catstudio.ui.icons import icon


class Mark(QWidget):
    """An icon of ``size`` logical pixels by its name and role; nothing while it has no name."""

    def __init__(
        self, size: int, name: str = "", role: str = "text", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)
        self._icon = icon(name, role) if name else None

    def show_icon(self, name: str, role: str) -> None:
        """Another icon, or another colour."""
        self._icon = icon(name, role)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._icon is not None:
            self._icon.paint(QPainter(self), self.rect())
