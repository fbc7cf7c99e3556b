"""Leaks: one certain copy is a problem, likeness alone is not, and no test photo is no answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catstudio.audit import AuditData, Verdict
from catstudio.audit.leakage import CHECK, run
from tests.audit.conftest import Batch, audit_data

PHOTOS = (Batch("cat", 40), Batch("dog", 40), Batch("cat", 25, split="test"))
PHOTOS += (Batch("dog", 25, split="test"), Batch("cat", 10, split="val"))
TEST, VAL = 80, 130


def with_items(data: AuditData, changed: dict[int, dict[str, Any]]) -> AuditData:
    items = [replace(item, **changed.get(i, {})) for i, item in enumerate(data.items)]  # type: ignore[type-var]
    return replace(data, items=items)


def with_rows(data: AuditData, same: dict[int, int]) -> AuditData:
    x = data.x.copy()
    for copy, original in same.items():
        x[copy] = x[original]
    return replace(data, x=x)


def test_photos_of_their_own_do_not_leak() -> None:
    for seed in range(10):
        found = run(audit_data(*PHOTOS, seed=seed))
        assert found.verdict is Verdict.OK and found.value == 0.0 and not found.images
    assert found.id == CHECK.id and found.n == 50 and not found.advice
    assert found.text.startswith("0 of 50 test photos have a near-copy in training.")


@pytest.mark.parametrize("column", ["sha256", "lineages", "dhash"])
def test_one_certain_copy_is_a_problem_and_shown_beside_its_original(column: str) -> None:
    data = audit_data(*PHOTOS)
    change = {column: getattr(data.items[5], column)}
    found = run(with_items(data, {TEST: change}))
    assert found.verdict is Verdict.PROBLEM and found.value == pytest.approx(1 / 50)
    assert found.low is not None and found.high is not None and found.low < 1 / 50 < found.high
    assert [(one.id, one.beside) for one in found.images] == [("02-00000", "00-00005")]
    assert "1 for certain" in found.text and "Take one of each pair out" in found.advice
    assert found.details["pairs"][0]["is_certain"]


def test_a_copy_among_the_validation_photos_counts_too() -> None:
    data = audit_data(*PHOTOS)
    found = run(with_items(data, {VAL: {"sha256": data.items[5].sha256}}))
    assert found.verdict is Verdict.PROBLEM and found.value == 0.0
    assert found.details["near_val"] == 1
    assert "Of 10 validation photos, 1 have one" in found.text


def test_one_photo_that_only_looks_like_a_copy_is_worth_a_look() -> None:
    data = audit_data(*PHOTOS)
    one = run(with_rows(data, {TEST: 5}))
    assert one.verdict is Verdict.LOOK and "Look at the pairs" in one.advice
    two = run(with_rows(data, {TEST: 5, TEST + 1: 6}))
    assert two.verdict is Verdict.PROBLEM and two.details["seen"] == {"alone": 2}


def test_the_surest_copies_come_first() -> None:
    data = with_rows(audit_data(*PHOTOS), {TEST: 5})
    found = run(with_items(data, {TEST + 9: {"sha256": data.items[6].sha256}}))
    assert [pair["seen"] for pair in found.details["pairs"]] == ["bytes", "alone"]


def test_without_test_photos_nothing_is_said() -> None:
    none = run(audit_data(Batch("cat", 20), Batch("dog", 20)))
    assert none.verdict is Verdict.UNKNOWN and none.value is None and "Add real" in none.advice
    only_val = run(audit_data(Batch("cat", 20), Batch("dog", 20), Batch("cat", 5, split="val")))
    assert only_val.verdict is Verdict.UNKNOWN and only_val.value is None
    assert "There is no test photo yet." in only_val.text


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(audit_data(*PHOTOS, check_cancelled=stop))
