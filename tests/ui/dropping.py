"""Dragging files over the window and letting go, as Qt tells a window of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from catstudio.ui.main_window import MainWindow


def of_files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def drop(window: MainWindow, mime: QMimeData, label: str | None) -> None:
    """Drag over the window and let go over the zone of ``label``."""
    rest = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, QDragEnterEvent(window.rect().center(), *rest))
    assert window.overlay.isVisible()
    place = next(place for zone, place in window.overlay.zones() if zone == label)
    QApplication.sendEvent(window.overlay, QDragEnterEvent(place.center(), *rest))
    QApplication.sendEvent(window.overlay, QDropEvent(QPointF(place.center()), *rest))


def drop_files(window: MainWindow, *paths: Path, label: str | None = "cat") -> None:
    """Drop files and folders on the zone of ``label``."""
    drop(window, of_files(*paths), label)
