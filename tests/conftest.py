"""What every test gets: its own home folder, no network, photos, and guards against leftovers.

Imports neither Qt nor torch, so that the core's tests also run where both are missing.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
HAS_QT = importlib.util.find_spec("PySide6") is not None
HAS_TORCH = importlib.util.find_spec("torch") is not None

_HOME = Path(tempfile.mkdtemp(prefix="catstudio-tests-"))
os.environ["CATSTUDIO_HOME"] = str(_HOME / "home")
os.environ["HF_HOME"] = str(_HOME / "huggingface")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "2")

collect_ignore = ([] if HAS_QT else ["ui"]) + ([] if HAS_TORCH else ["engine"])

LINGER_SECONDS = 5.0
"""How long something started by a test may take to end after it."""

_HARMLESS_THREADS = ("tqdm", "Tqdm", "TMonitor", "pytest_timeout", "asyncio_", "Dummy-")
_HARMLESS_CHILDREN = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
_HARMLESS_WIDGETS = ("QTipLabel",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the settings of the Qt plug-in where it is not installed."""
    if importlib.util.find_spec("pytestqt") is None:
        parser.addini("qt_log_level_fail", "which of Qt's messages fail a test")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind in the temporary folder."""
    shutil.rmtree(_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs an engine that is not installed."""
    if HAS_TORCH:
        return
    skip = pytest.mark.skip(reason="torch is not installed here")
    for item in items:
        if item.get_closest_marker("needs_engine"):
            item.add_marker(skip)


# -- guards


def _threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if thread.is_alive() and not any(word in thread.name for word in _HARMLESS_THREADS)
    }


def _children() -> dict[int, str]:
    """Living child processes, by process id."""
    children = {}
    for child in psutil.Process().children(recursive=True):
        try:
            command = " ".join(child.cmdline())
            is_over = child.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            continue
        if command and not is_over and not any(word in command for word in _HARMLESS_CHILDREN):
            children[child.pid] = command
    return children


def _widgets() -> dict[int, str]:
    """Living top-level widgets, by address; nothing while Qt is not loaded."""
    if "PySide6.QtWidgets" not in sys.modules:
        return {}
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is None:
        return {}
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return {
        id(widget): f"{type(widget).__name__}({widget.objectName() or widget.windowTitle()!r})"
        for widget in QApplication.topLevelWidgets()
        if widget.parent() is None and type(widget).__name__ not in _HARMLESS_WIDGETS
    }


def _left_over(
    threads: set[threading.Thread], children: dict[int, str], widgets: dict[int, str]
) -> list[str]:
    return [
        *(f"thread {thread.name}" for thread in _threads() - threads),
        *(f"process {pid}: {text}" for pid, text in _children().items() if pid not in children),
        *(f"widget {text}" for key, text in _widgets().items() if key not in widgets),
    ]


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process or a top-level widget behind."""
    before = _threads(), _children(), _widgets()
    yield
    deadline = time.monotonic() + LINGER_SECONDS
    while left := _left_over(*before):
        if time.monotonic() > deadline:
            pytest.fail("left behind: " + "; ".join(left))
        gc.collect()
        time.sleep(0.05)


# -- photos


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    """Real photos to test with, ``cat/``, ``dog/`` and ``other/``: never shipped, never shown."""
    folder = REPOSITORY.parent / "shared" / "photos"
    if not (folder / "cat").is_dir():
        pytest.skip(f"the real test photos are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def example_photos() -> Path:
    """The free example photos: ``cat/`` (one) and ``not-cat/`` (a dozen). Read only."""
    return REPOSITORY / "resources" / "examples"


@pytest.fixture
def cat_photo(example_photos: Path, tmp_path: Path) -> Path:
    """A copy of one free photo of a cat, 451 x 300 JPEG."""
    return Path(shutil.copy(example_photos / "cat" / "chelsea.jpg", tmp_path / "chelsea.jpg"))


@pytest.fixture
def free_photos(example_photos: Path, tmp_path: Path) -> dict[str, Path]:
    """Copies of a few free photos, by name; only ``chelsea`` is a cat."""
    folder = tmp_path / "free-photos"
    folder.mkdir()
    sources = sorted(example_photos.glob("*/*.jpg"))
    return {path.stem: Path(shutil.copy(path, folder / path.name)) for path in sources}
