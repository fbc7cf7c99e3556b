"""audit and report, from photos to the page: their JSON, and what they say where there is too little."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from catstudio.audit import CHECKS

pytestmark = pytest.mark.needs_engine

CONTRACT = [
    "real_vs_synthetic", "label_source_confounding", "leans_on_source", "diversity", "copies",
    "leakage", "label_errors", "image_quality", "calibration", "turkey_test",
]  # fmt: skip
FIGURE = {"id", "verdict", "value", "low", "high", "n", "text", "images"}


@pytest.fixture
def trained(cli, project: Path, shared_photos: Path) -> Path:
    """A project with a few real photos, variations of them, and one run."""
    for kind, label, n in (("cat", "cat", 14), ("dog", "not-cat", 14)):
        chosen = sorted((shared_photos / kind).glob("*.jpg"))[:n]
        assert cli("import", project, *chosen, "--label", label).status == 0
    cli("split", project, "--test-per-label", "6")
    for label in ("cat", "not-cat"):
        made = cli("generate", project, "--method", "augment", "--label", label, "--count", "10",
                   "--accept")  # fmt: skip
        assert made.status == 0
    assert cli("train", project).status == 0
    return project


def test_the_checks_of_the_contract_are_asked_in_its_order():
    assert [check.id for check in CHECKS] == CONTRACT
    for check in CHECKS:
        assert check.question.endswith("?") and check.meaning.endswith(".") and check.source


def test_a_run_is_questioned_and_told_in_one_file(
    cli, trained: Path, shared_photos: Path, tmp_path: Path
):
    early = cli("report", trained, tmp_path / "early.html")
    assert "not questioned yet" in early.out
    found = cli("audit", trained, "--json").json
    _check_contract(found)
    kept = json.loads((trained / "runs" / "0001" / "audit.json").read_text())
    assert kept["checks"] == found["checks"]

    page = tmp_path / "out.html"
    told = cli("report", trained, page, "--json")
    assert told.status == 0 and told.json["html"] == str(page)
    text = page.read_text(encoding="utf-8")
    for check in CHECKS:
        assert check.title in text
    assert "http://" not in text.replace("http://www.w3.org", "") and "<script" not in text

    folder = tmp_path / "strangers"
    folder.mkdir()
    for photo in sorted((shared_photos / "other").glob("*.jpg"))[:5]:
        shutil.copy(photo, folder)
    said = cli("audit", trained, "--strangers", folder)
    assert "The turkey test: Of 5 photos" in said.out and "Augment: 20 images" in said.out
    assert "n = " in said.out and "'augment'" not in said.out
    nothing = cli("audit", trained, "--strangers", tmp_path / "gone")
    assert nothing.status == 3 and "gone" in nothing.err


def _check_contract(found: dict) -> None:
    assert [check["id"] for check in found["checks"]] == CONTRACT
    for check in found["checks"]:
        assert check.keys() >= FIGURE
        assert check["verdict"] in ("ok", "look", "problem", "unknown") and check["text"]
        # A check that broke is told as unknown: here none may.
        assert "could not be made" not in check["text"]
    sources = {one["source"]: one for one in found["sources"]}
    assert set(sources) == {"photo", "augment"}
    assert sources["augment"]["n"] == 20 and sources["augment"]["effective_n"] > 1
    assert {"delta", "low", "high"} <= sources["augment"]["ablation"].keys()
    assert sources["photo"]["worth_real_photos"] is None


def test_without_a_run_or_test_photos(cli, project: Path, example_photos: Path):
    assert cli("audit", project).status == 4
    assert cli("import", project, example_photos / "cat", "--label", "cat").status == 0
    assert cli("train", project).status == 0
    found = cli("audit", project, "--json")
    assert found.status == 0, "one photo is an answer, too"
    assert found.json["why_not"]["sources"]
    (source,) = found.json["sources"]
    assert source["ablation"] is source["shapley"] is source["worth_real_photos"] is None
    assert all("could not be made" not in check["text"] for check in found.json["checks"])
