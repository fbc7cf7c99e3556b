"""One line under the answer: how far the audit is, or a button that asks for it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from catstudio.core.wording import duration
from catstudio.jobs.events import Progress
from catstudio.ui.theme import S
from catstudio.ui.training.audit_feed import AuditFeed
from catstudio.ui.widgets import ElidedLabel, button, label

_STEPS = 1000


class AuditBar(QWidget):
    """``asked`` is the button, shown for a run that was never questioned."""

    asked = Signal()

    def __init__(self, feed: AuditFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._words = label(
            "What each source bought and what no eye sees was not asked yet.", "muted", wrap=True
        )
        self.ask = button("Question this run", "", icon="search")
        self.ask.clicked.connect(self.asked)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Audit")
        self.step = ElidedLabel("", "muted")
        self.cancel = button("Cancel", "quiet", tooltip="Stop; what was found stays in sight")
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(S, 0, S, 0)
        row.setSpacing(S)
        row.addWidget(self._words, 1)
        row.addWidget(self.ask)
        row.addWidget(self._bar, 1)
        row.addWidget(self.step, 1)
        row.addWidget(self.cancel)
        feed.progressed.connect(self._progressed)
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now; nothing once the audit is there."""
        is_running, is_whole = self._feed.is_running, "next" in self._feed.audit
        for widget in (self._words, self.ask):
            widget.setVisible(not is_running and not is_whole)
        for other in (self._bar, self.step, self.cancel):
            other.setVisible(is_running)
        if not is_running:
            self._bar.setValue(0)
            self.step.setText("Waiting for its turn")
            self.cancel.setEnabled(True)
        self.setVisible(is_running or not is_whole)

    def _progressed(self, event: Progress) -> None:
        self._bar.setValue(round(_STEPS * event.done / event.total) if event.total else 0)
        rest = f", about {duration(event.eta)} left" if event.eta and event.eta > 2 else ""
        self.step.setText(f"{event.message}{rest}")

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.step.setText("Stopping after this step")
        self._feed.cancel()
