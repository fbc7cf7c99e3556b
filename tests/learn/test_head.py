"""The head on small made-up worlds whose answers are known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.core.errors import ModelFileError
from catstudio.learn.cross_validation import cross_validate, grouped_folds
from catstudio.learn.deflation import PRIOR_MATCH, Sample, outlook
from catstudio.learn.features import LOOK_SHARE, FeatureSpace, kinship, softmax, unit
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.head import Head
from catstudio.learn.kin import Kin
from catstudio.learn.lineages import LeaveOut, families, family_numbers, leave_outs, partners
from catstudio.learn.metrics import balanced_accuracy, ece
from catstudio.learn.one_class import fit_one_class, world
from catstudio.learn.open_set import MAX_EXEMPLARS, choose_exemplars
from catstudio.learn.ridge import (
    Moments,
    fit_kernel,
    fit_moments,
    fit_ridge,
    left_out_outputs,
)

DIM = 60
PLAIN = FeatureSpace(np.zeros(DIM, np.float32), np.zeros((0, 0), np.float32))


def photos(n: int, direction: int, seed: int, width: float = 1.0) -> np.ndarray:
    """Unit vectors around an axis: noise of length ``width`` beside a mean of length 1."""
    noise = np.random.default_rng(seed).normal(size=(n, DIM)) * width / np.sqrt(DIM)
    noise[:, direction] += 1.0
    return unit(noise.astype(np.float32))


def training(*groups: np.ndarray, **changes: object) -> TrainingSet:
    n = sum(len(g) for g in groups)
    settings_: dict[str, object] = {
        "x": np.concatenate(groups),
        "y": np.repeat(np.arange(len(groups)), [len(g) for g in groups]),
        "lineages": [(f"l{i}",) for i in range(n)],
        "is_real": np.ones(n, bool),
        "copies": np.ones(n),
    }
    return TrainingSet(**{**settings_, **changes})


def right(head: Head, *groups: np.ndarray) -> float:
    truth = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    return balanced_accuracy(truth, head.probabilities(np.concatenate(groups)).argmax(axis=1))


@pytest.mark.parametrize("n", [1, 3, 20])
def test_one_photo_against_many_finds_the_threshold(n: int) -> None:
    width = 1.5
    data = training(photos(n, 0, 1, width), photos(20, 1, 2, width))
    head = fit_head(data, ("cat", "not-cat"), PLAIN)
    test = photos(300, 0, 3, width), photos(300, 1, 4, width)
    assert right(head, *test) > 0.93
    p = head.probabilities(np.concatenate(test))
    assert p.sum(axis=1) == pytest.approx(np.ones(600))
    assert ece(p, np.repeat([0, 1], 300)) < 0.15


def test_five_labels_work_as_two_do() -> None:
    groups = [photos(n, c, c, 1.2) for c, n in enumerate((1, 2, 5, 10, 20))]
    head = fit_head(training(*groups), tuple("abcde"), PLAIN)
    assert right(head, *(photos(100, c, 50 + c, 1.2) for c in range(5))) > 0.9


def test_copies_count_and_change_no_threshold_much() -> None:
    cat, rest = photos(3, 0, 1), photos(8, 1, 2)
    once = fit_head(training(cat, rest), ("a", "b"), PLAIN)
    weight = np.ones(11)
    weight[0] = 30_000
    often = fit_head(training(cat, rest, copies=weight), ("a", "b"), PLAIN)
    assert (once.weights != often.weights).any()
    assert right(often, photos(200, 0, 3), photos(200, 1, 4)) > 0.9


def test_variations_of_one_seed_are_not_taken_for_agreement() -> None:
    """rho is taken between lineages: 50 near-copies leave it where one photo does."""
    seed = photos(1, 0, 1, 1.5)
    copies = unit(seed + 0.02 * np.random.default_rng(0).normal(size=(50, DIM)).astype(np.float32))
    rest = photos(20, 1, 2, 1.5)
    lineages = [("seed",)] * 51 + [(f"r{i}",) for i in range(20)]
    real = np.array([True] + [False] * 50 + [True] * 20)
    data = training(np.concatenate([seed, copies]), rest, lineages=lineages, is_real=real)
    head = fit_head(data, ("cat", "rest"), PLAIN)
    speaking = data.x[0].astype(float) @ data.x[51:].astype(float).mean(axis=0)
    expected = speaking + PRIOR_MATCH * (1 - speaking)
    assert head.info["expected_match"]["cat"] == pytest.approx(expected, abs=1e-5)
    assert head.info["n_lineages"]["cat"] == pytest.approx(1.0)
    alone = fit_head(training(seed, rest), ("cat", "rest"), PLAIN)
    test = photos(300, 0, 3, 1.5), photos(300, 1, 4, 1.5)
    assert right(head, *test) == pytest.approx(right(alone, *test), abs=0.05)


def test_deflation_of_one_photo_is_the_closed_form() -> None:
    """A single photo's own cosine of 1 is replaced by the prior: f - alpha (1 - rho).

    The prior lies ``PRIOR_MATCH`` of the way from the photo's match with the other class to 1.
    """
    data = training(photos(1, 0, 1), photos(4, 1, 2))
    targets = np.where(data.y[:, None] == np.arange(2), 1.0, -1.0)
    ridge = fit_ridge(data.x, targets, np.ones(5))
    found = outlook(
        Sample(Kin.of(data.x, data.y, partners(data.lineages)), data.y, data.is_real), ridge, 2
    )
    fitted = ridge(data.x.astype(float))[0]
    common = float((data.x[1:] @ data.x[0]).mean())
    rho = common + PRIOR_MATCH * (1 - common)
    assert found.match[0] == pytest.approx(rho, abs=1e-5)
    assert found.outputs[0] == pytest.approx(fitted - ridge.alpha[0] * (1 - rho), abs=1e-5)


@pytest.mark.parametrize("common", [0.0, 1.0, 3.0])
def test_a_common_look_moves_no_threshold(common: float) -> None:
    """Tiny pictures, or parts on one belt, match each other whatever they show.

    With the expected match below the match between the classes, one photo against eight called
    everything by the first label.
    """

    def seen(n: int, direction: int, seed: int) -> np.ndarray:
        found = photos(n, direction, seed, 1.2).copy()
        found[:, -1] += common
        return unit(found)

    head = fit_head(training(seen(1, 0, 1), seen(8, 1, 2)), ("cat", "rest"), PLAIN)
    assert right(head, seen(300, 0, 3), seen(300, 1, 4)) > 0.95


def test_ten_labels_that_are_hard_to_tell_apart_do_not_drown_each_other() -> None:
    """About as good as the largest output is, and as sure as is right.

    With a scale of its own each label that was hardly told from the rest took all answers.
    """
    axes = np.random.default_rng(0).normal(size=(10, DIM))
    axes *= np.linspace(0.15, 0.45, 10)[:, None]

    def seen(n: int, c: int, seed: int) -> np.ndarray:
        noise = np.random.default_rng(seed).normal(size=(n, DIM)) + axes[c]
        noise[:, -1] += 8.0
        return unit(noise.astype(np.float32))

    groups = [seen(20, c, c) for c in range(10)]
    head = fit_head(training(*groups), tuple("abcdefghij"), PLAIN)
    test = [seen(100, c, 50 + c) for c in range(10)]
    largest = (np.concatenate(test) @ head.weights.T + head.bias).argmax(axis=1)
    truth = np.repeat(np.arange(10), 100)
    assert right(head, *test) > balanced_accuracy(truth, largest) - 0.03
    assert ece(head.probabilities(np.concatenate(test)), truth) < 0.12


def test_primal_and_dual_agree() -> None:
    x = np.random.default_rng(0).normal(size=(80, 79))
    targets = np.sign(np.random.default_rng(1).normal(size=(80, 3)))
    weights = np.random.default_rng(2).random(80) + 0.5
    primal = fit_ridge(x, targets, weights)
    padded = fit_ridge(np.hstack([x, np.zeros((80, 1))]), targets, weights)
    assert primal.weights == pytest.approx(padded.weights[:, :79], abs=1e-8)
    assert primal.bias == pytest.approx(padded.bias, abs=1e-8)
    assert primal.alpha == pytest.approx(padded.alpha, abs=1e-8)


def test_left_out_outputs_are_those_of_refitting() -> None:
    x = photos(12, 0, 0, 3.0).astype(float)
    targets = np.sign(np.random.default_rng(1).normal(size=(12, 2)))
    weights = np.random.default_rng(2).random(12) + 0.5
    parts = [([0, 3, 4], [0, 3, 4]), ([1], [1]), ([2, 6], [2, 5, 6, 7]), ([8, 9], [5, 8, 9, 11])]
    groups = [LeaveOut(np.array(judged), np.array(out)) for judged, out in parts]
    fast = left_out_outputs(x @ x.T, targets, weights, groups)
    for judged, left_out in groups:
        kept = np.setdiff1d(np.arange(12), left_out)
        again = fit_ridge(x[kept], targets[kept], weights[kept])
        assert fast[judged] == pytest.approx(again(x[judged]), abs=1e-8)


def test_validation_photos_set_temperature_and_abstention() -> None:
    data = training(photos(30, 0, 1, 2.0), photos(30, 1, 2, 2.0))
    x = np.concatenate([photos(20, 0, 3, 2.0), photos(20, 1, 4, 2.0)])
    head = fit_head(data, ("a", "b"), PLAIN, (x, np.repeat([0, 1], 20)))
    assert head.info["temperature_from"] == "validation photos"
    assert head.info["abstention_from"] == "validation photos"
    known = head.predict(photos(200, 0, 5, 2.0))
    strange = head.predict(photos(200, 7, 6, 2.0))
    assert known.abstains.mean() < 0.2
    assert strange.abstains.mean() > known.abstains.mean()
    assert strange.open_set_score.mean() < known.open_set_score.mean()


def test_save_and_load_answer_alike() -> None:
    head = fit_head(training(photos(3, 0, 1), photos(5, 1, 2)), ("cat", "dög"), PLAIN)
    again = Head.load(head.save())
    x = photos(20, 0, 3, 3.0)
    assert again.labels == head.labels
    assert again.info == head.info
    assert again.probabilities(x) == pytest.approx(head.probabilities(x), abs=1e-4)
    assert again.predict(x).open_set_score == pytest.approx(
        head.predict(x).open_set_score, abs=1e-3
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_head_is_refused_in_words(data: st.DataObject) -> None:
    blob = fit_head(training(photos(1, 0, 1), photos(2, 1, 2)), ("a", "b"), PLAIN).save()
    cut = data.draw(st.integers(0, len(blob) - 1))
    with pytest.raises(ModelFileError, match=r"head\.safetensors"):
        Head.load(blob[:cut])
    header = data.draw(st.integers(0, 700))
    changed = blob[:header] + data.draw(st.binary(min_size=1, max_size=4)) + blob[header + 1 :]
    try:
        Head.load(changed)
    except ModelFileError as error:
        assert error.hint


def test_feature_space_reads_views_and_makes_unit_vectors() -> None:
    generator = np.random.default_rng(0)
    kin = kinship(generator.normal(size=(10, 6)), 4)
    space = FeatureSpace(np.ones(6, np.float32), kin, n_views=2)
    rows = generator.normal(size=(5, space.row_length)).astype(np.float32)
    x = space(rows)
    assert x.shape == (5, 6 + 4)
    assert x.dtype == np.float32
    assert np.linalg.norm(x, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert (x[:, :6] ** 2).sum(axis=1) == pytest.approx(np.full(5, LOOK_SHARE), abs=1e-5)
    many = np.tile(rows, (1000, 1))
    assert space(many)[-5:] == pytest.approx(x, abs=1e-5)
    assert space.pooled(rows) == pytest.approx((rows[:, :6] + rows[:, 16:22]) / 2)
    assert softmax(np.array([1000.0, 1000.0])) == pytest.approx([0.5, 0.5])


def test_kinship_brings_relatives_together() -> None:
    """Two families of classes: guesses of different members of one are kin, of two are not."""
    generator = np.random.default_rng(0)
    family = generator.normal(size=(2, 40))
    classes = np.repeat(family, 5, axis=0) + 0.5 * generator.normal(size=(10, 40))
    space = FeatureSpace(np.zeros(40, np.float32), kinship(classes, 3))
    logits = 20.0 * np.eye(10)
    rows = np.concatenate([generator.normal(size=(10, 40)), logits], axis=1).astype(np.float32)
    kin = unit(space(rows)[:, 40:])
    match = kin @ kin.T
    assert match[0, 1] > 0.7
    assert match[0, 7] < 0.0


def test_lineages_meet_in_partners_and_families() -> None:
    lineages = [("a",), ("b",), ("a", "b"), ("c",), ()]
    assert [list(p) for p in partners(lineages)] == [[0, 2], [1, 2], [0, 1, 2], [3], [4]]
    assert sorted(sorted(f) for f in families(lineages)) == [[0, 1, 2], [3], [4]]
    assert len(set(family_numbers(lineages))) == 3


def test_a_blend_is_left_out_with_either_parent_and_ties_nothing_together() -> None:
    lineages = [("a",), ("b",), ("a", "b"), ("c",), ("d", "a"), ("e",), ()]
    is_real = np.array([True, True, False, True, False, False, False])
    found = [(list(j), list(out)) for j, out in leave_outs(lineages, is_real)]
    assert found == [
        ([0], [0, 2, 4]),
        ([1], [1, 2]),
        ([3], [3]),
        ([5], [5]),
        ([6], [6]),
    ]


def test_variations_with_several_parents_leave_cross_validation_possible() -> None:
    real = np.concatenate([photos(5, 0, 1), photos(5, 1, 2)])
    made = np.concatenate([photos(20, 0, 3), photos(20, 1, 4)])
    names = [(f"p{i}",) for i in range(10)]
    names += [(f"p{i % 5}", f"p{(i + 1) % 5}") for i in range(20)]
    names += [(f"p{5 + i % 5}", f"p{5 + (i + 1) % 5}") for i in range(20)]
    y = np.concatenate([np.repeat([0, 1], 5), np.repeat([0, 1], 20)])
    is_real = np.arange(50) < 10
    data = TrainingSet(np.concatenate([real, made]), y, names, is_real, np.ones(50))
    found = cross_validate(data, ("a", "b"), PLAIN)
    assert found is not None
    assert found["n"] == 10
    assert found["accuracy"]["low"] > 0.5
    head = fit_head(data, ("a", "b"), PLAIN)
    assert head.info["temperature_from"] == "lineages left out"


def test_cross_validation_leaves_families_out() -> None:
    data = training(photos(6, 0, 1), photos(6, 1, 2))
    found = cross_validate(data, ("a", "b"), PLAIN)
    assert found is not None
    assert found["n"] == 12
    assert found["accuracy"]["value"] > 0.9
    json.dumps(found, allow_nan=False)
    # A label that means nothing: each photo's twin in its lineage would give the answer away.
    twins = np.repeat(photos(40, 3, 5, 50.0), 2, axis=0)
    names = [(f"t{i // 2}",) for i in range(80)]
    noise = TrainingSet(twins, np.arange(80) // 2 % 2, names, np.ones(80, bool), np.ones(80))
    chance = cross_validate(noise, ("a", "b"), PLAIN)
    assert chance is not None
    assert chance["balanced_accuracy"]["low"] < 0.5 < chance["balanced_accuracy"]["high"]


def test_folds_need_two_real_lineages_a_label() -> None:
    assert grouped_folds(training(photos(1, 0, 1), photos(9, 1, 2)), 2) is None
    folds = grouped_folds(training(photos(2, 0, 1), photos(9, 1, 2)), 2)
    assert folds is not None
    assert not any({0, 1} <= set(fold.judged) for fold in folds)
    assert sorted(i for fold in folds for i in fold.judged) == list(range(11))


def test_one_class_is_told_from_the_world() -> None:
    generator = np.random.default_rng(0)
    classifier = generator.normal(size=(200, 33)).astype(np.float32)
    space = FeatureSpace(np.zeros(32, np.float32), kinship(classifier[:, :-1], 16))
    everything = world(space, classifier)
    assert np.linalg.norm(everything, axis=1) == pytest.approx(np.ones(200), abs=1e-4)
    noise = generator.normal(size=(40, space.dim)).astype(np.float32)
    seen = unit(everything[3] + 0.08 * noise)
    data = training(seen[:3])
    head = fit_one_class(data, ("cat", "world"), space, classifier)
    assert (head.probabilities(seen[3:])[:, 0] > 0.5).mean() > 0.9
    assert (head.probabilities(everything[20:])[:, 0] < 0.5).mean() > 0.8
    assert head.info["one_class"] == "cat"


def test_cross_validation_can_be_stopped_between_folds() -> None:
    class StopError(Exception):
        pass

    def on_fold(done: int, total: int) -> None:
        if done == 2:
            raise StopError

    data = training(photos(6, 0, 1), photos(6, 1, 2))
    with pytest.raises(StopError):
        cross_validate(data, ("a", "b"), PLAIN, on_fold=on_fold)


def test_five_photos_keep_their_place_among_thousands() -> None:
    y = np.repeat([0, 1], [5, 10_000])
    is_real = np.ones(len(y), bool)
    kept = choose_exemplars(y, is_real)
    assert len(kept) == MAX_EXEMPLARS
    assert set(range(5)) <= set(kept.tolist())
    is_real[:] = False
    is_real[[7_000, 9_000]] = True
    assert {7_000, 9_000} <= set(choose_exemplars(y, is_real).tolist())


@pytest.mark.parametrize("in_pairs", [0, 3, 64])
def test_households_deflate_as_one_photo_after_the_other(
    in_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blends, variations and photos of one lineage, against the sum written out."""
    monkeypatch.setattr("catstudio.learn.kin.MOST_IN_PAIRS", in_pairs)
    data = training(photos(8, 0, 1, 1.5), photos(6, 1, 2, 1.5))
    lineages = [("a",), ("a",), ("b",), ("a", "b"), ("b", "a"), ("c",), (), ("c",)]
    lineages += [("d",), ("d", "e"), ("e",), ("f",), ("a",), ("g",)]
    relatives = partners(lineages)
    sample = Sample(Kin.of(data.x, data.y, relatives), data.y, np.ones(14, bool))
    targets = np.where(data.y[:, None] == np.arange(2), 1.0, -1.0)
    ridge = fit_ridge(data.x, targets, np.ones(14))
    found = outlook(sample, ridge, 2)
    for row, i in enumerate(found.index):
        kin = relatives[i]
        kin = kin[data.y[kin] == data.y[i]]
        surplus = data.x[kin] @ data.x[i] - found.match[data.y[i]]
        expected = ridge(data.x[i].astype(float)) - surplus @ ridge.alpha[kin]
        assert found.outputs[row] == pytest.approx(expected, abs=1e-5)
        assert found.share[row] == pytest.approx(1 / len(kin))


