"""An audit as words: its verdicts counted, each figure in its unit with its interval and n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from catstudio.report.wording import Figure
from catstudio.sources import SOURCES

Json = Mapping[str, Any]

VERDICT_WORDS = {
    "ok": "OK",
    "look": "Look",
    "problem": "Problem",
    "unknown": "Too few to tell",
}
_GRAVEST_FIRST = ("problem", "look", "unknown", "ok")
_ALL_CHECKS = 10


def gravest_first(checks: Sequence[Json]) -> list[Json]:
    """Problems, then what to look at, then what too few images carry, then what is fine."""
    return sorted(checks, key=lambda check: _GRAVEST_FIRST.index(check["verdict"]))


def checks_summary(checks: Sequence[Json], is_running: bool = False) -> str:
    """ "1 problem, 2 to look at, 6 fine; for 1 there are too few images"."""
    counts = Counter(check["verdict"] for check in checks)
    parts = [f"{counts['problem']} {'problem' if counts['problem'] == 1 else 'problems'}"]
    parts += [f"{counts['look']} to look at"] if counts["look"] else []
    parts += [f"{counts['ok']} fine"] if counts["ok"] else []
    text = ", ".join(parts)
    if counts["unknown"]:
        text += f"; for {counts['unknown']} there are too few images to tell"
    if is_running:
        return f"{text}; {_ALL_CHECKS - len(checks)} still to come." if checks else "Working …"
    return f"{text}."


def check_figure(check: Json) -> str:
    """The check's figure in its unit, its interval and its n; "" when there is none."""
    if check.get("value") is None:
        return ""
    value, low, high = (check.get(key) for key in ("value", "low", "high"))
    figure = Figure(value, low, high)
    unit, n = check.get("unit", "share"), int(check.get("n") or 0)
    if unit == "share":
        shown, interval = figure.percent(), figure.percent_interval()
    elif unit == "points":
        shown, interval = _points(figure)
    elif unit == "count":
        shown, interval = f"{value:,.0f}", ""
    else:
        shown, interval = figure.plain(), figure.plain_interval()
    beside = ", ".join(part for part in (interval, f"n = {n:,}") if part)
    return f"{shown} ({beside})"


def reliability_points(check: Json) -> list[tuple[float, float, int]]:
    """(said, right, n) in percent of the calibration check's diagram; empty for all others."""
    points = ((check.get("details") or {}).get("after") or {}).get("points") or ()
    return [(100 * p["confidence"], 100 * p["accuracy"], int(p["n"])) for p in points]


def reliability_words(points: Sequence[tuple[float, float, int]]) -> str:
    """The diagram for who cannot see it."""
    return ". ".join(
        f"When it said {said:.0f}%, it was right in {right:.0f}% (n = {n})"
        for said, right, n in points
    )


def source_change(one: Json) -> str:
    """What a source changed, and how many real photos it was worth where that is known."""
    change, worth = one.get("ablation"), one.get("worth_real_photos")
    if not change:
        return str(one["text"])
    return f"{change['text']} {one.get('worth_text', '') if worth else ''}".strip()


def curve_levels(audit: Json) -> list[tuple[str, float]]:
    """(source, percent): what "real and this source" scored, to be read off the learning curve."""
    levels = []
    for arm in audit.get("arms") or ():
        kind, _, source = str(arm["id"]).partition("+")
        if kind == "real" and source:
            levels.append((source, 100 * arm["balanced_accuracy"]["value"]))
    return levels


def sources_summary(audit: Json) -> str:
    """What the bars show, or why there are none."""
    why = " ".join(str(text) for text in (audit.get("why_not") or {}).values())
    if not audit.get("sources"):
        return why or "This comes a moment after the answer."
    n = next((one["ablation"]["n"] for one in audit["sources"] if one.get("ablation")), 0)
    if not n:
        return why
    text = (
        "How much the score on real photos changes when a source is added to the real photos "
        "(for real sources: when it is left out of everything, turned round). A bar whose "
        f"interval crosses zero may be chance. All on the same n = {n:,} real test photos."
    )
    return f"{text} {why}".strip()


def shown_images(check: Json) -> list[tuple[str, str]]:
    """(id, caption) of what a check shows; what an image is compared with follows it."""
    pictures: list[tuple[str, str]] = []
    for one in check.get("shown") or ():
        pictures.append((str(one["id"]), str(one.get("note", ""))))
        if one.get("beside"):
            pictures.append((str(one["beside"]), "compared with this"))
    return pictures


def source_title(source: str) -> str:
    """What a person calls a source."""
    return SOURCES[source].title if source in SOURCES else source


def _points(figure: Figure) -> tuple[str, str]:
    value = f"{100 * (figure.value or 0.0):+.1f} points"
    if figure.low is None or figure.high is None:
        return value, ""
    return value, f"{100 * figure.low:+.1f} to {100 * figure.high:+.1f}"
