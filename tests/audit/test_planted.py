"""Planted flaws are found, and the same data without them is not blamed, over several draws.

Made-up embeddings, so that it takes seconds; ``benchmarks/truth.py`` asks the same of real photos.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catstudio.audit import CHECKS, Verdict
from tests.audit.conftest import Batch, audit_data

DRAWS = 4
ABOUT_THE_MODEL = ("calibration", "turkey_test")
"""They judge the model that came of the data, and are right to blame a weak one."""
TESTED = (Batch("cat", 20, split="test"), Batch("dog", 20, split="test"))
PHOTOS = (*TESTED, Batch("cat", 30), Batch("dog", 30))
MANY = (*TESTED, Batch("cat", 150), Batch("dog", 150))
ASKED = {check.id: check.run for check in CHECKS}

Planted = tuple[tuple[Batch, ...], tuple[Batch, ...]]


def _made(label: str, n: int, **how: object) -> Batch:
    return Batch(label, n, "diffusers", **how)  # type: ignore[arg-type]


def _both(make: Callable[[str], Batch]) -> tuple[Batch, ...]:
    return (*PHOTOS, make("cat"), make("dog"))


CLEAN = _both(lambda label: _made(label, 24))
FLAWS: dict[str, tuple[str, Planted]] = {
    "source": (
        "label_source_confounding",
        ((*PHOTOS, _made("cat", 24)), CLEAN),
    ),
    "codec": (
        "label_source_confounding",
        ((*TESTED, Batch("cat", 30, format="PNG"), Batch("dog", 30)), PHOTOS),
    ),
    "cast": (
        "label_source_confounding",
        (
            (*TESTED, Batch("cat", 30, pixels={"edge_red": 3, "edge_blue": -3}), Batch("dog", 30)),
            PHOTOS,
        ),
    ),
    "generator": (
        "real_vs_synthetic",
        (_both(lambda label: _made(label, 24, pixels={"noise": 4, "spectrum_12": 4})), CLEAN),
    ),
    "copies": (
        "copies",
        (_both(lambda label: _made(label, 24, near=0.98, is_declared=False)), CLEAN),
    ),
    "collapse": ("diversity", (_both(lambda label: _made(label, 24, near=0.9, parents=1)), CLEAN)),
    "leak": (
        "leakage",
        (
            (
                *PHOTOS,
                Batch("cat", 6, split="test", near=0.995),
                Batch("dog", 6, split="test", near=0.995),
            ),
            PHOTOS,
        ),
    ),
    "mislabels": (
        "label_errors",
        ((*MANY, Batch("cat", 15, spread=1.0, shift={0: -1.0, 1: 1.0})), MANY),
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_planted_flaw_is_found_and_its_clean_twin_is_not_blamed(flaw: str) -> None:
    id_, (flawed, clean) = FLAWS[flaw]
    found = [ASKED[id_](audit_data(*flawed, seed=seed)) for seed in range(DRAWS)]
    assert all(one.verdict is Verdict.PROBLEM for one in found), [one.text for one in found]
    blamed = [
        one.text
        for seed in range(DRAWS)
        if (one := ASKED[id_](audit_data(*clean, seed=100 + seed))).verdict is Verdict.PROBLEM
    ]
    assert not blamed


@pytest.mark.parametrize("clean", [PHOTOS, CLEAN], ids=["photos", "photos and made"])
def test_no_check_blames_clean_data(clean: tuple[Batch, ...]) -> None:
    for seed in range(2):
        data = audit_data(*clean, seed=200 + seed)
        for id_, run in ASKED.items():
            found = run(data)
            assert found.verdict is not Verdict.PROBLEM or id_ in ABOUT_THE_MODEL, found.text
