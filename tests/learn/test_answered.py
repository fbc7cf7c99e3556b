"""Answers that an audit keeps: as many as are bounded, the same costs from them, shares, rates."""

from __future__ import annotations

import json

import numpy as np
import pytest

from catstudio.learn.answered import MOST_KEPT, costs_by, kept, says_something
from catstudio.learn.intervals import wilson
from catstudio.learn.threshold_costs import USUAL, Answered, Costs, threshold_costs

LABELS = ("cat", "not-cat")


def photos(n_cats: int, n_others: int, seed: int = 0, bias: float = 0.0) -> Answered:
    truth = np.repeat([0, 1], [n_cats, n_others])
    seen = np.random.default_rng(seed).normal(size=len(truth)) + 2.0 * (0.5 - truth)
    cat = 1 / (1 + np.exp(-(2.0 * seen + bias)))
    groups = np.arange(len(truth))
    return Answered(np.stack([cat, 1 - cat], axis=1), truth, groups, "test photos")


def test_what_is_kept_costs_the_same() -> None:
    choosing, test = photos(40, 40), photos(30, 60, 1)
    part = json.loads(json.dumps(kept(LABELS, choosing, test), allow_nan=False))
    found = costs_by(part, "cat", 5.0, 1.0)
    costs = Costs.of(2, 0, 5.0, 1.0, shares=np.array([1 / 3, 2 / 3]))
    whole = threshold_costs(choosing, test, LABELS, "cat", costs)
    assert found["best"]["threshold"] == pytest.approx(whole["best"]["threshold"], abs=1e-4)
    assert found["saved"]["value"] == pytest.approx(whole["saved"]["value"], abs=1e-4)
    json.dumps(found, allow_nan=False)


def test_rates_are_told_at_both_thresholds_with_wilsons_interval() -> None:
    found = costs_by(kept(LABELS, photos(40, 40), photos(30, 60, 1)), "cat", 5.0, 1.0)
    usual, best = found["rates"]
    assert usual["threshold"] == USUAL and best["threshold"] == found["best"]["threshold"]
    missed = usual["misses"]
    assert missed["n"] == 30 and best["false_alarms"]["n"] == 60
    assert (missed["low"], missed["high"]) == pytest.approx(wilson(missed["count"], 30))
    assert best["misses"]["count"] <= missed["count"]


def test_of_many_photos_the_rarer_label_stays_whole_and_its_share_is_known() -> None:
    part = kept(LABELS, photos(0, 0), photos(100, 5000))
    judge = part["judge"]
    assert len(judge["truth"]) == MOST_KEPT == len(judge["probabilities"]) == len(judge["groups"])
    assert judge["truth"].count(0) == 100
    assert judge["shares"] == pytest.approx([100 / 5100, 5000 / 5100], abs=1e-5)
    assert costs_by(part, "cat", 1.0, 1.0)["shares"]["cat"] == pytest.approx(100 / 5100, abs=1e-5)


def test_photos_that_choose_may_be_missing_or_too_few() -> None:
    for choosing in (photos(0, 0), photos(3, 3)):
        found = costs_by(kept(LABELS, choosing, photos(30, 30)), "cat", 5.0, 1.0)
        assert found["best"]["low"] is None and len(found["rates"]) == 1
        assert "too few to choose a threshold" in found["text"]
        assert not says_something(found)


def test_without_test_photos_it_says_what_is_missing() -> None:
    found = costs_by(kept(LABELS, photos(30, 30), photos(0, 0)), "cat", 5.0, 1.0, share=0.2)
    assert found["why_not"] and found["rates"] == [] and not says_something(found)
    assert found["shares"] == pytest.approx({"cat": 0.2, "not-cat": 0.8})


def test_the_others_keep_their_proportions() -> None:
    labels = ("cat", "dog", "bird")
    truth = np.repeat([0, 1, 2], [10, 30, 60])
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 100)
    test = Answered(probabilities, truth, np.arange(100), "test photos")
    found = costs_by(kept(labels, test, test), "cat", 1.0, 1.0, share=0.4)
    assert found["shares"] == pytest.approx({"cat": 0.4, "dog": 0.2, "bird": 0.4})


def test_a_crooked_model_says_something_and_an_honest_one_nothing() -> None:
    crooked = kept(LABELS, photos(300, 300, bias=3.0), photos(300, 300, 1, bias=3.0))
    assert says_something(costs_by(crooked, "cat", 1.0, 1.0))
    honest = kept(LABELS, photos(300, 300), photos(300, 300, 1))
    assert not says_something(costs_by(honest, "cat", 1.0, 1.0))


def test_answers_that_are_guesses_choose_nothing() -> None:
    """Neither always nor never saying "cat" is worse than any threshold."""
    truth = np.repeat([0, 1], 20)
    p = np.random.default_rng(0).dirichlet(np.ones(2), 40)
    guesses = Answered(p, truth, np.arange(40), "test photos")
    assert costs_by(kept(LABELS, guesses, guesses), "cat", 1.0, 1.0)["best"]["low"] is None
