"""The blind test's figures: against closed forms, against scipy, and over simulated people."""

from __future__ import annotations

import random
from math import sqrt

import pytest

from catstudio.core.blind import Answer, BlindPair
from catstudio.learn.blind import FEWEST, Score, Verdict, summarise
from catstudio.learn.intervals import wilson

RIGHT, WRONG, UNSURE = Answer.LEFT, Answer.RIGHT, Answer.UNSURE


def pairs(*answers: Answer | None, **fields) -> list[BlindPair]:
    """One pair an answer, the photo always at the left, each of a made image of its own."""
    base = fields.pop("base", "")
    return [
        BlindPair(
            **{
                "id": f"{base}{n}",
                "round": base,
                "place": n,
                "author": "ada",
                "label": "cat",
                "real": f"real {base}{n}",
                "made": f"made {base}{n}",
                "source": "seed",
                "model": "",
                "is_real_left": True,
                "is_repeat": False,
                "answer": answer,
                **fields,
            }
        )
        for n, answer in enumerate(answers)
    ]


def score(right: int, wrong: int, unsure: int = 0) -> Score:
    return Score.of(pairs(*[RIGHT] * right, *[WRONG] * wrong, *[UNSURE] * unsure))


def test_a_plain_share_with_its_interval() -> None:
    one = score(14, 6)
    assert (one.n, one.right, one.wrong, one.unsure, one.images) == (20, 14, 6, 0, 20)
    assert one.value == 0.7
    assert (one.low, one.high) == wilson(14, 20)
    assert one.fools == pytest.approx((0.3, 1 - one.high, 1 - one.low))


def test_cannot_tell_counts_as_a_guess_would() -> None:
    one = score(10, 4, 6)
    assert (one.right, one.wrong, one.unsure) == (10, 4, 6)
    assert one.value == pytest.approx(13 / 20)
    assert score(0, 0, 12).value == 0.5


def test_open_pairs_are_left_out() -> None:
    assert Score.of(pairs(RIGHT, None, WRONG)).n == 2
    nothing = Score.of([])
    assert (nothing.n, nothing.value, nothing.low, nothing.high) == (0, 0.5, 0.0, 1.0)
    assert nothing.verdict is Verdict.TOO_FEW and nothing.d_prime == (0.0, None, None)


def test_d_prime_of_two_alternatives() -> None:
    """76.02% right is d' = 1 (Green & Swets' table for two alternatives)."""
    value, low, high = score(7602, 2398).d_prime
    assert value == pytest.approx(1.0, abs=0.002)
    assert low is not None and high is not None and low < value < high
    assert high - low == pytest.approx(
        2 * sqrt(2) * 1.96 * sqrt(0.76 * 0.24 / 1e4) / 0.311, rel=0.05
    )
    assert score(10, 10).d_prime[0] == pytest.approx(0)
    perfect, low, high = score(20, 0).d_prime
    assert perfect == pytest.approx(sqrt(2) * 1.981, abs=0.01)  # (20 + 0.5) / 21
    assert low is not None and low > 0 and high is None


def test_p_is_the_binomial_test_of_what_was_decided() -> None:
    stats = pytest.importorskip("scipy.stats")
    for right, wrong in ((14, 6), (6, 0), (3, 9), (40, 20)):
        expected = stats.binomtest(right, right + wrong).pvalue
        assert score(right, wrong, 5).p == pytest.approx(expected)


def test_no_verdict_that_n_cannot_carry() -> None:
    assert score(FEWEST - 1, 0).verdict is Verdict.TOO_FEW
    assert score(FEWEST, 0).verdict is Verdict.SEES
    assert score(0, FEWEST).verdict is Verdict.MISLED
    assert score(12, 8).verdict is Verdict.OPEN
    assert score(10, 10).verdict is Verdict.FOOLED
    assert score(0, 0, 20).verdict is Verdict.FOOLED
    assert score(5, 5).verdict is Verdict.OPEN
    assert score(16, 4).verdict is Verdict.SEES


def test_false_alarms_of_people_who_guess() -> None:
    """Of people who only guess at most one in twenty is called seeing or misled."""
    draw = random.Random(1)
    calls = [
        score(right := sum(draw.random() < 0.5 for _ in range(20)), 20 - right).verdict
        for _ in range(1000)
    ]
    assert sum(call in (Verdict.SEES, Verdict.MISLED) for call in calls) / 1000 < 0.05
    seeing = [
        score(right := sum(draw.random() < 0.9 for _ in range(20)), 20 - right).verdict
        for _ in range(1000)
    ]
    assert seeing.count(Verdict.SEES) / 1000 > 0.95
    # Who would find 80% is called fooled once in fifty, with 20 pairs.
    sharp = [
        score(right := sum(draw.random() < 0.8 for _ in range(20)), 20 - right).verdict
        for _ in range(1000)
    ]
    assert sharp.count(Verdict.FOOLED) / 1000 < 0.02


def test_several_people_before_one_image_are_not_several_images() -> None:
    alone = score(3, 5)
    three = Score.of(
        [
            pair
            for who in ("ada", "ben", "cem")
            for pair in pairs(*[RIGHT] * 3, *[WRONG] * 5, author=who)
        ]
    )
    assert (three.n, three.images) == (24, 8)
    assert three.value == alone.value
    assert (three.low, three.high, three.p) == (alone.low, alone.high, alone.p)


def test_a_summary_by_person_and_by_generator() -> None:
    given = [
        *pairs(*[RIGHT] * 8, *[WRONG] * 2, base="a"),
        *pairs(*[WRONG] * 3, UNSURE, base="b", author="ben", source="diffusers", model="sd"),
        *pairs(RIGHT, RIGHT, base="c", author="ben", is_repeat=True),
        *pairs(None, base="d"),
    ]
    found = summarise(given)
    assert found.total.n == 14 and found.repeats == 2
    assert [(who, one.n) for who, one in found.persons] == [("ada", 10), ("ben", 4)]
    assert [(key, one.n) for key, one in found.generators] == [
        (("diffusers", "sd"), 4),
        (("seed", ""), 10),
    ]
    assert found.generators[0][1].fools[0] == pytest.approx(3.5 / 4)
    assert len(found.shown) == 14
    assert [one.taken for one in found.shown[:5]] == [1] * 5
    fooled = [one for one in found.shown if one.has_fooled]
    assert len(fooled) == 6 and fooled[-1].unsure == 1
    assert summarise([]).total.n == 0


def test_an_image_that_fools_some_of_many_is_caught() -> None:
    answers = [(RIGHT, "ada"), (RIGHT, "ben"), (WRONG, "cem")]
    (one,) = summarise([p for a, who in answers for p in pairs(a, author=who)]).shown
    assert (one.n, one.taken, one.has_fooled) == (3, 1, False)
