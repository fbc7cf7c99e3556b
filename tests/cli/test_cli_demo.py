"""The command demo: its options, its words and its JSON. The climb itself: tests/studio/test_ladder."""

from __future__ import annotations

from pathlib import Path

import pytest

from catstudio.cli import demo
from catstudio.core.errors import CancelledError
from catstudio.studio.ladder import Climb
from tests.report.test_ladder_page import METRICS, SKIPPED, _report, _rung


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Climb]:
    """The climbs that were begun; none is really climbed."""
    climbs: list[Climb] = []

    def run(climb: Climb) -> dict:
        climbs.append(climb)
        rungs = [_rung(title="One photo", metrics=METRICS, taught="It is one."), SKIPPED]
        for rung in rungs:
            climb._heard.finished(rung)
        report = _report(*rungs, n_cats=4)
        return {**report, "project_name": "HuxleysLadder.catstudio", "audit": {"why_not": ""}}

    monkeypatch.setattr(demo.Climb, "run", run)
    return climbs


def test_it_says_each_rung_and_where_things_lie(cli, asked, tmp_path: Path) -> None:
    ran = cli("demo", "--out", tmp_path / "ladder", "--quiet")
    assert ran.status == 0
    assert "One photo: Balanced accuracy 0.81 (0.30 to 0.95), n = 8." in ran.out
    assert "1 of 3 (6 to 79%) strangers" in ran.out
    assert "It is one." in ran.out
    assert "Generated: No model" in ran.out
    assert str(tmp_path / "ladder" / "HuxleysLadder.catstudio") in ran.out
    assert asked[0].folder == tmp_path / "ladder"
    assert asked[0]._own is None


def test_json_names_the_files(cli, asked, tmp_path: Path) -> None:
    found = cli("demo", "--out", tmp_path, "--json", "--model", "none", "--again").json
    assert found["html"] == str(tmp_path / "report.html")
    assert found["report"] == str(tmp_path / "report.json")
    assert found["chart_dark"] == str(tmp_path / "ladder-dark.svg")
    assert found["audit_html"] == str(tmp_path / "audit.html")
    assert [rung["id"] for rung in found["rungs"]] == ["one", "generated"]
    assert asked[0]._model == ""


def test_own_photos_are_looked_at_before_anything_is_begun(cli, asked, tmp_path: Path) -> None:
    ran = cli("demo", "--out", tmp_path / "out", "--photos", tmp_path / "none")
    assert ran.status == 3
    assert "sub-folder cat" in ran.err
    assert asked == []
    assert not (tmp_path / "out").exists()


def test_stopped_by_hand(cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(climb: Climb) -> dict:
        raise CancelledError("Stopped.", "Every finished rung is kept; climb again to go on.")

    monkeypatch.setattr(demo.Climb, "run", run)
    ran = cli("demo", "--out", tmp_path)
    assert ran.status == 130
    assert "Every finished rung is kept" in ran.err
