"""Lines with a band around them: the learning curve, and how honest the confidence is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt

from catstudio.ui.charts.base import axis, ink, pen, small_font

HEIGHT = 240


@dataclass(frozen=True)
class Level:
    """A horizontal line to read off a curve: a training set's figure."""

    title: str
    value: float
    role: str


class LearningCurve:
    """Points (n, mean, low, high) of accuracy in percent over the number of real photos."""

    def __init__(
        self, points: Sequence[tuple[float, float, float, float]], levels: Sequence[Level]
    ) -> None:
        self._points = tuple(points)
        self._levels = tuple(levels)

    def __call__(self, pg: Any, plot: Any) -> None:
        axis(plot, "left", "balanced accuracy, %")
        axis(plot, "bottom", "real photos trained on")
        n, mean, low, high = (list(part) for part in zip(*self._points, strict=True))
        lower, upper = (pg.PlotCurveItem(n, edge, pen=None) for edge in (low, high))
        plot.addItem(lower)
        plot.addItem(upper)
        plot.addItem(pg.FillBetweenItem(lower, upper, brush=ink("accent", 40)))
        plot.addItem(
            pg.PlotDataItem(
                n,
                mean,
                pen=pen("accent", 2),
                symbol="o",
                symbolSize=6,
                symbolBrush=ink("accent"),
                symbolPen=None,
            )
        )
        for level in self._levels:
            line = pg.InfiniteLine(
                pos=level.value,
                angle=0,
                pen=pen(level.role, 1.5, Qt.PenStyle.DashLine),
                label=level.title,
                labelOpts={"position": 0.96, "color": ink("muted"), "anchors": [(1, 1), (1, 1)]},
            )
            line.label.setFont(small_font())
            plot.addItem(line)
        edges = [*low, *high, *(level.value for level in self._levels)]
        plot.setYRange(max(0.0, min(edges) - 3), min(101.0, max(edges) + 4), padding=0)
        plot.setXRange(0, max(n) * 1.04, padding=0)
        plot.showGrid(x=False, y=True, alpha=0.15)


class Reliability:
    """Points (confidence, share right, n) in percent; on the diagonal it is honest."""

    def __init__(self, points: Sequence[tuple[float, float, int]]) -> None:
        self._points = tuple(points)

    def __call__(self, pg: Any, plot: Any) -> None:
        axis(plot, "left", "right, %")
        axis(plot, "bottom", "how sure it said it was, %")
        plot.addItem(pg.PlotDataItem([0, 100], [0, 100], pen=pen("muted", 1, Qt.PenStyle.DashLine)))
        said, right, counts = (list(part) for part in zip(*self._points, strict=True))
        most = max(counts)
        sizes = [6 + 10 * (n / most) ** 0.5 for n in counts]
        plot.addItem(pg.PlotDataItem(said, right, pen=pen("accent", 1.5)))
        plot.addItem(pg.ScatterPlotItem(x=said, y=right, size=sizes, brush=ink("accent"), pen=None))
        plot.setXRange(min([*said, 50]) - 4, 103, padding=0)
        plot.setYRange(0, 104, padding=0)
        plot.showGrid(x=False, y=True, alpha=0.15)
