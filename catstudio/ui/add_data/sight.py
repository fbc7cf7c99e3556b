"""Scrolling what just changed into sight."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget


def scroll_to(widget: QWidget) -> None:
    """Bring ``widget`` to the top of the area that it scrolls in, once it has its place there."""

    def scroll() -> None:
        parent = widget.parentWidget()
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        if parent is not None and (content := parent.widget()) is not None:
            parent.verticalScrollBar().setValue(widget.mapTo(content, QPoint()).y())

    QTimer.singleShot(0, widget, scroll)
