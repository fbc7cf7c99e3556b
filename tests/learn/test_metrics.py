"""Figures against scikit-learn and closed forms."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest
from sklearn import metrics as reference

from catstudio.learn import metrics
from catstudio.learn.answer import answer_sentence, percent


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


def test_right_every_time_keeps_a_width_and_few_photos_say_little() -> None:
    """One to three photos, all right: no figure's interval is a point."""
    for n in (1, 2, 3):
        truth = np.repeat([0, 1], n)
        p = np.eye(2)[truth] * 0.8 + 0.1
        found = metrics.evaluate(p, truth, ["a", "b"])
        figures = [found[k] for k in ("accuracy", "balanced_accuracy", "auc", "ece", "brier")]
        if 2 * n >= metrics.MIN_PER_BIN:
            figures = figures[:3]
        figures += [found["per_class"]["a"][k] for k in ("recall", "precision", "f1")]
        for one in figures:
            assert one["low"] < one["high"]
    single = metrics.evaluate(np.array([[0.9, 0.1]]), np.array([0]), ["a", "b"])
    assert (single["brier"]["low"], single["brier"]["high"]) == (0.0, 2.0)


def test_near_copies_of_two_labels_break_nothing() -> None:
    """The only photo of a label may share a lineage with one of the other."""
    p, _ = _answers(6, 2)
    found = metrics.evaluate(
        p, np.array([0, 0, 0, 0, 0, 1]), ["a", "b"], np.array([0, 1, 2, 3, 4, 4])
    )
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(("n", "distance"), [(10, 0.8), (20, 2.0), (60, 2.0)])
def test_coverage_is_about_what_is_claimed(n: int, distance: float) -> None:
    """Two normals ``distance`` apart, cut half-way: 95% should neither lie nor boast."""
    normal = NormalDist()
    truths = {
        "balanced_accuracy": normal.cdf(distance / 2),
        "auc": normal.cdf(distance / np.sqrt(2)),
    }
    generator = np.random.default_rng(n)
    truth = np.repeat([0, 1], n)
    hits = dict.fromkeys(truths, 0)
    for _ in range(250):
        score = generator.normal(size=2 * n) + distance * (truth - 0.5)
        p = 1 / (1 + np.exp(-score))
        found = metrics.evaluate(np.stack([1 - p, p], 1), truth, ["a", "b"])
        for name, value in truths.items():
            hits[name] += found[name]["low"] <= value <= found[name]["high"]
    assert 0.91 <= hits["balanced_accuracy"] / 250 <= 0.98
    assert 0.93 <= hits["auc"] / 250 <= 0.99


def test_percent_never_calls_nearly_all_all() -> None:
    assert [percent(x) for x in (0.0, 1e-18, 0.0004, 0.004, 0.5, 0.996, 0.99996, 1 - 1e-16, 1)] == [
        "0", "0", "0.1", "0.4", "50", "99.6", "99.9", "100", "100",
    ]  # fmt: skip
    assert "(44 to 100%, n = 3)" in answer_sentence(
        metrics.evaluate(np.eye(2)[[0, 1, 0]], np.array([0, 1, 0]), ["cat", "not-cat"])
    )


def test_twenty_thousand_photos_are_measured() -> None:
    """Without memory in proportion to photos times resamples, which would not fit."""
    p, truth = _answers(20_000, 3)
    found = metrics.evaluate(p, truth, ["a", "b", "c"])
    assert found["n"] == 20_000
    assert found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"]


def test_a_burst_counts_for_less_than_its_photos() -> None:
    assert metrics.effective_share(np.arange(7)) == 1.0
    assert metrics.effective_share(np.repeat(np.arange(4), 5)) == pytest.approx(4 / 20)
    assert metrics.effective_share(np.array([], int)) == 1.0
    # Twelve near-copies and eight others: nine lineages, but hardly three photos' worth.
    groups = np.r_[np.zeros(12, int), np.arange(1, 9)]
    assert 20 * metrics.effective_share(groups) == pytest.approx(400 / (144 + 8))
