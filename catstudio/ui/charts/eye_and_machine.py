"""The eye beside the machine: how often each finds the photo in a pair, one row a maker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from catstudio.learn.blind import Machine, Score
from catstudio.ui.charts.base import axis, ink, pen, small_font
from catstudio.ui.theme import M

_ROW, _AXIS = 44, 56
_APART = 0.16


@dataclass(frozen=True)
class Pair:
    """The eye's score of one maker's images and the machine's, where it was asked."""

    title: str
    eye: Score
    machine: Machine | None
    role: str


def height(n: int) -> int:
    """How many pixels ``n`` rows need."""
    return n * _ROW + _AXIS


class EyeAndMachine:
    """Dots with intervals from the top down: round for the eye, square for the machine."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = tuple(pairs)

    def __call__(self, pg: Any, plot: Any) -> None:
        left = axis(plot, "left")
        left.setTicks([[(-at, one.title) for at, one in enumerate(self._pairs)]])
        metrics = QFontMetrics(small_font())
        left.setWidth(max(metrics.horizontalAdvance(one.title) for one in self._pairs) + M)
        axis(
            plot, "bottom", "photo found in % of pairs: ● the eye, ■ the machine, dashed: guessing"
        )
        plot.addItem(pg.InfiniteLine(pos=50, angle=90, pen=pen("muted", 1, Qt.PenStyle.DashLine)))
        for at, one in enumerate(self._pairs):
            y = -at + (_APART if one.machine else 0)
            eye = one.eye
            _dot(pg, plot, (eye.value, eye.low, eye.high), y, "o", one.role)
            if one.machine:
                found = (one.machine.value, one.machine.low, one.machine.high)
                _dot(pg, plot, found, -at - _APART, "s", "text")
        plot.setXRange(0, 100, padding=0.02)
        plot.setYRange(-len(self._pairs) + 0.5, 0.5, padding=0)
        plot.showGrid(x=True, y=False, alpha=0.15)


def _dot(
    pg: Any, plot: Any, shares: tuple[float, float, float], y: float, symbol: str, role: str
) -> None:
    value, low, high = (100 * share for share in shares)
    plot.addItem(pg.PlotDataItem([low, high], [y, y], pen=pen(role, 2)))
    plot.addItem(
        pg.ScatterPlotItem(x=[value], y=[y], size=10, symbol=symbol, brush=ink(role), pen=None)
    )
