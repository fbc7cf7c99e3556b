"""The head of the drawing room: back, undo, zoom, label, make it real, save."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from catstudio.ui.add_data.label_chooser import LabelChooser
from catstudio.ui.draw.document import Document
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import button, icon_button, label

_TITLE = 200


class RoomHead(QFrame):
    """Buttons that the room connects; ``zoom_asked(float)`` is a factor, 0 to fit."""

    zoom_asked = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.back = icon_button("back", "Back to the gallery: the drawing is kept (Escape)")
        self.title = label("", "heading")
        self.extent = label("", "small")
        self.undo = icon_button("undo", "Undo (Ctrl+Z)")
        self.redo = icon_button("redo", "Redo (Ctrl+Y)")
        self.less = icon_button("magnifying-glass-minus", "Zoom out (-)")
        self.more = icon_button("zoom", "Zoom in (+)")
        self.zoom = QPushButton("100%")
        self.zoom.setProperty("role", "quiet")
        self.zoom.setToolTip("Show the whole picture (0)")
        self.zoom.setMinimumWidth(64)
        self.less.clicked.connect(lambda: self.zoom_asked.emit(0.8))
        self.more.clicked.connect(lambda: self.zoom_asked.emit(1.25))
        self.zoom.clicked.connect(lambda: self.zoom_asked.emit(0.0))
        self.labels = LabelChooser()
        self.labels.setMinimumWidth(130)
        self.labels.setMaximumWidth(180)
        self.real = button("Make it real", "", "wand", "Photographs after this drawing (Ctrl+M)")
        self.real.setCheckable(True)
        self.save = button("Save", "primary", tooltip="Add the drawing to the project (Ctrl+S)")
        row = QHBoxLayout(self)
        row.setContentsMargins(S, S, L, S)
        row.setSpacing(S)
        row.addWidget(self.back)
        row.addWidget(self.title)
        row.addWidget(self.extent)
        row.addStretch(1)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        row.addSpacing(M)
        row.addWidget(self.less)
        row.addWidget(self.zoom)
        row.addWidget(self.more)
        row.addStretch(1)
        words = label("Label", "muted")
        words.setBuddy(self.labels)
        row.addWidget(words)
        row.addWidget(self.labels)
        row.addWidget(self.real)
        row.addWidget(self.save)

    def show_title(self, title: str, width: int, height: int) -> None:
        """What is drawn on, and its size in pixels."""
        self.title.ensurePolished()
        shown = self.title.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, _TITLE)
        self.title.setText(shown)
        self.title.setToolTip(title if shown != title else "")
        self.extent.setText(f"{width} × {height} px")

    def show_zoom(self, zoom: float) -> None:
        """Widget pixels a picture pixel."""
        self.zoom.setText(f"{zoom:.0%}")

    def show_steps(self, document: Document) -> None:
        """Name what undo and redo would do."""
        history = document.history
        for one, word, key, name in (
            (self.undo, "Undo", "Ctrl+Z", history.undo_name),
            (self.redo, "Redo", "Ctrl+Y", history.redo_name),
        ):
            one.setEnabled(name is not None)
            words = f"{word} {name[0].lower()}{name[1:]}" if name else f"Nothing to {word.lower()}"
            one.setToolTip(f"{words} ({key})")
