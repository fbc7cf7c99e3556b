"""The camera room: a live picture, a countdown, bursts, and a label that each photo gets."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from catstudio.core.changes import AddLabel, Touched
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.camera.controls import Controls
from catstudio.ui.camera.frames import Camera, Cameras, Frames
from catstudio.ui.camera.shots import Shot, Shots
from catstudio.ui.camera.shutter import Shutter
from catstudio.ui.camera.taken import Taken
from catstudio.ui.camera.viewfinder import Viewfinder
from catstudio.ui.room import Room
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import ComboBox, EmptyState, icon_button, label

_FIRST_FRAME_MS = 8000
"""Cameras show something within two or three seconds; one that another program holds never does."""
_TAKE_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_NONE = (
    "No camera found",
    "Plug one in: it appears by itself. Photos from a phone or a card are imported like any file.",
)
_IMPORT, _AGAIN = "Import photos instead", "Try again"


class CameraRoom(Room):
    """Takes photos into the open project. Leaving it switches the camera off.

    ``import_asked()`` is the wish to bring in files instead; the room is left then.

    Parameters
    ----------
    label_ : the label that photos get at first; None decides later.
    cameras : those to choose from, in place of this computer's.
    """

    import_asked = Signal()

    def __init__(
        self,
        bridge: StudioBridge,
        label_: str | None = None,
        cameras: Cameras | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(bridge, parent)
        self._cameras = cameras or Cameras(self)
        self._camera: Camera | None = None
        self._frames: Frames | None = None
        self._label = label_
        self._has_labels = False
        self._shot: Shot | None = None
        self._is_shut = False
        self.shutter = Shutter(self)
        self.shots = Shots(bridge)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_FIRST_FRAME_MS)
        self._build()
        self._connect()
        bridge.fetch(bridge.studio.labels, self._show_labels)
        self._look_for_cameras()

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self.camera, self.size_box = ComboBox(), ComboBox()
        self.camera.setAccessibleName("Camera")
        self.camera.setToolTip("Which camera")
        self.size_box.setAccessibleName("Resolution")
        self.size_box.setToolTip("The size of the photos, in pixels")
        self._back = icon_button("back", "Back to the gallery (Esc)")
        head = QHBoxLayout()
        head.setContentsMargins(M, S, L, S)
        head.setSpacing(M)
        head.addWidget(self._back)
        head.addWidget(label("Photograph", "heading"), 1)
        head.addWidget(self.camera)
        head.addWidget(self.size_box)
        self.viewfinder = Viewfinder()
        self.empty = EmptyState("camera", *_NONE, _IMPORT, "primary")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.viewfinder)
        self._stack.addWidget(self.empty)
        middle = QHBoxLayout()
        middle.setContentsMargins(L, 0, L, S)
        middle.addWidget(self._stack)
        self.taken = Taken(self.bridge, self.shots)
        self.controls = Controls()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(middle, 1)
        column.addWidget(self.taken)
        column.addWidget(self.controls)

    def _connect(self) -> None:
        self._back.clicked.connect(self.left)
        self._back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.camera.activated.connect(lambda _: self._use_chosen())
        self.size_box.activated.connect(lambda _: self._use_size())
        self.empty.triggered.connect(self._act)
        self.controls.pressed.connect(self.press)
        self.controls.guided.connect(self._show_guide)
        self.controls.labels.added.connect(lambda name: self.bridge.apply(AddLabel(name)))
        self.shutter.ticked.connect(self.viewfinder.count)
        self.shutter.begun.connect(self._begin)
        self.shutter.fired.connect(self._take_one)
        self.shutter.ended.connect(self._end)
        self.shots.failed.connect(self.told)
        self._late.timeout.connect(self._say_late)
        self.viewfinder.pump.shown.connect(self._late.stop)
        self._cameras.changed.connect(self._look_for_cameras)
        self.bridge.touched.connect(self._touched)

    # -- the camera --------------------------------------------------------------------------

    def _look_for_cameras(self) -> None:
        """Offer the cameras there are; go on with the one in use, or begin with the first."""
        found = self._cameras.all()
        ids = [one.id for one in found]
        self.camera.clear()
        for one in found:
            self.camera.addItem(one.name, one)
        self.camera.setVisible(len(found) > 1)
        used = self._camera
        if used is not None and used.id in ids:
            self.camera.setCurrentIndex(ids.index(used.id))
        elif found:
            self._use(found[0])
        elif used is not None:
            self._use(None)
            self._explain(
                f"{used.name} was unplugged",
                "Plug it back in: it goes on by itself. Photos already taken are kept.",
                _IMPORT,
            )
        elif self._stack.currentWidget() is not self.empty:
            self._use(None)
            self._explain(*_NONE, _IMPORT)

    def _use_chosen(self) -> None:
        self._use(self.camera.currentData())
        self.setFocus()

    def _use_size(self) -> None:
        if self._frames is not None:
            self._frames.use_size(self.size_box.currentData())
        self.setFocus()

    def _use(self, camera: Camera | None) -> None:
        """Switch to ``camera``; the one in use so far is let go of."""
        self.shutter.stop()
        self._late.stop()
        if self._frames is not None:
            self._frames.arrived.disconnect(self.viewfinder.pump.take)
            self._frames.failed.disconnect(self._fail)
            self._frames.stop()
            self._frames.deleteLater()
        self.viewfinder.clear()
        self._camera = camera
        self._frames = frames = camera.open(self) if camera is not None else None
        self.controls.take.setEnabled(frames is not None)
        sizes = frames.sizes() if frames is not None else ()
        self.size_box.clear()
        for size in sizes:
            self.size_box.addItem(f"{size[0]} × {size[1]}", size)
        self.size_box.setVisible(len(sizes) > 1)
        if frames is None:
            return
        if sizes:
            self.size_box.setCurrentIndex(max(0, sizes.index(frames.size())))
        self._stack.setCurrentWidget(self.viewfinder)
        self.taken.show_ready(True)
        frames.arrived.connect(self.viewfinder.pump.take)
        frames.failed.connect(self._fail)
        self._late.start()
        frames.start()

    def _fail(self, message: str, hint: str) -> None:
        """The camera gives no more pictures: say so in their place."""
        self.shutter.stop()
        self._late.stop()
        self.viewfinder.clear()
        self.controls.take.setEnabled(False)
        self._explain(message, hint, _AGAIN)

    def _say_late(self) -> None:
        self._fail(
            f"{self._frames.name if self._frames else 'The camera'} shows nothing.",
            "Another program may be using it, or its lens is locked. Photos already taken are kept.",
        )

    def _explain(self, title: str, text: str, action: str) -> None:
        self.empty.set_texts(title.rstrip("."), text, action)
        self._stack.setCurrentWidget(self.empty)
        self.taken.show_ready(False)

    def _act(self) -> None:
        """What the button below an explanation offers."""
        if self.empty.action.text() == _AGAIN:
            self._use(self._camera)
            self.setFocus()
        else:
            self.left.emit()
            self.import_asked.emit()

    # -- taking ------------------------------------------------------------------------------

    def press(self) -> None:
        """Take, after the countdown; pressed again meanwhile it stops."""
        if self.shutter.is_busy:
            self.shutter.stop()
        elif self.controls.take.isEnabled() and not self.viewfinder.has_picture:
            self.told.emit("The camera has not shown a picture yet.", "Wait a moment.")
        elif self.controls.take.isEnabled():
            controls = self.controls
            self.shutter.press(
                controls.delay.currentData(), controls.shots.value(), controls.interval.value()
            )
            controls.show_busy(self.shutter.is_busy)

    def _begin(self, count: int) -> None:
        name = self._frames.name if self._frames is not None else ""
        self._shot = self.shots.begin(self.controls.labels.value(), name, count)
        self.taken.add(self._shot)

    def _take_one(self) -> None:
        frame = self.viewfinder.pump.newest
        if frame is not None and self._shot is not None:
            self.shots.add(self._shot, frame)
            self.viewfinder.blink()

    def _end(self) -> None:
        if self._shot is not None:
            self.shots.end(self._shot)
            self._shot = None
        self.controls.show_busy(False)

    # -- the room ----------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _TAKE_KEYS and not event.isAutoRepeat():
            self.press()
        elif event.key() == Qt.Key.Key_Backspace:
            self.taken.take_back()
        elif event.key() == Qt.Key.Key_Escape and self.shutter.is_busy:
            self.shutter.stop()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def shut(self) -> None:
        """Switch the camera off; may be called twice. Photos under way still land."""
        if not self._is_shut:
            self._is_shut = True
            self._use(None)
            self.viewfinder.pump.close()
            self.shots.retire()

    def _touched(self, touched: Touched) -> None:
        if touched.labels_changed:
            self.bridge.fetch(self.bridge.studio.labels, self._show_labels)

    def _show_labels(self, labels: tuple[str, ...]) -> None:
        self.controls.labels.set_labels(labels)
        if not self._has_labels:
            self._has_labels = True
            self.controls.labels.choose(self._label)

    def _show_guide(self) -> None:
        controls = self.controls
        self.viewfinder.show_guide(
            controls.guide.currentData(), is_mirrored=controls.mirror.isChecked()
        )
