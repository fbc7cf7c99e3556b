"""A mask over one image of the gallery: painted in a room of its own, kept while the image is chosen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.theme import S
from catstudio.ui.widgets import ElidedLabel, button, icon_button


class MaskField(QWidget):
    """Shown while it has an image. ``changed`` follows the mask; ``room_asked`` carries a
    :data:`~catstudio.ui.room.RoomBuilder`.

    Parameters
    ----------
    words, tooltip : of the button; ``instructions`` of the room; ``done`` says that there is one.
    has_marks : keep and drop are marked, the rest is left to the program.
    """

    changed = Signal()
    room_asked = Signal(object)

    def __init__(
        self,
        bridge: StudioBridge,
        words: tuple[str, str, str, str],
        *,
        has_marks: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        text, tooltip, self._instructions, done = words
        self._bridge = bridge
        self._has_marks = has_marks
        self._image = ""
        self._masked = ""
        self._mask = b""
        self.paint = button(text, "", "pencil", tooltip)
        self.paint.clicked.connect(self._ask)
        self._is_masked = ElidedLabel(done, "small")
        self.drop = icon_button("clear", "Without the mask again")
        self.drop.clicked.connect(self._forget)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.paint)
        row.addWidget(self._is_masked, 1)
        row.addWidget(self.drop)
        self._show()

    def set_image(self, id_: str) -> None:
        """The image that a mask is of; "" for none."""
        if id_ != self._image:
            self._image = id_
            self._show()

    def value(self) -> bytes:
        """The mask of the image that is chosen now, a PNG; b"" when there is none."""
        return self._mask if self._image and self._image == self._masked else b""

    def _show(self) -> None:
        self.setVisible(bool(self._image))
        has_mask = bool(self.value())
        self._is_masked.setVisible(has_mask)
        self.drop.setVisible(has_mask)

    def _ask(self) -> None:
        studio, id_ = self._bridge.studio, self._image
        self._bridge.fetch(lambda: prepared(studio.image(id_)), self._enter, None, self)

    def _enter(self, record: ImageRecord) -> None:
        before = self.value()

        def build(bridge: StudioBridge) -> Room:
            from catstudio.ui.draw.mask_room import MaskRoom

            room = MaskRoom(
                bridge, record, self._instructions, has_marks=self._has_marks, mask=before
            )
            room.painted.connect(lambda mask: self.take(record.id, mask))
            return room

        self.room_asked.emit(build)

    def take(self, id_: str, mask: bytes) -> None:
        """Use ``mask``, a PNG, for the image called ``id_``."""
        self._mask, self._masked = mask, id_
        self._show()
        self.changed.emit()

    def _forget(self) -> None:
        self.take("", b"")


def prepared(record: ImageRecord) -> ImageRecord:
    """Load what painting needs in the background: it takes a fifth of a second."""
    import catstudio.ui.draw.mask_room  # noqa: F401

    return record
