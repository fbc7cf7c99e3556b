"""One layer of a drawing, and a picture of all of them that other threads may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter

FORMAT = QImage.Format.Format_ARGB32_Premultiplied


@dataclass(eq=False, slots=True)
class Layer:
    """``image`` has the drawing's size, premultiplied; ``opacity`` is in [0, 1].

    ``photo_id`` names the image of the project that a photo below is; it is not painted on.
    """

    name: str
    image: QImage
    opacity: float = 1.0
    is_visible: bool = True
    photo_id: str = ""

    @property
    def is_photo(self) -> bool:
        return bool(self.photo_id)

    def copy(self) -> Layer:
        """A layer of its own that shares the pixels until one of the two is painted on."""
        return Layer(self.name, QImage(self.image), self.opacity, self.is_visible, self.photo_id)


def empty_image(width: int, height: int) -> QImage:
    """A transparent picture."""
    image = QImage(width, height, FORMAT)
    image.fill(Qt.GlobalColor.transparent)
    return image


def compose(painter: QPainter, layers: Iterable[Layer], rect: QRect) -> None:
    """Lay ``layers``, lowest first, on what ``painter`` has, within ``rect``."""
    for layer in layers:
        if layer.is_visible and layer.opacity > 0:
            painter.setOpacity(layer.opacity)
            painter.drawImage(rect.topLeft(), layer.image, rect)
    painter.setOpacity(1.0)


@dataclass(frozen=True)
class Snapshot:
    """A drawing at one moment. Its images share their pixels with the document's until that
    is painted on, so taking one costs nothing and any thread may read it.

    ``parents`` are the images of the project that it derives from; ``tools`` counts the edits
    of each tool.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    active: int = 0
    parents: tuple[str, ...] = ()
    tools: Mapping[str, int] = field(default_factory=dict)
    symmetry: str = "none"
    label: str | None = None

    def flat(self) -> QImage:
        """All visible layers on white paper, RGB."""
        result = QImage(self.width, self.height, QImage.Format.Format_RGB32)
        result.fill(Qt.GlobalColor.white)
        painter = QPainter(result)
        compose(painter, self.layers, QRect(QPoint(0, 0), result.size()))
        painter.end()
        return result