@pytest.mark.parametrize("lineages", [1, 10_000])
def test_ten_thousand_images_are_fitted_on_exemplars(lineages: int) -> None:
    data = training(
        photos(5_000, 0, 1, 2.0),
        photos(5_000, 1, 2, 2.0),
        lineages=[(f"l{i % lineages}",) for i in range(10_000)],
    )
    head = fit_head(data, ("a", "b"), PLAIN)
    assert len(head.exemplars) == MAX_EXEMPLARS


def test_thirty_thousand_copies_do_not_outvote_four_photos() -> None:
    """Four photos of five would count for nothing; they cost at most a little now."""
    once, often = [], []
    weight = np.ones(10)
    weight[0] = 30_000
    for draw in range(20):
        groups = photos(5, 0, 100 + draw, 2.5), photos(5, 1, 200 + draw, 2.5)
        test = photos(300, 0, 300 + draw, 2.5), photos(300, 1, 400 + draw, 2.5)
        once.append(right(fit_head(training(*groups), ("a", "b"), PLAIN), *test))
        copied = training(*groups, copies=weight)
        often.append(right(fit_head(copied, ("a", "b"), PLAIN), *test))
    assert np.mean(once) - np.mean(often) < 0.04


@pytest.mark.parametrize("n", [1, 2, 5, 30])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_identical_images_give_an_answer_and_no_nan(n: int, value: float) -> None:
    """All embeddings alike, or all at the centre: nothing can be told, and nothing breaks."""
    x = unit(np.full((n, DIM), value, np.float32))
    head = fit_head(training(x, x), ("a", "b"), PLAIN)
    p = head.predict(np.concatenate([x, photos(3, 0, 1)])).probabilities
    assert np.isfinite(p).all()
    three = fit_head(training(x, x, x), ("a", "b", "c"), PLAIN)
    assert np.isfinite(three.predict(x).probabilities).all()


