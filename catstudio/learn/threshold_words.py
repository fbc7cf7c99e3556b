"""What a threshold chosen by costs is told in: whose photos chose it, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def chosen_text(found: Json) -> str:
    """Where the threshold is, how it was chosen, and how sure that is."""
    best, on = found["best"], found["chosen_on"]
    at = _score(best["threshold"])
    photos = f"{on['n']:,} {on['what']} ({on['n_label']:,} of '{found['label']}')"
    start = (
        f"At these costs an image is best called '{found['label']}' from a score of {at} on "
        "(0 is surely another label, 1 surely this one)."
    )
    if best["low"] is None:
        return (
            f"{photos} are too few to choose a threshold on, so none is advised. The costs alone "
            f"would put it at a score of {at}, if the model's probabilities are honest."
        )
    between = f"to them any threshold from {_edge(best['low'])} to {_edge(best['high'])}"
    if best["how"] == "costs":
        return (
            f"{start} That follows from the costs, and {photos} do not contradict it: {between} "
            "may be the best."
        )
    return f"{start} It was chosen on {photos}: {between} may be the best."


def judged_text(found: Json) -> str:
    """The mistakes on the test photos there and at the usual threshold, and what that saves."""
    on, saved = found["judged_on"], found["saved"]
    usual = next(one for one in found["points"] if abs(one["threshold"] - found["usual"]) < 1e-9)
    if found["best"]["low"] is None:
        at = f"At the usual {_score(found['usual'])}, on {on['what']}"
        return f"{at}, {_mistakes(usual, on)}."
    best = nearest(found["points"], found["best"]["threshold"])
    if best is usual:
        return f"That is the usual threshold. On {on['what']}, {_mistakes(best, on)}."
    sentence = (
        f"On {on['what']}, {_mistakes(best, on)}; at the usual {_score(found['usual'])}, "
        f"{_mistakes(usual, on)}"
    )
    span = _span(saved["low"], saved["high"])
    shares = found["shares"].values()
    is_alike = max(shares) - min(shares) < 1e-9
    often = "every label comes equally often" if is_alike else "the labels come as often as given"
    paid, before = cost_text(best["cost"]), cost_text(usual["cost"])
    costs = f"If {often}, that is {paid} a photo instead of {before}"
    if saved["low"] <= 0 <= saved["high"]:
        return (
            f"{sentence}. {costs}, no difference that {on['n']:,} photos can show "
            f"(saves {cost_text(saved['value'])}, {span})."
        )
    verb, after = ("saves", "") if saved["value"] > 0 else ("costs", " more")
    saving = f"{verb} {cost_text(abs(saved['value']))}{after}"
    span = span if saved["value"] > 0 else _span(-saved["high"], -saved["low"])
    return f"{sentence}. {costs}: it {saving} ({span}, n = {on['n']:,})."


def nearest(points: list[Json], threshold: float) -> Json:
    """The point at ``threshold``."""
    return min(points, key=lambda one: abs(float(one["threshold"]) - threshold))


def _mistakes(one: Json, on: Json) -> str:
    text = (
        f"{one['misses']:,} of {on['n_label']:,} are missed and {one['false_alarms']:,} of "
        f"{on['n_others']:,} others are false alarms"
    )
    return f"{text}, {one['mix_ups']:,} others mixed up" if one["mix_ups"] else text


def _score(threshold: float) -> str:
    return f"{threshold:.2f}"


def _edge(threshold: float) -> str:
    """No 0.00 or 1.00 for what is only near it: those would be always and never."""
    if 0.0 < threshold < 0.01:
        return "below 0.01"
    return "above 0.99" if 0.99 < threshold < 1.0 else _score(threshold)


def _span(low: float, high: float) -> str:
    return f"{cost_text(low)} to {cost_text(high)}"


def cost_text(cost: float) -> str:
    """Three digits that count, whatever the unit."""
    if abs(cost) < 1e-9:
        return "0"  # What is left of two equal sums by rounding.
    text = f"{cost:,.0f}" if abs(cost) >= 1000 else f"{cost:.3g}"
    return text.replace("-", "−")
