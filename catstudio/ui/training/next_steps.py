"""What to collect next: a ranked list, each with its reason and the images it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XL, XS, M
from catstudio.ui.training.tiles import ImageTiles
from catstudio.ui.widgets import Card, label

_SIDE = 72
_MOST_IMAGES = 8


class NextStepsView(Card):
    """``show_image`` carries the id of an image that was clicked."""

    show_image = Signal(str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self.column.addWidget(label("What to do next", "heading"))
        self._body = QWidget()
        self.column.addWidget(self._body)

    def show_steps(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """``steps`` in their order of worth."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        for number, step in enumerate(steps, 1):
            block = QVBoxLayout()
            block.setSpacing(XS)
            block.addWidget(label(f"{number}. {step['title']}", wrap=True))
            block.addWidget(label(str(step["text"]), "muted", wrap=True))
            images = [str(id_) for id_ in step.get("images") or ()][:_MOST_IMAGES]
            if images:
                tiles = ImageTiles(self._bridge, _SIDE)
                tiles.chosen.connect(self.show_image)
                tiles.show_images([(id_, "") for id_ in images])
                block.addWidget(tiles)
            column.addLayout(block)
        if not steps:
            column.addWidget(label("Nothing stands out.", "muted"))
        self.column.replaceWidget(self._body, body)
        self._body.hide()
        self._body.deleteLater()
        self._body = body
