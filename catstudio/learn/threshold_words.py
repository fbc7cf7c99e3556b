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
            f"{start} That follows from the costs alone, if the model's probabilities are honest: "
            f"{photos} are too few to check it."
        )
    between = f"to them any threshold from {_score(best['low'])} to {_score(best['high'])}"
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
    best = nearest(found["points"], found["best"]["threshold"])
    if best is usual:
        return f"That is the usual threshold. On {on['what']}, {_mistakes(best, on)}."
    sentence = (
        f"On {on['what']}, {_mistakes(best, on)}; at the usual {_score(found['usual'])}, "
        f"{_mistakes(usual, on)}"
    )
    span = f"{_cost(saved['low'])} to {_cost(saved['high'])}"
    shares = found["shares"].values()
    is_alike = max(shares) - min(shares) < 1e-9
    often = "every label comes equally often" if is_alike else "the labels come as often as given"
    costs = f"If {often}, that is {_cost(best['cost'])} a photo instead of {_cost(usual['cost'])}"
    if saved["low"] <= 0 <= saved["high"]:
        return (
            f"{sentence}. {costs}, no difference that {on['n']:,} photos can show "
            f"(saves {_cost(saved['value'])}, {span})."
        )
    verb, after = ("saves", "") if saved["value"] > 0 else ("costs", " more")
    saving = f"{verb} {_cost(abs(saved['value']))}{after}"
    span = span if saved["value"] > 0 else f"{_cost(-saved['high'])} to {_cost(-saved['low'])}"
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


def _cost(cost: float) -> str:
    """Three digits that count, whatever the unit."""
    return f"{cost:.3g}".replace("-", "−")