def test_huge_imbalance_keeps_the_rare_label() -> None:
    data = training(photos(3, 0, 1, 1.5), photos(3_000, 1, 2, 1.5))
    head = fit_head(data, ("rare", "common"), PLAIN)
    test = photos(300, 0, 3, 1.5), photos(300, 1, 4, 1.5)
    assert right(head, *test) > 0.93
    assert (
        head.predict(test[0]).abstains.mean() < 0.7
    )  # nearly all, before classes counted the same


def test_same_data_same_bytes() -> None:
    data = training(photos(12, 0, 1), photos(15, 1, 2), photos(3, 2, 3))
    labels = ('"quoted"', "ночь, 🐈", "")
    first = fit_head(data, labels, PLAIN).save()
    assert first == fit_head(data, labels, PLAIN).save()
    assert Head.load(first).labels == labels


@pytest.mark.parametrize(
    "changes",
    [
        {"bias": np.zeros(3)},
        {"scale": np.array([np.nan, 1.0])},
        {"exemplars": np.zeros((0, DIM), np.float16)},
        {"temperature": 0.0},
        {"labels": ("only",), "weights": np.zeros((1, DIM)), "bias": np.zeros(1)},
    ],
)
def test_a_head_whose_parts_do_not_fit_is_refused(changes: dict[str, Any]) -> None:
    head = fit_head(training(photos(2, 0, 1), photos(2, 1, 2)), ("a", "b"), PLAIN)
    with pytest.raises(ModelFileError, match="not a usable"):
        Head.load(replace(head, **changes).save())


