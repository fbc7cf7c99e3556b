"""The models room: what is offered, a real download from a hub on this computer, and offline."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt

from catstudio.models.catalogue import catalogue
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.models.downloads import Downloads
from catstudio.ui.models.room import ModelsRoom
from tests.models.hub_server import Hub, serving


@pytest.fixture
def entry():
    """One that is named file by file."""
    return next(one for one in catalogue().models if one.kind == "tiny-decoder")


@pytest.fixture
def hub(entry, monkeypatch, tmp_path):
    files = {name.replace("*", "x"): bytes(range(256)) * 3000 for name in entry.files}
    hub = Hub(entry.repo, files, revision=entry.revision)
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    with serving(hub):
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


@pytest.fixture
def enter(empty_bridge: StudioBridge, qtbot):
    def enter() -> ModelsRoom:
        room = ModelsRoom(empty_bridge)
        qtbot.addWidget(room)
        room.resize(1000, 700)
        room.show()
        qtbot.waitUntil(lambda: room.list.count() > 10, timeout=10_000)
        return room

    return enter


def choose(room: ModelsRoom, title: str) -> None:
    room.search.setText(title)
    assert room.list.count() >= 1
    room.list.setCurrentRow(0)


def test_the_list_filters_and_tells_what_is_allowed(hub, enter, qtbot) -> None:
    room = enter()
    everything = room.list.count()
    room.kind.setCurrentIndex(room.kind.findData("backbone"))
    assert 0 < room.list.count() < everything
    assert room.offer is not None
    names = [name for name, _ in room.offer.facts()]
    assert {"Licence", "May I train on what it makes?", "May I sell?"} <= set(names)
    room.search.setText("no such thing")
    assert room.list.count() == 0 and not room.get.isVisible()


def test_a_download_goes_on_when_the_room_is_left(hub, entry, empty_bridge, enter, qtbot) -> None:
    hub.gate = threading.Event()
    room = enter()
    choose(room, entry.title)
    assert room.get.text().startswith("Download")
    qtbot.mouseClick(room.get, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.get.text() == "Stop", timeout=5_000)
    with qtbot.waitSignal(room.left):
        qtbot.keyClick(room, Qt.Key.Key_Escape)
    again = enter()
    choose(again, entry.title)
    assert again.get.text() == "Stop"
    hub.gate.set()
    qtbot.waitUntil(lambda: not Downloads.of(empty_bridge).is_running(entry.id), timeout=15_000)
    qtbot.waitUntil(lambda: again.offer is not None and again.offer.is_here, timeout=10_000)
    assert not again.get.isVisible()


def test_cancel_keeps_what_has_arrived(hub, entry, empty_bridge, enter, qtbot) -> None:
    hub.gate = threading.Event()
    room = enter()
    choose(room, entry.title)
    qtbot.mouseClick(room.get, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: hub.downloads > 0, timeout=10_000)
    qtbot.wait(200)
    qtbot.mouseClick(room.get, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not Downloads.of(empty_bridge).is_running(entry.id), timeout=5_000)
    qtbot.waitUntil(lambda: room.offer is not None and room.offer.begun > 0, timeout=5_000)
    assert room.get.text().startswith("Download") and "begun" in room.offer.state
    room.discard.click()
    qtbot.waitUntil(lambda: room.offer is not None and room.offer.begun == 0, timeout=5_000)


def test_offline_says_so_and_asks_nobody(hub, entry, enter, qtbot) -> None:
    room = enter()
    choose(room, entry.title)
    with qtbot.waitSignal(room.network.changed, timeout=5_000):
        room.network.offline.setChecked(True)
    qtbot.waitUntil(lambda: not room.get.isEnabled(), timeout=5_000)
    assert "offline" in room._status.text()
    assert not hub.requests
    with qtbot.waitSignal(room.network.failed, timeout=5_000):
        room.network.mirror.setText("nonsense")
        room.network.mirror.editingFinished.emit()
