"""The last photos, smallest below the viewfinder, with the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.core.changes import Touched
from catstudio.core.types import ImageRecord, State
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.camera.shots import Shot, Shots
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.strip import SIDE, ThumbnailStrip
from catstudio.ui.theme import XS, L, M, S
from catstudio.ui.widgets import button, label

_SHOWN = 12
"""How many of the last photos are shown, at most."""
_BESIDE = 360  # Logical pixels that what stands beside the photos takes.


class Taken(QWidget):
    """What was taken since the room was entered; how to, before that."""

    def __init__(self, bridge: StudioBridge, shots: Shots, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._shots = shots
        self._taken: list[Shot] = []
        self._is_ready = True
        self._reading: Fetch | None = None
        self.strip = ThumbnailStrip(Thumbnails(bridge, self, limit=16 << 20), most=_SHOWN)
        self.blurred = label("The last photo seems blurred.", "look")
        self.blurred.hide()
        self.back = button(
            "Take back", "quiet", "undo", "Put the last photo or burst in the trash (Backspace)"
        )
        self.back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back.clicked.connect(self.take_back)
        self.back.hide()
        self._how = label("Space takes a photo. What you take appears here.", "muted")
        # As high without photos, so that the first one does not move the picture.
        self.setFixedHeight(SIDE + S)
        row = QHBoxLayout(self)
        row.setContentsMargins(L, 0, L, S)
        row.setSpacing(M)
        row.addWidget(self._how)
        row.addWidget(self.strip, 1)
        row.addWidget(self.blurred)
        row.addWidget(self.back)
        shots.judged.connect(self.blurred.setVisible)
        shots.landed.connect(self._landed)
        bridge.touched.connect(self._touched)

    def add(self, shot: Shot) -> None:
        """Know a press of the button; its photos are shown once they are in the project."""
        self._taken.append(shot)

    def take_back(self) -> None:
        """Put the last photo or burst in the trash."""
        if self._taken:
            self._shots.take_back(self._taken.pop())
            self.blurred.hide()
            self._read()

    def show_ready(self, is_ready: bool) -> None:
        """Is there a camera to take photos with?"""
        self._is_ready = is_ready
        self._how.setVisible(is_ready and self.back.isHidden())

    def _landed(self, shot: Shot) -> None:
        if not shot.ids and shot in self._taken:
            self._taken.remove(shot)
        self._read()

    def _touched(self, _: Touched) -> None:
        if self._taken:
            self._read()

    def _read(self) -> None:
        ids = [id_ for shot in reversed(self._taken) for id_ in reversed(shot.ids)]
        studio = self._bridge.studio
        if self._reading is not None:
            # Two reads may end in any order, and the older knows photos that were taken back.
            self._reading.cancel()
        self._reading = self._bridge.fetch(lambda: studio.images_by_id(ids), self._show)

    def _show(self, records: list[ImageRecord]) -> None:
        there = [record for record in records if record.state is not State.TRASHED]
        # What was undone elsewhere is taken back as well.
        gone = {record.id for record in records} - {record.id for record in there}
        self._taken = [shot for shot in self._taken if not shot.ids or {*shot.ids} - gone]
        fitting = (self.width() - _BESIDE) // (SIDE + XS)
        self.strip.show_records(there[: max(1, min(fitting, _SHOWN))])
        self.back.setVisible(bool(there))
        self.show_ready(self._is_ready)
