"""Variety: a source that repeats itself is found, one as varied as photos is fine."""

from __future__ import annotations

import pytest

from catstudio.audit import Verdict
from catstudio.audit.diversity import CHECK, run
from tests.audit.conftest import Batch, audit_data

PHOTOS = (Batch("cat", 40), Batch("dog", 40))


def test_a_generator_that_repeats_itself() -> None:
    found = run(audit_data(*PHOTOS, Batch("cat", 60, "diffusers", near=0.97, parents=1)))
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM, found.text
    assert found.n == 60 and "60 images of cat from 'diffusers'" in found.text
    assert "different ones" in found.text and "more different photos" in found.advice
    assert len(found.images) == 12 and all(one.beside != one.id for one in found.images)
    assert found.details["sources"][0]["coverage"] < 0.5


def test_one_label_alone_is_found_among_varied_ones() -> None:
    found = run(
        audit_data(
            *PHOTOS, Batch("dog", 60, "seed"), Batch("cat", 60, "seed", near=0.97, parents=1)
        )
    )
    assert found.verdict is Verdict.PROBLEM and "of cat" in found.text


@pytest.mark.parametrize("near", [None, 0.6])
def test_images_as_varied_as_photos_are_fine(near: float | None) -> None:
    found = [
        run(audit_data(*PHOTOS, Batch("cat", 60, "diffusers", near=near), seed=s))
        for s in range(20)
    ]
    assert [one.verdict for one in found].count(Verdict.OK) >= 19
    assert found[0].details["sources"][0]["kid"] is not None


def test_wide_variations_of_a_few_pictures_repeat_each_other() -> None:
    # Much unlike its picture each, and nobody says which it was made from.
    tested = (Batch("cat", 20, split="test"), Batch("dog", 20, split="test"))
    varied = Batch("cat", 24, "diffusers", near=0.75, parents=4, is_declared=False)
    found = run(audit_data(Batch("dog", 5), Batch("cat", 5), *tested, varied))
    assert found.verdict is Verdict.PROBLEM, found.text
    told = found.details["repeats"][0]
    assert told["source"] == "diffusers" and told["n"] == 24 and told["k"] >= 16
    assert f"{told['k']} of 24 images from 'diffusers' have another one" in found.text
    few = run(audit_data(*PHOTOS, *tested, Batch("cat", 24, "diffusers", near=0.3)))
    assert few.verdict is Verdict.OK and "have another one" not in few.text


def test_augmentations_are_meant_to_repeat_their_photo() -> None:
    found = run(audit_data(*PHOTOS, Batch("cat", 60, "augment", near=0.8, parents=30)))
    assert found.details["repeats"] == []


def test_too_few_or_nothing_made() -> None:
    few = run(audit_data(Batch("cat", 3), Batch("dog", 40), Batch("cat", 60, "seed", near=0.9)))
    assert few.verdict is Verdict.UNKNOWN and "Too few to compare" in few.text
    none = run(audit_data(*PHOTOS))
    assert none.verdict is Verdict.OK and none.value is None


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(audit_data(*PHOTOS, Batch("cat", 60, "seed"), check_cancelled=stop))
