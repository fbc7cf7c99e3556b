"""A gain is split into what was learned and what only moved the threshold, and is told so."""

from __future__ import annotations

import json

import numpy as np
import pytest

from catstudio.learn.paired import mcnemar_exact
from catstudio.learn.worth import wording
from catstudio.learn.worth.arms import Arm, TestPhotos
from catstudio.learn.worth.comparison import as_json, compare

N = 200
TRUTH = np.repeat([0, 1], N)
TEST = TestPhotos(np.zeros((2 * N, 1)), TRUTH, np.arange(2 * N))


def arm(margin: np.ndarray, lacks: tuple[str, ...] = ()) -> Arm:
    """Scores of ±``margin``: above 0 it says the second label."""
    return Arm(1, np.stack([-margin, margin], axis=1), TEST, lacks)


def margins(distance: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=2 * N)
    return noise + distance * (TRUTH - 0.5)


def test_a_shift_alone_is_told_as_moving_the_threshold() -> None:
    ranked = margins(2.5)
    found = compare(arm(ranked - 1.5), arm(ranked))
    assert found.delta[1] > 0.05
    assert found.auc[0] == 0.0
    assert found.learned[0] == pytest.approx(0.0)
    assert found.moved[0] == pytest.approx(found.delta[0])
    text = wording.gain_text(found, "the real photos")
    assert "only moved the threshold" in text
    assert "taught nothing" in text
    assert "taught the model" not in text
    assert "that only moved the threshold" in wording.short_text(found, "the real photos")


def test_a_shift_to_a_worse_place_is_told_as_one() -> None:
    ranked = margins(2.5)
    text = wording.gain_text(compare(arm(ranked), arm(ranked - 1.5)), "the real photos")
    assert "lowered balanced accuracy" in text
    assert "only moved the threshold, to a worse place" in text


def test_a_better_ranking_is_told_as_learned() -> None:
    noise = margins(0.0)
    found = compare(arm(noise + TRUTH - 0.5), arm(noise + 2.5 * (TRUTH - 0.5)))
    assert found.auc[1] > 0
    assert found.learned[1] > 0
    text = wording.gain_text(found, "the real photos")
    assert "taught the model something:" in text
    assert "rose by" in text
    worse = wording.gain_text(
        compare(arm(noise + 2.5 * (TRUTH - 0.5)), arm(noise + TRUTH - 0.5)), "the real photos"
    )
    assert "taught the model something wrong" in worse


def test_both_at_once_are_told_both() -> None:
    noise = margins(0.0)
    found = compare(arm(noise + 1.5 * (TRUTH - 0.5) - 1.5), arm(noise + 3.0 * (TRUTH - 0.5)))
    text = wording.gain_text(found, "the real photos")
    assert "taught the model something:" in text
    assert "it moved the threshold as well" in text


def test_the_parts_sum_to_the_whole() -> None:
    found = compare(arm(margins(1.0, 1) - 0.4), arm(margins(1.4, 2) + 0.3))
    assert found.learned[0] + found.moved[0] == pytest.approx(found.delta[0])


def test_the_direction_is_the_second_less_the_first() -> None:
    worse, better = arm(margins(0.5)), arm(margins(3.0))
    there, back = compare(worse, better), compare(better, worse)
    assert there.delta[0] > 0 > back.delta[0]
    for a, b in ((there.delta, back.delta), (there.auc, back.auc), (there.moved, back.moved)):
        assert a == pytest.approx((-b[0], -b[2], -b[1]), abs=1e-9)


def test_mcnemar_counts_photos_that_one_gets_right() -> None:
    first, second = arm(margins(1.0, 1)), arm(margins(1.6, 2))
    gained = int(np.sum(second.right & ~first.right))
    lost = int(np.sum(first.right & ~second.right))
    assert compare(first, second).mcnemar_p == mcnemar_exact(gained, lost)


def test_a_label_that_is_lacking_before_or_still_is_told_apart() -> None:
    guess, known = arm(np.zeros(2 * N), ("dog",)), arm(margins(2.0))
    found = compare(guess, known)
    assert found.mcnemar_p is None
    assert found.lacks == ("dog",)
    assert not found.still_lacks
    assert "only with it" in wording.gain_text(found, "the real photos")
    assert "brought what the real photos have none of, 'dog'" in wording.short_text(
        found, "the real photos"
    )
    still = compare(guess, guess)
    assert still.still_lacks == ("dog",)
    assert "cannot be measured" in wording.gain_text(still, "the real photos")
    assert "cannot be measured" in wording.short_text(still, "the real photos")
    lost = compare(known, guess)
    assert "nothing can be trained" in wording.loss_text(lost)


def test_near_copies_in_the_test_widen_every_interval() -> None:
    first, second = margins(1.0, 1), margins(1.8, 2)
    once = compare(arm(first), arm(second))
    test = TestPhotos(np.zeros((8 * N, 1)), np.repeat(TRUTH, 4), np.repeat(np.arange(2 * N), 4))

    def fourfold(margin: np.ndarray) -> Arm:
        scores = np.stack([-margin, margin], axis=1)
        return Arm(1, np.repeat(scores, 4, axis=0), test)

    often = compare(fourfold(first), fourfold(second))
    for a, b in ((once.delta, often.delta), (once.auc, often.auc), (once.moved, often.moved)):
        assert b == pytest.approx(a, abs=0.01)


def test_as_json_it_is_plain() -> None:
    found = as_json(compare(arm(margins(1.0)), arm(margins(2.0))), "a sentence")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) == {
        "delta", "low", "high", "n", "mcnemar_p", "delta_auc", "learned", "moved", "text"
    }  # fmt: skip
    assert found["low"] < found["delta"] < found["high"]
    assert set(found["delta_auc"]) == {"value", "low", "high"}


def test_a_difference_by_chance_is_rarely_called_one() -> None:
    """Two models that are equally good: at 95% about one pair of twenty seems to differ."""
    texts = [
        wording.gain_text(compare(arm(margins(2.0, k)), arm(margins(2.0, 100_000 + k))), "it")
        for k in range(200)
    ]
    claims = sum("no difference that 400 test photos can show" not in text for text in texts)
    assert claims <= 16
