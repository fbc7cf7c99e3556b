"""The page of one's own photos: files and folders as ever, or taken here with the camera."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QWidget

from catstudio.sources import Source
from catstudio.ui.add_data.asks import ImportAsk
from catstudio.ui.add_data.source_page import ImportPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.widgets import button

if TYPE_CHECKING:
    from catstudio.ui.room import Room


class PhotoPage(ImportPage):
    """Photographs of one's own."""

    def __init__(self, source: Source, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._bridge = bridge
        self.camera = button(
            "Use the camera", "", "camera", "Take photos here, one by one or in bursts"
        )
        self.camera.clicked.connect(self.open_camera)
        self.keeps_location = QCheckBox("Keep where they were taken")
        self.keeps_location.setToolTip(
            "The place in a photo's metadata is taken out of the stored file unless this is on"
        )
        self.column.insertWidget(1, self.camera)
        self.column.insertWidget(2, self.keeps_location)

    def ask(self, paths: tuple[str, ...], label: str | None) -> ImportAsk:
        """What to bring in, and whether places stay in."""
        asked = super().ask(paths, label)
        return ImportAsk(**{**vars(asked), "keeps_location": self.keeps_location.isChecked()})

    def open_camera(self) -> None:
        """Enter the camera room; what it needs of Qt is loaded in the background first."""
        self.camera.setEnabled(False)
        self._bridge.fetch(_load, self._enter, None, self)

    def _enter(self, _: None) -> None:
        self.camera.setEnabled(True)
        self.room_asked.emit(partial(_room, label_=self.label or None))


def _load() -> None:
    """Load the camera's part of Qt, which takes a tenth of a second."""
    import catstudio.ui.camera.room  # noqa: F401


def _room(bridge: StudioBridge, *, label_: str | None) -> Room:
    from catstudio.ui.camera.room import CameraRoom

    return CameraRoom(bridge, label_)
