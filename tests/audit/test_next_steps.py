"""What to do next, from what the checks and the sources' worth say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.audit.base import Finding, Shown, Verdict
from catstudio.audit.next_steps import HALF_WIDTH, MOST_SHOWN, next_steps, wanted_for
from tests.audit.conftest import Batch, audit_data

NO_WORTH: dict[str, object] = {"sources": []}


def half_width(accuracy: float, n: int) -> float:
    """Wilson 1927, written out."""
    z = 1.959963984540054
    inside = accuracy * (1 - accuracy) / n + z * z / (4 * n * n)
    return z / (1 + z * z / n) * math.sqrt(inside)


@given(st.floats(0.5, 1.0))
def test_the_wanted_number_is_the_smallest_that_is_enough(accuracy: float) -> None:
    n = wanted_for(accuracy)
    assert half_width(accuracy, n) <= HALF_WIDTH + 1e-9
    assert n == 1 or half_width(accuracy, n - 1) > HALF_WIDTH - 1e-9


def test_half_right_takes_the_textbooks_four_hundred() -> None:
    assert 375 <= wanted_for(0.5) <= 385


@pytest.fixture(scope="module")
def easy():
    """Everything is right, and there is enough to test on."""
    return audit_data(
        Batch("cat", 30, spread=0.2),
        Batch("not-cat", 30, spread=0.2),
        Batch("cat", 60, split="test", spread=0.2),
        Batch("not-cat", 60, split="test", spread=0.2),
    )


def test_nothing_is_said_where_nothing_is_warranted(easy) -> None:
    assert next_steps(easy, [], NO_WORTH) == []


def test_what_spoils_the_figures_comes_first(easy) -> None:
    shown = tuple(Shown(f"i{n}") for n in range(9))
    findings = [
        Finding(id="label_errors", verdict=Verdict.LOOK, text="9 doubtful.", images=shown),
        Finding(id="leakage", verdict=Verdict.PROBLEM, text="9 leak.", images=shown),
        Finding(id="image_quality", verdict=Verdict.OK, images=shown),
        Finding(id="copies", verdict=Verdict.PROBLEM, text="No image to show."),
    ]
    steps = next_steps(easy, findings, NO_WORTH)
    assert [step["kind"] for step in steps] == ["remove", "relabel"]
    pair = Finding(id="leakage", verdict=Verdict.LOOK, images=(Shown("a", beside="b"),))
    assert next_steps(easy, [pair], NO_WORTH)[0]["images"] == ["a", "b"]
    assert steps[0]["text"].startswith("9 leak.") and len(steps[0]["images"]) == MOST_SHOWN
    assert "of 9 are shown" in steps[0]["text"]
    assert steps[0]["score"] > steps[1]["score"] > 0


@pytest.mark.parametrize(("low", "is_said"), [(0.01, True), (0.0, False), (None, False)])
def test_a_source_is_dropped_as_far_as_its_whole_interval_goes(easy, low, is_said) -> None:
    without = {"delta": 0.04, "low": low, "high": 0.08, "n": 120, "text": "+4 points (n = 120)."}
    source = {"source": "seed", "is_real": False, "n": 64, "without": without}
    real = {**source, "source": "photo", "is_real": True}
    steps = next_steps(easy, [], {"sources": [source, real, {**source, "without": None}]})
    assert [step.get("source") for step in steps] == (["seed"] if is_said else [])


def test_hard_photos_ask_for_more_like_them_and_few_for_more_to_test_on() -> None:
    data = audit_data(
        Batch("cat", 8, spread=4.0),
        Batch("not-cat", 8, spread=4.0),
        Batch("cat", 20, split="test", spread=4.0),
        Batch("not-cat", 20, split="test", spread=4.0),
    )
    steps = next_steps(data, [], NO_WORTH)
    assert [step["kind"] for step in steps] == ["photograph", "photograph", "test_photos"]
    held = {data.items[int(i)].id for i in data.test}
    assert set(steps[0]["images"]) <= held and steps[0]["images"]
    assert "of each label" in steps[-1]["text"] and "n = 40" in steps[-1]["text"]


def test_without_test_photos_it_says_how_many() -> None:
    data = audit_data(Batch("cat", 8), Batch("not-cat", 8))
    (step,) = next_steps(data, [], NO_WORTH)
    assert step["kind"] == "test_photos" and "20 of cat, 20 of not-cat" in step["text"]