def test_a_soft_label_pulls_less_than_a_whole_one() -> None:
    """A blend of both classes is trained on as a part of each."""
    both = np.concatenate([photos(5, 0, 1), photos(5, 1, 2)])
    blend = photos(1, 0, 9) + photos(1, 1, 9)
    blend /= np.linalg.norm(blend)
    y = np.append(np.repeat([0, 1], 5), 0)
    names = [(f"p{i}",) for i in range(10)] + [("p0", "p5")]
    is_real = np.arange(11) < 10
    whole = TrainingSet(np.concatenate([both, blend]), y, names, is_real, np.ones(11))
    rows = np.eye(2)[y]
    rows[-1] = 0.5
    half = TrainingSet(whole.x, y, names, is_real, np.ones(11), rows)
    raw = {
        name: float((blend @ head.weights.T + head.bias)[0, 0])
        for name, head in (
            ("whole", fit_head(whole, ("a", "b"), PLAIN)),
            ("half", fit_head(half, ("a", "b"), PLAIN)),
        )
    }
    assert raw["half"] < raw["whole"]
    assert abs(raw["half"]) < abs(raw["whole"])


def test_moments_and_kernels_fit_the_same_ridge() -> None:
    """Both ways round, in parts that are summed up, against the fit of all at once."""
    x = np.random.default_rng(0).normal(size=(80, 30))
    targets = np.sign(np.random.default_rng(1).normal(size=(80, 3)))
    weights = np.random.default_rng(2).random(80) + 0.5
    whole = fit_ridge(x, targets, weights)
    parts = [
        Moments.of(x[rows], targets[rows], weights[rows] / 2) for rows in (slice(50), slice(50, 80))
    ]
    summed = fit_moments(2 * (parts[0] + parts[1]), x, targets, weights)
    dual = fit_kernel(x @ x.T, x, targets, weights)
    for other in (summed, dual):
        assert other.weights == pytest.approx(whole.weights, abs=1e-9)
        assert other.bias == pytest.approx(whole.bias, abs=1e-9)
        assert other.alpha == pytest.approx(whole.alpha, abs=1e-9)
