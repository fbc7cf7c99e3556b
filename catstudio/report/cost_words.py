"""What a mistake costs, as words: what is asked, and a table of both kinds at both thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catstudio.learn.threshold_words import cost_text, nearest
from catstudio.report.wording import Figure

Json = Mapping[str, Any]

MEANING = (
    "Usually the likeliest label is the answer, which takes all mistakes for equally bad. Where "
    "one kind is worse, another threshold is cheaper. Say what each costs, in any unit: money, "
    "minutes, or how many times as bad."
)


def obvious_label(labels: Sequence[str]) -> str:
    """``cat`` of ``cat`` and ``not-cat``; "" where neither label is the one that is looked for."""
    for label in labels:
        if len(labels) == 2 and f"not-{label}" in labels:
            return label
    return ""


def others(labels: Sequence[str], label: str) -> str:
    """What is not ``label``, to be put after "when it is"."""
    rest = [one for one in labels if one != label]
    return f"'{rest[0]}'" if len(rest) == 1 else "another"


def questions(labels: Sequence[str], label: str) -> tuple[str, str, str]:
    """What is asked for: the cost of a false alarm, that of a miss, and how often it occurs."""
    rest = others(labels, label)
    return (
        f"Saying '{label}' when it is {rest} costs",
        f"Saying {rest} when it is '{label}' costs",
        f"Where it is used, so many images are '{label}'",
    )


def curve(found: Json) -> list[tuple[float, float, float, float]]:
    """(threshold, cost, low, high) of :func:`catstudio.learn.answered.costs_by`."""
    return [(p["threshold"], p["cost"], p["low"], p["high"]) for p in found["points"]]


def marks(found: Json) -> list[tuple[str, float]]:
    """(words, threshold) of the usual one and, where photos could choose, of the chosen one."""
    usual = found["usual"]
    if found["best"]["low"] is None:
        return [(f"usual, {usual:.2f}", usual)]
    chosen = found["best"]["threshold"]
    if abs(chosen - usual) < 1e-9:
        return [(f"usual and chosen, {usual:.2f}", usual)]
    return [(f"usual, {usual:.2f}", usual), (f"chosen, {chosen:.2f}", chosen)]


def table(found: Json) -> list[list[str]]:
    """Rows of equal length, headings first: both kinds of mistakes and the cost at each mark."""
    rest = others(found["labels"], found["label"])
    rest = "others" if rest == "another" else rest
    shown = marks(found)
    rates = found["rates"][: len(shown)]
    rows = [
        ["", *(words for words, _ in shown)],
        [f"'{found['label']}' missed", *(_rate(one["misses"]) for one in rates)],
        [f"{rest} called '{found['label']}'", *(_rate(one["false_alarms"]) for one in rates)],
    ]
    points = [nearest(found["points"], threshold) for _, threshold in shown]
    costs = [
        f"{cost_text(p['cost'])} ({cost_text(p['low'])} to {cost_text(p['high'])})" for p in points
    ]
    return [*rows, ["cost a photo", *costs]]


def curve_words(found: Json) -> str:
    """The chart for who cannot see it."""
    told = (nearest(found["points"], k / 10) for k in range(1, 10))
    return "Cost a photo: " + ", ".join(
        f"{cost_text(p['cost'])} at {p['threshold']:.1f}" for p in told
    )


def _rate(one: Json) -> str:
    figure = Figure(one["value"], one["low"], one["high"])
    return f"{one['count']:,} of {one['n']:,}: {figure.percent()} ({figure.percent_interval()})"
