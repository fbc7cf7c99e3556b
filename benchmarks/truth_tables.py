"""What was found of the planted flaws, and how often clean data sets were blamed, as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from catstudio.learn.intervals import wilson

Json = dict[str, Any]
Rows = Sequence[Json]

COSTLY = 3.0
"""Points of real accuracy from which on a flaw must be found."""
SEEN = ("look", "problem")
BORNE_OUT = {"calibration": ("overconfident", 0.03), "turkey_test": ("fooled", 0.2)}
"""Checks that judge the model, which may be weak although its data are clean: what is true of it on
photos that no check has seen, and from where on that bears a "problem" out (each check's limit of
what is fine)."""


def tables(rows: Rows) -> str:
    """Markdown: the headline, each flaw and size, and each check's answers on clean data."""
    return "\n\n".join((headline(rows), by_flaw(rows), on_clean(rows)))


def cost_of(rows: Rows) -> dict[tuple[str, str], float]:
    """The mean cost of each (kind, size) over its data sets, in points."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        found.setdefault((row["kind"], row["size"]), []).append(row["cost"])
    return {key: float(np.mean(costs)) for key, costs in found.items()}


def is_found(row: Json, verdicts: Sequence[str] = SEEN, twin: str = "flawed") -> bool:
    """Does a check whose question it is answer one of ``verdicts``?"""
    checks = row[twin]["checks"]
    return any(checks[id_]["verdict"] in verdicts for id_ in row["expected"] if id_ in checks)


def headline(rows: Rows) -> str:
    """Found of those that cost, by either reading of the cost, and false alarms."""
    mean = cost_of(rows)
    kinds: tuple[tuple[str, Callable[[Json], bool]], ...] = (
        (
            f"flaws of a size that costs {COSTLY:g} points or more on average",
            lambda r: mean[r["kind"], r["size"]] >= COSTLY,
        ),
        (
            f"data sets that lost {COSTLY:g} points or more themselves",
            lambda r: r["cost"] >= COSTLY,
        ),
        ("all planted flaws", lambda _: True),
    )
    lines = ["| | n | look or problem | problem |", "|---|---|---|---|"]
    for words, wanted in kinds:
        chosen = [row for row in rows if wanted(row)]
        found = [is_found(row) for row in chosen]
        called = [is_found(row, ("problem",)) for row in chosen]
        lines.append(f"| {words} | {len(chosen)} | {_rate(found)} | {_rate(called)} |")
        found = [is_found(row, twin="clean") for row in chosen]
        called = [is_found(row, ("problem",), "clean") for row in chosen]
        lines.append(
            f"| their clean twins, the same checks | {len(chosen)} | {_rate(found)} | "
            f"{_rate(called)} |"
        )
    every = list(rows[0]["clean"]["checks"])
    of_data = [id_ for id_ in every if id_ not in BORNE_OUT]
    clean = [row["clean"] for row in rows]
    for words, ids, is_strict in (
        ("clean twins, any check of the data", of_data, True),
        ("clean twins, any check at all, unless other photos bear it out", every, False),
        ("clean twins, any check at all", every, True),
    ):
        looks = [any(twin["checks"][id_]["verdict"] in SEEN for id_ in ids) for twin in clean]
        alarms = [any(_is_alarm(twin, id_, is_strict) for id_ in ids) for twin in clean]
        lines.append(f"| {words} | {len(rows)} | {_rate(looks)} | {_rate(alarms)} |")
    return "\n".join(lines)


def _is_alarm(twin: Json, id_: str, is_strict: bool) -> bool:
    """A "problem"; unless ``is_strict``, one of the model that is not borne out."""
    if twin["checks"][id_]["verdict"] != "problem":
        return False
    if is_strict or id_ not in BORNE_OUT:
        return True
    true, fine_below = BORNE_OUT[id_]
    return twin[true] is None or bool(twin[true] < fine_below)


def by_flaw(rows: Rows) -> str:
    """One line a flaw and size: its cost, how often it was found, and by which checks."""
    lines = [
        "| flaw | size | n | cost in points (mean, its 95% interval) | look or problem | problem | by |",
        "|---|---|---|---|---|---|---|",
    ]
    for (kind, size), cost in cost_of(rows).items():
        chosen = [row for row in rows if (row["kind"], row["size"]) == (kind, size)]
        costs = [row["cost"] for row in chosen]
        half = 1.96 * float(np.std(costs, ddof=1)) / np.sqrt(len(costs)) if len(costs) > 1 else 0
        found = [is_found(row) for row in chosen]
        called = [is_found(row, ("problem",)) for row in chosen]
        lines.append(
            f"| {kind} | {size} | {len(chosen)} | {cost:.1f} ({cost - half:.1f} to "
            f"{cost + half:.1f}) | {sum(found)} | {sum(called)} | {_by(chosen)} |"
        )
    return "\n".join(lines)


def _by(chosen: Rows) -> str:
    told = []
    for id_ in chosen[0]["expected"]:
        answers = [row["flawed"]["checks"].get(id_, {}).get("verdict") for row in chosen]
        told.append(f"{id_} {sum(a in SEEN for a in answers)}")
    return ", ".join(told)


def on_clean(rows: Rows) -> str:
    """What each check says of the clean twins."""
    lines = [
        "| check, on clean twins | problem | look | unknown | ok |",
        "|---|---|---|---|---|",
    ]
    for id_ in rows[0]["clean"]["checks"]:
        answers = [row["clean"]["checks"][id_]["verdict"] for row in rows]
        rates = [_rate([a == "problem" for a in answers])]
        rates += [str(answers.count(verdict)) for verdict in ("look", "unknown", "ok")]
        lines.append(f"| {id_} | {' | '.join(rates)} |")
    return "\n".join(lines)


def _rate(hits: Sequence[bool]) -> str:
    if not hits:
        return "none"
    low, high = wilson(sum(hits), len(hits))
    share = sum(hits) / len(hits)
    return f"{sum(hits)} of {len(hits)}, {share:.1%} ({low:.1%} to {high:.1%})"
