"""What a weight does to training, and that it does nothing to the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catstudio.core.changes import SetWeight
from catstudio.core.types import Split
from catstudio.studio import Studio


@pytest.mark.needs_engine
def test_training_counts_copies_and_a_weight_on_a_test_photo_changes_nothing(
    tmp_path: Path, example_photos: Path
) -> None:
    names = ("astronaut", "brick", "coffee", "coins", "rocket", "camera")
    with Studio.create(tmp_path / "Cats.catstudio") as studio:
        cat = example_photos / "cat" / "chelsea.jpg"
        studio.run(studio.import_request([cat], label="cat", split="train"))
        others = [example_photos / "not-cat" / f"{name}.jpg" for name in names]
        studio.run(studio.import_request(others[:3], label="not-cat", split="train"))
        studio.run(studio.import_request(others[3:], label="not-cat", split="test"))
        flower = example_photos / "not-cat" / "flower.jpg"  # Any photo: what counts is the figures.
        studio.run(studio.import_request([flower], label="cat", split="test"))

        def trained() -> dict[str, Any]:
            run = studio.run(studio.train_request(backbone="efficientnet-lite0")).result["run"]
            report = studio.report(run)
            assert report["n_train"] == {"photo": 4}
            assert report["n_test"] == {"cat": 1, "not-cat": 3}
            return {key: report[key] for key in ("metrics", "predictions", "notes")}

        plain = trained()
        test = tuple(one.id for one in studio.images() if one.split is Split.TEST)
        studio.apply(SetWeight(test, 1000))
        assert trained() == plain
        one = next(one.id for one in studio.images() if one.name.startswith("brick"))
        studio.apply(SetWeight((one,), 2))
        assert trained()["predictions"] != plain["predictions"]
