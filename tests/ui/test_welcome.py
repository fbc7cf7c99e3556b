"""The welcome page: where a project begins, and what was there before."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from catstudio.studio import Studio
from catstudio.ui.example import example_photos, fill_example
from catstudio.ui.places import parse_labels, project_path, projects_folder
from catstudio.ui.settings import RecentProject
from catstudio.ui.welcome import Welcome


@pytest.fixture
def welcome(themed: QApplication, qtbot) -> Welcome:
    welcome = Welcome()
    welcome.resize(1024, 640)
    qtbot.addWidget(welcome)
    welcome.show()
    return welcome


def test_names_become_free_paths_without_forbidden_letters(tmp_path: Path) -> None:
    assert project_path(tmp_path, "My cats").name == "My cats.catstudio"
    assert project_path(tmp_path, 'a/b\\c:"d').parent == tmp_path
    assert project_path(tmp_path, "  ..").name == "My images.catstudio"
    assert project_path(tmp_path, "x.catstudio").name == "x.catstudio"
    (tmp_path / "x.catstudio").mkdir()
    assert project_path(tmp_path, "x").name == "x 2.catstudio"


def test_projects_go_below_the_home_that_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path))
    assert projects_folder() == tmp_path / "projects"
    monkeypatch.delenv("CATSTUDIO_HOME")
    assert projects_folder().name == "CatStudio"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat, not-cat", ("cat", "not-cat")),
        (" a ,, b,a", ("a", "b")),
        ("", ()),
        ("Haus Katze", ("Haus Katze",)),
    ],
)
def test_labels_are_typed_with_commas(text: str, labels: tuple[str, ...]) -> None:
    assert parse_labels(text) == labels


def test_without_labels_no_project_can_be_begun(welcome: Welcome) -> None:
    assert welcome.begin.isEnabled()
    welcome.labels.setText(" , ")
    assert not welcome.begin.isEnabled()
    assert "at least one label" in welcome.begin.toolTip()
    assert welcome.project_labels() == ("cat", "not-cat"), "a drop still needs zones"


def test_the_target_works_by_keyboard(welcome: Welcome, qtbot) -> None:
    welcome.target.pressed.disconnect()  # a file dialog would wait for a person
    with qtbot.waitSignal(welcome.target.pressed):
        QTest.keyClick(welcome.target, Qt.Key.Key_Return)


def test_recent_projects_show_their_picture(
    welcome: Welcome, qtbot, tmp_path: Path, cat_photo: Path
) -> None:
    there, gone = tmp_path / "Cats.catstudio", tmp_path / "Gone.catstudio"
    there.mkdir()
    welcome.show_recent(
        [RecentProject(str(there), "", str(cat_photo)), RecentProject(str(gone), "")]
    )
    tiles = welcome.recent.tiles
    before = tiles[str(there)].icon().cacheKey()
    qtbot.waitUntil(lambda: tiles[str(there)].icon().cacheKey() != before)
    qtbot.waitUntil(lambda: not tiles[str(gone)].isEnabled())
    assert "not there now" in tiles[str(gone)].toolTip()
    with qtbot.waitSignal(welcome.open_asked) as got:
        tiles[str(there)].click()
    assert got.args == [str(there)]
    with qtbot.waitSignal(welcome.forget_asked):
        tiles[str(there)].forget_asked.emit(str(there))
    welcome.show_recent([])
    assert welcome.recent.isHidden()


def test_the_example_has_its_credits(tmp_path: Path) -> None:
    photos = example_photos()
    assert {label for _, label, _, _ in photos} == {"cat", "not-cat"}
    assert all(path.is_file() and license_ and author for path, _, license_, author in photos)
    with Studio.create(tmp_path / "Example.catstudio") as studio:
        fill_example(studio)
        images = studio.images()
        assert len(images) == len(photos)
        assert all(one.is_real and one.provenance.license for one in images)
