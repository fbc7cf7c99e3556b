"""What mistakes cost at each threshold, with the usual and the chosen one marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt

from catstudio.ui.charts.base import axis, ink, pen, small_font

_MARK_HEIGHTS = (0.94, 0.82)
_SAME = 1e-6
_TURNS_AT = 0.7
"""From here on a mark's words stand on the left of its line, where there is room."""


class CostCurve:
    """Points (threshold, cost, low, high) and marks (words, threshold), the usual one first.

    The costs far from the marks may leave the top: near them is what has to be read.
    """

    def __init__(
        self,
        points: Sequence[tuple[float, float, float, float]],
        marks: Sequence[tuple[str, float]],
        label: str,
    ) -> None:
        self._points = tuple(points)
        self._marks = tuple(marks)
        self._label = label

    def __call__(self, pg: Any, plot: Any) -> None:
        # Else it would count in thousandths, or in k of a unit it does not know.
        axis(plot, "left", "cost a photo, 95% interval").enableAutoSIPrefix(False)
        axis(plot, "bottom", f"threshold: called '{self._label}' from this score on")
        at, cost, low, high = (list(part) for part in zip(*self._points, strict=True))
        lower, upper = (pg.PlotCurveItem(at, edge, pen=None) for edge in (low, high))
        plot.addItem(lower)
        plot.addItem(upper)
        plot.addItem(pg.FillBetweenItem(lower, upper, brush=ink("accent", 40)))
        plot.addItem(pg.PlotDataItem(at, cost, pen=pen("accent", 2)))
        for number, (words, threshold) in enumerate(self._marks):
            is_chosen = number == len(self._marks) - 1 and "chosen" in words
            self._mark(pg, plot, words, threshold, is_chosen, _MARK_HEIGHTS[number])
        plot.setXRange(0.0, 1.0, padding=0.025)
        plot.setYRange(0.0, shown_up_to(self._points, [t for _, t in self._marks]), padding=0.02)
        plot.showGrid(x=False, y=True, alpha=0.15)

    def _mark(
        self, pg: Any, plot: Any, words: str, threshold: float, is_chosen: bool, height: float
    ) -> None:
        side = 1 if threshold > _TURNS_AT else 0
        style = Qt.PenStyle.SolidLine if is_chosen else Qt.PenStyle.DashLine
        line = pg.InfiniteLine(
            pos=threshold,
            angle=90,
            pen=pen("text" if is_chosen else "muted", 1.5, style),
            label=words,
            labelOpts={
                "position": height,
                "color": ink("text" if is_chosen else "muted"),
                "anchors": [(side, 0.5), (side, 0.5)],
            },
        )
        line.label.setFont(small_font())
        plot.addItem(line)


def shown_up_to(
    points: Sequence[tuple[float, float, float, float]], thresholds: Sequence[float]
) -> float:
    """The cost at the top of a chart: twice the upper bound at the marks, or all there is."""
    near = max(high for at, _, _, high in points for mark in thresholds if abs(at - mark) < _SAME)
    return min(max(high for *_, high in points), 2.0 * near) or 1.0
