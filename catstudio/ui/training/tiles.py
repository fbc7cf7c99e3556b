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

_LINES = 3
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
        """(id, caption) of each; a caption has three lines at most."""
        self._flow.clear()
        self.buttons = []
        for id_, caption in images:
            self._add(id_, caption)

    def _add(self, id_: str, caption: str) -> None:
        tile = QToolButton()
        tile.setProperty("role", "quiet")
        tile.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        room = self._side + _CAPTION_ROOM - 2 * S
        lines = _broken(caption, tile.fontMetrics(), room)
        tile.setText("\n".join(lines).replace("&", "&&"))
        tile.setIconSize(QSize(self._side, self._side))
        below = len(lines) * tile.fontMetrics().lineSpacing() + S if caption else 0
        tile.setFixedSize(self._side + _CAPTION_ROOM, self._side + 2 * S + below)
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


def _broken(text: str, metrics: QFontMetrics, room: int) -> list[str]:
    """``text`` broken between words into at most ``_LINES`` lines; the last takes what is left
    over, elided."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in part.split(" "):
            longer = f"{line} {word}".strip()
            is_last = len(lines) == _LINES - 1
            if line and not is_last and metrics.horizontalAdvance(longer) > room:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    elide = Qt.TextElideMode.ElideRight
    return [metrics.elidedText(line, elide, room) for line in lines[:_LINES]]


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
