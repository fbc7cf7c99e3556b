"""A run tested on photos outside the project, from the training tab."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from catstudio.resources import resource
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.training.other_photos import OtherPhotosView

pytestmark = pytest.mark.needs_engine


def words(view: OtherPhotosView) -> str:
    return "\n".join(one.text() for one in view.findChildren(QLabel) if one.isVisibleTo(view))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos in class folders, one of them under a name of its own, and a file that is broken."""
    found = tmp_path / "from afar"
    photos = sorted((resource("examples") / "not-cat").glob("*.jpg"))
    for name, part in (("Not Cat", photos[:3]), ("rockets", photos[3:5]), ("notes", [])):
        (found / name).mkdir(parents=True)
        for photo in part:
            shutil.copy(photo, found / name)
    (found / "rockets" / "torn.jpg").write_bytes(photos[5].read_bytes()[:500])
    return found


@pytest.fixture
def view(bridge: StudioBridge, studio: Studio, themed, qtbot) -> Iterator[OtherPhotosView]:
    view = OtherPhotosView(bridge)
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.show_run(studio.run(studio.train_request()).result["run"], studio.labels())
    yield view


def test_folders_are_mapped_tested_and_told(view: OtherPhotosView, folder: Path, qtbot) -> None:
    assert not view.test.isVisible()
    view.read(folder)
    qtbot.waitUntil(view.test.isVisible)
    chosen = {name: box.currentText() for name, box in view.boxes.items()}
    assert chosen == {"Not Cat": "not-cat", "rockets": "leave out"}
    view.boxes["rockets"].setCurrentText("not-cat")
    view.test.click()
    assert not view.test.isEnabled()
    qtbot.waitUntil(lambda: "from afar" in words(view), timeout=60_000)
    qtbot.waitUntil(lambda: "torn.jpg was left out" in words(view))
    assert "n = 5" in words(view) or "of 5" in words(view)
    assert view.work.isHidden() and view.test.isEnabled()
    view.show_run(99, ("cat", "not-cat"))
    assert "from afar" not in words(view), "what was found is of the run that was tested"


def test_a_folder_without_photos_and_one_that_is_gone_are_told(
    view: OtherPhotosView, tmp_path: Path, qtbot
) -> None:
    (tmp_path / "bare").mkdir()
    with qtbot.waitSignal(view.failed) as told:
        view.read(tmp_path / "bare")
    assert "no photos in sub-folders" in told.args[0]
    with qtbot.waitSignal(view.failed) as told:
        view.read(tmp_path / "gone")
    assert "There is no folder" in told.args[0]


def test_nothing_to_test_says_why_the_button_is_off(
    view: OtherPhotosView, folder: Path, qtbot
) -> None:
    view.read(folder)
    qtbot.waitUntil(view.test.isVisible)
    for box in view.boxes.values():
        box.setCurrentText("leave out")
    assert not view.test.isEnabled() and "which label" in view.test.toolTip()
