"""Where frames come from: a camera, or a video file in its place. Both speak through one sink."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import (
    QCameraPermission,
    QCoreApplication,
    QObject,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtMultimedia import (
    QCamera,
    QCameraDevice,
    QCameraFormat,
    QMediaCaptureSession,
    QMediaDevices,
    QMediaPlayer,
    QVideoFrame,
    QVideoSink,
)

USUAL_PIXELS = 1920 * 1080
"""The most pixels a frame has until the person chooses more: cameras are fluent up to there, and
classifiers look at far fewer."""


class Frames(QObject):
    """A source of frames. ``arrived(QVideoFrame)``; ``failed(str, str)`` is a message and a hint.

    ``name`` is what the provenance calls it.
    """

    arrived = Signal(object)
    failed = Signal(str, str)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.sink = QVideoSink(self)
        self.sink.videoFrameChanged.connect(self._pass_on)

    def start(self) -> None:
        """Begin to send frames."""
        raise NotImplementedError

    def stop(self) -> None:
        """Send no more, and let go of the device."""
        raise NotImplementedError

    def sizes(self) -> tuple[tuple[int, int], ...]:
        """The (width, height) pairs that it can send, largest first; () when there is no choice."""
        return ()

    def size(self) -> tuple[int, int]:
        """The one that it sends now; (0, 0) where there is no choice."""
        return 0, 0

    def use_size(self, size: tuple[int, int]) -> None:
        """Send frames of ``size``, one of :meth:`sizes`, from now on."""

    def _pass_on(self, frame: QVideoFrame) -> None:
        if frame.isValid():
            self.arrived.emit(frame)


class CameraFrames(Frames):
    """A camera of this computer, at the size that it is set to."""

    def __init__(self, device: QCameraDevice, parent: QObject | None = None) -> None:
        super().__init__(device.description(), parent)
        self._formats = _best_formats(device)
        self._camera = QCamera(device, self)
        self._session = QMediaCaptureSession(self)
        self._session.setCamera(self._camera)
        self._session.setVideoSink(self.sink)
        self._camera.errorOccurred.connect(self._explain)
        usual = [size for size in self.sizes() if size[0] * size[1] <= USUAL_PIXELS]
        if self._formats:
            self.use_size(usual[0] if usual else self.sizes()[-1])

    def sizes(self) -> tuple[tuple[int, int], ...]:
        return tuple(self._formats)

    def size(self) -> tuple[int, int]:
        size: QSize = self._camera.cameraFormat().resolution()
        return size.width(), size.height()

    def use_size(self, size: tuple[int, int]) -> None:
        self._camera.setCameraFormat(self._formats[size])

    def start(self) -> None:
        """Ask the person for leave where the system wants that, then switch the camera on."""
        app, permission = QCoreApplication.instance(), QCameraPermission()
        status = app.checkPermission(permission) if app is not None else None
        if status == Qt.PermissionStatus.Undetermined and app is not None:
            app.requestPermission(permission, self, lambda _: self._begin_if_allowed())
        else:
            self._begin_if_allowed()

    def stop(self) -> None:
        self._camera.stop()

    def _begin_if_allowed(self) -> None:
        app = QCoreApplication.instance()
        status = app.checkPermission(QCameraPermission()) if app is not None else None
        if status == Qt.PermissionStatus.Denied:
            self.failed.emit(
                "CatStudio may not use the camera.",
                "Allow it in the system's privacy settings, then try again.",
            )
        else:
            self._camera.start()

    def _explain(self, error: QCamera.Error, text: str) -> None:
        if error != QCamera.Error.NoError:
            self.failed.emit(
                f"{self.name} gives no picture: {text or 'the system does not say why'}.",
                "Close other programs that use it, or allow the camera in the system's settings, "
                "then try again. Photos already taken are kept.",
            )


def _best_formats(device: QCameraDevice) -> dict[tuple[int, int], QCameraFormat]:
    """The most fluent format of each size, largest size first."""
    best: dict[tuple[int, int], QCameraFormat] = {}
    for one in device.videoFormats():
        size = one.resolution().width(), one.resolution().height()
        if size not in best or one.maxFrameRate() > best[size].maxFrameRate():
            best[size] = one
    return dict(sorted(best.items(), key=lambda pair: -pair[0][0] * pair[0][1]))


class VideoFrames(Frames):
    """A video file in a camera's place, over and over: for tests, and for showing how it works."""

    def __init__(self, path: str, parent: QObject | None = None) -> None:
        super().__init__("video file", parent)
        self._player = QMediaPlayer(self)
        self._player.setVideoSink(self.sink)
        self._player.setLoops(QMediaPlayer.Loops.Infinite)
        self._player.errorOccurred.connect(self._explain)
        self._player.setSource(QUrl.fromLocalFile(path))

    def start(self) -> None:
        self._player.play()

    def stop(self) -> None:
        self._player.stop()
        self._player.setSource(QUrl())

    def _explain(self, error: QMediaPlayer.Error, text: str) -> None:
        if error != QMediaPlayer.Error.NoError:
            self.failed.emit(f"The video cannot be played: {text}.", "Choose another file.")


class Camera(NamedTuple):
    """A camera that can be opened. ``id`` tells it from others of its name."""

    id: bytes
    name: str
    open: Callable[[QObject], Frames]
    """Makes its frames, as a child of what is given."""


class Cameras(QObject):
    """The cameras of this computer. ``changed`` when one is plugged in or out."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._devices = QMediaDevices(self)
        self._devices.videoInputsChanged.connect(self.changed)

    def all(self) -> list[Camera]:
        """Those there are now, the system's default first."""
        default = QMediaDevices.defaultVideoInput()
        devices = sorted(QMediaDevices.videoInputs(), key=lambda one: one.id() != default.id())
        return [
            Camera(bytes(one.id().data()), one.description(), partial(CameraFrames, one))
            for one in devices
        ]
