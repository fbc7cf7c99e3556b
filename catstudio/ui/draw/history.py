"""Undo and redo of a drawing, bounded in bytes: tiles of pixels, and lists of layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from catstudio.ui.draw.layer import Layer

LIMIT = 96 << 20
"""Bytes of undo kept: several hundred strokes on a canvas of 1024 pixels."""
TILE = 64


class Layered(Protocol):
    """What a change changes."""

    width: int
    height: int
    layers: list[Layer]
    active: int


class Change(Protocol):
    """One step. ``swap`` exchanges what it keeps for what is there: undo and redo are the same."""

    name: str

    @property
    def size(self) -> int:
        """Bytes that it keeps alive."""

    def swap(self, document: Layered) -> QRect:
        """Exchange; returns the part of the picture that looks different now."""


class PixelChange:
    """Tiles of one layer, as they were."""

    def __init__(self, name: str, layer: Layer, before: QImage, tiles: Sequence[QRect]) -> None:
        self.name = name
        self._layer = layer
        self._tiles = [(tile, before.copy(tile)) for tile in tiles]

    @property
    def size(self) -> int:
        return sum(image.sizeInBytes() for _, image in self._tiles)

    def swap(self, document: Layered) -> QRect:
        dirty = QRect()
        there = [(tile, self._layer.image.copy(tile)) for tile, _ in self._tiles]
        painter = QPainter(self._layer.image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for tile, image in self._tiles:
            painter.drawImage(tile.topLeft(), image)
            dirty = dirty.united(tile)
        painter.end()
        self._tiles = there
        return dirty


@dataclass(frozen=True)
class _Look:
    """A layer and how it is shown; its pixels have changes of their own."""

    layer: Layer
    name: str
    opacity: float
    is_visible: bool


@dataclass(frozen=True)
class Stack:
    """The layers of a moment, in order, and which one is painted on."""

    looks: tuple[_Look, ...]
    active: int

    @classmethod
    def of(cls, document: Layered) -> Stack:
        looks = tuple(_Look(x, x.name, x.opacity, x.is_visible) for x in document.layers)
        return cls(looks, document.active)

    def show(self, document: Layered) -> None:
        for look in self.looks:
            look.layer.name = look.name
            look.layer.opacity = look.opacity
            look.layer.is_visible = look.is_visible
        document.layers[:] = [look.layer for look in self.looks]
        document.active = self.active


class StackChange:
    """Layers added, removed, moved, renamed, hidden, or shown more or less."""

    def __init__(self, name: str, before: Stack, after: Stack) -> None:
        self.name = name
        self._other = before
        there = {id(look.layer) for look in after.looks}
        # Only layers that are in no list but this one are kept alive by it.
        gone = [look.layer for look in before.looks if id(look.layer) not in there]
        self._size = 1024 + sum(layer.image.sizeInBytes() for layer in gone)

    @property
    def size(self) -> int:
        return self._size

    def swap(self, document: Layered) -> QRect:
        there = Stack.of(document)
        self._other.show(document)
        self._other = there
        return QRect(0, 0, document.width, document.height)

    def continues(self, name: str, document: Layered) -> bool:
        """Is ``name`` the same step going on, such as a slider being dragged?"""
        mine = [look.layer for look in self._other.looks]
        return self.name == name and mine == document.layers


class History:
    """Steps done and undone; the oldest are forgotten beyond ``limit`` bytes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(change.size for change in (*self._done, *self._undone))

    @property
    def undo_name(self) -> str | None:
        return self._done[-1].name if self._done else None

    @property
    def redo_name(self) -> str | None:
        return self._undone[-1].name if self._undone else None

    @property
    def last(self) -> Change | None:
        """The step that undo would take back, unless something has been undone since."""
        return self._done[-1] if self._done and not self._undone else None

    def push(self, change: Change) -> None:
        """Remember a step; what had been undone cannot be redone any more."""
        self._undone.clear()
        self._done.append(change)
        while len(self._done) > 1 and self.size > self._limit:
            del self._done[0]

    def undo(self, document: Layered) -> QRect:
        """Take the last step back; returns what looks different."""
        return self._step(self._done, self._undone, document)

    def redo(self, document: Layered) -> QRect:
        return self._step(self._undone, self._done, document)

    @staticmethod
    def _step(source: list[Change], target: list[Change], document: Layered) -> QRect:
        if not source:
            return QRect()
        change = source.pop()
        dirty = change.swap(document)
        target.append(change)
        return dirty
