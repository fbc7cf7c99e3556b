"""Where frames come from: a camera, or a video file in its place. Both speak through one sink."""

from __future__ import annotations

from PySide6.QtCore import QLoggingCategory, QObject, QUrl, Signal

# It warns of every audio system that a computer does not have; no sound is recorded here.
QLoggingCategory.setFilterRules("qt.multimedia.*=false")

from PySide6.QtMultimedia import (  # noqa: E402 - after the rule: it warns while it is loaded
    QCamera,
    QCameraDevice,
    QMediaCaptureSession,
    QMediaDevices,
    QMediaPlayer,
    QVideoFrame,
    QVideoSink,
)


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

    def _pass_on(self, frame: QVideoFrame) -> None:
        if frame.isValid():
            self.arrived.emit(frame)


class CameraFrames(Frames):
    """A camera of this computer, at the size that it is set to."""

    def __init__(self, device: QCameraDevice, parent: QObject | None = None) -> None:
        super().__init__(device.description(), parent)
        self._camera = QCamera(device, self)
        self._session = QMediaCaptureSession(self)
        self._session.setCamera(self._camera)
        self._session.setVideoSink(self.sink)
        self._camera.errorOccurred.connect(self._explain)

    def start(self) -> None:
        self._camera.start()

    def stop(self) -> None:
        self._camera.stop()

    def _explain(self, error: QCamera.Error, text: str) -> None:
        if error != QCamera.Error.NoError:
            self.failed.emit(
                f"{self.name} gives no picture: {text or 'the system does not say why'}.",
                "Close other programs that use it, allow the camera in the system's settings, or "
                "plug it in again. Photos already taken are kept.",
            )


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


class Cameras(QObject):
    """The cameras of this computer. ``changed`` when one is plugged in or out."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._devices = QMediaDevices(self)
        self._devices.videoInputsChanged.connect(self.changed)

    def all(self) -> list[QCameraDevice]:
        """Those there are now, the system's default first."""
        default = QMediaDevices.defaultVideoInput()
        return sorted(QMediaDevices.videoInputs(), key=lambda one: one.id() != default.id())
