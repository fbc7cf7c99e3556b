"""The camera room: a live picture, a countdown, bursts, and a label that each photo gets."""

from __future__ import annotations

import uuid
from datetime import datetime

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, QTimer
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from catstudio.core.changes import AddLabel, Touched
from catstudio.core.errors import BadInputError, CatStudioError
from catstudio.core.types import ImageRecord, State
from catstudio.jobs.requests import ImportRequest
from catstudio.ui.add_data.label_chooser import LabelChooser
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.camera.frames import CameraFrames, Cameras, Frames
from catstudio.ui.camera.viewfinder import GUIDES, Viewfinder
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.room import Room
from catstudio.ui.strip import ThumbnailStrip
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import ComboBox, EmptyState, Line, SpinBox, button, icon_button, label

_QUALITY = 95
"""JPEG quality of what is taken: no difference to see, a quarter of the bytes of a lossless file."""
_INTERVAL_MS = 250
"""Between the photos of a burst: long enough for a cat to move an ear."""
_SHOWN = 16


class CameraRoom(Room):
    """Takes photos into the open project. Leaving it switches the camera off.

    Parameters
    ----------
    frames : what is shown instead of this computer's cameras.
    """

    def __init__(
        self,
        bridge: StudioBridge,
        label_: str | None = None,
        frames: Frames | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(bridge, parent)
        self._cameras = Cameras(self)
        self._given = frames
        self._frames: Frames | None = None
        self._taken: list[str] = []
        self._burst = ""
        self._left_in_burst = 0
        self._is_shut = False
        self._build()
        self.labels.choose(label_)
        bridge.fetch(bridge.studio.labels, self._show_labels, None, self)
        bridge.touched.connect(self._touched)
        bridge.image_added.connect(self._added)
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._count_down)
        self._next = QTimer(self)
        self._next.setInterval(_INTERVAL_MS)
        self._next.timeout.connect(self._take_one)
        self._cameras.changed.connect(self._look_for_cameras)
        self._look_for_cameras()

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        back = icon_button("back", "Back to the gallery (Esc)")
        back.clicked.connect(self.left)
        self.camera = ComboBox()
        self.camera.setAccessibleName("Camera")
        self.camera.activated.connect(self._use_chosen)
        head = QHBoxLayout()
        head.setContentsMargins(M, S, M, S)
        head.setSpacing(M)
        head.addWidget(back)
        head.addWidget(label("Photograph", "heading"), 1)
        head.addWidget(self.camera)
        self.viewfinder = Viewfinder()
        self.empty = EmptyState(
            "camera",
            "No camera found",
            "Plug one in: it appears here by itself. Photos from a phone or a card are imported "
            "like any file.",
            "Import photos instead",
        )
        self.empty.triggered.connect(self.left)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.viewfinder)
        self._stack.addWidget(self.empty)
        self.strip = ThumbnailStrip(Thumbnails(self.bridge, self, limit=16 << 20), most=_SHOWN)
        self._taken_row = QWidget()
        taken = QHBoxLayout(self._taken_row)
        taken.setContentsMargins(L, S, L, 0)
        self._undo = button(
            "Take back", "", "undo", "Put the last photo or burst in the trash (Ctrl+Z)"
        )
        self._undo.clicked.connect(self.bridge.undo)
        taken.addWidget(self.strip, 1)
        taken.addWidget(self._undo, 0, Qt.AlignmentFlag.AlignTop)
        self._taken_row.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self._stack, 1)
        column.addWidget(self._taken_row)
        column.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        self.labels = LabelChooser()
        self.labels.allow_none(True)
        self.labels.added.connect(lambda name: self.bridge.apply(AddLabel(name)))
        self.labels.setMinimumWidth(140)
        self.delay = ComboBox()
        self.delay.setAccessibleName("Countdown")
        for seconds in (0, 3, 5, 10):
            self.delay.addItem(f"after {seconds} s" if seconds else "at once", seconds)
        self.shots = SpinBox()
        self.shots.setRange(1, 50)
        self.shots.setAccessibleName("Photos in a burst")
        self.shots.setSuffix(" photo")
        self.shots.valueChanged.connect(
            lambda n: self.shots.setSuffix(" photo" if n == 1 else " photos")
        )
        self.shots.setToolTip("Photos of one burst count as one in the test: they stay together")
        self.guide = ComboBox()
        self.guide.setAccessibleName("Framing guide")
        for key, title in GUIDES:
            self.guide.addItem(title, key)
        self.guide.setCurrentIndex(1)
        self.guide.currentIndexChanged.connect(self._show_guide)
        self.mirror = QCheckBox("Mirror")
        self.mirror.setToolTip("Show it as a mirror does; photos are not mirrored")
        self.mirror.toggled.connect(self._show_guide)
        self.take = button("Take photo", "primary", "camera", "Space")
        self.take.clicked.connect(self.press)
        foot = QHBoxLayout()
        foot.setContentsMargins(L, S, L, M)
        foot.setSpacing(S)
        foot.addWidget(label("Label", "muted"))
        foot.addWidget(self.labels)
        foot.addSpacing(M)
        foot.addWidget(self.guide)
        foot.addWidget(self.mirror)
        foot.addStretch(1)
        foot.addWidget(self.delay)
        foot.addWidget(self.shots)
        foot.addWidget(self.take)
        return foot

    # -- the camera --------------------------------------------------------------------------

    def _look_for_cameras(self) -> None:
        """Offer the cameras there are; go on with the one in use, or begin with the first."""
        devices = [] if self._given is not None else self._cameras.all()
        used = self._frames.name if self._frames is not None else ""
        self.camera.clear()
        for device in devices:
            self.camera.addItem(device.description(), device)
        self.camera.setVisible(len(devices) > 1)
        names = [device.description() for device in devices]
        if self._given is not None:
            self._use(self._given)
        elif used in names:
            self.camera.setCurrentIndex(names.index(used))
        elif devices:
            self._use(CameraFrames(devices[0], self))
        else:
            if used:
                self.told.emit(
                    f"{used} was unplugged.", "Photos already taken are kept. Plug it in again."
                )
            self._use(None)

    def _use_chosen(self) -> None:
        self._use(CameraFrames(self.camera.currentData(), self))

    def _use(self, frames: Frames | None) -> None:
        if self._frames is not None and self._frames is not frames:
            self._frames.stop()
            self._frames.deleteLater()
        self._frames = frames
        self.take.setEnabled(frames is not None)
        self._stack.setCurrentWidget(self.viewfinder if frames is not None else self.empty)
        if frames is not None:
            frames.arrived.connect(self.viewfinder.show_frame)
            frames.failed.connect(self.told)
            frames.start()

    # -- taking ------------------------------------------------------------------------------

    def press(self) -> None:
        """Take, after the countdown; pressed again meanwhile it stops."""
        if self._second.isActive() or self._next.isActive():
            self._stop()
            return
        if self._frames is None:
            return
        self._left_in_burst = self.shots.value()
        self._burst = uuid.uuid4().hex if self._left_in_burst > 1 else ""
        self.viewfinder.seconds_left = self.delay.currentData()
        if self.viewfinder.seconds_left:
            self._second.start()
        else:
            self._begin()
        self._show_take()

    def _count_down(self) -> None:
        self.viewfinder.seconds_left -= 1
        self.viewfinder.update()
        if self.viewfinder.seconds_left == 0:
            self._second.stop()
            self._begin()

    def _begin(self) -> None:
        if self._left_in_burst > 1:
            self._next.start()
        self._take_one()

    def _take_one(self) -> None:
        self._left_in_burst -= 1
        if self._left_in_burst <= 0:
            self._next.stop()
        picture = self.viewfinder.picture()
        self._show_take()
        if picture.isNull():
            self.told.emit(
                "The camera has not shown a picture yet.", "Wait a moment, then take it."
            )
            return
        studio, label_, burst = self.bridge.studio, self.labels.value(), self._burst
        name = self._frames.name if self._frames is not None else ""
        taken = datetime.now().astimezone()

        def build() -> ImportRequest:
            params = {"camera": name, "captured_at": taken.isoformat(timespec="milliseconds")}
            if burst:
                params["burst"] = burst
            blobs = [(f"photo {taken:%Y-%m-%d %H.%M.%S.%f}"[:-3] + ".jpg", _jpeg(picture))]
            return studio.import_request(blobs=blobs, label=label_, source="photo", params=params)

        self.bridge.fetch(build, self._submit, self._cannot, self)

    def _submit(self, request: ImportRequest) -> None:
        try:
            self.bridge.submit(request)
        except CatStudioError as error:
            self._cannot(error)

    def _cannot(self, error: CatStudioError) -> None:
        self._stop()
        self.told.emit(error.message, error.hint)

    def _stop(self) -> None:
        self._second.stop()
        self._next.stop()
        self._left_in_burst = self.viewfinder.seconds_left = 0
        self.viewfinder.update()
        self._show_take()

    # -- what was taken ----------------------------------------------------------------------

    def _added(self, id_: str) -> None:
        self._taken.append(id_)
        self._read_taken()

    def _read_taken(self) -> None:
        ids = self._taken[-_SHOWN:][::-1]
        studio = self.bridge.studio
        self.bridge.fetch(lambda: studio.images_by_id(ids), self._show_taken, None, self)

    def _show_taken(self, records: list[ImageRecord]) -> None:
        there = [record for record in records if record.state is not State.TRASHED]
        self.strip.show_records(there)
        self._taken_row.setVisible(bool(there))

    # -- the room ----------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.press()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def shut(self) -> None:
        """Switch the camera off; may be called twice."""
        if not self._is_shut:
            self._is_shut = True
            self._stop()
            self._use(None)

    def _touched(self, touched: Touched) -> None:
        if touched.labels_changed:
            self.bridge.fetch(self.bridge.studio.labels, self._show_labels, None, self)
        self._read_taken()

    def _show_labels(self, labels: tuple[str, ...]) -> None:
        self.labels.set_labels(labels)

    def _show_guide(self) -> None:
        self.viewfinder.guide = self.guide.currentData()
        self.viewfinder.is_mirrored = self.mirror.isChecked()
        self.viewfinder.update()

    def _show_take(self) -> None:
        is_busy = self._second.isActive() or self._next.isActive()
        self.take.setText("Stop" if is_busy else "Take photo")


def _jpeg(picture: QImage) -> bytes:
    """The encoded picture. Slow for large ones: not on the window's thread."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    is_written = picture.convertToFormat(QImage.Format.Format_RGB888).save(
        buffer,
        "JPEG",
        _QUALITY,  # type: ignore[call-overload]  # the stubs lack the device overload
    )
    buffer.close()
    if not is_written:
        raise BadInputError("The picture could not be encoded.", "Take it again.")
    return bytes(data.data())
