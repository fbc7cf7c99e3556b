"""doctor: a report that stands even where something is missing."""

from __future__ import annotations

import sys

import pytest

from catstudio.cli import doctor

KEYS = {
    "catstudio",
    "python",
    "system",
    "cores",
    "memory",
    "packages",
    "device",
    "window",
    "folders",
    "environment",
    "missing",
}


@pytest.mark.needs_engine
def test_a_whole_installation(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    ran = cli("doctor", "--json")
    report = ran.json
    assert set(report) == KEYS
    assert report["missing"] == []
    assert ran.status == 0
    assert report["device"]["kind"] in ("cpu", "cuda", "mps", "xpu")
    assert report["memory"]["total"] >= report["memory"]["available"] > 0
    assert report["folders"]["cache"]["path"].startswith(str(tmp_path / "home"))
    assert report["environment"]["CATSTUDIO_HOME"] == str(tmp_path / "home")


def test_what_does_not_answer_is_said_and_not_raised():
    missing: list[str] = []
    assert doctor._ask("torch", "import no_such_library", missing) == {}
    assert doctor._ask("Qt", "import os; os.abort()", missing) == {}
    assert doctor._ask("sums", "import json; print(json.dumps({'two': 1 + 1}))", missing) == {
        "two": 2
    }
    assert len(missing) == 2
    assert "no_such_library" in missing[0]


def test_asking_imports_nothing_here():
    before = set(sys.modules)
    doctor._ask("json", "print('{}')", [])
    assert not {"torch", "PySide6"} & (set(sys.modules) - before)
