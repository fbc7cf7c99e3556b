"""The command line as a whole: usage, window, exit statuses, what it imports, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catstudio import __version__
from catstudio.cli import dataset
from catstudio.cli.main import build_parser, command_names
from catstudio.core.paths import log_dir

REPOSITORY = Path(__file__).resolve().parents[2]


def _start(*args: object, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "catstudio", *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_contract_of_commands():
    expected = (
        "new import review split verify generate ideas personalise train evaluate predict audit report "
        "models demo doctor"
    )
    assert set(command_names(build_parser())) == set(expected.split())


@pytest.mark.parametrize(
    "args",
    [
        ("new",),
        ("import", "p"),
        ("import", "p", "x", "--source", "stolen"),
        ("generate", "p", "--method", "magic", "--label", "cat", "--count", "1"),
        ("generate", "p", "--method", "seed", "--label", "cat", "--count", "many"),
        ("review", "p"),
        ("review", "p", "--accept", "all", "--reject", "all"),
        ("models",),
        ("split", "p", "--test", "3"),
        ("--jsno",),
        ("trian",),
    ],
)
def test_wrong_usage_is_status_2(cli, args):
    ran = cli(*args)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err


def test_a_mistyped_command_is_guessed(cli):
    assert "'train'" in cli("trian").err


def test_help_and_version(cli):
    assert "import" in cli("--help").out
    assert cli("--version").out == f"catstudio {__version__}\n"
    for command in command_names(build_parser()):
        assert cli(command, "--help").status == 0


def test_without_a_display_the_window_says_so(cli, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    for args in ((), ("Cats.catstudio",)):
        ran = cli(*args)
        assert ran.status == 4
        assert "no display" in ran.err
        assert "catstudio demo" in ran.err


def test_something_unexpected_is_one_sentence_and_a_log(cli, monkeypatch, tmp_path):
    def broken(*_: object) -> None:
        raise RuntimeError("the impossible")

    monkeypatch.setattr(dataset.Studio, "create", broken)
    ran = cli("new", tmp_path / "x.catstudio", "--json")
    assert ran.status == 5
    assert "the impossible" in ran.json["error"]
    assert "Traceback" in (log_dir() / "catstudio.log").read_text(encoding="utf-8")


def test_an_error_is_json_too(cli, tmp_path):
    ran = cli("split", tmp_path / "none.catstudio", "--json")
    assert ran.status == 3
    assert ran.json["kind"] == "ProjectError"
    assert ran.json["error"]
    assert ran.json["hint"]


def test_light_commands_import_neither_qt_nor_torch(filled, tmp_path):
    script = f"""
import sys
from catstudio.__main__ import main
for args in (["verify", {str(filled)!r}], ["split", {str(filled)!r}], ["models", "list"],
             ["review", {str(filled)!r}, "--accept", "all"]):
    assert main(args) == 0, args
heavy = {{"torch", "PySide6", "diffusers", "transformers", "onnxruntime", "onnx", "kornia",
          "sklearn", "scipy"}}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_quiet_and_piped_output_is_clean(filled, tmp_path):
    running = _start("verify", filled, "--quiet", cwd=tmp_path)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0
    assert out.splitlines() == [f"{filled} is whole: 14 images, no problem."]
    assert err == ""


def test_a_reader_that_goes_away_is_no_crash(filled, tmp_path):
    running = _start("verify", filled, cwd=tmp_path)
    running.stdout.close()
    err = running.stderr.read()
    running.wait(timeout=60)
    running.stderr.close()
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_ctrl_c_keeps_what_is_finished(cli, project, example_photos, tmp_path):
    """Sent to the whole group as a terminal does, and to one that a script put in the background."""
    from PIL import Image

    folder = tmp_path / "many"
    folder.mkdir()
    with Image.open(example_photos / "not-cat" / "coffee.jpg") as photo:
        for n in range(400):
            photo.crop((n % 200, n // 8, n % 200 + 280, n // 8 + 280)).save(
                folder / f"{n:04d}.png", compress_level=0
            )
    heeded = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what `&` does in a script
    try:
        running = _start("import", project, folder, "--label", "not-cat", "--json", cwd=tmp_path)
    finally:
        signal.signal(signal.SIGINT, heeded)
    deadline = time.monotonic() + 60
    while not any((project / "images").glob("*/*.png")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert "kept" in out
    checked = cli("verify", project, "--json")
    assert checked.json["ok"] is True
    assert 0 < checked.json["images"] < 400
