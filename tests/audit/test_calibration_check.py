"""Calibration: an overconfident model is found, an honest one not blamed, however few its photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catstudio.audit import AuditData, Verdict
from catstudio.audit.calibration import CHECK, honest_errors, reliability, run
from catstudio.learn.features import softmax
from catstudio.learn.metrics import ece
from tests.audit.conftest import Batch, audit_data


def honest(n: int, seed: int = 0, sureness: float = 1.0, family: int = 1) -> AuditData:
    """``n`` test photos whose labels are drawn as the head says, then told ``sureness`` times."""
    hard = [Batch(label, n // 2, split="test", spread=4.0, family=family) for label in "ab"]
    data = audit_data(Batch("a", 30, spread=4.0), Batch("b", 30, spread=4.0), *hard, seed=seed)
    p = data.head.probabilities(data.x[data.test].astype(np.float64))
    y = data.y.copy()
    y[data.test] = np.random.default_rng(seed).random(len(p)) < p[:, 1]
    head = replace(data.head, temperature=data.head.temperature / sureness)
    return replace(data, y=y, head=head)


@pytest.mark.parametrize("n", [40, 200, 1000])
def test_an_honest_model_is_not_blamed(n: int) -> None:
    verdicts = [run(honest(n, seed)).verdict for seed in range(12)]
    assert Verdict.PROBLEM not in verdicts and verdicts.count(Verdict.LOOK) <= 2


def test_enough_photos_allow_to_call_it_honest() -> None:
    found = run(honest(1000))
    assert found.id == CHECK.id and found.verdict is Verdict.OK and not found.advice
    assert found.n == 1000 and found.unit == "error" and "n = 1000 test photos" in found.text


def test_an_overconfident_model_is_a_problem_and_its_surest_mistakes_are_shown() -> None:
    found = run(honest(600, sureness=6.0))
    assert found.verdict is Verdict.PROBLEM and "Do not trust its percentages" in found.advice
    assert found.low is not None and found.value is not None and found.high is not None
    assert found.low <= found.value <= found.high and "surer than it is right" in found.text
    assert found.details["surer_than_right"] > 0.08 and found.details["chance_if_honest"] < 0.005
    assert found.images[0].note.startswith("said ") and ", is " in found.images[0].note


def test_too_modest_a_model_is_worth_a_look_only() -> None:
    found = run(honest(600, sureness=0.15))
    assert found.verdict is Verdict.LOOK and "too modest" in found.advice
    assert found.details["surer_than_right"] < 0.0


def test_too_few_photos_say_nothing() -> None:
    none = run(audit_data(Batch("a", 20), Batch("b", 20)))
    assert none.verdict is Verdict.UNKNOWN and none.value is None and none.n == 0
    found = run(honest(10))
    assert found.verdict is Verdict.UNKNOWN and "(n = 10)" in found.text
    assert found.advice == "Add 10 or more real test photos."


def test_the_error_of_constant_confidence_is_its_distance_from_the_share_right() -> None:
    # One bin would say |0.8 - 0.5|; in bins each misses by the same, whatever their number.
    p = np.tile([0.8, 0.2], (200, 1))
    truth = np.arange(200) % 2
    points = reliability(p, truth)
    assert sum(point["n"] for point in points) == 200
    assert all(point["confidence"] == pytest.approx(0.8) for point in points)
    whole = sum(point["n"] * point["accuracy"] for point in points) / 200
    assert whole == pytest.approx(0.5)
    assert ece(p, np.zeros(200, np.intp)) == pytest.approx(0.2)
    assert ece(p, np.ones(200, np.intp)) == pytest.approx(0.8)


def test_what_an_honest_model_shows_by_chance_has_a_closed_form() -> None:
    # The error of one bin of n photos at confidence c is |mean of Bernoulli(c) - c|, nearly
    # normal: its mean is sqrt(2 c (1 - c) / (pi n)). Bins of one confidence average the same.
    p = np.tile([0.7, 0.3], (1000, 1))
    sizes = np.array([point["n"] for point in reliability(p, np.zeros(1000, np.intp))])
    errors = np.sqrt(2 * 0.7 * 0.3 / (np.pi * sizes))
    expected = float((errors * sizes).sum()) / 1000
    found = honest_errors(p, np.arange(1000))
    assert found.expected == pytest.approx(expected, rel=0.05)
    assert found.chance_of(0.0) == 1.0 and found.chance_of(1.0) == pytest.approx(1 / 2001)


def test_photos_of_one_family_are_right_together() -> None:
    p = softmax(np.random.default_rng(0).normal(size=(300, 2)))
    apart, together = honest_errors(p, np.arange(300)), honest_errors(p, np.arange(300) // 10)
    assert together.expected > apart.expected
