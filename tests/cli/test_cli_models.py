"""models list, show, add, remove, and what an unusable model gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_files import MODEL_REASONS, bad_models, checkpoint


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """A registry of this test's own."""
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))


def _checkpoint(path: Path) -> Path:
    path.write_bytes(checkpoint())
    return path


def test_a_model_is_added_shown_and_removed(cli, tmp_path):
    assert cli("models", "list", "--json").json == {"models": []}
    path = _checkpoint(tmp_path / "Tiny Cats.safetensors")
    added = cli("models", "add", path, "--json")
    assert added.status == 0
    assert added.json["id"] == "tiny-cats"
    assert added.json["family"] == "stable-diffusion"
    assert cli("models", "show", "tiny-cats", "--json").json == added.json
    assert [m["id"] for m in cli("models", "list", "--json").json["models"]] == ["tiny-cats"]
    assert "tiny-cats" in cli("models", "list").out
    assert cli("models", "remove", "tiny-cats").status == 0
    assert path.is_file()
    assert cli("models", "list", "--json").json == {"models": []}


def test_an_unknown_model_is_status_4(cli):
    for command in ("show", "remove"):
        ran = cli("models", command, "nobody/nothing")
        assert ran.status == 4
        assert "nobody/nothing" in ran.err


def test_unusable_models_are_refused_by_name(cli, tmp_path):
    bad_models(tmp_path)
    for name, reason in MODEL_REASONS.items():
        path = tmp_path / name
        ran = cli("models", "add", path)
        assert ran.status == 3, path
        assert name in ran.err and reason in ran.err
    assert cli("models", "list", "--json").json == {"models": []}
