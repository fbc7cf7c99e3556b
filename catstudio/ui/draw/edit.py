"""One edit of a layer under way: where it covers the layer, and the layer as that makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from catstudio.ui.draw.history import TILE, PixelChange
from catstudio.ui.draw.layer import FORMAT, Layer

_Mode = QPainter.CompositionMode


@dataclass(frozen=True)
class Ink:
    """What an edit does where it covers: paint in ``color``, or erase; ``opacity`` in [0, 1]."""

    color: QColor
    opacity: float = 1.0
    erases: bool = False


class Edit:
    """Tools write into ``coverage`` (uint8 [height, width]) and :meth:`show` what they changed.

    The layer is always the one of before with the ink upon it once, so a tool may raise,
    lower or clear the coverage as often as it likes.
    """

    def __init__(self, layer: Layer, ink: Ink) -> None:
        self.layer = layer
        self.ink = ink
        self._before = QImage(layer.image)  # Shares its pixels until the first dab.
        size = layer.image.size()
        self.mask = QImage(size, QImage.Format.Format_Alpha8)
        self.mask.fill(0)
        view = np.frombuffer(self.mask.bits(), np.uint8)
        rows = view.reshape(size.height(), self.mask.bytesPerLine())
        self.coverage: NDArray[np.uint8] = rows[:, : size.width()]
        self.touched = QRect()

    def show(self, rect: QRect) -> QRect:
        """Bring the layer up to date in ``rect``; returns the part that lies in the picture."""
        rect = rect & self.layer.image.rect()
        if rect.isEmpty():
            return rect
        self.touched = self.touched.united(rect)
        color = QColor(self.ink.color)
        color.setAlphaF(color.alphaF() * self.ink.opacity)
        layer = QPainter(self.layer.image)
        layer.setCompositionMode(_Mode.CompositionMode_Source)
        layer.drawImage(rect.topLeft(), self._before, rect)
        wash = QImage(rect.size(), FORMAT)
        wash.fill(color)
        painter = QPainter(wash)
        painter.setCompositionMode(_Mode.CompositionMode_DestinationIn)
        painter.drawImage(QPoint(0, 0), self.mask, rect)
        painter.end()
        erases = self.ink.erases
        layer.setCompositionMode(
            _Mode.CompositionMode_DestinationOut if erases else _Mode.CompositionMode_SourceOver
        )
        layer.drawImage(rect.topLeft(), wash)
        layer.end()
        return rect

    def clear(self) -> QRect:
        """Cover nothing; returns what must be shown anew."""
        touched, self.touched = self.touched, QRect()
        if not touched.isEmpty():
            self.coverage[_slices(touched)] = 0
        return touched

    def undone(self) -> QRect:
        """Put the layer back as it was; returns what looks different."""
        dirty, self.touched = self.touched, QRect()
        if not dirty.isEmpty():
            self.layer.image = self._before
        return dirty

    def change(self, name: str) -> PixelChange | None:
        """The finished edit as a step; None when it covers nothing."""
        tiles = [tile for tile in _tiles(self.touched) if self.coverage[_slices(tile)].any()]
        return PixelChange(name, self.layer, self._before, tiles) if tiles else None


def _tiles(rect: QRect) -> list[QRect]:
    """The tiles of a fixed grid that ``rect`` meets, cut to it."""
    if rect.isEmpty():
        return []
    across = range(rect.left() // TILE, rect.right() // TILE + 1)
    down = range(rect.top() // TILE, rect.bottom() // TILE + 1)
    return [QRect(x * TILE, y * TILE, TILE, TILE) & rect for y in down for x in across]


def _slices(rect: QRect) -> tuple[slice, slice]:
    return (
        slice(rect.top(), rect.top() + rect.height()),
        slice(rect.left(), rect.left() + rect.width()),
    )
