"""Figures against scikit-learn and closed forms."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from sklearn import metrics as reference

from catstudio.learn import metrics


def _answers(n: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, classes, n)
    scores = generator.normal(size=(n, classes)) + 1.5 * np.eye(classes)[truth]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return probabilities, truth


@pytest.mark.parametrize("classes", [2, 4])
def test_figures_are_scikit_learns(classes: int) -> None:
    p, truth = _answers(150, classes)
    labels = [f"l{c}" for c in range(classes)]
    found = metrics.evaluate(p, truth, labels)
    predicted = p.argmax(axis=1)
    assert found["n"] == 150
    assert found["accuracy"]["value"] == pytest.approx(reference.accuracy_score(truth, predicted))
    assert found["balanced_accuracy"]["value"] == pytest.approx(
        reference.balanced_accuracy_score(truth, predicted)
    )
    area = (
        reference.roc_auc_score(truth, p[:, 1])
        if classes == 2
        else reference.roc_auc_score(truth, p, multi_class="ovr", average="macro")
    )
    assert found["auc"]["value"] == pytest.approx(area)
    assert found["confusion"] == reference.confusion_matrix(truth, predicted).tolist()
    precision, recall, f1, support = reference.precision_recall_fscore_support(truth, predicted)
    for c, label in enumerate(labels):
        row = found["per_class"][label]
        assert row["precision"]["value"] == pytest.approx(precision[c])
        assert row["recall"]["value"] == pytest.approx(recall[c])
        assert row["f1"]["value"] == pytest.approx(f1[c])
        assert row["n"] == support[c]
    one_hot = np.eye(classes)[truth]
    assert found["brier"]["value"] == pytest.approx(((p - one_hot) ** 2).sum(axis=1).mean())
    for name in ("accuracy", "balanced_accuracy", "auc", "ece", "brier"):
        figure = found[name]
        assert figure["low"] <= figure["value"] <= figure["high"]
    json.dumps(found, allow_nan=False)


def test_auc_counts_ties_half() -> None:
    scores = np.round(np.random.default_rng(0).random(80), 1)
    positive = np.random.default_rng(1).random(80) < 0.4
    assert metrics.auc(scores, positive) == pytest.approx(reference.roc_auc_score(positive, scores))


def test_weighted_auc_is_scikit_learns() -> None:
    generator = np.random.default_rng(0)
    scores, positive = np.round(generator.random(60), 1), generator.random(60) < 0.5
    weights = generator.integers(0, 4, (5, 60)).astype(float)
    ours = metrics.weighted_auc(scores, positive, weights)
    theirs = [reference.roc_auc_score(positive, scores, sample_weight=w) for w in weights]
    assert ours == pytest.approx(theirs)


def test_ece_of_honest_and_of_boastful_answers() -> None:
    truth = np.array([0, 1] * 500)
    honest = np.full((1000, 2), 0.5)
    assert metrics.ece(honest, truth) == pytest.approx(0.0, abs=0.05)
    boastful = np.tile([0.99, 0.01], (1000, 1))
    assert metrics.ece(boastful, truth) == pytest.approx(0.49)


def test_bins_hold_equally_many() -> None:
    p, truth = _answers(151, 2)
    sizes = [len(b) for b in metrics.calibration_bins(p, truth)]
    assert len(sizes) == metrics.MAX_BINS
    assert max(sizes) - min(sizes) <= 1


def test_one_label_has_no_ranking_and_breaks_nothing() -> None:
    p, _ = _answers(6, 2)
    found = metrics.evaluate(p, np.zeros(6, int), ["cat", "not-cat"])
    assert found["auc"]["value"] is None
    assert found["per_class"]["not-cat"]["recall"]["value"] is None
    json.dumps(found, allow_nan=False)


def test_near_copies_widen_the_interval() -> None:
    p, truth = _answers(40, 2)
    copied_p, copied = np.repeat(p, 10, axis=0), np.repeat(truth, 10)
    groups = np.repeat(np.arange(40), 10)
    once = metrics.evaluate(p, truth, ["a", "b"])
    again = metrics.evaluate(copied_p, copied, ["a", "b"], groups)
    for name in ("accuracy", "balanced_accuracy", "auc"):
        assert again[name]["value"] == pytest.approx(once[name]["value"])
        assert again[name]["low"] == pytest.approx(once[name]["low"], abs=0.01)


def test_baseline_is_the_commonest_label() -> None:
    p, _ = _answers(10, 2)
    found = metrics.evaluate(p, np.array([1] * 7 + [0] * 3), ["cat", "not-cat"])
    assert found["baseline"] == {"label": "not-cat", "accuracy": 0.7, "balanced_accuracy": 0.5}


def test_intervals_cover_the_truth() -> None:
    """Recall 0.9 and 0.8 with 20 a label: the interval of the mean holds 0.85 nearly always."""
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1], 20)
    hits = 0
    for _ in range(100):
        right = generator.random(40) < np.where(truth == 0, 0.9, 0.8)
        p = np.where((truth == 0) == right, 0.8, 0.2)
        figure = metrics.evaluate(np.stack([p, 1 - p], 1), truth, ["a", "b"])["balanced_accuracy"]
        hits += figure["low"] <= 0.85 <= figure["high"]
    assert hits >= 90


def test_a_thousand_photos_take_a_moment() -> None:
    p, truth = _answers(1000, 2)
    started = time.perf_counter()
    metrics.evaluate(p, truth, ["a", "b"])
    assert time.perf_counter() - started < 5.0
