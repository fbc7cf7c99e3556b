"""The camera room with real videos in the cameras' place, plugged in and out, and without any."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter
from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtMultimedia import QtVideo, QVideoFrame, QVideoFrameFormat
from PySide6.QtWidgets import QComboBox

from catstudio.core.changes import SetSplit
from catstudio.core.errors import BadInputError
from catstudio.core.pixels import decode
from catstudio.core.types import Split, State
from catstudio.sources import SOURCES
from catstudio.ui.add_data.photo_page import PhotoPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.camera.frames import Camera, Cameras, VideoFrames
from catstudio.ui.camera.pictures import as_qimage, picture
from catstudio.ui.camera.room import CameraRoom
from catstudio.ui.camera.shots import BLURRED, sharpness

WAIT = 15_000


class Videos(Cameras):
    """Video files as cameras, which can be plugged in and out."""

    def __init__(self, *paths: str) -> None:
        super().__init__()
        self.paths = list(paths)

    def all(self) -> list[Camera]:
        return [Camera(path.encode(), Path(path).stem, partial(_open, path)) for path in self.paths]

    def plug(self, *paths: str) -> None:
        self.paths = list(paths)
        self.changed.emit()


def _open(path: str, parent: QObject) -> VideoFrames:
    frames = VideoFrames(path, parent)
    frames.name = Path(path).stem
    return frames


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> str:
    """A second of a disc that crosses a noisy ground."""
    path = str(tmp_path_factory.mktemp("video") / "disc.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    ground = np.random.default_rng(0).integers(60, 200, (240, 320, 3), np.uint8)
    for n in range(25):
        frame = cv2.GaussianBlur(ground, (0, 0), 2)
        cv2.circle(frame, (12 * n, 120), 40, (40, 40, 220), -1)
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture
def cameras(video: str) -> Videos:
    return Videos(video)


@pytest.fixture
def room(empty_bridge: StudioBridge, cameras: Videos, qtbot):
    room = CameraRoom(empty_bridge, "cat", cameras)
    qtbot.addWidget(room)
    room.resize(1000, 640)
    room.show()
    room.activateWindow()
    room.setFocus()
    qtbot.waitUntil(lambda: room.viewfinder.has_picture, timeout=WAIT)
    qtbot.waitUntil(lambda: room.controls.labels.value() == "cat", timeout=WAIT)
    yield room
    room.shut()


def wait_for(qtbot, bridge: StudioBridge, n: int) -> None:
    studio = bridge.studio
    qtbot.waitUntil(lambda: len(studio.images()) == n and studio.is_idle(), timeout=WAIT)


# -- taking ------------------------------------------------------------------------------------


def test_a_photo_is_taken_and_taken_back(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    studio = empty_bridge.studio
    qtbot.keyClick(room, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: studio.undo_name() is not None, timeout=WAIT)
    (photo,) = studio.images()
    assert (photo.width, photo.height, photo.format) == (320, 240, "JPEG")
    assert (photo.label, photo.state, photo.source) == ("cat", State.ACCEPTED, "photo")
    assert photo.is_real
    params = photo.provenance.params
    assert params["camera"] == "disc"
    assert "burst" not in params
    # The time is in the file too, so that it stays with it.
    data = studio.image_path(photo).read_bytes()
    assert decode(data, "x").captured_at == params["captured_at"]
    assert len(params["captured_at"]) == len("2026:01:02 03:04:05.678+02:00")
    qtbot.waitUntil(room.taken.strip.isVisible, timeout=WAIT)
    qtbot.keyClick(room, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: studio.image(photo.id).state is State.TRASHED, timeout=WAIT)
    qtbot.waitUntil(lambda: not room.taken.strip.isVisible(), timeout=WAIT)


def test_an_older_read_does_not_bring_a_photo_back(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.press()
    qtbot.waitUntil(room.taken.strip.isVisible, timeout=WAIT)
    wait_for(qtbot, empty_bridge, 1)
    studio, go_on, ended = empty_bridge.studio, threading.Event(), threading.Event()
    read = studio.images_by_id

    def slow(ids):
        found = read(ids)
        if found:
            go_on.wait(WAIT / 1000)
            ended.set()
        return found

    monkeypatch.setattr(studio, "images_by_id", slow)
    room.taken._read()
    room.taken.take_back()
    qtbot.waitUntil(lambda: not room.taken.strip.isVisible(), timeout=WAIT)
    go_on.set()
    assert ended.wait(WAIT / 1000)
    qtbot.wait(50)
    assert not room.taken.strip.isVisible()


def test_what_is_undone_in_the_window_leaves_the_strip(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    room.press()
    qtbot.waitUntil(room.taken.strip.isVisible, timeout=WAIT)
    wait_for(qtbot, empty_bridge, 1)
    empty_bridge.undo()
    qtbot.waitUntil(lambda: not room.taken.strip.isVisible(), timeout=WAIT)


def test_a_burst_is_one_step_and_stays_together(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    studio = empty_bridge.studio
    room.controls.shots.setValue(4)
    room.controls.interval.setValue(0.1)
    assert room.controls.take.text() == "Take 4 photos"
    qtbot.mouseClick(room.controls.take, Qt.MouseButton.LeftButton)
    assert room.controls.take.text() == "Stop"
    wait_for(qtbot, empty_bridge, 4)
    photos = studio.images()
    assert room.controls.take.text() == "Take 4 photos"
    assert studio.undo_name() == "add 4 images"
    assert [p.name for p in photos] == sorted(p.name for p in photos)
    assert len({p.provenance.params["burst"] for p in photos}) == 1
    assert set.intersection(*(set(photo.lineages) for photo in photos))
    studio.apply(SetSplit((photos[0].id,), Split.TEST))
    with pytest.raises(BadInputError):
        studio.apply(SetSplit((photos[1].id,), Split.TRAIN))
    room.taken.take_back()
    qtbot.waitUntil(lambda: studio.image(photos[3].id).state is State.TRASHED, timeout=WAIT)


def test_a_stopped_burst_keeps_what_it_has(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    room.controls.shots.setValue(50)
    room.press()
    qtbot.keyClick(room, Qt.Key.Key_Escape)
    assert not room.shutter.is_busy
    wait_for(qtbot, empty_bridge, 1)


def test_a_countdown_can_be_stopped(empty_bridge: StudioBridge, room: CameraRoom, qtbot) -> None:
    room.controls.delay.setCurrentIndex(room.controls.delay.findData(5))
    room.press()
    assert room.viewfinder.seconds_left == 5
    assert not room.controls.shots.isEnabled()
    qtbot.keyClick(room, Qt.Key.Key_Escape)
    assert room.viewfinder.seconds_left == 0
    assert room.controls.shots.isEnabled()
    assert not empty_bridge.studio.images()
    with qtbot.waitSignal(room.left):
        qtbot.keyClick(room, Qt.Key.Key_Escape)


def test_a_countdown_ends_in_a_photo(empty_bridge: StudioBridge, room: CameraRoom, qtbot) -> None:
    room.shutter._second.setInterval(10)
    room.controls.delay.setCurrentIndex(room.controls.delay.findData(3))
    seen: list[int] = []
    room.shutter.ticked.connect(seen.append)
    room.press()
    wait_for(qtbot, empty_bridge, 1)
    assert seen == [3, 2, 1, 0, 0]


def test_a_photo_taken_right_before_leaving_lands(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    room.press()
    room.shut()
    wait_for(qtbot, empty_bridge, 1)


def test_space_takes_from_every_field_and_enter_names_a_label(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    controls = room.controls
    boxes = [controls.guide, controls.delay, controls.labels.findChild(QComboBox)]
    for n, box in enumerate(boxes, 1):
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Space if n % 2 else Qt.Key.Key_Return)
        wait_for(qtbot, empty_bridge, n)
    controls.labels._pick(controls.labels._list.count() - 1)
    qtbot.keyClicks(controls.labels._name, "a dog")
    qtbot.keyClick(controls.labels._name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "a dog" in empty_bridge.studio.labels(), timeout=WAIT)
    assert controls.labels.value() == "a dog"
    assert len(empty_bridge.studio.images()) == len(boxes)


def test_guides_and_mirror_are_of_the_view_alone(
    empty_bridge: StudioBridge, room: CameraRoom, qtbot
) -> None:
    room.controls.mirror.click()
    assert room.viewfinder.is_mirrored
    for at in range(room.controls.guide.count()):
        room.controls.guide.setCurrentIndex(at)
        room.viewfinder.repaint()
    room.press()
    wait_for(qtbot, empty_bridge, 1)
    photo = empty_bridge.studio.image_path(empty_bridge.studio.images()[0])
    with Image.open(photo) as image:
        assert image.size == (320, 240)


# -- cameras come and go -----------------------------------------------------------------------


def test_without_a_camera_it_says_what_to_do(empty_bridge: StudioBridge, video: str, qtbot) -> None:
    cameras = Videos()
    room = CameraRoom(empty_bridge, None, cameras)
    qtbot.addWidget(room)
    room.show()
    assert room.empty.isVisible()
    assert not room.controls.take.isEnabled()
    room.press()
    qtbot.waitUntil(lambda: room.controls.labels._labels != (), timeout=WAIT)
    assert room.controls.labels.value() is None
    with qtbot.waitSignals([room.left, room.import_asked]):
        room.empty.action.click()
    cameras.plug(video)
    qtbot.waitUntil(lambda: room.viewfinder.has_picture, timeout=WAIT)
    assert room.controls.take.isEnabled()
    room.shut()
    room.shut()


def test_unplugged_in_the_middle_of_a_burst(
    empty_bridge: StudioBridge, room: CameraRoom, cameras: Videos, video: str, qtbot
) -> None:
    room.controls.shots.setValue(50)
    room.press()
    cameras.plug()
    assert room.empty.isVisible()
    assert "unplugged" in room.empty._title.text()
    wait_for(qtbot, empty_bridge, 1)
    cameras.plug(video)
    qtbot.waitUntil(lambda: room.viewfinder.isVisible() and room.viewfinder.has_picture)


def test_a_second_camera_can_be_chosen(
    room: CameraRoom, cameras: Videos, video: str, tmp_path: Path, qtbot
) -> None:
    assert not room.camera.isVisible()
    other = tmp_path / "other.avi"
    other.write_bytes(Path(video).read_bytes())
    cameras.plug(str(other), video)
    assert room.camera.isVisible()
    assert room.camera.currentText() == "disc"
    assert room.viewfinder.has_picture
    room.camera.setCurrentIndex(0)
    room.camera.activated.emit(0)
    assert not room.viewfinder.has_picture
    qtbot.waitUntil(lambda: room.viewfinder.has_picture, timeout=WAIT)


@pytest.mark.qt_log_ignore("Could not open media", "This plugin does not support", extend=True)
def test_a_camera_that_gives_nothing_is_said_and_can_be_tried_again(
    empty_bridge: StudioBridge, qtbot, tmp_path: Path, video: str
) -> None:
    bad = tmp_path / "bad.avi"
    bad.write_bytes(b"no video")
    room = CameraRoom(empty_bridge, None, Videos(str(bad)))
    qtbot.addWidget(room)
    room.show()
    qtbot.waitUntil(room.empty.isVisible, timeout=WAIT)
    assert "cannot be played" in room.empty._title.text()
    bad.write_bytes(Path(video).read_bytes())
    room.empty.action.click()
    qtbot.waitUntil(lambda: room.viewfinder.has_picture, timeout=WAIT)
    room.shut()


def test_a_camera_that_stays_dark_is_said(room: CameraRoom) -> None:
    room._late.timeout.emit()
    assert room.empty.isVisible()
    assert room.empty._title.text() == "disc shows nothing"


def test_the_page_opens_the_room(empty_bridge: StudioBridge, qtbot) -> None:
    page = PhotoPage(SOURCES["photo"], empty_bridge)
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.room_asked, timeout=WAIT) as asked:
        page.camera.click()
    room = asked.args[0](empty_bridge)
    qtbot.addWidget(room)
    assert isinstance(room, CameraRoom)
    with qtbot.waitSignal(page.submitted):
        room.import_asked.emit()
    room.shut()


# -- frames as pictures ------------------------------------------------------------------------

PLANAR = ["YUV420P", "YUV422P", "YV12", "NV12", "NV21", "YUYV", "UYVY"]
PACKED = ["Y8", "BGRA8888", "BGRX8888", "RGBA8888", "RGBX8888", "XRGB8888", "ABGR8888"]


def frame_of(kind: str) -> QVideoFrame:
    """64 x 48 pixels that change slowly, so that how colours are spread makes no difference."""
    pixels = getattr(QVideoFrameFormat.PixelFormat, f"Format_{kind}")
    frame = QVideoFrame(QVideoFrameFormat(QSize(64, 48), pixels))
    assert frame.map(QVideoFrame.MapMode.WriteOnly)
    for plane in range(frame.planeCount()):
        memory = np.frombuffer(frame.bits(plane), np.uint8)
        rows = memory.reshape(-1, frame.bytesPerLine(plane))
        rows[:] = np.linspace(70 + 30 * plane, 180, len(rows)).astype(np.uint8)[:, None]
        if "8888" in kind:
            rows[:, 1::4] //= 2
            rows[:, 0 if kind[0] in "AX" else 3 :: 4] = 255
    frame.unmap()
    return frame


@pytest.mark.parametrize("kind", PLANAR + PACKED)
def test_pictures_agree_with_qt(qapp, kind: str) -> None:
    frame = frame_of(kind)
    expected = frame.toImage().convertToFormat(QImage.Format.Format_RGB32)
    found = as_qimage(picture(frame))
    assert found.size() == expected.size()
    worst = max(
        abs(a - b)
        for at in [(x, y) for x in range(4, 64, 8) for y in range(4, 48, 8)]
        for a, b in zip(
            found.pixelColor(*at).getRgb(), expected.pixelColor(*at).getRgb(), strict=True
        )
    )
    assert worst <= 4
    assert picture(frame, (32, 32)).size == (32, 24)


def test_a_turned_frame_is_upright(qapp) -> None:
    turned = frame_of("NV12")
    turned.setRotation(QtVideo.Rotation.Clockwise90)
    assert picture(turned).size == (48, 64)
    assert picture(turned, (24, 64)).size == (24, 32)
    # Clockwise: what was at the bottom is at the left.
    assert picture(turned).getpixel((2, 20)) == picture(frame_of("NV12")).getpixel((20, 45))


def test_no_frame_is_no_picture(qapp) -> None:
    assert picture(QVideoFrame()) is None


def test_blurred_photos_are_told_from_sharp_ones(example_photos: Path) -> None:
    for path in sorted(example_photos.glob("*/*.jpg")):
        if path.stem == "clock-motion":  # is blurred as it is
            continue
        with Image.open(path) as image:
            assert sharpness(image) > 2 * BLURRED
            radius = max(image.size) / 200
            assert sharpness(image.filter(ImageFilter.GaussianBlur(radius))) < BLURRED
