"""The runs of a project at the side, and any two of them compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.types import RunRecord
from catstudio.report import wording
from catstudio.report.wording import Figure
from catstudio.ui.theme import XL, XS, L, M, S
from catstudio.ui.widgets import Card, ComboBox, label

_NUMBER = Qt.ItemDataRole.UserRole
_NONE = "nothing"


def run_words(run: RunRecord) -> str:
    """``Run 7 · 93%`` and, below, its interval and when it was made."""
    metrics = wording.metrics_of(run.summary)
    accuracy = Figure.of(metrics.get("accuracy"))
    figure = accuracy.percent() if accuracy.is_known else "not evaluated"
    when = _local(run.created)
    interval = accuracy.percent_interval()
    below = f"{interval}, n = {wording.test_count(run.summary)}" if interval else when
    return f"Run {run.number} · {figure}\n{below}"


def _local(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created).astimezone():%d %b %Y, %H:%M}"
    except ValueError:
        return created


class RunsView(QFrame):
    """``chosen`` carries the number of the run to show, ``compared`` that of the other, or 0."""

    chosen = Signal(int)
    compared = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._runs: list[RunRecord] = []
        self._list = QListWidget()
        self._list.setAccessibleName("Runs")
        self._list.currentItemChanged.connect(self._choose)
        self._other = ComboBox()
        self._other.setAccessibleName("Compare with")
        self._other.currentIndexChanged.connect(self._compare)
        self._empty = label("Each training is kept here.", "muted", wrap=True)
        self._compare_words = label("Compare with", "muted")
        self._compare_words.setBuddy(self._other)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, L, M, M)
        column.setSpacing(S)
        column.addWidget(label("RUNS", "section"))
        column.addWidget(self._empty)
        column.addWidget(self._list, 1)
        column.addWidget(self._compare_words)
        column.addWidget(self._other)
        column.addStretch(0)

    @property
    def current(self) -> int:
        """The number of the run that is shown, 0 when there is none."""
        if self._list.currentRow() < 0:
            return 0
        return int(self._list.currentItem().data(_NUMBER))

    def show_runs(self, runs: Sequence[RunRecord]) -> None:
        """All runs, the newest on top and, when it is new, chosen."""
        newest_before = self._runs[-1].number if self._runs else 0
        wanted = self.current
        if runs and runs[-1].number != newest_before:
            wanted = runs[-1].number
        self._runs = list(runs)
        self._list.blockSignals(True)
        self._list.clear()
        for run in reversed(runs):
            item = QListWidgetItem(run_words(run))
            item.setData(_NUMBER, run.number)
            author = f" by {run.author}" if run.author else ""
            item.setToolTip(f"{_local(run.created)}{author}, on {run.backbone}")
            self._list.addItem(item)
            if run.number == wanted:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        for widget in (self._list, self._compare_words, self._other):
            widget.setVisible(bool(runs))
        self._empty.setVisible(not runs)
        self._fill_others()
        if wanted:
            self.chosen.emit(wanted)

    def compare_with(self, number: int) -> None:
        """Compare the shown run with run ``number``; 0 with nothing."""
        self._other.setCurrentIndex(max(0, self._other.findData(number)))

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._fill_others()
            self.chosen.emit(int(item.data(_NUMBER)))

    def _fill_others(self) -> None:
        wanted = self._other.currentData()
        self._other.blockSignals(True)
        self._other.clear()
        self._other.addItem(_NONE, 0)
        for run in reversed(self._runs):
            if run.number != self.current:
                self._other.addItem(f"run {run.number}", run.number)
        self._other.setCurrentIndex(max(0, self._other.findData(wanted)))
        self._other.setEnabled(self._other.count() > 1)
        self._other.setToolTip("" if self._other.count() > 1 else "There is only one run yet.")
        self._other.blockSignals(False)
        if self._other.currentData() != wanted:
            self._compare()

    def _compare(self) -> None:
        self.compared.emit(int(self._other.currentData() or 0))


class ComparisonView(Card):
    """Two reports side by side: each figure with its interval, and the difference."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column.setContentsMargins(XL, XL, XL, XL)
        self._table = QWidget()
        self._heading = label("", "heading")
        self._remark = label("", "muted", wrap=True)
        for widget in (self._heading, self._table, self._remark):
            self.column.addWidget(widget)
        self.hide()

    def show_pair(
        self, first: tuple[int, Mapping[str, Any]], second: tuple[int, Mapping[str, Any]]
    ) -> None:
        """Each a run's number and its report; the older one comes first."""
        (old_number, older), (new_number, newer) = sorted((first, second), key=lambda pair: pair[0])
        self._heading.setText(f"Run {old_number} and run {new_number}")
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(L)
        grid.setVerticalSpacing(XS)
        heads = ("", f"Run {old_number}", f"Run {new_number}", "Difference")
        right = Qt.AlignmentFlag.AlignRight
        for column, text in enumerate(heads):
            grid.addWidget(label(text, "muted"), 0, column, right)
        for at, row in enumerate(wording.compared(older, newer), 1):
            for column, text in enumerate(row):
                if column:
                    grid.addWidget(label(text), at, column, right)
                else:
                    grid.addWidget(label(text, "muted"), at, column)
        grid.setColumnStretch(len(heads), 1)
        self.column.replaceWidget(self._table, table)
        self._table.hide()
        self._table.deleteLater()
        self._table = table
        self._remark.setText(wording.comparison_remark(older, newer))
        self._remark.setVisible(bool(self._remark.text()))
        self.show()
