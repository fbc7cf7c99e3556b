"""The wizard for data sets, in the real window's parts: labels, check, what stays out, import."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt

from catstudio.resources import resource
from catstudio.sources.datasets import LEAVE_OUT
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.clipboard import Incoming
from catstudio.ui.settings import Settings
from catstudio.ui.vendor.mapping import MOST_ROWS, MappingTable
from catstudio.ui.vendor.room import DatasetRoom
from catstudio.ui.workspace import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes under other names, a copy, and a file that is no image."""
    root = tmp_path / "animals"
    examples = Path(str(resource("examples")))
    for name in ("cat", "things"):
        (root / name).mkdir(parents=True)
    cat = next((examples / "cat").glob("*.jpg"))
    shutil.copy(cat, root / "cat" / "one.jpg")
    shutil.copy(cat, root / "cat" / "copy.jpg")
    (root / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    for path in sorted((examples / "not-cat").glob("*.jpg"))[:2]:
        Image.open(path).convert("RGB").resize((120, 90)).save(root / "things" / path.name)
    return root


@pytest.fixture
def enter(empty_bridge: StudioBridge, qtbot):
    """Opens a wizard, and lets it go at the end."""
    rooms: list[DatasetRoom] = []

    def enter(path: Path, **credit: str) -> DatasetRoom:
        room = DatasetRoom(empty_bridge, str(path), credit)
        rooms.append(room)
        qtbot.addWidget(room)
        room.resize(900, 700)
        room.show()
        return room

    yield enter
    for room in rooms:
        room.shut()


def ready(qtbot, room: DatasetRoom) -> None:
    qtbot.waitUntil(room.go.isVisible, timeout=10_000)


def test_from_labels_to_images(folder: Path, empty_bridge: StudioBridge, enter, qtbot) -> None:
    room = enter(folder, license="CC0-1.0")
    ready(qtbot, room)
    assert room.go.text() == "Check 3 images"  # "things" means nothing yet
    room.mapping._boxes["things"].set_target("not-cat")
    assert room.go.text() == "Check 5 images"
    assert not empty_bridge.studio.images()
    qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(room.back.isVisible, timeout=20_000)
    assert not empty_bridge.studio.images()
    assert room.report_view.entering() == 3  # a copy stays out, a broken file cannot come in
    assert room.go.text() == "Import 3 images"
    duplicates = next(one for one in room.report_view.choices if one.group == "duplicates")
    duplicates.box.setChecked(False)
    assert room.go.text() == "Import 4 images"
    duplicates.box.setChecked(True)
    with qtbot.waitSignal(room.left, timeout=10_000):
        qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: empty_bridge.studio.undo_name() is not None, timeout=20_000)
    images = empty_bridge.studio.images()
    assert sorted((i.label, i.source, i.provenance.license) for i in images) == [
        ("cat", "vendor", "CC0-1.0"),
        ("not-cat", "vendor", "CC0-1.0"),
        ("not-cat", "vendor", "CC0-1.0"),
    ]
    empty_bridge.studio.undo()
    assert {image.state for image in empty_bridge.studio.images()} == {"trashed"}


def test_a_new_label_can_be_asked_for(
    folder: Path, empty_bridge: StudioBridge, enter, qtbot
) -> None:
    room = enter(folder)
    ready(qtbot, room)
    box = room.mapping._boxes["things"]
    box.setCurrentIndex(box.findText("new label “things”"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: box.target() == "things", timeout=10_000)
    assert "things" in empty_bridge.studio.labels()


def test_what_is_no_data_set_is_said_in_place(tmp_path: Path, enter, qtbot) -> None:
    room = enter(tmp_path / "gone.zip")
    qtbot.waitUntil(lambda: "gone.zip" in room.problem._title.text(), timeout=10_000)
    assert not room.go.isVisible()


def test_leaving_takes_nothing(folder: Path, empty_bridge: StudioBridge, enter, qtbot) -> None:
    room = enter(folder)
    ready(qtbot, room)
    qtbot.mouseClick(room.go, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(room.left):
        qtbot.keyClick(room, Qt.Key.Key_Escape)
    room.shut()
    qtbot.waitUntil(empty_bridge.studio.is_idle, timeout=10_000)
    assert not empty_bridge.studio.images()


def test_a_thousand_labels_have_one_row_for_the_rest(qtbot) -> None:
    table = MappingTable()
    qtbot.addWidget(table)
    counts = (*tuple((f"class {n}", 1000 - n) for n in range(999)), ("cat", 1))
    table.show_labels(counts, {}, ("cat", "not-cat"))
    assert len(table._boxes) == MOST_ROWS
    assert table.mapping()["class 998"] == LEAVE_OUT
    table._rest_box.set_target("not-cat")
    assert table.mapping()["class 998"] == "not-cat"
    assert table.mapping()["cat"] == "cat"  # what matches by itself keeps its meaning


def test_an_archive_that_is_dropped_opens_the_wizard(folder: Path, tmp_path: Path, qtbot) -> None:
    archive = shutil.make_archive(str(tmp_path / "animals"), "zip", folder)
    studio = Studio.create(tmp_path / "Q.catstudio")
    space = Workspace(studio, Settings())
    qtbot.addWidget(space)
    with qtbot.waitSignal(space.room_asked, timeout=10_000) as asked:
        space.bring_in(Incoming(paths=(archive,)), "cat")
    room = asked.args[0](space.bridge)
    qtbot.addWidget(room)
    assert isinstance(room, DatasetRoom)
    assert space.panel.source.id == "vendor"
    room.shut()
    photo = str(next((folder / "things").glob("*.jpg")))
    space.bring_in(Incoming(paths=(photo,)), "not-cat")
    qtbot.waitUntil(lambda: len(studio.images()) == 1 and studio.is_idle(), timeout=10_000)
    space.close_parts()
    studio.close()
