"""Wrong labels: found where planted, never among clean or hard photos, nor from too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catstudio.audit import Verdict
from catstudio.audit.label_errors import CHECK, contradicted, run
from catstudio.learn.label_noise import noise_of
from tests.audit.conftest import Batch, audit_data

CLEAN = (Batch("cat", 150), Batch("dog", 150), Batch("cat", 15, split="test"))
CLEAN += (Batch("dog", 15, split="test"),)
# Labelled cat, but they lie where dogs do.
WRONG = Batch("cat", 15, shift={0: -1.0, 1: 1.0}, spread=1.0)


def test_wrong_labels_are_a_problem_and_named_the_surest_first() -> None:
    found = run(audit_data(*CLEAN, WRONG))
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.low <= 15 / 345 <= found.high and found.n == 345
    suspects = found.details["suspects"]
    planted = [one for one in suspects if one["id"].startswith("04-")]
    assert len(planted) >= 10 and len(planted) >= 0.8 * len(suspects)
    assert {(one["label"], one["suggested"]) for one in planted} == {("cat", "dog")}
    sure = [one["probability"] for one in suspects]
    assert sure == sorted(sure, reverse=True) and min(sure) >= 0.9
    assert found.images[0].note.startswith("labelled cat; the rest of the data says dog with 9")
    assert "n = 345 real photos" in found.text and "correct the labels" in found.advice


def test_wrong_labels_in_the_test_photos_are_found_too() -> None:
    wrong = Batch("cat", 3, split="test", shift={0: -1.0, 1: 1.0}, spread=0.5)
    found = run(audit_data(*CLEAN, wrong))
    ids = [one["id"] for one in found.details["suspects"]]
    assert {"04-00000", "04-00001", "04-00002"} <= set(ids)
    assert found.details["n_left_out"] == 300 and found.n == 333


@pytest.mark.parametrize("spread", [1.0, 1.5, 4.0])
def test_clean_photos_are_no_problem_however_hard(spread: float) -> None:
    batches = [replace(batch, spread=spread) for batch in CLEAN]
    verdicts = [run(audit_data(*batches, seed=seed)).verdict for seed in range(10)]
    assert Verdict.PROBLEM not in verdicts
    if spread < 2.0:
        assert verdicts.count(Verdict.OK) >= 9


@pytest.mark.parametrize("held", [0, 20])
def test_a_hard_task_is_not_blamed_on_its_labels(held: int) -> None:
    photos = [Batch(label, 40, spread=6.0) for label in ("cat", "dog")]
    photos += [Batch(b.label, held, split="test", spread=6.0) for b in photos if held]
    verdicts = [run(audit_data(*photos, seed=seed)).verdict for seed in range(8)]
    assert verdicts.count(Verdict.PROBLEM) <= 1 and Verdict.OK not in verdicts


def test_so_many_wrong_labels_that_none_is_sure_are_found() -> None:
    photos = [Batch(label, 50, spread=1.0) for label in ("cat", "dog")]
    photos += [Batch(label, 25, split="test", spread=1.0) for label in ("cat", "dog")]
    wrong = [Batch("cat", 20, shift={0: -1.0, 1: 1.0}, spread=1.0)]
    wrong += [Batch("dog", 20, shift={0: 1.0, 1: -1.0}, spread=1.0)]
    found = run(audit_data(*photos, *wrong))
    assert found.verdict is Verdict.PROBLEM and "By however little" in found.text
    planted = [one for one in found.details["suspects"] if one["id"][:2] in ("04", "05")]
    assert len(planted) >= 24


def test_one_label_in_five_is_found_among_few_photos() -> None:
    """Where no contradiction is sure: the photos that remain know the held-out ones, and not these."""
    tested = (Batch("cat", 16, split="test"), Batch("dog", 16, split="test"))
    for seed in range(6):
        wrong = (Batch("cat", 3, shift={0: -1.0, 1: 1.0}), Batch("dog", 3, shift={0: 1.0, 1: -1.0}))
        found = run(audit_data(Batch("cat", 11), Batch("dog", 11), *wrong, *tested, seed=seed))
        assert found.verdict is Verdict.PROBLEM, found.text
        clean = run(audit_data(Batch("cat", 14), Batch("dog", 14), *tested, seed=seed))
        assert clean.verdict is not Verdict.PROBLEM, clean.text
    assert "28 training photos" in found.text and "Fitted without those" in found.text


def test_a_burst_with_one_wrong_label_is_one_mistake() -> None:
    burst = replace(WRONG, n=12, family=12)
    assert run(audit_data(*CLEAN, burst)).verdict is Verdict.LOOK


def test_made_images_are_not_judged() -> None:
    made = Batch("cat", 20, "diffusers", shift={0: -1.0, 1: 1.0})
    found = run(audit_data(*CLEAN, made))
    assert found.n == 330
    assert not [one for one in found.details["suspects"] if one["id"].startswith("04-")]


def test_blends_are_left_out() -> None:
    data = audit_data(*CLEAN)
    shares = np.eye(2)[data.training.y]
    shares[:7] = 0.5
    found = run(replace(data, training=replace(data.training, shares=shares)))
    assert found.n == 323 and found.details["n_left_out"] == 293


def test_too_few_photos_or_one_label_alone() -> None:
    few = run(audit_data(Batch("cat", 8), Batch("dog", 8)))
    assert few.verdict is Verdict.UNKNOWN and few.value is None and "n = 16" in few.text
    lone = run(audit_data(Batch("cat", 60), Batch("dog", 1)))
    assert lone.verdict is Verdict.UNKNOWN and "Add real photos" in lone.advice


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(audit_data(*CLEAN, check_cancelled=stop))


def test_contradicted_follows_the_thresholds_of_confident_learning() -> None:
    p = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6], [0.1, 0.9], [0.55, 0.45]])
    y = np.array([0, 0, 0, 1, 1, 1])
    rows, suggested, thresholds = contradicted(p, y)
    # Means of what photos of a label have of it: (.9 + .7 + .2) / 3 and (.6 + .9 + .45) / 3.
    np.testing.assert_allclose(thresholds, [0.6, 0.65])
    assert rows.tolist() == [2] and suggested.tolist() == [1]


@pytest.mark.parametrize("one_way", [False, True])
def test_the_noise_channel_finds_the_share_of_swapped_labels(one_way: bool) -> None:
    covered, errors = 0, []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        truth = np.arange(600) % 2
        score = generator.normal(np.where(truth == 1, 2.5, -2.5), 1.5)
        # Of two normals with these means and deviation the log-odds are this.
        odds = score * 2 * 2.5 / 1.5**2
        swapped = (generator.random(600) < 0.08) & ((truth == 1) | (not one_way))
        y = np.where(swapped, 1 - truth, truth)
        # Told with half the confidence, as by a temperature fitted to the wrong labels.
        p = 1.0 / (1.0 + np.exp(np.stack([odds, -odds], axis=1) * 0.5))
        found = noise_of(p, y)
        covered += found.low <= swapped.mean() <= found.high
        errors.append(found.share - swapped.mean())
        assert found.wrong[swapped].mean() > 10 * found.wrong[~swapped].mean()
    assert covered >= 18 and abs(np.mean(errors)) < 0.015


def test_an_honest_model_gains_nothing_by_wrong_labels() -> None:
    ratios = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        p = generator.dirichlet([0.4, 0.4, 0.4], 200)
        y = (generator.random((200, 1)) > p.cumsum(axis=1)).sum(axis=1)
        ratios.append(noise_of(p, np.minimum(y, 2)).ratio)
    assert min(ratios) >= 0.0 and np.quantile(ratios, 0.95) < 8.0
