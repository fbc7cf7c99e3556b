"""models list, show, add, remove, and what an unusable model gets."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from catstudio.jobs.context import JobContext
from catstudio.models.catalogue import wanted
from catstudio.models.downloading import download
from tests.bad_files import MODEL_REASONS, bad_models, checkpoint
from tests.models.hub_server import Hub, serving


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


# -- downloads, from a hub on this computer


@pytest.fixture
def hub(monkeypatch, tmp_path):
    hub = Hub("somebody/model", {"a.safetensors": bytes(range(256)) * 12_000, "config.json": b"{}"})
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with serving(hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def test_a_model_is_downloaded(cli, hub):
    ran = cli("models", "download", "somebody/model", "--json")
    assert ran.status == 0, ran.err
    assert (ran.json["files"], ran.json["repo"]) == (2, "somebody/model")
    assert (Path(ran.json["path"]) / "a.safetensors").read_bytes() == hub.files["a.safetensors"]
    assert cli("models", "download", "somebody/model", "--json").json["fetched"] == 0
    assert cli("models", "download", "nobody/nothing").status == 4
    assert cli("models", "download", "no model").status == 4


def test_offline_is_a_switch(cli, hub):
    assert cli("models", "network", "--offline", "--json").json["is_offline"] is True
    ran = cli("models", "download", "somebody/model")
    assert ran.status == 4 and "offline" in ran.err
    assert not hub.requests
    assert cli("models", "network", "--online", "--mirror", "nonsense").status == 3
    assert cli("models", "network", "--online", "--json").json["why_offline"] == ""
    assert cli("models", "download", "somebody/model").status == 0


def test_a_killed_download_goes_on(hub, tmp_path):
    """SIGKILL in the middle: what has arrived is there for the next."""
    hub.gate = threading.Event()
    process = subprocess.Popen(
        [sys.executable, "-m", "catstudio", "models", "download", "somebody/model", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    half = len(hub.files["a.safetensors"]) // 2
    parts = tmp_path / "hub" / "models--somebody--model" / "blobs"
    deadline = time.monotonic() + 30
    while sum(p.stat().st_size for p in parts.glob("*.part")) < half:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    hub.gate.set()
    found = download(wanted("somebody/model"), JobContext("j", lambda _: None, threading.Event()))
    assert (Path(found.path) / "a.safetensors").read_bytes() == hub.files["a.safetensors"]
    assert 0 < found.fetched <= found.size - half


def test_the_catalogue_says_what_a_licence_allows(cli):
    ran = cli("models", "list", "--catalogue", "--json")
    assert len(ran.json["catalogue"]) > 10
    for entry in ran.json["catalogue"]:
        shown = cli("models", "show", entry["id"], "--json").json
        assert shown["license_words"]["may_train"] and shown["license_words"]["may_sell"]


# -- no connection but for a download


_NO_SOCKETS = """
import socket
def refuse(*_, **__):
    raise SystemExit("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


@pytest.mark.needs_engine
def test_no_command_makes_a_connection(tmp_path):
    """Every socket ends the process; a project is made, fed, trained and asked all the same."""
    (tmp_path / "sitecustomize.py").write_text(_NO_SOCKETS)
    repository = Path(__file__).parents[2]
    env = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{repository}",
        "CATSTUDIO_HOME": str(tmp_path / "home"),
    }
    env.pop("HF_HUB_OFFLINE", None)
    examples = repository / "resources" / "examples"
    project = tmp_path / "P.catstudio"

    def run(*args, **more):
        return subprocess.run(
            [sys.executable, "-m", "catstudio", *map(str, args)],
            env={**env, **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    for args in (
        ("new", project),
        ("import", project, examples / "cat", "--label", "cat"),
        ("import", project, examples / "not-cat", "--label", "not-cat"),
        ("generate", project, "--method", "seed", "--label", "cat", "--count", 1, "--size", 64),
        ("train", project),
        ("models", "list", "--catalogue"),
        ("doctor",),
    ):
        ran = run(*args)
        assert ran.returncode == 0, (args, ran.stderr)
    wish = ("generate", project, "--method", "diffusers", "--model", "a/b", "--label", "cat")
    wish = (*wish, "--count", 1, "--prompt", "a cat")
    offline = run(*wish, "--allow-download", CATSTUDIO_OFFLINE="1")
    assert offline.returncode == 4 and "CATSTUDIO_OFFLINE is set" in offline.stderr
    assert "a connection was tried" in run("models", "download", "a/b").stderr


def test_a_download_is_verified_and_deleted(cli, hub, tmp_path):
    cli("models", "download", "somebody/model")
    assert cli("models", "verify", "somebody/model", "--json").json["problems"] == []
    blob = (tmp_path / "hub").glob("models--*/snapshots/*/a.safetensors").__next__().resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    ran = cli("models", "verify", "somebody/model")
    assert ran.status == 3 and "a.safetensors" in ran.err and "--files" in ran.err
    assert cli("models", "remove", "somebody/model", "--files", "--json").json["freed"] > 3_000_000
    assert not blob.exists()
    assert cli("models", "verify", "somebody/model").status == 4
    own = _checkpoint(tmp_path / "own.safetensors")
    cli("models", "add", own)
    assert cli("models", "remove", "own", "--files").status == 4
    assert own.is_file()
