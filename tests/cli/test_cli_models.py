"""models list, show, add, remove, and what an unusable model gets."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """A registry of this test's own."""
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))


def _checkpoint(path: Path) -> Path:
    """A tiny file with the tensor names of a Stable Diffusion checkpoint."""
    name = "model.diffusion_model.input_blocks.0.0.weight"
    header = json.dumps({name: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
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
    folder = tmp_path / "no-index"
    (folder / "unet").mkdir(parents=True)
    whole = _checkpoint(tmp_path / "whole.safetensors").read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole[:-8])
    pickled = tmp_path / "old.ckpt"
    pickled.write_bytes(pickle.dumps({"state_dict": {}}))
    for path, word in (
        (folder, "model_index.json"),
        (cut, "cut.safetensors"),
        (pickled, "old.ckpt"),
        (tmp_path / "gone", "gone"),
    ):
        ran = cli("models", "add", path)
        assert ran.status == 3, path
        assert word in ran.err
    assert cli("models", "list", "--json").json == {"models": []}
