"""Fits without the photos that contradict them: wrong labels go, right ones stay, nothing peeks."""

from __future__ import annotations

import numpy as np

from catstudio.learn.cleaned import MIN_KEPT, cleaned, left_out_by_cleaned
from catstudio.learn.cross_validation import left_out
from tests.audit.conftest import Batch, audit_data

TESTED = (Batch("cat", 20, split="test"), Batch("dog", 20, split="test"))
# Labelled cat and dog the wrong way round.
SWAPPED = (
    Batch("cat", 5, shift={0: -1.0, 1: 1.0}),
    Batch("dog", 5, shift={0: 1.0, 1: -1.0}),
)
PLANTED = (Batch("cat", 15), Batch("dog", 15), *SWAPPED, *TESTED)


def test_wrong_labels_go_with_all_that_was_made_from_their_photos() -> None:
    made = Batch("cat", 20, "augment", near=0.9)
    data = audit_data(*PLANTED[:4], made, *TESTED)
    wrong = np.array([i for i, names in enumerate(data.training.lineages) if names[0][0] in "23"])
    found = cleaned(data.training, data.labels, data.head.space)
    bad = {data.training.lineages[i][0] for i in wrong}
    left = [names[0] for names in found.lineages]
    assert sum(name in bad for name in left) <= 4
    assert sum(name not in bad for name in left) >= 36


def test_clean_photos_stay() -> None:
    data = audit_data(Batch("cat", 20), Batch("dog", 20), Batch("dog", 10, "seed"), *TESTED)
    found = cleaned(data.training, data.labels, data.head.space)
    assert len(found.y) >= 48


def test_a_label_that_contradicts_itself_keeps_its_best_photos() -> None:
    photos = (Batch("cat", 8, shift={0: -1.0, 1: 1.0}), Batch("dog", 20))
    data = audit_data(*photos, *TESTED)
    found = cleaned(data.training, data.labels, data.head.space)
    assert np.bincount(found.y)[0] >= MIN_KEPT


def test_photos_judged_by_cleaned_heads_are_answered_as_new_ones_are() -> None:
    shares = []
    for seed in range(4):
        data = audit_data(*PLANTED, seed=seed)
        answer = left_out_by_cleaned(data.training, data.labels, data.head.space)
        plain = left_out(data.training, data.labels, data.head.space)
        assert answer is not None and plain is not None
        found, head = answer
        contradicted = found.probabilities.argmax(axis=1) != data.training.y
        is_swapped = np.arange(len(contradicted)) >= 30
        shares.append(
            [
                contradicted[is_swapped].mean(),
                contradicted[~is_swapped].mean(),
                np.mean(plain.probabilities[~is_swapped].argmax(axis=1) != plain.truth[:30]),
                np.mean(head.probabilities(data.x[data.test]).argmax(axis=1) != data.y[data.test]),
            ]
        )
    swapped, right, before, held = np.mean(shares, axis=0)
    assert swapped >= 0.8 and right < 0.1 and held < 0.1
    assert right <= before


def test_too_few_photos_of_a_label() -> None:
    data = audit_data(Batch("cat", 1), Batch("dog", 20), *TESTED)
    assert left_out_by_cleaned(data.training, data.labels, data.head.space) is None
    assert len(cleaned(data.training, data.labels, data.head.space).y) == 21
