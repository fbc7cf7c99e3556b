"""One rung in the list: what it is, how far it is, what came of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from catstudio.core.wording import duration
from catstudio.jobs.events import Progress
from catstudio.report.ladder_page import figure, strangers_told
from catstudio.studio.ladder import Plan
from catstudio.ui.mark import Mark
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import WrappedLabel, label

WAITING, RUNNING, DONE, SKIPPED = "waiting", "running", "done", "skipped"
_MARKS = {
    WAITING: ("circle", "muted"),
    RUNNING: ("spinner", "accent"),
    DONE: ("ok", "ok"),
    SKIPPED: ("minus-circle", "muted"),
}


class RungRow(QFrame):
    """Shows ``plan``; :attr:`state` is one of the four above."""

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self.state = WAITING
        self._mark = Mark(20)
        self._figures = label("", "small", wrap=True)
        self.taught = WrappedLabel("", longest=40)
        self._bar = QProgressBar()
        self._status = label("", "small")
        column = QVBoxLayout()
        column.setSpacing(XS)
        column.addWidget(label(plan.title, "heading"))
        column.addWidget(label(plan.what, "muted", wrap=True))
        for widget in (self.taught, self._figures, self._bar, self._status):
            column.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, S, 0, S)
        row.setSpacing(M)
        side = QVBoxLayout()
        side.addWidget(self._mark)
        side.addStretch(1)
        row.addLayout(side)
        row.addLayout(column, 1)
        self.show_waiting()

    def show_waiting(self) -> None:
        self._show(WAITING)

    def show_running(self) -> None:
        self._bar.setRange(0, 0)
        self._status.setText("Beginning …")
        self._show(RUNNING)

    def show_progress(self, event: Progress) -> None:
        """How far the job at hand is."""
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * event.done / max(event.total, 1e-9)))
        left = f", about {duration(event.eta)} left" if event.eta else ""
        self._status.setText(f"{event.message}{left}")

    def show_report(self, rung: dict[str, Any]) -> None:
        """What the rung's report says."""
        if "skipped" in rung:
            self.taught.setText(rung["skipped"])
            self._show(SKIPPED)
            return
        self.taught.setText(rung["taught"])
        metrics = rung["metrics"]
        said = [f"{strangers_told(rung['turkeys'])} strangers called a cat with confidence"]
        for name, title in (("auc", "AUC"), ("balanced_accuracy", "balanced accuracy")):
            if text := figure(metrics, name):
                said.insert(0, f"{title} {text}")
        n = f" · n = {metrics['n']}" if metrics else ""
        self._figures.setText(" · ".join(said) + n)
        self._show(DONE)

    def _show(self, state: str) -> None:
        self.state = state
        self._mark.show_icon(*_MARKS[state])
        self._mark.setAccessibleName(state)
        self._bar.setVisible(state == RUNNING)
        self._status.setVisible(state == RUNNING)
        self.taught.setVisible(state in (DONE, SKIPPED))
        self._figures.setVisible(state == DONE)
