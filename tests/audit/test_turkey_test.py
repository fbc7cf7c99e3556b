"""The turkey test: strangers that fool the model, those it answers rightly, and its open-set figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catstudio.audit import AuditData, Strangers, Verdict
from catstudio.audit.turkey_test import (
    CHECK,
    energy_score,
    is_rest,
    neighbour_score,
    run,
    separation,
)
from tests.audit.conftest import Batch, audit_data


def asked(n: int, looks_like: int | None, abstains: bool, labels: str = "cat dog") -> AuditData:
    """``n`` strangers near class ``looks_like`` (or of no class), with a head that may abstain."""
    first, second = labels.split()
    batches = [Batch(first, 40), Batch(second, 40)]
    batches += [Batch(first, 20, split="test"), Batch(second, 20, split="test")]
    data = audit_data(*batches, strangers=n)
    if looks_like is not None:
        held = data.test[data.y[data.test] == looks_like]
        data = replace(
            data, strangers=Strangers(data.strangers.names, data.x[held[np.arange(n) % len(held)]])
        )
    head = replace(data.head, abstain_below=1.1 if abstains else -1.1, temperature=0.05)
    return replace(data, head=head)


def test_a_model_that_answers_every_stranger_is_a_problem() -> None:
    found = run(asked(60, 0, abstains=False))
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM
    assert found.value is not None and found.value > 0.9 and found.n == 60
    assert "Of 60 photos of neither class it called" in found.text
    assert "Add a label for everything else" in found.advice
    assert found.images and found.images[0].note.startswith("the training image nearest to")
    assert {one["label"] for one in found.details["strangers"] if one["is_fooled"]} == {"cat"}


def test_a_model_that_abstains_is_fine_from_enough_strangers_on() -> None:
    found = run(asked(60, 0, abstains=True))
    assert found.verdict is Verdict.OK and found.value == 0.0 and not found.images
    assert found.details["abstained"] == 60 and "It did not answer 60 of them." in found.text
    few = run(asked(3, 0, abstains=True))
    assert few.verdict is Verdict.UNKNOWN and "3 photos of neither class are too few" in few.advice


def test_the_label_for_everything_else_is_the_right_answer() -> None:
    right = run(asked(60, 1, abstains=False, labels="cat not-cat"))
    assert right.verdict is Verdict.OK and right.value is not None and right.value < 0.1
    assert "Answering 'not-cat' is right for a stranger" in right.text
    fooled = run(asked(60, 0, abstains=False, labels="cat not-cat"))
    assert fooled.verdict is Verdict.PROBLEM and "under the label for everything else" in (
        fooled.advice
    )


def test_without_strangers_or_test_photos() -> None:
    none = run(audit_data(Batch("cat", 20), Batch("dog", 20)))
    assert none.verdict is Verdict.UNKNOWN and none.value is None and "Give a folder" in none.advice
    untested = run(audit_data(Batch("cat", 20), Batch("dog", 20), strangers=20))
    assert untested.details["open_set"] == {} and "With 0 test photos" in untested.text


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        *((rest, True) for rest in ("not-cat", "Not cat", "other", "background")),
        *((label, False) for label in ("cat", "notebook", "nothing-like", "no")),
    ],
)
def test_what_counts_as_everything_else(label: str, expected: bool) -> None:
    assert is_rest(label) is expected


def test_auroc_and_fpr95_against_a_closed_form() -> None:
    # Of normals d apart, AUROC is the normal's share below d / sqrt 2, and 5% of the known lie
    # below d - 1.6449.
    generator = np.random.default_rng(0)
    known, strangers = generator.normal(1.5, 1.0, 20_000), generator.normal(0.0, 1.0, 20_000)
    found = separation(known, strangers)
    assert found.auroc[0] == pytest.approx(0.8556, abs=0.006)
    assert found.fpr95[0] == pytest.approx(0.5576, abs=0.02)
    for value, low, high in (found.auroc, found.fpr95):
        assert low < value < high and high - low < 0.03


def test_separation_of_a_few_scores_by_hand() -> None:
    # Pairs in which the known scores higher: 3 + 2 + 1.5 of 3 x 3; a tie counts half.
    found = separation(np.array([0.9, 0.5, 0.3]), np.array([0.1, 0.3, 0.6]))
    assert found.auroc[0] == pytest.approx((3 + 2 + 1.5) / 9)
    # All three known photos must pass, which is from 0.3 on.
    assert found.fpr95[0] == pytest.approx(2 / 3)
    apart = separation(np.array([0.9, 0.8]), np.array([0.1, 0.2]))
    assert apart.auroc[0] == 1.0 and apart.fpr95[0] == 0.0 and apart.auroc[1] < 1.0


def test_auroc_agrees_with_the_reference() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(1)
    known, strangers = generator.normal(1, 1, 60).round(1), generator.normal(0, 1, 80).round(1)
    truth = np.repeat([1, 0], [60, 80])
    expected = metrics.roc_auc_score(truth, np.concatenate([known, strangers]))
    assert separation(known, strangers).auroc[0] == pytest.approx(expected)


def test_scores_of_neighbours_and_energy() -> None:
    against = np.eye(4)[:3]
    x = np.array([[0.8, 0.6, 0.0, 0.0]])
    assert neighbour_score(x, against, 1)[0] == pytest.approx(0.8)
    assert neighbour_score(x, against, 2)[0] == pytest.approx(0.6)
    assert neighbour_score(x, against, 9)[0] == pytest.approx(0.0)
    # T ln(e^(2/T) + e^(1/T)) for T = 0.5, and no overflow far out.
    scores = np.array([[2.0, 1.0], [2000.0, 0.0]])
    expected = [0.5 * np.log(np.exp(4.0) + np.exp(2.0)), 2000.0]
    np.testing.assert_allclose(energy_score(scores, 0.5), expected)
