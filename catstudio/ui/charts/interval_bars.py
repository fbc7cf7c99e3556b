"""Bars from zero with their intervals, one row each: what every source bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from catstudio.ui.charts.base import axis, ink, pen, small_font
from catstudio.ui.theme import M

_ROW = 34
_AXIS = 44
_THICKNESS = 0.5


@dataclass(frozen=True)
class Bar:
    """``value`` with its interval, in the unit of the axis; ``role`` is its colour's name."""

    title: str
    value: float
    low: float
    high: float
    role: str


def height(n: int) -> int:
    """How many pixels ``n`` bars need."""
    return n * _ROW + _AXIS


class IntervalBars:
    """Draws ``bars`` from the top down; ``unit`` names the axis."""

    def __init__(self, bars: Sequence[Bar], unit: str) -> None:
        self._bars = tuple(bars)
        self._unit = unit

    def __call__(self, pg: Any, plot: Any) -> None:
        rows = range(len(self._bars))
        left = axis(plot, "left")
        left.setTicks([[(-at, bar.title) for at, bar in zip(rows, self._bars, strict=True)]])
        # By itself it makes room for numbers only.
        metrics = QFontMetrics(small_font())
        left.setWidth(max(metrics.horizontalAdvance(bar.title) for bar in self._bars) + M)
        axis(plot, "bottom", self._unit)
        plot.addItem(pg.InfiniteLine(pos=0, angle=90, pen=pen("muted", 1)))
        for at, bar in zip(rows, self._bars, strict=True):
            fill = pg.BarGraphItem(
                x0=[min(0.0, bar.value)],
                width=[abs(bar.value)],
                y=[-at],
                height=_THICKNESS,
                brush=ink(bar.role, 150),
                pen=pen(bar.role, 1),
            )
            plot.addItem(fill)
            plot.addItem(
                pg.ErrorBarItem(
                    x=_array([bar.value]),
                    y=_array([-at]),
                    left=_array([bar.value - bar.low]),
                    right=_array([bar.high - bar.value]),
                    beam=_THICKNESS / 2,
                    pen=pen("text", 1.5),
                )
            )
        ends = [edge for bar in self._bars for edge in (bar.low, bar.high, 0.0)]
        spare = 0.06 * max(max(ends) - min(ends), 1e-6)
        plot.setXRange(min(ends) - spare, max(ends) + spare, padding=0)
        plot.setYRange(-len(self._bars) + 0.5, 0.5, padding=0)
        plot.showGrid(x=True, y=False, alpha=0.15)
        plot.getViewBox().setBorder(pen("line", 1, Qt.PenStyle.NoPen))


def _array(values: list[float]) -> Any:
    import numpy as np

    return np.array(values, float)
