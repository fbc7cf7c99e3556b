"""train, evaluate, predict: their JSON, and what they say where there is too little."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_engine

FIGURES = ("accuracy", "balanced_accuracy", "auc")


@pytest.fixture
def photos(shared_photos: Path, tmp_path: Path) -> Path:
    """``train/`` and ``fresh/``, each with a few real photos in ``cat/``, ``dog/``, ``other/``."""
    for kind in ("cat", "dog", "other"):
        found = sorted((shared_photos / kind).glob("*.jpg"))
        for part, chosen in (("train", found[:8]), ("fresh", found[20:26])):
            folder = tmp_path / "photos" / part / kind
            folder.mkdir(parents=True)
            for path in chosen:
                shutil.copy(path, folder)
    return tmp_path / "photos"


def _check_metrics(metrics: dict, n: int) -> None:
    assert metrics["n"] == n
    for name in FIGURES:
        figure = metrics[name]
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert {"per_class", "confusion", "ece", "brier", "baseline"} <= set(metrics)


def test_the_loop_on_real_photos(cli, project, photos, tmp_path):
    for folder, label in (("cat", "cat"), ("dog", "not-cat"), ("other", "not-cat")):
        assert cli("import", project, photos / "train" / folder, "--label", label).status == 0
    drawn = cli("split", project, "--test-per-label", "4", "--json").json
    assert drawn["cat"]["test"] == drawn["not-cat"]["test"] == 4

    trained = cli("train", project, "--json")
    assert trained.status == 0
    result = trained.json
    assert result["run"] == 1
    assert result["n_test"] == {"cat": 4, "not-cat": 4}
    assert set(result["n_train"]) == {"photo"}
    assert {"embed", "fit", "evaluate"} <= set(result["seconds"])
    _check_metrics(result["metrics"], 8)

    mapping = "dog=not-cat,other=not-cat"
    tested = cli("evaluate", project, photos / "fresh", "--map", mapping, "--json")
    assert tested.status == 0
    _check_metrics(tested.json["metrics"], 18)
    assert "Right on" in cli("evaluate", project, photos / "fresh", "--map", mapping).out

    folder = photos / "fresh" / "cat"
    (folder / "broken.jpg").write_bytes(b"no photo")
    told = cli("predict", project, folder, "--json")
    assert told.status == 3
    assert "broken.jpg" in told.err
    assert len(told.json) == 6
    for row in told.json:
        assert row["label"] in ("cat", "not-cat")
        assert 0 <= row["probability"] <= 1
        assert {"path", "abstains", "open_set_score"} <= set(row)
    told = cli("predict", project, photos / "fresh" / "dog", "--threshold", "cat=0", "--json")
    assert {row["label"] for row in told.json} == {"cat"}


def test_one_photo_trains_and_says_what_is_missing(cli, project, cat_photo):
    assert cli("import", project, cat_photo, "--label", "cat").status == 0
    ran = cli("train", project, "--json")
    assert ran.status == 0
    assert ran.json["metrics"] is None
    assert "20" in ran.json["why_not"]
    assert ran.json["n_train"] == {"photo": 1}
    assert ran.json["why_not"].split(":")[0] in cli("train", project).out


def test_what_is_not_possible_now_is_status_4(cli, project, cat_photo):
    for command in (("train", project), ("predict", project, cat_photo)):
        ran = cli(*command)
        assert ran.status == 4
        assert ran.err.count("\n") >= 2


def test_bad_input_is_named(cli, filled, photos, tmp_path):
    assert cli("train", filled).status == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    for command, word in (
        (("evaluate", filled, tmp_path / "gone"), "gone"),
        (("evaluate", filled, empty), "empty"),
        (("evaluate", filled, photos / "fresh"), "dog"),
        (("evaluate", filled, photos / "fresh", "--map", "dog"), "--map"),
        (("evaluate", filled, photos / "fresh", "--run", "9"), "9"),
        (("predict", filled, empty), "image"),
        (("predict", filled, photos, "--threshold", "cat"), "--threshold cat"),
        (("predict", filled, photos, "--threshold", "cat=7"), "from 0 to 1"),
        (("predict", filled, photos, "--threshold", "dog=0.7"), "dog"),
    ):
        ran = cli(*command)
        assert ran.status == 3, command
        assert word in ran.err


def test_an_unknown_backbone_is_named(cli, filled):
    ran = cli("train", filled, "--backbone", "no-such-backbone")
    assert ran.status in (3, 4)
    assert "no-such-backbone" in ran.err
