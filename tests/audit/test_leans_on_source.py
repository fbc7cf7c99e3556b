"""Leaning on the source: found where made images of one label look unlike photos, else not."""

from __future__ import annotations

import pytest

from catstudio.audit import Verdict
from catstudio.audit.leans_on_source import CHECK, run
from tests.audit.conftest import Batch, audit_data

TEST = (Batch("cat", 40, split="test", spread=3.5), Batch("dog", 40, split="test", spread=3.5))
MORE = (Batch("cat", 80, split="test", spread=3.5), Batch("dog", 80, split="test", spread=3.5))


def test_a_model_that_takes_made_for_cat_is_found() -> None:
    found = run(
        audit_data(
            Batch("cat", 12, spread=3.5),
            Batch("dog", 60, spread=3.5),
            Batch("cat", 150, "diffusers", shift={-1: 3.0}, spread=3.5),
            *MORE,
        )
    )
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM, found.text
    assert found.value is not None and found.n == 160
    assert "n = 160" in found.text and "a gap of" in found.text
    assert "same share of made images" in found.advice


@pytest.mark.parametrize("spread", [1.5, 3.0])
def test_images_like_photos_are_no_crutch(spread: float) -> None:
    verdicts = [
        run(
            audit_data(
                Batch("cat", 60, spread=spread),
                Batch("dog", 60, spread=spread),
                Batch("cat", 60, "diffusers", spread=spread),
                Batch("dog", 60, "augment", near=0.8, spread=spread),
                *(Batch(b.label, 40, split="test", spread=spread) for b in TEST),
                seed=seed,
            )
        ).verdict
        for seed in range(20)
    ]
    assert sum(v in (Verdict.PROBLEM, Verdict.LOOK) for v in verdicts) <= 1


def test_too_few_or_nothing_made() -> None:
    none = run(audit_data(Batch("cat", 40), Batch("dog", 40), *TEST))
    assert none.verdict is Verdict.OK and "no source to lean on" in none.text
    few = run(audit_data(Batch("cat", 2), Batch("dog", 40), Batch("cat", 60, "seed"), *TEST))
    assert few.verdict is Verdict.UNKNOWN and "Too few to tell" in few.text
    untested = run(audit_data(Batch("cat", 40), Batch("dog", 40), Batch("cat", 60, "seed")))
    assert untested.verdict is Verdict.UNKNOWN and untested.value is None
    assert "Too few real test photos (n = 0)" in untested.text


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    data = audit_data(
        Batch("cat", 40), Batch("dog", 40), Batch("cat", 60, "seed"), check_cancelled=stop
    )
    with pytest.raises(KeyboardInterrupt):
        run(data)
