"""Thresholds by what mistakes cost, against closed forms and worlds whose best one is known."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.learn.cross_validation import cross_validate, left_out
from catstudio.learn.intervals import wilson
from catstudio.learn.threshold_costs import (
    MIN_LINEAGES,
    MOST_TRIED,
    USUAL,
    Answered,
    Costs,
    choose_threshold,
    point,
    threshold_costs,
)
from catstudio.learn.threshold_words import nearest
from tests.learn.worth_world import plain_space, real_world

LABELS = ("dog", "cat")
CAT = 1


def answered(
    n: int, seed: int, distance: float = 2.0, bias: float = 0.0, gain: float = 1.0
) -> Answered:
    """``n`` photos of each label; with no bias and a gain of 1 the probabilities are honest."""
    truth = np.repeat([0, 1], n)
    seen = np.random.default_rng(seed).normal(size=2 * n) + distance * (truth - 0.5)
    cat = 1 / (1 + np.exp(-(gain * distance * seen + bias)))
    return Answered(np.stack([1 - cat, cat], axis=1), truth, np.arange(2 * n), "validation photos")


def normal(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def true_cost(
    threshold: float, miss: float, alarm: float, distance: float = 2.0, bias: float = 0.0
) -> float:
    """What :func:`answered` costs a photo, over endlessly many."""
    t = min(max(threshold, 1e-12), 1 - 1e-12)
    at = (math.log(t / (1 - t)) - bias) / distance
    return 0.5 * (miss * normal(at - distance / 2) + alarm * (1 - normal(at + distance / 2)))


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0.01, 0.99))
def test_from_costs_alone_is_where_both_answers_cost_the_same(
    miss: float, alarm: float, share: float
) -> None:
    costs = Costs.of(2, CAT, miss, alarm, shares=np.array([1 - share, share]))
    p = costs.from_costs_alone(CAT)
    assert p * share * miss == pytest.approx((1 - p) * (1 - share) * alarm)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1), st.integers(2, 4))
def test_mistakes_and_costs_are_counted_photo_by_photo(
    seed: int, threshold: float, n_labels: int
) -> None:
    generator = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(n_labels), generator.integers(0, n_labels, 20)])
    p = generator.dirichlet(np.ones(n_labels), len(truth))
    matrix = generator.uniform(0.1, 5, (n_labels, n_labels)) * (1 - np.eye(n_labels))
    shares = generator.dirichlet(np.ones(n_labels))
    photos = Answered(p, truth, np.arange(len(truth)), "photos")
    found = point(photos, 0, Costs(matrix, shares), threshold)
    counted = {"misses": 0, "false_alarms": 0, "mix_ups": 0}
    expected = 0.0
    for row, true in zip(p, truth, strict=True):
        others = np.concatenate([[-1.0], row[1:]])
        rival = int(others.argmax())
        said = 0 if row[0] / (row[0] + row[rival]) >= threshold else rival
        expected += shares[true] * matrix[true, said] / np.sum(truth == true)
        if said != true:
            counted["misses" if true == 0 else "mix_ups" if said else "false_alarms"] += 1
    assert {key: found[key] for key in counted} == counted
    assert found["cost"] == pytest.approx(expected)
    assert 0 <= found["low"] <= found["cost"] + 1e-9
    assert found["cost"] <= found["high"] + 1e-9


def test_the_usual_threshold_gives_the_likeliest_label() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), 200)
    photos = Answered(p, np.zeros(200, int), np.arange(200), "photos")
    assert (photos.answers(2, USUAL) == p.argmax(axis=1)).all()
    assert (photos.answers(2, 0.0) == 2).all()
    assert (photos.answers(2, 1.1) != 2).all()


def test_the_cost_of_one_kind_of_mistake_alone_is_wilsons() -> None:
    photos = answered(30, 0)
    found = point(photos, CAT, Costs.of(2, CAT, 8.0, 0.0), 0.5)
    bounds = [0.5 * 8.0 * bound for bound in wilson(found["misses"], 30)]
    assert (found["low"], found["high"]) == pytest.approx(bounds)


def test_costs_cover_and_the_best_threshold_is_within() -> None:
    """Over draws; near the best the costs hardly differ, so its interval is wide and safe."""
    costs, rounds = Costs.of(2, CAT, 10.0, 1.0), 150
    best = costs.from_costs_alone(CAT)
    covered = within = 0
    for seed in range(rounds):
        choice = choose_threshold(answered(40, seed), CAT, costs)
        assert choice.low is not None
        assert choice.high is not None
        within += choice.low <= best <= choice.high
        found = point(answered(40, 10_000 + seed), CAT, costs, choice.threshold)
        covered += found["low"] <= true_cost(choice.threshold, 10.0, 1.0) <= found["high"]
    assert within >= 0.95 * rounds
    assert 0.9 * rounds <= covered


def test_honest_probabilities_are_left_alone_and_others_are_not() -> None:
    costs = Costs.of(2, CAT, 1.0, 1.0)
    assert choose_threshold(answered(200, 1), CAT, costs).threshold == 0.5
    choice = choose_threshold(answered(200, 1, bias=3.0), CAT, costs)
    assert choice.how == "photos"
    # 0.95 is where those probabilities are even.
    assert 0.75 < choice.threshold < 0.995
    assert true_cost(choice.threshold, 1, 1, bias=3.0) < true_cost(0.5, 1, 1, bias=3.0) - 0.05


def test_no_missed_photo_among_few_is_no_licence_to_miss() -> None:
    """Whatever was not seen once may happen: the dearest mistake keeps the threshold low."""
    costs = Costs.of(2, CAT, 1000.0, 1.0)
    choice = choose_threshold(answered(12, 0, distance=8.0), CAT, costs)
    assert choice.how == "costs"
    assert choice.threshold == pytest.approx(1 / 1001)


def test_too_few_photos_do_not_choose() -> None:
    few = answered(MIN_LINEAGES - 1, 0)
    choice = choose_threshold(few, CAT, Costs.of(2, CAT, 3.0, 1.0))
    assert (choice.threshold, choice.low, choice.high) == (0.25, None, None)
    # Nor do many of one burst.
    many = answered(50, 0)
    burst = Answered(many.probabilities, many.truth, np.arange(100) // 10, many.what)
    assert choose_threshold(burst, CAT, Costs.of(2, CAT, 3.0, 1.0)).low is None


def test_of_thousands_of_photos_some_thresholds_are_tried() -> None:
    choice = choose_threshold(answered(3000, 0, bias=2.0), CAT, Costs.of(2, CAT, 1.0, 1.0))
    assert choice.low is not None
    assert choice.high is not None
    assert choice.low < choice.threshold < choice.high
    assert MOST_TRIED < 6000


def told(
    costs: Costs | None = None, n: int = 40, n_test: int = 30, **given_: Any
) -> dict[str, Any]:
    test = answered(n_test, 77, **given_)
    test = Answered(test.probabilities, test.truth, test.groups, "test photos")
    found = threshold_costs(
        answered(n, 1, **given_), test, LABELS, "cat", costs or Costs.of(2, CAT, 5.0, 1.0)
    )
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def test_all_that_can_be_drawn() -> None:
    found = told()
    assert found["why_not"] == ""
    thresholds = [one["threshold"] for one in found["points"]]
    assert thresholds == sorted(thresholds)
    assert (thresholds[0], thresholds[-1]) == (0.0, 1.0)
    assert found["best"]["threshold"] == pytest.approx(1 / 6)
    shown = [round(one["threshold"], 3) for one in found["table"]]
    assert shown == [0.1, 0.167, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert found["points"][0]["false_alarms"] == 30
    assert found["points"][-1]["misses"] == 30
    best, usual = (nearest(found["points"], t) for t in (found["best"]["threshold"], USUAL))
    assert found["saved"]["value"] == pytest.approx(usual["cost"] - best["cost"])
    assert found["chosen_on"] == {
        "what": "validation photos", "n": 80, "n_label": 40, "n_others": 40
    }  # fmt: skip
    assert found["judged_on"]["n"] == 60


def test_what_it_saves_is_said_with_its_interval_or_not_at_all() -> None:
    found = told(Costs.of(2, CAT, 20.0, 1.0), n_test=200)
    assert found["saved"]["low"] > 0
    assert "it saves" in found["text"]
    assert "n = 400" in found["text"]
    assert "If every label comes equally often, that is" in found["text"]
    assert "do not contradict it" in found["text"]
    same = told(Costs.of(2, CAT, 1.2, 1.0), n_test=12)
    assert "no difference that 24 photos can show" in same["text"]
    usual = told(Costs.of(2, CAT, 1.0, 1.0))
    assert "That is the usual threshold" in usual["text"]
    rare = told(Costs.of(2, CAT, 5.0, 1.0, shares=np.array([0.9, 0.1])))
    assert "If the labels come as often as given, that is" in rare["text"]
    few = told(n=4)
    assert "8 validation photos (4 of 'cat') are too few to choose a threshold" in few["text"]
    assert "is best called" not in few["text"] and "saves" not in few["text"]
    biased = told(Costs.of(2, CAT, 1.0, 1.0), n=300, bias=3.0)
    assert "It was chosen on 600 validation photos (300 of 'cat')" in biased["text"]


def test_a_threshold_that_costs_more_on_the_test_says_so() -> None:
    """Chosen where cats look less like cats than in the test."""
    test = answered(300, 5)
    chosen = answered(300, 6, bias=-3.0)
    found = threshold_costs(chosen, test, LABELS, "cat", Costs.of(2, CAT, 1.0, 1.0))
    assert found["saved"]["high"] < 0
    assert "it costs" in found["text"]
    assert " more (" in found["text"]


def test_without_test_photos_of_a_label_nothing_is_judged() -> None:
    only = answered(20, 0)
    cats = Answered(only.probabilities[20:], only.truth[20:], np.arange(20), "test photos")
    found = threshold_costs(only, cats, LABELS, "cat", Costs.of(2, CAT, 5.0, 1.0))
    assert found["why_not"].startswith("Trained, not evaluated")
    assert found["points"] == []
    assert found["saved"] is None
    assert found["best"]["threshold"] == pytest.approx(1 / 6)


def test_three_labels_and_what_mixing_up_the_others_costs() -> None:
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 40)
    p = generator.dirichlet(np.ones(3), 120) + 0.3 * np.eye(3)[truth]
    p /= p.sum(axis=1, keepdims=True)
    photos = Answered(p, truth, np.arange(120), "photos")
    costs = Costs.of(3, 0, 4.0, 1.0, mix_up=2.0)
    found = threshold_costs(photos, photos, ("cat", "dog", "bird"), "cat", costs)
    assert costs.from_costs_alone(0) == pytest.approx(0.2)
    best = found["best"]
    assert best["low"] <= best["threshold"] <= best["high"]
    # What is not called a cat has to be told apart, and may be mixed up.
    assert found["points"][-1]["mix_ups"] >= found["points"][1]["mix_ups"]
    assert "others mixed up" in found["text"]


def test_near_copies_count_as_one() -> None:
    once = answered(30, 3)
    thrice = Answered(
        np.repeat(once.probabilities, 3, axis=0),
        np.repeat(once.truth, 3),
        np.repeat(once.groups, 3),
        "photos",
    )
    costs = Costs.of(2, CAT, 5.0, 1.0)
    one, three = (point(photos, CAT, costs, 0.3) for photos in (once, thrice))
    for key in ("cost", "low", "high"):
        assert three[key] == pytest.approx(one[key])
    assert three["misses"] == 3 * one["misses"]


@pytest.mark.parametrize(
    ("matrix", "shares"),
    [
        ([[0, 1, 1], [1, 0, 1]], [0.5, 0.5]),
        ([[0, 1], [1, 0]], [1.0]),
        ([[0, -1], [1, 0]], [0.5, 0.5]),
        ([[1, 1], [1, 0]], [0.5, 0.5]),
        ([[0, 0], [0, 0]], [0.5, 0.5]),
        ([[0, 1], [1, 0]], [0.5, 0.6]),
        ([[0, 1], [1, 0]], [1.5, -0.5]),
    ],
)
def test_costs_that_mean_nothing_are_refused(matrix: list, shares: list) -> None:
    with pytest.raises(ValueError, match="must"):
        Costs(np.array(matrix, float), np.array(shares))


def test_training_photos_may_choose_where_they_were_left_out() -> None:
    data = real_world(20, width=1.5).training
    found = left_out(data, LABELS, plain_space(), 10.0)
    assert found is not None
    photos = Answered(found.probabilities, found.truth, found.groups, "training photos, left out")
    metrics = cross_validate(data, LABELS, plain_space(), 10.0)
    assert metrics is not None
    right = photos.answers(CAT, USUAL) == photos.truth
    assert right.mean() == pytest.approx(metrics["accuracy"]["value"])
    assert choose_threshold(photos, CAT, Costs.of(2, CAT, 4.0, 1.0)).low is not None
