"""The blind test in words: every figure with its n, no claim that it cannot carry."""

from __future__ import annotations

import msgspec
import pytest

from catstudio.audit import real_vs_synthetic
from catstudio.learn.blind import Machine, MachineTest, Results, Score, summarise
from catstudio.report import blind_words
from catstudio.report.page import page
from tests.audit.conftest import Batch, audit_data
from tests.learn.test_blind import RIGHT, UNSURE, WRONG, pairs
from tests.report.examples import REPORT
from tests.report.test_page import read


def score(right: int, wrong: int, unsure: int = 0) -> Score:
    return Score.of(pairs(*[RIGHT] * right, *[WRONG] * wrong, *[UNSURE] * unsure))


SHARP = Machine(0.97, 0.93, 0.99, 200)
DULL = Machine(0.55, 0.44, 0.66, 80)


def test_what_a_person_found() -> None:
    text = blind_words.found_sentence("Ada", score(14, 6))
    assert text == ("Ada found the photo in 14 of 20 pairs: 70% (48 to 85%). Guessing gets half.")
    assert "and could not tell in 3" in blind_words.found_sentence("Ada", score(1, 0, 3))
    assert "no pair yet" in blind_words.found_sentence("Ada", score(0, 0))
    assert "1 of 1 pair:" in blind_words.found_sentence("Ada", score(1, 0))


@pytest.mark.parametrize(
    ("given", "eye", "fakes"),
    [
        ((18, 2), "sees a difference", "catches"),
        ((2, 18), "more like photos", "more like photos"),
        ((10, 10), "no better than guessing", "fool the eye"),
        ((13, 7), "may be luck", "May be luck"),
        ((5, 0), "Too few", "Too few"),
    ],
)
def test_what_that_allows_to_say(given, eye: str, fakes: str) -> None:
    assert eye in blind_words.found_verdict(score(*given))
    assert fakes in blind_words.passed_verdict(score(*given))


def test_what_a_generator_passed() -> None:
    text = blind_words.passed_sentence("Seed diffusion", score(14, 6))
    assert text == "Seed diffusion passed for the photo in 6 of 20 pairs: 30% (15 to 52%)."


@pytest.mark.parametrize(
    ("given", "machine", "said"),
    [
        ((12, 8), SHARP, "whether the eye sees anything takes more pairs to tell"),
        ((10, 10), SHARP, "a flaw that the machine sees and the eye does not, or hardly"),
        ((18, 2), SHARP, "both see a difference."),
        ((16, 4), Machine(0.99, 0.98, 1.0, 500), "both see a difference, the machine better"),
        ((20, 0), Machine(0.6, 0.52, 0.7, 200), "both see a difference, the eye better"),
        ((20, 0), DULL, "the eye sees what the machine misses"),
        ((15, 5), DULL, "whether the machine does is open"),
        ((12, 8), DULL, "neither tells them apart so far"),
        ((12, 8), Machine(0.7, 0.6, 0.8, 60), "takes more pairs to tell"),
        ((3, 0), SHARP, "too few pairs to compare"),
    ],
)
def test_the_eye_beside_the_machine(given, machine: Machine, said: str) -> None:
    text = blind_words.comparison(score(*given), machine)
    assert said in text
    n = sum(given)
    assert f"n = {n}" in text and f"n = {machine.n}" in text


def test_no_machine_no_comparison() -> None:
    assert blind_words.comparison(score(12, 8), None) == ""
    assert blind_words.comparison(score(0, 0), SHARP) == ""


def test_the_machine_is_the_best_look_of_the_audit() -> None:
    def figure(source: str, kind: str, value: float, low: float) -> dict[str, object]:
        return {"source": source, "seen_by": kind, "value": value, "low": low, "high": 1.0, "n": 50}

    check = {
        "id": "real_vs_synthetic",
        "value": 0.9,
        "low": 0.8,
        "high": 0.95,
        "n": 40,
        "details": {
            "figures": [
                figure("", "embedding", 0.8, 0.7),
                figure("", "pixels", 0.95, 0.9),
                figure("seed", "embedding", 0.6, 0.5),
                figure("seed", "pixels", 0.99, 0.95),
            ]
        },
    }
    found = blind_words.machine_test(3, {"checks": [{"id": "copies"}, check]})
    assert found is not None and found.run == 3
    assert found.overall.value == 0.95
    assert {key: one.value for key, one in found.by_source.items()} == {"seed": 0.99}
    bare = blind_words.machine_test(3, {"checks": [{**check, "details": {}}]})
    assert bare is not None and bare.overall == Machine(0.9, 0.8, 0.95, 40)
    assert blind_words.machine_test(3, {}) is None
    assert blind_words.machine_test(3, {"checks": [{**check, "value": None}]}) is None


def answers() -> list:
    return [
        *pairs(*[RIGHT] * 12, *[WRONG] * 8, author="Ada <3"),
        *pairs(*[WRONG] * 2, UNSURE, base="b", source="diffusers", model="<sd>", author="ben"),
        *pairs(RIGHT, base="c", is_repeat=True),
    ]


def test_the_page_tells_who_saw_what() -> None:
    machine = MachineTest(4, SHARP, {"seed": SHARP})
    results = Results(summarise(answers()), machine)
    html = page("Cats", 4, REPORT, None, lambda _: None, results)
    text = read(html).text
    for words in (
        "Which fakes fool the eye", "Ada <3 found the photo in 12 of 20 pairs", "n = 20",
        "(<sd>)", "the machine 97%", "run 4's audit", "Passed for a photo: 11", "Caught: 12",
        "1 more pair is not counted",
    ):  # fmt: skip
        assert words in text, words
    assert "<sd>" not in html and "Ada <3" not in html


def test_without_answers_the_page_says_nothing_and_without_a_machine_why() -> None:
    nothing = Results(summarise([]), None, "No machine was asked.")
    html = page("Cats", 4, REPORT, None, lambda _: None, nothing)
    assert html == page("Cats", 4, REPORT, None, lambda _: None)
    some = Results(summarise(answers()), None, "No machine was asked.")
    assert "No machine was asked." in read(page("Cats", 4, REPORT, None, lambda _: None, some)).text


def test_the_check_itself_is_understood() -> None:
    """What the audit's check writes is what is read here: all sources together, and each."""
    data = audit_data(
        Batch("cat", 40),
        Batch("dog", 40),
        Batch("cat", 40, "seed", shift={-1: 0.9}),
        Batch("cat", 40, "diffusers"),
    )
    check = msgspec.to_builtins(real_vs_synthetic.run(data))
    found = blind_words.machine_test(2, {"checks": [check]})
    assert found is not None and set(found.by_source) == {"seed", "diffusers"}
    assert found.by_source["seed"].value > 0.9 > found.by_source["diffusers"].value
    assert 0.5 < found.overall.value < found.by_source["seed"].value
