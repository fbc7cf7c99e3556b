"""The row above the map: how far it is, that it lacks images, or nothing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.ui.map.feed import MapFeed
from catstudio.ui.theme import S
from catstudio.ui.widgets import button, label
from catstudio.ui.work_row import WorkRow


class MapBar(QWidget):
    """``asked`` is the button that makes the map, or brings it up to date."""

    asked = Signal()

    def __init__(self, feed: MapFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self.words = label("", "look", wrap=True)
        self.update_ = button("Update the map", icon="redo")
        self.update_.clicked.connect(self.asked)
        self.work = WorkRow("Map", "what lies somewhere stays there")
        self.work.cancel_asked.connect(feed.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.words, 1)
        row.addWidget(self.update_)
        row.addWidget(self.work, 2)
        feed.progressed.connect(self.work.show_progress)
        self.refresh(0)

    def refresh(self, missing: int) -> None:
        """Show what is so now; ``missing`` images are not on the map."""
        is_running = self._feed.is_running
        layout = self._feed.layout
        is_sketch = layout is not None and layout.how == "pca" and len(layout.hashes) >= 10
        self.work.show_working(is_running)
        for other in (self.words, self.update_):
            other.setVisible(not is_running)
        noun = "new image is" if missing == 1 else "new images are"
        if missing:
            self.words.setText(f"Out of date: {missing:,} {noun} not on the map.")
        elif is_sketch:
            self.words.setText("A first sketch: it was not laid out to the end.")
        self.setVisible(is_running or bool(missing) or is_sketch)
