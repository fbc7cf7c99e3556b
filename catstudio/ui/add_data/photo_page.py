"""The page of one's own photos: files and folders as ever, or taken here with the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QWidget

from catstudio.core.errors import CatStudioError, NotPossibleError
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
        self.keeps_location = QCheckBox("Keep location")
        self.keeps_location.setToolTip(
            "Where a photo was taken is removed from its stored copy unless this is on"
        )
        self.column.insertWidget(1, self.camera)
        self.column.insertWidget(self.column.count() - 1, self.keeps_location)

    def ask(self, paths: tuple[str, ...], label: str | None) -> ImportAsk:
        """What to bring in, and whether places stay in."""
        asked = super().ask(paths, label)
        return ImportAsk(**{**vars(asked), "keeps_location": self.keeps_location.isChecked()})

    def open_camera(self) -> None:
        """Enter the camera room; what it needs of Qt is loaded in the background first."""
        self.camera.setEnabled(False)
        self._bridge.fetch(_load, self._enter, self._refuse, self)

    def _enter(self, _: None) -> None:
        self.camera.setEnabled(True)
        self.room_asked.emit(self._room)

    def _refuse(self, error: CatStudioError) -> None:
        self.camera.setEnabled(True)
        self.failed.emit(error.message, error.hint)

    def _room(self, bridge: StudioBridge) -> Room:
        from catstudio.ui.camera.room import CameraRoom

        room = CameraRoom(bridge, self.label or None)
        room.import_asked.connect(self.submitted)
        return room


def _load() -> None:
    """Load the camera's part of Qt, which takes a tenth of a second.

    Raises :class:`NotPossibleError` where the system lacks a library that it needs.
    """
    try:
        import catstudio.ui.camera.room  # noqa: F401
    except ImportError as error:
        raise NotPossibleError(
            f"The camera cannot be used here: {error}.",
            "Install what is missing (on Debian and Ubuntu: sudo apt install libpulse0 libdrm2), "
            "or import photos instead.",
        ) from error
