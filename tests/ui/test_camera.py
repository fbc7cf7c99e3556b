"""The camera room with a real video in the camera's place, and without any camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from catstudio.core.changes import SetSplit
from catstudio.core.errors import BadInputError
from catstudio.core.types import Split, State
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.camera.frames import VideoFrames
from catstudio.ui.camera.room import CameraRoom


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> str:
    """Two seconds of a disc that crosses a noisy ground."""
    path = str(tmp_path_factory.mktemp("video") / "cat.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    ground = np.random.default_rng(0).integers(60, 200, (240, 320, 3), np.uint8)
    for n in range(50):
        frame = cv2.GaussianBlur(ground, (0, 0), 6)
        cv2.circle(frame, (6 * n, 120), 40, (40, 40, 220), -1)
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture
def room(empty_bridge: StudioBridge, video: str, qtbot):
    room = CameraRoom(empty_bridge, "cat", VideoFrames(video))
    qtbot.addWidget(room)
    room.resize(900, 640)
    room.show()
    qtbot.waitUntil(lambda: not room.viewfinder.picture().isNull(), timeout=15_000)
    yield room
    room.shut()


def test_a_photo_is_taken_and_taken_back(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    studio = empty_bridge.studio
    qtbot.keyClick(room, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.undo_name() is not None, timeout=15_000)
    (photo,) = studio.images()
    assert (photo.width, photo.height, photo.format) == (320, 240, "JPEG")
    assert (photo.label, photo.state, photo.source) == ("cat", State.ACCEPTED, "photo")
    assert photo.is_real
    params = photo.provenance.params
    assert params["camera"] == "video file" and params["captured_at"]
    qtbot.waitUntil(room.strip.isVisible, timeout=5_000)
    empty_bridge.undo()
    qtbot.waitUntil(lambda: studio.image(photo.id).state is State.TRASHED, timeout=5_000)
    qtbot.waitUntil(lambda: not room.strip.isVisible(), timeout=5_000)


def test_a_burst_stays_together(empty_bridge: StudioBridge, room: CameraRoom, qtbot) -> None:
    studio = empty_bridge.studio
    room.shots.setValue(3)
    qtbot.mouseClick(room.take, Qt.MouseButton.LeftButton)
    assert room.take.text() == "Stop"
    qtbot.waitUntil(lambda: len(studio.images()) == 3 and studio.is_idle(), timeout=15_000)
    photos = studio.images()
    assert room.take.text() == "Take photo"
    assert len(set.intersection(*(set(photo.lineages) for photo in photos))) >= 1
    studio.apply(SetSplit((photos[0].id,), Split.TEST))
    with pytest.raises(BadInputError):
        studio.apply(SetSplit((photos[1].id,), Split.TRAIN))


def test_a_countdown_can_be_stopped(empty_bridge: StudioBridge, room: CameraRoom, qtbot) -> None:
    room.delay.setCurrentIndex(room.delay.findData(5))
    room.press()
    assert room.viewfinder.seconds_left == 5
    room.press()
    assert room.viewfinder.seconds_left == 0
    assert not empty_bridge.studio.images()


def test_without_a_camera_it_says_what_to_do(
    empty_bridge: StudioBridge, qtbot, monkeypatch
) -> None:
    monkeypatch.setattr("catstudio.ui.camera.frames.Cameras.all", lambda _: [])
    room = CameraRoom(empty_bridge, None)
    qtbot.addWidget(room)
    room.show()
    assert room.empty.isVisible() and not room.take.isEnabled()
    with qtbot.waitSignal(room.left):
        room.empty.action.click()
    room.shut()
    room.shut()


def test_a_video_that_is_none_is_said(empty_bridge: StudioBridge, qtbot, tmp_path: Path) -> None:
    (tmp_path / "bad.avi").write_bytes(b"no video")
    frames = VideoFrames(str(tmp_path / "bad.avi"))
    with qtbot.waitSignal(frames.failed, timeout=10_000) as told:
        room = CameraRoom(empty_bridge, None, frames)
        qtbot.addWidget(room)
    assert "cannot be played" in told.args[0]
    room.shut()
