"""An image of the gallery that a ControlNet follows: taken from the selection, kept until it is let go."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import S
from catstudio.ui.widgets import ElidedLabel, button, icon_button


class GuideField(QWidget):
    """``changed`` when another image is the guide, or none."""

    changed = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._selected: tuple[str, ...] = ()
        self._guide: str | None = None
        self.take = button(
            "Guide: the selected image", "", "layers",
            "The ControlNet keeps to its layout; without one it keeps to the image it starts from",
        )  # fmt: skip
        self.take.clicked.connect(self._take)
        self._name = ElidedLabel("", "small")
        self.drop = icon_button("clear", "Without a guide again")
        self.drop.clicked.connect(self._drop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.take)
        row.addWidget(self._name, 1)
        row.addWidget(self.drop)
        self._show()

    def set_selected(self, ids: tuple[str, ...]) -> None:
        """The gallery's selection."""
        self._selected = ids
        self._show()

    def value(self) -> str | None:
        """The guide's id, while a ControlNet is asked for; None without."""
        return self._guide if not self.isHidden() else None

    def _take(self) -> None:
        (id_,) = self._selected
        studio = self._bridge.studio
        self._bridge.fetch(lambda: studio.image(id_), self._use, None, self)

    def _use(self, record: ImageRecord) -> None:
        self._guide = record.id
        self._name.setText(f"Follows {record.name}")
        self._show()
        self.changed.emit()

    def _drop(self) -> None:
        self._guide = None
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        has_guide = self._guide is not None
        self.take.setVisible(not has_guide)
        self.take.setEnabled(len(self._selected) == 1)
        self._name.setVisible(has_guide)
        self.drop.setVisible(has_guide)
