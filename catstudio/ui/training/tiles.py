"""Images with a caption each, as buttons that wrap: mistakes, what a check shows, what to relabel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import S
from catstudio.ui.widgets import FlowLayout

_CAPTION_LINES = 56
_CAPTION_ROOM = 40


class ImageTiles(QWidget):
    """``chosen`` carries the id of the image that was clicked."""

    chosen = Signal(str)

    def __init__(
        self, bridge: StudioBridge, side: int = 112, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._side = side
        self._flow = FlowLayout(self, spacing=S)
        self.buttons: list[QToolButton] = []

    def show_images(self, images: Sequence[tuple[str, str]]) -> None:
        """(id, caption) of each; a caption has two lines at most."""
        self._flow.clear()
        self.buttons = []
        for id_, caption in images:
            self._add(id_, caption)

    def _add(self, id_: str, caption: str) -> None:
        tile = QToolButton()
        tile.setProperty("role", "quiet")
        tile.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        room = self._side + _CAPTION_ROOM - 2 * S
        tile.setText(_two_lines(caption, tile.fontMetrics(), room).replace("&", "&&"))
        tile.setIconSize(QSize(self._side, self._side))
        tile.setFixedSize(
            self._side + _CAPTION_ROOM, self._side + (_CAPTION_LINES if caption else 2 * S)
        )
        tile.setToolTip(caption.replace("\n", " "))
        tile.setAccessibleName(caption.replace("\n", " ") or "image")
        tile.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tile.clicked.connect(lambda: self.chosen.emit(id_))
        self._flow.addWidget(tile)
        self.buttons.append(tile)
        studio, ratio, side = self._bridge.studio, self.devicePixelRatioF(), self._side

        def read() -> QImage:
            path = studio.thumbnail(studio.image(id_), 256)
            return _squared(QImage(str(path)), round(side * ratio))

        def show(image: QImage) -> None:
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(ratio)
            tile.setIcon(pixmap)

        def missing(_: CatStudioError) -> None:
            tile.setText(f"{tile.text()}\n(no longer here)")
            tile.setEnabled(False)

        self._bridge.fetch(read, show, missing, tile)


def _two_lines(text: str, metrics: QFontMetrics, room: int) -> str:
    """``text`` broken once between words, where it does not break by itself; the rest elided."""
    if "\n" not in text and metrics.horizontalAdvance(text) > room:
        words = text.split(" ")
        fits = [
            k
            for k in range(1, len(words))
            if metrics.horizontalAdvance(" ".join(words[:k])) <= room
        ]
        at = fits[-1] if fits else 1
        text = f"{' '.join(words[:at])}\n{' '.join(words[at:])}"
    elide = Qt.TextElideMode.ElideRight
    return "\n".join(metrics.elidedText(line, elide, room) for line in text.split("\n")[:2])


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
