"""Charts as SVG for a page that loads nothing: bars with intervals, curves, the honest diagonal, costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

_WIDTH, _LEFT, _RIGHT, _ROW = 720.0, 168.0, 24.0, 34.0
_PLOT_HEIGHT, _BELOW = 220.0, 44.0


@dataclass(frozen=True)
class Bar:
    """``value`` with its interval; ``color`` is any that CSS knows."""

    title: str
    value: float
    low: float
    high: float
    color: str


@dataclass(frozen=True)
class Level:
    """A dashed line across a curve, to be read off."""

    title: str
    value: float
    color: str


class Scale:
    """From a range of values to a range of pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self._start + share * (self._end - self._start), 2)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside the range."""
        raw = (self.high - self.low) / about
        unit = 10.0 ** floor(log10(raw))
        step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= raw)
        first = -(-self.low // step) * step
        count = int((self.high - first) / step + 1e-9) + 1
        return [round(first + k * step, 10) for k in range(count)]


def interval_bars(bars: Sequence[Bar], unit: str) -> str:
    """One bar a row from zero, with its interval as a line."""
    edges = [0.0, *(edge for bar in bars for edge in (bar.low, bar.high))]
    spare = 0.06 * max(max(edges) - min(edges), 1e-6)
    x = Scale(min(edges) - spare, max(edges) + spare, _LEFT, _WIDTH - _RIGHT)
    bottom = len(bars) * _ROW
    parts = [_vertical(x(tick), bottom, f"{tick:+g}" if tick else "0") for tick in x.ticks()]
    parts.append(_line(x(0), 0, x(0), bottom, "var(--soft)"))
    for at, bar in enumerate(bars):
        middle = at * _ROW + _ROW / 2
        left, right = sorted((x(0), x(bar.value)))
        parts += [
            f'<text x="{_LEFT - 12}" y="{middle + 4}" text-anchor="end">{escape(bar.title)}</text>',
            f'<rect x="{left}" y="{middle - 8}" width="{right - left:.2f}" height="16" rx="2" '
            f'fill="{bar.color}" fill-opacity="0.6"/>',
            _line(x(bar.low), middle, x(bar.high), middle, "var(--ink)", 1.5),
        ]
        parts += [
            _line(x(end), middle - 5, x(end), middle + 5, "var(--ink)", 1.5)
            for end in (bar.low, bar.high)
        ]
    return _svg(parts, bottom, unit)


def learning_curve(
    points: Sequence[tuple[float, float, float, float]], levels: Sequence[Level]
) -> str:
    """(n, mean, low, high) in percent over the number of real photos."""
    edges = [edge for _, _, low, high in points for edge in (low, high)]
    edges += [level.value for level in levels]
    x = Scale(0, max(n for n, *_ in points) * 1.04, 56.0, _WIDTH - 150)
    y = Scale(max(0.0, min(edges) - 3), min(101.0, max(edges) + 3), _PLOT_HEIGHT, 8)
    parts = _grid(x, y, x(x.high))
    up = " ".join(f"{x(n)},{y(high)}" for n, _, _, high in points)
    down = " ".join(f"{x(n)},{y(low)}" for n, _, low, _ in reversed(points))
    parts.append(f'<polygon points="{up} {down}" fill="var(--band)"/>')
    parts.append(_path([(x(n), y(mean)) for n, mean, _, _ in points]))
    parts += [_dot(x(n), y(mean), 3) for n, mean, _, _ in points]
    for level in levels:
        at = y(level.value)
        parts.append(_line(x(0), at, x(x.high), at, level.color, 1.5, dash="5 4"))
        parts.append(f'<text x="{x(x.high) + 6}" y="{at + 4}">{escape(level.title)}</text>')
    return _svg(parts, _PLOT_HEIGHT, "real photos trained on (balanced accuracy in %)")


def reliability(points: Sequence[tuple[float, float, int]]) -> str:
    """(said, right, n) in percent; on the dashed diagonal it is honest."""
    x = Scale(min([50.0, *(said for said, _, _ in points)]) - 2, 102, 56.0, 420.0)
    y = Scale(0, 102, _PLOT_HEIGHT, 8)
    parts = _grid(x, y, x(x.high))
    parts.append(_line(x(x.low), y(x.low), x(100), y(100), "var(--soft)", 1, dash="5 4"))
    parts.append(_path([(x(said), y(right)) for said, right, _ in points]))
    most = max(n for *_, n in points)
    parts += [_dot(x(s), y(r), 3 + 5 * (n / most) ** 0.5) for s, r, n in points]
    return _svg(parts, _PLOT_HEIGHT, "how sure it said it was, % (upwards: how often right, %)")


def cost_curve(
    points: Sequence[tuple[float, float, float, float]],
    marks: Sequence[tuple[str, float]],
    label: str,
) -> str:
    """(threshold, cost, low, high) with vertical marks (words, threshold), the usual one first."""
    top = max(high for at, *_, high in points if any(abs(at - mark) < 1e-6 for _, mark in marks))
    top = min(max(high for *_, high in points), 2.0 * top)
    x, y = Scale(0, 1, 56.0, _WIDTH - 24), Scale(0, top, _PLOT_HEIGHT, 8)
    parts = _grid(x, y, x(x.high))
    up = " ".join(f"{x(at)},{y(min(high, y.high))}" for at, *_, high in points)
    down = " ".join(f"{x(at)},{y(min(low, y.high))}" for at, _, low, _ in reversed(points))
    parts.append(f'<polygon points="{up} {down}" fill="var(--band)"/>')
    parts.append(_path([(x(at), y(min(cost, y.high))) for at, cost, *_ in points]))
    for number, (words, at) in enumerate(marks):
        dash, color = ("5 4", "var(--soft)") if number == 0 else ("", "var(--ink)")
        parts.append(_line(x(at), y(0), x(at), y(y.high), color, 1.5, dash))
        is_right = at > 0.7
        parts.append(
            f'<text x="{x(at) + (-6 if is_right else 6)}" y="{20 + 18 * number}" '
            f'text-anchor="{"end" if is_right else "start"}">{escape(words)}</text>'
        )
    return _svg(parts, _PLOT_HEIGHT, f"threshold: called '{label}' from here on (cost a photo)")


def _svg(parts: Sequence[str], bottom: float, title: str) -> str:
    height = bottom + _BELOW
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" width="{_WIDTH:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}'
        f'<text class="soft" x="{_WIDTH / 2:g}" y="{height - 6:g}" text-anchor="middle">'
        f"{escape(title)}</text></svg>"
    )


def _grid(x: Scale, y: Scale, right: float) -> list[str]:
    parts = []
    for tick in y.ticks():
        parts.append(_line(x(x.low), y(tick), right, y(tick), "var(--line)"))
        parts.append(
            f'<text class="soft" x="{x(x.low) - 8}" y="{y(tick) + 4}" text-anchor="end">'
            f"{tick:g}</text>"
        )
    return parts + [
        f'<text class="soft" x="{x(tick)}" y="{_PLOT_HEIGHT + 16}" text-anchor="middle">'
        f"{tick:g}</text>"
        for tick in x.ticks()
    ]


def _vertical(x: float, bottom: float, text: str) -> str:
    return (
        _line(x, 0, x, bottom, "var(--line)")
        + f'<text class="soft" x="{x}" y="{bottom + 16}" text-anchor="middle">{text}</text>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, dash: str = ""
) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color}" '
        f'stroke-width="{width}"{dashes}/>'
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    along = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{along}" fill="none" stroke="var(--accent)" stroke-width="2"/>'


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="var(--accent)"/>'
