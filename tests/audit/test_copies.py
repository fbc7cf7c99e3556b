"""Copies among generated images: found where planted, never among augmentations or from too few."""

from __future__ import annotations

import pytest

from catstudio.audit import Verdict
from catstudio.audit.copies import CHECK, run
from tests.audit.conftest import Batch, audit_data

PHOTOS = (Batch("cat", 40), Batch("dog", 40), Batch("cat", 10, split="test"))


@pytest.mark.parametrize("is_declared", [True, False])
def test_near_copies_are_a_problem_and_shown_beside_their_photo(is_declared: bool) -> None:
    copies = Batch("cat", 30, "diffusers", near=0.98, is_declared=is_declared)
    found = run(audit_data(*PHOTOS, copies, Batch("cat", 70, "diffusers", near=0.1)))
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM
    assert found.value is not None and 0.3 <= found.value <= 0.36 and found.n == 100
    assert "of 100 generated images (3" in found.text and "90 real photos" in found.text
    assert found.images[0].beside.startswith("00-") and "from 'diffusers'" in found.images[0].note
    assert "higher strength" in found.advice
    assert 30 <= found.details["by_source"]["diffusers"]["copies"] <= 36


@pytest.mark.parametrize("near", [None, 0.1])
def test_images_of_their_own_are_fine(near: float | None) -> None:
    verdicts = [
        run(audit_data(*PHOTOS, Batch("cat", 60, "diffusers", near=near), seed=s)).verdict
        for s in range(20)
    ]
    # Photos are hardly a measure for made images when a few of them happen to be near many.
    assert Verdict.PROBLEM not in verdicts and verdicts.count(Verdict.OK) >= 14


def test_augmentations_are_meant_to_be_near() -> None:
    found = run(audit_data(*PHOTOS, Batch("cat", 60, "augment", near=0.99)))
    assert found.verdict is Verdict.OK and found.value is None
    assert "60 augmentations, blends and copies are meant to be near" in found.text


def test_too_few_photos_or_nothing_made() -> None:
    few = run(audit_data(Batch("cat", 1), Batch("dog", 5), Batch("cat", 60, "seed", near=0.99)))
    assert few.verdict is Verdict.UNKNOWN and "Too few real photos (n = 6)" in few.text
    none = run(audit_data(*PHOTOS))
    assert none.verdict is Verdict.OK and "No training image was generated" in none.text


def test_a_burst_among_the_photos_does_not_hide_copies() -> None:
    photos = (*PHOTOS, Batch("cat", 2, near=0.999, is_declared=False))
    found = run(audit_data(*photos, Batch("cat", 40, "diffusers", near=0.95)))
    assert found.verdict is Verdict.PROBLEM


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(audit_data(*PHOTOS, Batch("cat", 9, "diffusers"), check_cancelled=stop))
