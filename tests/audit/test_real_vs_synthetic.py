"""Fakes told from photos: found where they differ, not where they do not, never from too few."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.audit import Verdict
from catstudio.audit.real_vs_synthetic import CHECK, FINE_BELOW, run
from tests.audit.conftest import Batch, audit_data

PHOTOS = (Batch("cat", 40), Batch("dog", 40), Batch("cat", 10, split="test"))


def test_images_of_another_look_are_a_problem_and_shown() -> None:
    found = run(
        audit_data(
            *PHOTOS,
            Batch("cat", 60, "diffusers", shift={-1: 0.9}),
            Batch("dog", 60, "diffusers", shift={-1: 0.9}),
        )
    )
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM and found.unit == "auc"
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.value > 0.9 and FINE_BELOW < found.low < found.value <= found.high
    assert found.n == 50 + 60 + 40 + 60 and f"n = {found.n}" in found.text
    assert "'diffusers'" in found.text and "of 100 pairs" in found.text
    assert "same share of made images" in found.advice
    assert len(found.images) == 12
    assert all(one.id.startswith(("03", "04")) and one.beside for one in found.images)
    assert "looks more made than 50 of 50 photos of it" in found.images[0].note
    assert {one["seen_by"] for one in found.details["figures"]} == {"embedding", "pixels"}
    assert set(found.details["figures"][0]["by_label"]) == {"cat", "dog"}


def test_what_only_pixels_betray_is_found_too() -> None:
    odd = {"noise": 4.0, "spectrum_15": -4.0, "noise_correlation": 3.0}
    found = run(audit_data(*PHOTOS, Batch("cat", 60, "seed", pixels=odd)))
    assert found.verdict is Verdict.PROBLEM
    assert found.details["seen_by"] == "pixels" and "by pixels alone" in found.text


@pytest.mark.parametrize("near", [None, 0.7])
def test_images_like_the_photos_are_fine(near: float | None) -> None:
    verdicts = [
        run(
            audit_data(
                *PHOTOS,
                Batch("cat", 60, "diffusers", near=near),
                Batch("dog", 60, "augment", near=0.8),
                seed=seed,
            )
        )
        for seed in range(20)
    ]
    assert [found.verdict for found in verdicts].count(Verdict.OK) >= 19
    assert all(not found.images for found in verdicts if found.verdict is Verdict.OK)
    assert all(not found.advice for found in verdicts if found.verdict is Verdict.OK)


def test_one_odd_source_among_several_is_named() -> None:
    found = run(
        audit_data(
            *PHOTOS,
            Batch("cat", 150, "augment", near=0.7),
            Batch("cat", 40, "diffusers", shift={-1: 1.2}),
        )
    )
    assert found.verdict is Verdict.PROBLEM
    assert found.details["source"] == "diffusers" and "from 'diffusers'" in found.advice


def test_too_few_says_so() -> None:
    for batches in (
        (Batch("cat", 3), Batch("dog", 40), Batch("cat", 60, "diffusers", shift={-1: 2})),
        (Batch("cat", 40), Batch("dog", 40), Batch("cat", 60, "augment", near=0.9, parents=2)),
    ):
        found = run(audit_data(*batches))
        assert found.verdict is Verdict.UNKNOWN and found.value is None
        assert "Too few to compare" in found.text and "8" in found.advice


def test_no_made_images_is_nothing_to_tell_apart() -> None:
    found = run(audit_data(*PHOTOS))
    assert found.verdict is Verdict.OK and found.value is None and not found.images
    assert "nothing to tell apart" in found.text


def test_a_label_that_cannot_be_compared_is_named() -> None:
    found = run(
        audit_data(
            Batch("cat", 40),
            Batch("dog", 3),
            Batch("cat", 60, "diffusers"),
            Batch("dog", 60, "diffusers"),
        )
    )
    assert found.value is not None and "Not compared for dog" in found.text
    without = run(audit_data(*PHOTOS, Batch("cat", 60, "diffusers")))
    assert without.value is not None and "Not compared" not in without.text


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    data = audit_data(*PHOTOS, Batch("cat", 60, "diffusers"), check_cancelled=stop)
    with pytest.raises(KeyboardInterrupt):
        run(data)


def test_the_same_data_gives_the_same_answer() -> None:
    data = audit_data(*PHOTOS, Batch("cat", 900, "diffusers"))
    first, second = run(data), run(data)
    assert first == second and np.isfinite([first.value, first.low, first.high]).all()
