"""Huxley's ladder as one chart, SVG: a row a rung, for the page, the window and the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any

Json = Mapping[str, Any]

WIDTH = 960
_ROW, _TOP, _BELOW = 46, 58, 64
_TITLE, _COUNT, _RIGHT_ON, _ASKED = (20, 180), (214, 432), (476, 694), (734, 940)
"""(left, right) of the four columns in pixels."""
_FEW = 18
_FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Palette:
    """Colours by what they are for; any that CSS knows, where CSS is understood."""

    ink: str
    soft: str
    card: str
    line: str
    accent: str
    second: str
    bad: str
    open: str
    fine: str


PALETTES = {
    "light": Palette(
        "#1c1d22", "#595c67", "#ffffff", "#d9d9e0", "#4450c8", "#c2570c", "#b3261e", "#d9dae0", "#8fb7a0"
    ),
    "dark": Palette(
        "#ececf0", "#a6a9b4", "#1e1f23", "#3a3c44", "#a5adff", "#f0a35e", "#ff7a70", "#43464f", "#4d7a62"
    ),
    "page": Palette(
        "var(--ink)", "var(--soft)", "var(--card)", "var(--line)", "var(--accent)", "var(--look)",
        "var(--problem)", "var(--line)", "var(--ok)",
    ),
}  # fmt: skip


def chart(rungs: Sequence[Json], colors: Palette, rows: int = 1) -> str:
    """The rungs so far, with room for ``rows`` of them; none draws the empty axes."""
    measured = [rung for rung in rungs if rung.get("metrics")]
    bottom = _TOP + max(rows, len(rungs)) * _ROW
    height = bottom + _BELOW
    count = _Log(rungs)
    parts = [
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" '
        f'fill="{colors.card}" stroke="{colors.line}"/>',
        *_heads(rungs, bool(measured), colors),
        *_axes(count, bool(measured), bottom, colors),
    ]
    for at, rung in enumerate(rungs):
        parts += _row(rung, _TOP + at * _ROW, count, bool(measured), colors)
    parts += _legend(bottom, bool(measured), colors)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="Huxley\'s ladder" '
        f'font-family="{_FONT}" font-size="12">{"".join(parts)}</svg>\n'
    )


class _Log:
    """Pixels of a number of images, on a logarithmic scale from one to the most there are."""

    def __init__(self, rungs: Sequence[Json]) -> None:
        most = max([100, *(rung["n_images"] for rung in rungs if "skipped" not in rung)])
        self.decades = log10(most) + 0.15

    def __call__(self, n: float) -> float:
        left, right = _COUNT
        return round(left + log10(max(1.0, n)) / self.decades * (right - left), 1)

    def ticks(self) -> list[int]:
        return [10**k for k in range(int(self.decades) + 1)]


def _share(value: float) -> float:
    """Pixels of a balanced accuracy or an AUC from 0.4 to 1; what lies below sticks to the edge."""
    left, right = _RIGHT_ON
    return round(left + (max(0.4, value) - 0.4) / 0.6 * (right - left), 1)


def _heads(rungs: Sequence[Json], is_measured: bool, colors: Palette) -> list[str]:
    first = next((rung for rung in rungs if rung.get("metrics")), None)
    n = f", n = {first['metrics']['n']}" if first else ""
    asked = next((rung for rung in rungs if rung.get("turkeys")), None)
    strangers = f"of {asked['turkeys']['n']} strangers" if asked else "of the strangers"
    return [
        _text(_TITLE[0], 24, "trained on", colors.ink, weight=600),
        _text(_COUNT[0], 24, "images and effective number", colors.ink, weight=600),
        _text(
            _RIGHT_ON[0],
            24,
            f"right on real photos, %{n}" if is_measured else "right on real cats",
            colors.ink,
            weight=600,
        ),
        _text(_ASKED[0], 24, f"{strangers}, called a cat", colors.ink, weight=600),
    ]


def _axes(count: _Log, is_measured: bool, bottom: float, colors: Palette) -> list[str]:
    parts = []
    for tick in count.ticks():
        x = count(tick)
        parts.append(_line(x, _TOP - 6, x, bottom, colors.line))
        parts.append(_text(x, _TOP - 14, f"{tick:,}", colors.soft, anchor="middle"))
    if is_measured:
        for share in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
            x = _share(share)
            dash = "4 4" if share == 0.5 else ""
            parts.append(
                _line(x, _TOP - 6, x, bottom, colors.soft if dash else colors.line, dash=dash)
            )
            parts.append(_text(x, _TOP - 14, f"{100 * share:.0f}", colors.soft, anchor="middle"))
    return parts


def _row(rung: Json, top: float, count: _Log, is_measured: bool, colors: Palette) -> list[str]:
    middle = top + _ROW / 2
    parts = [
        _line(_TITLE[0], top, WIDTH - 20, top, colors.line),
        _text(_TITLE[0], middle - 3, str(rung["title"]), colors.ink, size=13),
    ]
    if "skipped" in rung:
        parts.append(_text(_TITLE[0], middle + 14, "skipped", colors.soft, size=11))
        return parts
    n, effective = rung["n_images"], rung.get("effective_n")
    images = "1 image" if n == 1 else f"{n:,} images"
    as_many = f", as varied as {effective:,.1f}" if effective is not None and n > 1 else ""
    parts.append(_text(_TITLE[0], middle + 14, images + as_many, colors.soft, size=11))
    parts.append(_line(count(effective or n), middle, count(n), middle, colors.soft, 2))
    parts.append(_circle(count(n), middle, 5, colors.card, colors.soft))
    if effective is not None:
        parts.append(_circle(count(effective), middle, 6, colors.accent, colors.accent))
    if rung.get("metrics"):
        parts += _measured(rung["metrics"], middle, colors)
    elif not is_measured:
        parts.append(_text(_RIGHT_ON[0], middle + 4, "not measured: none held out", colors.soft))
    return parts + _asked(rung["turkeys"], middle, colors)


def _measured(metrics: Json, middle: float, colors: Palette) -> list[str]:
    parts = []
    for name, dy, color in (
        ("balanced_accuracy", -7, colors.accent),
        ("auc", 8, colors.second),
    ):
        figure = metrics[name]
        y = middle + dy
        low, high, value = (_share(figure[key]) for key in ("low", "high", "value"))
        parts.append(_line(low, y, high, y, color, 2))
        parts += [_line(x, y - 4, x, y + 4, color, 2) for x in (low, high)]
        if name == "auc":
            points = f"{value},{y - 6} {value + 6},{y} {value},{y + 6} {value - 6},{y}"
            parts.append(f'<polygon points="{points}" fill="{color}"/>')
        else:
            parts.append(_circle(value, y, 5, color, color))
    return parts


def _asked(turkeys: Json, middle: float, colors: Palette) -> list[str]:
    """A bar of all strangers: called a cat with confidence, less surely, left open, no cat."""
    n = turkeys["n"]
    sure, called, left_open = (
        turkeys[key] for key in ("called_cat_with_confidence", "called_cat", "abstained")
    )
    left, right = _ASKED[0], _ASKED[1] - 44
    parts, x = [], float(left)
    for number, color, opacity in (
        (sure, colors.bad, 1.0),
        (called - sure, colors.bad, 0.45),
        (left_open, colors.open, 1.0),
        (n - called - left_open, colors.fine, 0.85),
    ):
        width = (right - left) * number / max(1, n)
        # One box a stranger while that can be seen.
        for _ in range(number if n <= _FEW else min(1, number)):
            box = width / number if n <= _FEW else width
            parts.append(
                f'<rect x="{x:.1f}" y="{middle - 9}" width="{max(0.5, box - 1.5):.1f}" '
                f'height="18" rx="2" fill="{color}" fill-opacity="{opacity}"/>'
            )
            x += box
    color = colors.bad if sure else colors.ink
    parts.append(_text(_ASKED[1], middle + 5, str(sure), color, anchor="end", size=15, weight=600))
    return parts


def _legend(bottom: float, is_measured: bool, colors: Palette) -> list[str]:
    y = bottom + 24
    parts = [
        _line(_TITLE[0], bottom, WIDTH - 20, bottom, colors.line),
        _circle(_COUNT[0] + 6, y, 5, colors.card, colors.soft),
        _text(_COUNT[0] + 18, y + 4, "images", colors.soft),
        _circle(_COUNT[0] + 84, y, 6, colors.accent, colors.accent),
        _text(_COUNT[0] + 96, y + 4, "effective number", colors.soft),
    ]
    if is_measured:
        x = _RIGHT_ON[0] + 6
        parts += [
            _circle(x, y, 5, colors.accent, colors.accent),
            _text(x + 12, y + 4, "balanced accuracy", colors.soft),
            f'<polygon points="{x + 138},{y - 6} {x + 144},{y} {x + 138},{y + 6} {x + 132},{y}" '
            f'fill="{colors.second}"/>',
            _text(x + 150, y + 4, "AUC (× 100)", colors.soft),
            _text(x - 6, y + 24, "lines: 95% intervals; dashed: chance", colors.soft),
        ]
    x = _ASKED[0]
    for words, color, opacity, dx, dy in (
        ("with confidence", colors.bad, 1, 0, 0),
        ("less surely", colors.bad, 0.45, 118, 0),
        ("left open", colors.open, 1, 0, 20),
        ("no cat", colors.fine, 0.85, 118, 20),
    ):
        parts.append(
            f'<rect x="{x + dx}" y="{y - 6 + dy}" width="12" height="12" rx="2" fill="{color}" '
            f'fill-opacity="{opacity}"/>'
        )
        parts.append(_text(x + dx + 18, y + 4 + dy, words, colors.soft))
    return parts


def _text(
    x: float,
    y: float,
    words: str,
    color: str,
    *,
    anchor: str = "",
    size: int = 12,
    weight: int = 400,
) -> str:
    place = f' text-anchor="{anchor}"' if anchor else ""
    # As a style: a page's sheet may say of all text in a chart what it looks like.
    return (
        f'<text x="{x}" y="{y}"{place} fill="{color}" font-size="{size}" font-weight="{weight}" '
        f'style="fill:{color};font-size:{size}px;font-weight:{weight}">{escape(words)}</text>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, dash: str = ""
) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color}" '
        f'stroke-width="{width}"{dashes}/>'
    )


def _circle(x: float, y: float, r: float, fill: str, stroke: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'
