"""The room in which a mask is painted: instructions, the painter, Done and Cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from catstudio.core.errors import CatStudioError
from catstudio.core.types import ImageRecord
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw.mask import MaskPainter
from catstudio.ui.draw.reading import read_image
from catstudio.ui.room import Room
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import ElidedLabel, button, label


class MaskRoom(Room):
    """Paint a mask over ``record``, an image of the project.

    ``painted(bytes)`` carries the PNG when Done is pressed, then the room says ``left()``;
    Cancel, Escape and Back leave without it. ``instructions`` say what painted means here
    ("Paint over what to redraw."). ``mask`` is one to start from.
    """

    painted = Signal(bytes)

    def __init__(
        self,
        bridge: StudioBridge,
        record: ImageRecord,
        instructions: str,
        *,
        title: str = "Paint a mask",
        has_marks: bool = False,
        mask: bytes = b"",
        may_be_empty: bool = False,
    ) -> None:
        super().__init__(bridge)
        self._mask = mask
        self._may_be_empty = may_be_empty
        self.painter = MaskPainter(has_marks=has_marks)
        self.painter.setEnabled(False)
        self.painter.changed.connect(self._show)
        self.done = button("Done", "primary", "accept", "Use this mask (Ctrl+Return)")
        self.done.clicked.connect(self.finish)
        self.cancel = button("Cancel", "quiet", tooltip="Leave without a mask (Escape)")
        self.cancel.clicked.connect(self.left)
        self._lay_out(f"{title}: {record.name}", instructions)
        self.setFocusProxy(self.painter)
        self._show()
        path = bridge.studio.image_path(record)
        bridge.fetch(lambda: read_image(path), self._came, self._failed)

    def finish(self) -> None:
        """Hand the mask over and leave."""
        if self.done.isEnabled():
            self.painted.emit(self.painter.mask_png())
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif is_return and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finish()
        else:
            super().keyPressEvent(event)

    def _came(self, image: QImage) -> None:
        self.painter.set_image(image)
        self.painter.setEnabled(True)
        self.painter.setFocus()
        self._show()
        if self._mask:
            try:
                self.painter.set_mask(self._mask)
            except CatStudioError as error:
                self._failed(error)

    def _failed(self, error: CatStudioError) -> None:
        self._problem.setText(str(error))
        self._problem.show()

    def _show(self) -> None:
        self.done.setEnabled(
            self.painter.isEnabled() and (self._may_be_empty or not self.painter.is_empty)
        )
        self.done.setToolTip(
            "Use this mask (Ctrl+Return)" if self.done.isEnabled() else "Paint something first"
        )

    def _lay_out(self, title: str, instructions: str) -> None:
        head = QFrame()
        head.setProperty("role", "panel")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedLabel(title, "heading"))
        words.addWidget(label(instructions, "muted", wrap=True))
        self._problem = label("", "problem", wrap=True)
        self._problem.hide()
        words.addWidget(self._problem)
        row = QHBoxLayout(head)
        row.setContentsMargins(L, M, L, S)
        row.setSpacing(S)
        row.addLayout(words, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.done)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.painter, 1)
