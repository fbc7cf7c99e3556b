"""No sentence says more than its interval carries, none leaves out its n."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.learn.worth import wording
from catstudio.learn.worth.comparison import Comparison
from catstudio.learn.worth.rate import Worth

shares = st.floats(-0.4, 0.4)
REAL = "the real photos"


def interval(value: float, half: float) -> tuple[float, float, float]:
    return value, value - half, value + half


def comparison(
    delta: tuple[float, float, float], auc: tuple[float, float, float] = (0.0, -0.1, 0.1)
) -> Comparison:
    zero = (0.0, -0.1, 0.1)
    return Comparison(delta, auc, zero, zero, 0.5, 40, (), ())


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    parts = [interval(draw(shares), draw(st.floats(0.0, 0.3))) for _ in range(4)]
    return Comparison(*parts, 0.5, draw(st.integers(2, 5000)), (), ())  # type: ignore[arg-type]


@given(comparisons())
def test_each_figure_comes_with_its_interval_and_n(found: Comparison) -> None:
    for text in (wording.gain_text(found, REAL), wording.loss_text(found)):
        assert f"{found.n} test photos" in text
        for term in re.findall(r"[+−]?\d+\.\d+", text):
            assert len(term.split(".")[1]) in (1, 3)
        assert "nan" not in text
        assert "-" not in text.replace("no difference", "")
    is_unclear = found.delta[1] <= 0 <= found.delta[2]
    for text in (wording.gain_text(found, REAL), wording.short_text(found, REAL)):
        assert ("no difference that" in text) == is_unclear
    if is_unclear:
        assert "taught" not in wording.gain_text(found, REAL)


@given(comparisons())
def test_auc_is_never_left_unexplained(found: Comparison) -> None:
    for text in (wording.gain_text(found, REAL), wording.loss_text(found)):
        if "AUC" in text:
            assert "0.5 is chance, 1 is perfect" in text
        if "moved the threshold" in text and "as well" not in text:
            assert "from which on an image is given a label" in text


def test_a_ranking_that_changed_is_told_where_the_answers_did_not() -> None:
    text = wording.gain_text(comparison((0.0, -0.1, 0.1), (0.05, 0.02, 0.08)), REAL)
    assert "though the ranking of photos" in text
    assert "rose by 0.050" in text


def test_nothing_is_neither_plus_nor_minus() -> None:
    text = wording.gain_text(comparison((0.0001, -0.0002, 0.0004)), REAL)
    assert "(0.0 points, 0.0 to 0.0)" in text


def worth(value: float | None, low: float | None, high: float | None, **changes: float) -> Worth:
    given_: dict[str, float] = {"base": 20, "least": -12, "most": 20, "n_used": 64, "n_test": 200}
    return Worth(value, low, high, **{**given_, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (worth(5, 2, 11), "worth about 5 real photos (2 to 11)"),
        (worth(1, 0.6, 3), "worth about 1 real photo (1 to 3)"),
        (worth(5, -2, 11), "worth about 5 real photos (−2 to 11), which may be none"),
        (worth(5, None, 11), "worth about 5 real photos (−12 or less to 11), which may be none"),
        (worth(5, 2, None), "worth about 5 real photos (2 to 20 or more)"),
        (worth(0.2, -1, 3), "worth about no real photo (−1 to 3)"),
        (worth(-4, -7, -2), "as bad as losing about 4 real photos (−7 to −2)"),
        (worth(-4, -7, 2), "worth about no real photo (−7 to 2)"),
        (
            worth(None, 7, None),
            "worth more than the 20 real photos that could be measured (at least 7)",
        ),
        (
            worth(None, None, 3),
            "as bad as losing more than the 12 real photos that could be measured",
        ),
    ],
)
def test_what_a_source_is_worth(found: Worth, text: str) -> None:
    assert wording.amount_text(found) == text


def test_below_the_first_point_of_the_curve_it_is_worse_than_nothing() -> None:
    assert wording.amount_text(worth(None, None, 0.1, least=0)) == "worse than nothing"
    unsure = wording.amount_text(worth(None, None, 3, least=0))
    assert unsure == "worse than nothing, or worth up to 3"


def test_worth_names_what_it_was_measured_beside() -> None:
    text = wording.worth_text(worth(5, 2, 11), 64)
    assert text == (
        "Its 64 images were worth about 5 real photos (2 to 11). "
        "Measured beside 20 real photos, where more still help, n = 200 test photos."
    )
    assert "with 10 of its images on average" in wording.worth_text(worth(5, 2, 11, n_used=10), 64)
    assert wording.worth_text(worth(5, 2, 11, n_used=1), 1).startswith("Its one image was")


def test_where_any_amount_is_possible_none_is_given() -> None:
    nothing = worth(3, None, None)
    assert not nothing.is_known
    assert "cannot be said" in wording.worth_text(nothing, 64)
    assert not worth(3, 1, 5, n_used=0).is_known


def test_the_curve_says_what_more_photos_brought() -> None:
    text = wording.curve_text(20, 40, (0.8, 0.9), (0.1, 0.05, 0.15), 200)
    assert text == (
        "With 20 real photos balanced accuracy is 80% on average, with all 40 it is 90%: "
        "10.0 points more (+5.0 to +15.0, n = 200 test photos)."
    )
    assert "points less" in wording.curve_text(20, 40, (0.9, 0.8), (-0.1, -0.15, -0.05), 200)
    flat = wording.curve_text(20, 40, (0.8, 0.81), (0.01, -0.05, 0.07), 200)
    assert "no difference that 200 test photos can show (+1.0 points, −5.0 to +7.0)" in flat


def test_a_source_in_one_sentence() -> None:
    described = {"n": 64, "n_with_copies": 64, "effective_n": 7.25}
    found = comparison((0.1, 0.05, 0.15))
    exchanged = {"text": "worth about 5 real photos (2 to 11)", "base": 20}
    assert wording.source_text(described, found, REAL, exchanged) == (
        "64 images (as varied as 7.2 that have nothing in common): beside the real photos a gain "
        "of 10.0 points of balanced accuracy (+5.0 to +15.0, n = 40 test photos); worth about 5 real "
        "photos (2 to 11) where there are only 20."
    )
    lost = wording.source_text(described, comparison((-0.1, -0.15, -0.05)), REAL, None)
    assert "a loss of 10.0 points" in lost


def test_names_are_listed() -> None:
    assert wording.listed(("a",)) == "'a'"
    assert wording.listed(("a", "b", "c")) == "'a', 'b' or 'c'"
