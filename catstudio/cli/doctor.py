"""The command doctor: versions, device, memory, folders, and what is missing. Light itself.

Whatever needs torch or Qt is asked of a process of its own, so that a broken installation of
either is something to report and not the end of the report.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import psutil

from catstudio import __version__
from catstudio.cli.output import DONE, NOT_POSSIBLE, Output, add_command
from catstudio.core.paths import cache_dir, config_dir, data_dir, log_dir
from catstudio.core.wording import size_text
from catstudio.models.hub import hub_cache

_SECONDS = 120
_DEVICE_QUESTION = """
import json
from catstudio.engine.device import choose
best = choose()
print(json.dumps({
    "kind": best.kind,
    "name": best.name,
    "dtype": str(best.dtype).removeprefix("torch."),
    "total": best.total,
    "free": best.free,
}))
"""
_QT_QUESTION = """
import json
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
print(json.dumps({"platform": app.platformName()}))
"""


def add_commands(commands: Any) -> None:
    """Register this group."""
    add_command(commands, "doctor", doctor, "Versions, device, memory, folders, what is missing.")


def doctor(args: argparse.Namespace, output: Output) -> int:
    """``catstudio doctor``."""
    missing: list[str] = []
    report = {
        "catstudio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory": _memory(),
        "packages": _packages(missing),
        "device": _ask("torch", _DEVICE_QUESTION, missing),
        "window": _ask("Qt", _QT_QUESTION, missing),
        "folders": _folders(missing),
        "environment": {
            name: os.environ[name]
            for name in ("CATSTUDIO_HOME", "HF_HOME", "HF_HUB_OFFLINE", "QT_QPA_PLATFORM")
            if name in os.environ
        },
        "missing": missing,
    }
    _say(report, output)
    output.result(report)
    return NOT_POSSIBLE if missing else DONE


def _memory() -> dict[str, int]:
    memory = psutil.virtual_memory()
    return {"total": memory.total, "available": memory.available}


def _packages(missing: list[str]) -> dict[str, str]:
    """The versions of what CatStudio depends on, without importing any of it."""
    versions: dict[str, str] = {}
    for requirement in _requirements():
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"The package {name} is not installed: pip install '{requirement}'")
    return versions


def _requirements() -> list[str]:
    try:
        declared = importlib.metadata.requires("catstudio") or []
    except importlib.metadata.PackageNotFoundError:
        return []  # run from a checkout that was never installed
    return [text for text in declared if "extra ==" not in text]


def _ask(what: str, question: str, missing: list[str]) -> dict[str, Any]:
    """What a process of its own answers to ``question``, as JSON; {} when it cannot."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        done = subprocess.run(
            [sys.executable, "-c", question],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env={**_with_display(), "PYTHONPATH": path},
            check=False,
        )
    except subprocess.TimeoutExpired:
        missing.append(f"{what} did not answer within {_SECONDS} seconds.")
        return {}
    lines = done.stdout.splitlines()
    if done.returncode == 0 and lines:
        answer: dict[str, Any] = msgspec.json.decode(lines[-1])
        return answer
    reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    missing.append(f"{what} does not work here: {reason}")
    return {}


def _with_display() -> dict[str, str]:
    """The environment, with Qt drawing into memory where there is no display."""
    environment = dict(os.environ)
    if sys.platform == "linux" and not any(
        environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    ):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return environment


def _folders(missing: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, where in (
        ("settings", config_dir),
        ("data", data_dir),
        ("cache", cache_dir),
        ("logs", log_dir),
    ):
        try:
            folder = where()
        except OSError as error:
            missing.append(f"The folder for {name} cannot be made: {error.strerror or error}")
            continue
        found[name] = {"path": str(folder), "free": shutil.disk_usage(folder).free}
        if not os.access(folder, os.W_OK):
            missing.append(f"The folder {folder} cannot be written to.")
    hub = hub_cache()
    found["models"] = {"path": str(hub), "exists": hub.is_dir()}
    return found


def _device_text(device: dict[str, Any]) -> str:
    if not device:
        return "unknown"
    memory = f"{size_text(device['free'])} of {size_text(device['total'])} free"
    return f"{device['name']} ({device['kind']}, {device['dtype']}), {memory}"


def _say(report: dict[str, Any], output: Output) -> None:
    memory = report["memory"]
    output.say(f"CatStudio   {report['catstudio']}")
    output.say(f"Python      {report['python']} on {report['system']}")
    output.say(f"Processor   {report['cores']} cores")
    output.say(
        f"Memory      {size_text(memory['total'])}, {size_text(memory['available'])} available"
    )
    device = report["device"]
    output.say(f"Device      {_device_text(device)}")
    output.say("Window      " + (report["window"].get("platform") or "cannot open"))
    for name, folder in report["folders"].items():
        free = f", {size_text(folder['free'])} free" if "free" in folder else ""
        output.say(f"{name.capitalize():<11} {folder['path']}{free}")
    for name, version in report["packages"].items():
        output.say(f"  {name} {version}")
    if report["missing"]:
        output.say("Missing:")
        for problem in report["missing"]:
            output.say(f"  {problem}")
    else:
        output.say("Nothing is missing.")
