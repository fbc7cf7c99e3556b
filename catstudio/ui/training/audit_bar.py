"""One line under the answer: how far the audit is, or a button that asks for it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.ui.theme import S
from catstudio.ui.training.audit_feed import AuditFeed
from catstudio.ui.widgets import button, label
from catstudio.ui.work_row import WorkRow


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
        self.work = WorkRow("Audit", "what was found stays in sight")
        self.work.cancel_asked.connect(feed.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(S, 0, S, 0)
        row.setSpacing(S)
        row.addWidget(self._words, 1)
        row.addWidget(self.ask)
        row.addWidget(self.work, 2)
        feed.progressed.connect(self.work.show_progress)
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now; nothing once the audit is there."""
        is_running, is_whole = self._feed.is_running, "next" in self._feed.audit
        for widget in (self._words, self.ask):
            widget.setVisible(not is_running and not is_whole)
        self.work.show_working(is_running)
        self.setVisible(is_running or not is_whole)
