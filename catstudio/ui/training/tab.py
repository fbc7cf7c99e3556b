"""The training tab, top to bottom: ready?, the answer, what each source bought, the table and its
mistakes, the checks, what to do next; runs at the side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.errors import CatStudioError
from catstudio.core.types import RunRecord
from catstudio.jobs.events import TERMINAL, AnyEvent, Done, Progress
from catstudio.jobs.requests import TrainRequest
from catstudio.report import wording
from catstudio.studio import Readiness
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.counts import Counts
from catstudio.ui.theme import XL, L, M
from catstudio.ui.training.answer import AnswerView
from catstudio.ui.training.audit_bar import AuditBar
from catstudio.ui.training.audit_feed import AuditFeed
from catstudio.ui.training.checks import ChecksView
from catstudio.ui.training.confusion import ConfusionView
from catstudio.ui.training.costs import CostsView
from catstudio.ui.training.eye import EyeView
from catstudio.ui.training.mistakes import MistakesView
from catstudio.ui.training.next_steps import NextStepsView
from catstudio.ui.training.other_photos import OtherPhotosView
from catstudio.ui.training.readiness import ReadinessView
from catstudio.ui.training.report_file import ReportFile
from catstudio.ui.training.runs import ComparisonView, RunsView
from catstudio.ui.training.sources import SourcesView
from catstudio.ui.widgets import Card, EmptyState, label

_RUNS_WIDTH = 208
_MAX_WIDTH = 960


class TrainingTab(QWidget):
    """``show_image`` carries the id of an image to look at; ``failed`` a message and its hint.

    ``add_photos`` is the button of the empty state.
    """

    show_image = Signal(str)
    failed = Signal(str, str)
    add_photos = Signal()

    def __init__(self, bridge: StudioBridge, counts: Counts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._job_id = ""
        self._is_starting = False
        self._shown: tuple[int, Mapping[str, Any]] | None = None
        self._other = 0
        self.readiness = ReadinessView()
        self.readiness.train_asked.connect(self.train)
        self.readiness.cancel_asked.connect(self._cancel)
        self.report_file = ReportFile(bridge)
        self.report_file.failed.connect(self.failed)
        self.answer = AnswerView(self.report_file)
        self.confusion = ConfusionView()
        self.mistakes = MistakesView(bridge)
        self.mistakes.show_image.connect(self.show_image)
        self.feed = AuditFeed(bridge, self)
        self.feed.changed.connect(self._show_audit)
        self.feed.failed.connect(self.failed)
        self.audit_bar = AuditBar(self.feed)
        self.audit_bar.asked.connect(self._question)
        self.sources = SourcesView(bridge)
        self.checks = ChecksView(bridge)
        self.checks.show_image.connect(self.show_image)
        self.checks.strangers_asked.connect(self._ask_strangers)
        self.costs = CostsView(bridge)
        self.costs.asked.connect(self._question)
        self.costs.failed.connect(self.failed)
        self.next_steps = NextStepsView(bridge)
        self.next_steps.show_image.connect(self.show_image)
        self.eye = EyeView(bridge)
        self.eye.show_image.connect(self.show_image)
        self.eye.photos_asked.connect(self.add_photos)
        self.eye.failed.connect(self.failed)
        self.other_photos = OtherPhotosView(bridge)
        self.other_photos.failed.connect(self.failed)
        self.comparison = ComparisonView()
        self.runs = RunsView()
        self.runs.chosen.connect(self._read_report)
        self.runs.compared.connect(self._compare)
        self._lay_out()
        self._show_figures(is_shown=False)
        counts.changed.connect(self._show_readiness)
        bridge.job_event.connect(self._job_event)
        self.refresh()

    @property
    def is_training(self) -> bool:
        """Is a training that this tab started waiting or running?"""
        return self._is_starting or bool(self._job_id)

    def refresh(self) -> None:
        """Read the runs again, in the background."""
        self._bridge.fetch(self._bridge.studio.runs, self._show_runs)
        self.eye.refresh()

    def train(self) -> None:
        """Train and evaluate, in the background."""
        if self.is_training or not self.readiness.train.isEnabled():
            return
        self._is_starting = True
        self.readiness.show_working(is_working=True)
        self._bridge.fetch(self._bridge.studio.train_request, self._submit, self._refused)

    # -- jobs --------------------------------------------------------------------------------

    def _submit(self, request: TrainRequest) -> None:
        self._job_id = request.job_id
        self._is_starting = False
        self._bridge.submit(request)

    def _refused(self, error: CatStudioError) -> None:
        self._is_starting = False
        self.readiness.show_working(is_working=False)
        self.failed.emit(error.message, error.hint)

    def _cancel(self) -> None:
        if self._job_id:
            self._bridge.studio.cancel(self._job_id)

    def _job_event(self, event: AnyEvent) -> None:
        if event.job_id != self._job_id or not self._job_id:
            if isinstance(event, TERMINAL) and "run" in event.result:
                self.refresh()
            return
        if isinstance(event, Progress):
            self.readiness.work.show_progress(event)
        elif isinstance(event, TERMINAL):
            self._job_id = ""
            self.readiness.show_working(is_working=False)
            self.refresh()
            if isinstance(event, Done):
                # The answer is there; what it hides is asked for without another click.
                self.feed.start(event.result["run"])

    # -- reading -----------------------------------------------------------------------------

    def _show_readiness(self, readiness: Readiness) -> None:
        has_images = any(
            one.real + one.synthetic + one.pending for one in readiness.labels
        ) or bool(readiness.unlabelled)
        self._stack.setCurrentIndex(1 if has_images else 0)
        self.readiness.show_readiness(readiness)

    def _show_runs(self, runs: list[RunRecord]) -> None:
        self.runs.show_runs(runs)
        self._hint.setVisible(not runs)

    def _read_report(self, number: int) -> None:
        studio = self._bridge.studio
        self._bridge.fetch(
            lambda: (number, studio.report(number)), self._show_report, self._unreadable, self
        )

    def _unreadable(self, error: CatStudioError) -> None:
        self._show_figures(is_shown=False)
        self.failed.emit(error.message, error.hint)

    def _show_report(self, found: tuple[int, dict[str, Any]]) -> None:
        number, report = found
        if number != self.runs.current:
            return  # Another run was chosen while this one was read.
        self._shown = found
        self.answer.show_report(number, report)
        self.report_file.show_run(number)
        self.other_photos.show_run(number, report.get("labels") or ())
        metrics = wording.metrics_of(report)
        table = metrics.get("confusion")
        names = metrics.get("labels") or report.get("labels") or ()
        self._show_figures(is_shown=True, has_metrics=bool(metrics))
        if table:
            self.confusion.show_table(names, table)
        self.mistakes.show_mistakes(report.get("mistakes") or ())
        self.feed.show_run(number)
        self._compare(self._other)

    def _question(self) -> None:
        if self._shown is not None:
            self.feed.start(self._shown[0])

    def _ask_strangers(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Photos that show none of the labels")
        if path and self._shown is not None:
            self.feed.start(self._shown[0], (path,))

    def _show_audit(self) -> None:
        audit, is_shown = self.feed.audit, self._shown is not None
        self.audit_bar.refresh()
        if not is_shown:
            self.audit_bar.hide()
        self.sources.setVisible(is_shown and "sources" in audit)
        self.checks.setVisible(is_shown and "checks" in audit)
        self.next_steps.setVisible(is_shown and "next" in audit)
        self.sources.show_sources(audit)
        self.checks.show_checks(audit.get("checks") or (), self.feed.is_running)
        self.next_steps.show_steps(audit.get("next") or ())
        self.costs.show_audit(audit if is_shown else {})

    def _compare(self, other: int) -> None:
        self._other = other
        if not other or self._shown is None or other == self._shown[0]:
            self.comparison.hide()
            return
        studio = self._bridge.studio
        self._bridge.fetch(
            lambda: (other, studio.report(other)), self._show_pair, self._unreadable, self
        )

    def _show_pair(self, found: tuple[int, dict[str, Any]]) -> None:
        if self._shown is not None and found[0] == self._other:
            self.comparison.show_pair(self._shown, found)

    def _show_figures(self, is_shown: bool, has_metrics: bool = False) -> None:
        self.answer.setVisible(is_shown)
        self.other_photos.setVisible(is_shown)
        self._table.setVisible(is_shown and has_metrics)
        self.mistakes.setVisible(is_shown and has_metrics)
        if not is_shown:
            self.comparison.hide()
            self.feed.show_run(0)

    # -- building ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._hint = label(
            "The answer appears here: how often it is right on real photos it never saw, "
            "with its interval.",
            "muted",
            wrap=True,
        )
        self._table = Card()
        self._table.column.setContentsMargins(XL, XL, XL, XL)
        self._table.column.addWidget(label("What is called what", "heading"))
        self._table.column.addWidget(self.confusion)
        content = QWidget()
        content.setMaximumWidth(_MAX_WIDTH)
        column = QVBoxLayout(content)
        column.setContentsMargins(L, L, L, L)
        column.setSpacing(M)
        for part in (
            self.readiness,
            self._hint,
            self.answer,
            self.audit_bar,
            self.next_steps,
            self.comparison,
            self.sources,
            self.checks,
            self.eye,
            self._table,
            self.costs,
            self.mistakes,
            self.other_photos,
        ):
            column.addWidget(part)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(content)
        self.runs.setFixedWidth(_RUNS_WIDTH)
        full = QWidget()
        row = QHBoxLayout(full)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(scroll, 1)
        row.addWidget(self.runs)
        empty = EmptyState(
            "train",
            "Nothing to train on yet",
            "A classifier learns from photos with labels. Drop a few photos of each label on the "
            "window: one is enough to begin, twenty of each to test on give an answer you can "
            "trust.",
            "Add photos",
            "primary",
        )
        empty.triggered.connect(self.add_photos)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(full)
