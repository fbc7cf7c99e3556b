"""Whose answers an audit keeps to choose thresholds on, and that they can be chosen from."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.core.errors import CancelledError
from catstudio.engine.auditing import answers_kept
from catstudio.learn.answered import costs_by
from catstudio.learn.cross_validation import left_out
from tests.audit.conftest import Batch, audit_data

pytestmark = pytest.mark.needs_engine


def both(n: int, split: str, source: str = "photo", **more: float) -> tuple[Batch, Batch]:
    return tuple(Batch(label, n, source, split, **more) for label in ("cat", "not-cat"))


def test_training_photos_choose_where_they_are_more_each_left_out() -> None:
    data = audit_data(
        *both(14, "train"), *both(20, "train", "seed", near=0.9), *both(5, "val"), *both(12, "test")
    )
    part = answers_kept(data)
    assert part["labels"] == ["cat", "not-cat"]
    assert part["choose"]["what"] == "training photos, each left out in turn"
    assert len(part["choose"]["truth"]) == 28 and len(part["judge"]["truth"]) == 24
    found = left_out(data.training, data.labels, data.head.space, data.head.info["strength"])
    assert found is not None
    assert np.allclose(part["choose"]["probabilities"], found.probabilities, atol=1e-5)
    own = data.head.probabilities(data.x[data.test])
    assert np.allclose(part["judge"]["probabilities"], own, atol=1e-5)
    assert costs_by(part, "cat", 2.0, 1.0)["points"]


def test_validation_photos_choose_where_they_are_more() -> None:
    data = audit_data(*both(4, "train"), *both(12, "val"), *both(12, "test"))
    choose = answers_kept(data)["choose"]
    assert choose["what"] == "validation photos" and len(choose["truth"]) == 24


def test_photos_of_one_burst_are_one_lineage() -> None:
    data = audit_data(*both(20, "train", family=10), *both(3, "val"), *both(12, "test"))
    assert answers_kept(data)["choose"]["what"] == "validation photos"


def test_too_few_of_either_keep_what_there_is() -> None:
    data = audit_data(Batch("cat", 1), Batch("not-cat", 4), *both(3, "test"))
    part = answers_kept(data)
    assert part["choose"]["truth"] == [] and len(part["judge"]["truth"]) == 6
    assert "too few to choose" in costs_by(part, "cat", 2.0, 1.0)["text"]


def test_it_can_be_stopped() -> None:
    def stop() -> None:
        raise CancelledError("Stopped.")

    data = audit_data(*both(14, "train"), *both(12, "test"), check_cancelled=stop)
    with pytest.raises(CancelledError):
        answers_kept(data)
