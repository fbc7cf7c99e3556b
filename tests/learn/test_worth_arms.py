"""What the head of a part answers, and where its thresholds would have been best."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.learn.metrics import balanced_accuracy
from catstudio.learn.worth.arms import Arm, Arms, TestPhotos, best_shifts, labels_without
from catstudio.learn.worth.fits import PartFitter
from tests.learn.worth_world import LABELS, real_world, unseen


def reached(scores: np.ndarray, truth: np.ndarray, shifts: np.ndarray) -> float:
    return balanced_accuracy(truth, (scores + shifts).argmax(axis=1))


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(0, 2))
def test_with_two_labels_no_threshold_is_better(seed: int, n: int, bits: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.concatenate([[0, 1], generator.integers(0, 2, n)])
    # Rounded to binary fractions, so that many photos tie exactly.
    scores = generator.normal(size=(n + 2, 2)) + 0.3 * np.eye(2)[truth]
    scores = np.round(scores * 2**bits) / 2**bits
    gaps = np.unique(scores[:, 0] - scores[:, 1])
    tried = np.concatenate([[gaps[0] - 1], gaps, (gaps[1:] + gaps[:-1]) / 2, [gaps[-1] + 1]])
    best = max(reached(scores, truth, np.array([0.0, shift])) for shift in tried)
    assert reached(scores, truth, best_shifts(scores, truth)) == pytest.approx(best)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_with_three_labels_it_never_loses_and_comes_near_the_best(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.arange(24) % 3
    scores = generator.normal(size=(24, 3)) + np.eye(3)[truth] + [0.8, 0.0, -0.8]
    found = reached(scores, truth, best_shifts(scores, truth))
    assert found >= reached(scores, truth, np.zeros(3))
    grid = np.linspace(-3, 3, 25)
    best = max(reached(scores, truth, np.array([0.0, *s])) for s in itertools.product(grid, grid))
    assert found >= best - 0.13


def test_thresholds_that_are_best_already_stay() -> None:
    scores = np.array([[1.0, -1.0], [0.2, -0.2], [-1.0, 1.0]])
    assert best_shifts(scores, np.array([0, 0, 1])).tolist() == [0.0, 0.0]


def test_without_a_label_it_is_guessing_and_no_estimate() -> None:
    test = unseen(10)
    arm = Arm(5, np.zeros((20, 2), np.float32), test, ("dog",))
    assert arm.balanced_accuracy == 0.5
    assert arm.auc == 0.5
    for one in arm.figures.values():
        assert one["low"] is None
        assert one["high"] is None


def test_its_figures_are_those_of_the_report() -> None:
    generator = np.random.default_rng(0)
    truth = np.arange(40) % 2
    groups = np.arange(40) // 2 * 2 + truth
    test = TestPhotos(generator.normal(size=(40, 3)), truth, groups)
    scores = generator.normal(size=(40, 2)) + np.eye(2)[truth]
    arm = Arm(7, scores, test)
    assert arm.figures["balanced_accuracy"]["value"] == pytest.approx(arm.balanced_accuracy)
    assert arm.figures["auc"]["value"] == pytest.approx(arm.auc)
    # A temperature changes probabilities, and with two labels never the ranking.
    cold = Arm(7, scores, test, temperature=0.2)
    assert cold.auc == pytest.approx(arm.auc)
    assert (cold.right == arm.right).all()


def arms(on_fit: object = None, expected: int = 3) -> Arms:
    data = real_world(8).training
    fitter = PartFitter(data, np.zeros(16, np.intp), 2, 10.0)
    return Arms(fitter, data.y, LABELS, unseen(5), 1.0, on_fit, expected)  # type: ignore[arg-type]


def test_each_part_is_fitted_once_and_told_before() -> None:
    told: list[tuple[int, int]] = []
    found = arms(lambda done, expected: told.append((done, expected)))
    everything, few = np.arange(16), np.array([0, 1, 8])
    assert found.of(everything) is found.of(np.arange(16))
    assert found.of(few).n == 3
    assert told == [(0, 3), (1, 3)]


def test_what_is_expected_grows_when_there_is_more() -> None:
    told: list[tuple[int, int]] = []
    found = arms(lambda done, expected: told.append((done, expected)), expected=1)
    for k in (3, 4, 5):
        found.of(np.concatenate([np.arange(k), [9]]))
    assert all(done <= expected for done, expected in told)


def test_a_part_without_a_label_guesses() -> None:
    found = arms().of(np.arange(8))
    assert found.lacks == ("dog",)
    assert not found.scores.any()


def test_labels_without_an_image_are_named() -> None:
    assert labels_without(np.array([2, 0]), ("a", "b", "c", "d")) == ("b", "d")
    assert labels_without(np.array([], int), ("a",)) == ("a",)
