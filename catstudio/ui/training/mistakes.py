"""The mistakes as thumbnails, the surest first; each opens its image in the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XL, S
from catstudio.ui.training.wording import percent
from catstudio.ui.widgets import Card, FlowLayout, label

_SIDE = 112
_MAX_SHOWN = 60


@dataclass(frozen=True)
class Mistake:
    """One held-out photo that was called something else, with the probability of that answer."""

    id: str
    label: str
    predicted: str
    probability: float

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Mistake:
        """From a report's entry."""
        return cls(
            str(given["id"]),
            str(given["label"]),
            str(given["predicted"]),
            float(given.get("probability", 0.0)),
        )

    @property
    def words(self) -> str:
        return f"{self.label}, called\n{self.predicted} ({percent(self.probability)}%)"


class MistakesView(Card):
    """``show_image`` carries the id of the mistake that was clicked."""

    show_image = Signal(str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._heading = label("", "heading")
        self._more = label("", "muted", wrap=True)
        self._area = QWidget()
        self._flow = FlowLayout(self._area, spacing=S)
        self.column.setContentsMargins(XL, XL, XL, XL)
        for widget in (self._heading, self._more, self._area):
            self.column.addWidget(widget)
        self.buttons: list[QToolButton] = []

    def show_mistakes(self, given: Iterable[Mapping[str, Any]]) -> None:
        """Show the mistakes of a report."""
        mistakes = sorted((Mistake.of(one) for one in given), key=lambda one: -one.probability)
        self._flow.clear()
        self.buttons = []
        n = len(mistakes)
        self._heading.setText("No mistakes" if n == 0 else f"Mistakes: {n:,}")
        self._more.setText(
            "None of the real test photos was called something else."
            if n == 0
            else f"The {_MAX_SHOWN} that it was surest of. Click one to see it in the gallery."
            if n > _MAX_SHOWN
            else "The surest first. Click one to see it in the gallery."
        )
        for mistake in mistakes[:_MAX_SHOWN]:
            self._add(mistake)

    def _add(self, mistake: Mistake) -> None:
        tile = QToolButton()
        tile.setProperty("role", "quiet")
        tile.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        tile.setText(mistake.words)
        tile.setIconSize(QSize(_SIDE, _SIDE))
        tile.setFixedSize(_SIDE + 40, _SIDE + 56)
        tile.setToolTip(mistake.words.replace("\n", " "))
        tile.setAccessibleName(mistake.words.replace("\n", " "))
        tile.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tile.clicked.connect(lambda _=False, id_=mistake.id: self.show_image.emit(id_))
        self._flow.addWidget(tile)
        self.buttons.append(tile)
        studio, ratio = self._bridge.studio, self.devicePixelRatioF()

        def read() -> QImage:
            path = studio.thumbnail(studio.image(mistake.id), 256)
            return _squared(QImage(str(path)), round(_SIDE * ratio))

        def show(image: QImage) -> None:
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(ratio)
            tile.setIcon(pixmap)

        def missing(_: Exception) -> None:
            tile.setText(f"{mistake.words}\n(no longer here)")
            tile.setEnabled(False)

        self._bridge.fetch(read, show, missing, tile)


def _squared(image: QImage, side: int) -> QImage:
    """``image`` whole in the middle of a square, so that all captions stand on one line."""
    square = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    square.fill(Qt.GlobalColor.transparent)
    if not image.isNull():
        small = image.scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        painter = QPainter(square)
        painter.drawImage((side - small.width()) // 2, (side - small.height()) // 2, small)
        painter.end()
    return square
