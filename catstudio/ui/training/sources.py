"""What each source bought: a bar with its interval each, what it was worth, the learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from catstudio.report import audit_words
from catstudio.sources import SOURCES
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.charts.base import Chart
from catstudio.ui.charts.curves import HEIGHT, LearningCurve, Level
from catstudio.ui.charts.interval_bars import Bar, IntervalBars, height
from catstudio.ui.mark import Mark
from catstudio.ui.theme import XL, XS, M, S
from catstudio.ui.widgets import Card, CollapsibleSection, label


class SourcesView(Card):
    """Shows the "sources" part of an audit."""

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self.column.addWidget(label("What each source bought", "heading"))
        self.summary = label("", "muted", wrap=True)
        self.column.addWidget(self.summary)
        self.charts: list[Chart] = []
        self._body = QWidget()
        self.column.addWidget(self._body)

    def show_sources(self, audit: Mapping[str, Any]) -> None:
        """Everything that ``audit`` says of sources."""
        sources = audit.get("sources") or ()
        self.summary.setText(audit_words.sources_summary(audit))
        self.charts = []
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        bars = [_bar(one) for one in sources if one.get("ablation")]
        if bars:
            chart = Chart(self._bridge)
            words = ". ".join(str(one["text"]) for one in sources)
            unit = "points of balanced accuracy, with 95% interval"
            chart.show_drawing(IntervalBars(bars, unit), height(len(bars)), words)
            column.addWidget(chart)
            self.charts.append(chart)
        if sources:
            column.addWidget(_rows(sources))
        self._add_curve(column, audit)
        self.column.replaceWidget(self._body, body)
        self._body.hide()
        self._body.deleteLater()
        self._body = body

    def _add_curve(self, column: QVBoxLayout, audit: Mapping[str, Any]) -> None:
        curve = audit.get("learning_curve")
        if not curve or len(curve.get("points") or ()) < 2:
            return
        points = [
            (p["n"], 100 * p["mean"], 100 * p["low"], 100 * p["high"]) for p in curve["points"]
        ]
        chart = Chart(self._bridge)
        drawing = LearningCurve(points, _levels(audit))
        chart.show_drawing(drawing, HEIGHT, str(curve.get("text", "")))
        section = CollapsibleSection("Learning curve: what more real photos buy", is_open=True)
        section.column.addWidget(chart)
        self.charts.append(chart)
        section.column.addWidget(label(str(curve.get("text", "")), "muted", wrap=True))
        column.addWidget(section)


def _bar(one: Mapping[str, Any]) -> Bar:
    figures = one["ablation"]
    return Bar(
        audit_words.source_title(one["source"]),
        100 * figures["delta"],
        100 * figures["low"],
        100 * figures["high"],
        f"source:{one['source']}",
    )


def _levels(audit: Mapping[str, Any]) -> list[Level]:
    """What "real and one source more" scored, to be read off the curve."""
    return [
        Level(f"with {audit_words.source_title(source).lower()}", value, f"source:{source}")
        for source, value in audit_words.curve_levels(audit)
    ]


def _rows(sources: Sequence[Mapping[str, Any]]) -> QWidget:
    result = QWidget()
    grid = QGridLayout(result)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(S)
    grid.setVerticalSpacing(XS)
    grid.setColumnStretch(5, 1)
    heads = ("images", "count as", "share")
    for column, text in enumerate(heads, 2):
        grid.addWidget(label(text, "small"), 0, column, Qt.AlignmentFlag.AlignRight)
    for at, one in enumerate(sources, 1):
        known = SOURCES.get(one["source"])
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(
            Mark(16, known.icon if known else "add", f"source:{one['source']}"), at, 0, top
        )
        grid.addWidget(label(audit_words.source_title(one["source"])), at, 1, top)
        right = top | Qt.AlignmentFlag.AlignRight
        grid.addWidget(label(f"{one['n']:,}"), at, 2, right)
        effective = label(f"{one['effective_n']:.1f}")
        effective.setToolTip(
            "How many images that differ completely would be as various (Vendi score)"
        )
        grid.addWidget(effective, at, 3, right)
        share = label("" if one.get("shapley") is None else f"{100 * one['shapley']:+.1f}")
        share.setToolTip(
            "Its share of the whole score, in points: what it adds on average over every order in "
            "which the sources could come (Shapley value)"
        )
        grid.addWidget(share, at, 4, right)
        grid.addWidget(label(audit_words.source_change(one), "muted", wrap=True), at, 5)
    return result
