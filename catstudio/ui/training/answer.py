"""The answer: one number, one sentence, and the figures beside it, each with its interval and n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from catstudio.core.changes import count_images
from catstudio.report import wording
from catstudio.report.wording import Figure
from catstudio.sources import SOURCES
from catstudio.ui.mark import Mark
from catstudio.ui.theme import XL, XS, M, S
from catstudio.ui.widgets import Card, Line, label

_BIG = "font-size: 48px; font-weight: 600;"
_MAX_NOTES = 6


class AnswerView(Card):
    """Shows one report; ``corner`` stands at the right of its title."""

    def __init__(self, corner: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self._title = label("", "section")
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(corner)
        self.column.addLayout(top)
        self.number = QLabel()
        self.number.setStyleSheet(_BIG)
        self.sentence = label("", "heading", wrap=True)
        self._baseline = label("", "muted", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(XS)
        words.addWidget(self.sentence)
        words.addWidget(self._baseline)
        row = QHBoxLayout()
        row.setSpacing(XL)
        row.addWidget(self.number, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.column.addLayout(row)
        self._body = QWidget()
        self.column.addWidget(self._body)

    def show_report(self, number: int, report: Mapping[str, Any]) -> None:
        """The figures of run ``number``."""
        metrics = wording.metrics_of(report)
        self._title.setText(f"RUN {number}")
        figure = Figure.of(metrics.get("accuracy"))
        self.number.setText(figure.percent())
        self.number.setVisible(figure.is_known)
        self.sentence.setText(wording.answer_sentence(report))
        # The report's own answer already names the baseline where it is known.
        given = wording.baseline_sentence(report)
        self._baseline.setText("" if "lways answering" in self.sentence.text() else given)
        self._baseline.setVisible(bool(self._baseline.text()))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(Line())
        stand_in = report.get("cross_validated")
        if metrics:
            column.addWidget(figures_grid(metrics))
        elif isinstance(stand_in, Mapping):
            column.addWidget(label("Until then, by cross-validation on its own photos", "muted"))
            column.addWidget(figures_grid(stand_in))
        column.addWidget(_used(report))
        for text in _remarks(report):
            column.addWidget(label(text, "muted", wrap=True))
        self.column.replaceWidget(self._body, body)
        self._body.hide()
        self._body.deleteLater()
        self._body = body


def figures_grid(metrics: Mapping[str, Any]) -> QWidget:
    """A row for each figure: its value, interval, n, and what it means."""
    result = QWidget()
    grid = QGridLayout(result)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(M)
    grid.setVerticalSpacing(XS)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(4, 3)
    for at, (name, value, interval, n, meaning) in enumerate(wording.figure_rows(metrics)):
        grid.addWidget(label(name, wrap=True), at, 0)
        grid.addWidget(label(value), at, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(label(f"({interval})" if interval else "", "muted"), at, 2)
        grid.addWidget(label(n, "muted"), at, 3)
        grid.addWidget(label(meaning, "muted", wrap=True), at, 4)
    return result


def _used(report: Mapping[str, Any]) -> QWidget:
    """What it was trained and tested on, by source and by label."""
    result = QWidget()
    grid = QGridLayout(result)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(S)
    grid.setVerticalSpacing(XS)
    grid.setColumnStretch(3, 1)
    grid.addWidget(label("Trained on", "muted"), 0, 0)
    used = {key: int(n) for key, n in (report.get("n_train") or {}).items() if n}
    for at, (key, n) in enumerate(sorted(used.items(), key=lambda item: -item[1])):
        source = SOURCES.get(key)
        grid.addWidget(Mark(16, source.icon if source else "add", f"source:{key}"), at, 1)
        grid.addWidget(label(f"{n:,}"), at, 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(label(source.title if source else key), at, 3)
    at = max(1, len(used))
    tested = wording.counted(report.get("n_test") or {}) or "no real photo"
    grid.addWidget(label("Tested on", "muted"), at, 0)
    grid.addWidget(label(f"{tested}, real photos only"), at, 1, 1, 3)
    return result


def _remarks(report: Mapping[str, Any]) -> list[str]:
    """What else the report says: why there is no number, what to collect, how sure it is."""
    shown = wording.answer_sentence(report)
    why = str(report.get("why_not") or "")
    remarks = [why] if why and why not in shown else []
    if wording.metrics_of(report):  # Without, the answer itself says what is missing.
        remarks.append(wording.missing_sentence(report))
    remarks.append(wording.synthetic_sentence(report))
    remarks += [str(note) for note in list(report.get("notes") or ())[:_MAX_NOTES]]
    left_out = Counter(str(one.get("reason", "")) for one in report.get("excluded") or ())
    remarks += [f"{count_images(n)} left out: {why}." for why, n in left_out.most_common()]
    seconds = report.get("seconds") or {}
    if isinstance(seconds, Mapping) and seconds:
        parts = [f"{name} {float(value):.1f} s" for name, value in seconds.items()]
        remarks.append(f"Took: {', '.join(parts)}.")
    return [remark for remark in remarks if remark]
