"""Figures of a run as words: every number with its interval and its n."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DASH = "–"


@dataclass(frozen=True)
class Figure:
    """One measured value with its 95% interval; all None when it could not be measured."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, given: Any) -> Figure:
        """From a report's ``{value, low, high}``, a bare number, or nothing."""
        if isinstance(given, Mapping):
            return cls(*(_number(given.get(key)) for key in ("value", "low", "high")))
        return cls(_number(given))

    @property
    def is_known(self) -> bool:
        return self.value is not None

    def percent(self) -> str:
        """``93%``, or a dash."""
        return DASH if self.value is None else f"{percent(self.value)}%"

    def percent_interval(self) -> str:
        """``84 to 97%``, or "" when there is no interval."""
        if self.low is None or self.high is None:
            return ""
        return f"{percent(self.low)} to {percent(self.high)}%"

    def plain(self) -> str:
        """``0.95``, or a dash."""
        return DASH if self.value is None else f"{self.value:.2f}"

    def plain_interval(self) -> str:
        """``0.88 to 0.99``, or "" when there is no interval."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low:.2f} to {self.high:.2f}"

    def overlaps(self, other: Figure) -> bool:
        """Do the intervals share a value? False when one is missing."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return False
        return self.low <= other.high and other.low <= self.high


def percent(value: float) -> str:
    """Whole percent, without calling 99.6% certain or 0.4% nothing."""
    shown = round(100 * value)
    if (shown == 100 and value < 1) or (shown == 0 and value > 0):
        return f"{100 * value:.1f}"
    return str(shown)


def metrics_of(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """The report's figures on held-out photos; empty when it has none."""
    metrics = report.get("metrics")
    return metrics if isinstance(metrics, Mapping) else {}


def figure_rows(metrics: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """(name, value, interval, n, what it means) of each figure beside the answer."""
    n = f"n = {metrics.get('n', 0):,}"
    auc, ece = Figure.of(metrics.get("auc")), Figure.of(metrics.get("ece"))
    balanced = Figure.of(metrics.get("balanced_accuracy"))
    rows = [
        (
            "AUC",
            auc.plain(),
            auc.plain_interval(),
            n,
            "how well it ranks, whatever the threshold: 1 is perfect, 0.5 is chance",
        ),
        (
            "Balanced accuracy",
            balanced.percent(),
            balanced.percent_interval(),
            n,
            "the mean over the labels, so that a common label counts no more than a rare one",
        ),
    ]
    for name, one in (metrics.get("per_class") or {}).items():
        recall = Figure.of(one.get("recall"))
        rows.append(
            (
                f"Real {name} found",
                recall.percent(),
                recall.percent_interval(),
                f"n = {one.get('n', 0):,}",
                f"how many of the real {name} photos it called {name}",
            )
        )
    meaning = "how far its confidence is off: 0 is honest about its doubts"
    return [*rows, ("Calibration error", ece.plain(), ece.plain_interval(), n, meaning)]


def test_count(report: Mapping[str, Any]) -> int:
    """On how many real photos it was tested."""
    n = metrics_of(report).get("n")
    if isinstance(n, int):
        return n
    return sum(report.get("n_test", {}).values())


def answer_sentence(report: Mapping[str, Any]) -> str:
    """The report's own sentence, or one made of its figures."""
    given = report.get("answer")
    if isinstance(given, str) and given:
        return given
    metrics = metrics_of(report)
    accuracy = Figure.of(metrics.get("accuracy"))
    if not accuracy.is_known:
        return str(report.get("why_not") or "Trained, not evaluated.")
    return (
        f"Right on {accuracy.percent()} of real photos it never saw "
        f"({accuracy.percent_interval()}, n = {test_count(report)})."
    )


def baseline_sentence(report: Mapping[str, Any]) -> str:
    """What always giving the commonest answer would score, or ""."""
    baseline = metrics_of(report).get("baseline")
    if not isinstance(baseline, Mapping) or baseline.get("accuracy") is None:
        return ""
    return (
        f"Always answering “{baseline.get('label', '')}” scores "
        f"{percent(float(baseline['accuracy']))}%."
    )


def synthetic_sentence(report: Mapping[str, Any]) -> str:
    """How easy the fakes are, labelled as just that; "" without the figure."""
    figure = Figure.of(report.get("synthetic_accuracy"))
    if not figure.is_known:
        return ""
    interval = f" ({figure.percent_interval()})" if figure.percent_interval() else ""
    return f"On its own fakes: {figure.percent()}{interval}. That says only how easy the fakes are."


def counted(counts: Mapping[str, Any], titles: Mapping[str, str] | None = None) -> str:
    """``68 photos · 16 augment``: counts with their names, the largest first."""
    named = titles or {}
    ordered = sorted(counts.items(), key=lambda item: -int(item[1]))
    return " · ".join(f"{int(n):,} {named.get(key, key)}" for key, n in ordered if n)


def missing_sentence(report: Mapping[str, Any]) -> str:
    """What to collect next: real photos still missing, by label; "" when nothing is."""
    missing = {k: int(n) for k, n in (report.get("missing") or {}).items() if int(n) > 0}
    if not missing:
        return ""
    parts = [f"{n} real photo{'' if n == 1 else 's'} of {label}" for label, n in missing.items()]
    return f"Collect next, to test on: {_joined(parts)}."


def compared(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Rows (figure, older, newer, difference) of two reports, intervals included."""
    rows = []
    for key, title, is_share in (
        ("accuracy", "Accuracy", True),
        ("balanced_accuracy", "Balanced accuracy", True),
        ("auc", "AUC (ranking)", False),
        ("ece", "Calibration error", False),
    ):
        before = Figure.of(metrics_of(older).get(key))
        after = Figure.of(metrics_of(newer).get(key))
        change = _difference(before, after, is_share)
        rows.append((title, _cell(before, is_share), _cell(after, is_share), change))
    n = test_count(older), test_count(newer)
    rows.append(("Real test photos", f"{n[0]:,}", f"{n[1]:,}", f"{n[1] - n[0]:+,}"))
    return rows


def comparison_remark(older: Mapping[str, Any], newer: Mapping[str, Any]) -> str:
    """What the difference can carry: nothing, when the photos differ or the intervals overlap."""
    if not metrics_of(older) or not metrics_of(newer):
        return "One of them was not evaluated, so there is nothing to compare."
    if older.get("n_test") != newer.get("n_test"):
        return "They were tested on different photos: the difference is not only the model's."
    key = "balanced_accuracy"
    before, after = (Figure.of(metrics_of(report).get(key)) for report in (older, newer))
    if before == after:
        return "They score the same."
    if before.overlaps(after):
        n = test_count(newer)
        return f"The intervals overlap: with n = {n} the difference may be chance."
    areas = [Figure.of(metrics_of(report).get("auc")).value for report in (older, newer)]
    gained = (after.value or 0.0) > (before.value or 0.0)
    if gained and None not in areas and (areas[1] or 0.0) <= (areas[0] or 0.0):
        return "AUC did not rise: the gain moved the threshold and taught nothing."
    return ""


def _cell(figure: Figure, is_share: bool) -> str:
    value = figure.percent() if is_share else figure.plain()
    interval = figure.percent_interval() if is_share else figure.plain_interval()
    return f"{value}  ({interval})" if interval else value


def _difference(before: Figure, after: Figure, is_share: bool) -> str:
    if before.value is None or after.value is None:
        return DASH
    change = after.value - before.value
    text = f"{100 * change:+.0f} points" if is_share else f"{change:+.2f}"
    return text.replace("-", "−")


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None
