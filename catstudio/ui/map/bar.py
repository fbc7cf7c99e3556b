"""The row above the map: how far it is, that it lacks images, or nothing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from catstudio.core.wording import duration
from catstudio.jobs.events import Progress
from catstudio.ui.map.feed import MapFeed
from catstudio.ui.theme import S
from catstudio.ui.widgets import ElidedLabel, button, label

_STEPS = 1000


class MapBar(QWidget):
    """``asked`` is the button that makes the map, or brings it up to date."""

    asked = Signal()

    def __init__(self, feed: MapFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self.words = label("", "look", wrap=True)
        self.update_ = button("Update the map", icon="redo")
        self.update_.clicked.connect(self.asked)
        self._progress = QProgressBar()
        self._progress.setRange(0, _STEPS)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Map")
        self.step = ElidedLabel("", "muted")
        self.cancel = button("Cancel", "quiet", tooltip="Stop; what lies somewhere stays there")
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.words, 1)
        row.addWidget(self.update_)
        row.addWidget(self._progress, 1)
        row.addWidget(self.step, 1)
        row.addWidget(self.cancel)
        feed.progressed.connect(self._progressed)
        self.refresh(0)

    def refresh(self, missing: int) -> None:
        """Show what is so now; ``missing`` images are not on the map."""
        is_running = self._feed.is_running
        layout = self._feed.layout
        is_sketch = layout is not None and layout.how == "pca" and len(layout.hashes) >= 10
        for widget in (self._progress, self.step, self.cancel):
            widget.setVisible(is_running)
        for other in (self.words, self.update_):
            other.setVisible(not is_running)
        if not is_running:
            self._progress.setValue(0)
            self.step.setText("Waiting for its turn")
            self.cancel.setEnabled(True)
        noun = "new image is" if missing == 1 else "new images are"
        if missing:
            self.words.setText(f"Out of date: {missing:,} {noun} not on the map.")
        elif is_sketch:
            self.words.setText("A first sketch: it was not laid out to the end.")
        self.setVisible(is_running or bool(missing) or is_sketch)

    def _progressed(self, event: Progress) -> None:
        self._progress.setValue(round(_STEPS * event.done / event.total) if event.total else 0)
        rest = f", about {duration(event.eta)} left" if event.eta and event.eta > 2 else ""
        self.step.setText(f"{event.message}{rest}")

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.step.setText("Stopping after this step")
        self._feed.cancel()
