"""How far a job is: a bar, what it does, about how long it takes, and Cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from catstudio.core.wording import duration
from catstudio.jobs.events import Progress
from catstudio.ui.theme import S
from catstudio.ui.widgets import ElidedLabel, button

_STEPS = 1000


class WorkRow(QWidget):
    """Hidden until something works. ``cancel_asked`` is its button; ``name`` is what a screen
    reader calls the bar, ``safe`` what Cancel leaves untouched."""

    cancel_asked = Signal()

    def __init__(self, name: str, safe: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(name)
        self.step = ElidedLabel("", "muted")
        self.cancel = button("Cancel", "quiet", tooltip=f"Stop; {safe}")
        self.cancel.clicked.connect(self._ask_cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self._bar, 1)
        row.addWidget(self.step, 1)
        row.addWidget(self.cancel)
        self.show_working(is_working=False)

    def show_working(self, is_working: bool) -> None:
        """Begin from nothing, or disappear; begun twice, it goes on."""
        if is_working and not self.isHidden():
            return
        self.setVisible(is_working)
        self._bar.setValue(0)
        self.step.setText("Waits for its turn")
        self.cancel.setEnabled(True)

    def show_progress(self, event: Progress) -> None:
        """How far the job has come."""
        share = event.done / event.total if event.total else 0.0
        self._bar.setValue(round(_STEPS * min(max(share, 0.0), 1.0)))
        if self.cancel.isEnabled():
            left = f" · about {duration(event.eta)} left" if event.eta and event.eta >= 1 else ""
            self.step.setText(f"{event.message}{left}")

    def _ask_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.step.setText("Stopping after this step")
        self.cancel_asked.emit()
