"""How points are drawn: one small picture a group, put on the screen by the ten thousand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from catstudio.ui.theme import Theme

Floats = NDArray[np.floating]

_REACH = 3
"""Logical pixels beyond the radius that a selected point takes."""
_RING = 1.75
_PALE = 0.24
_FIELDS = 10
"""Numbers of a ``QPainter.PixmapFragment``: the middle x, y; the source's left, top, width, height;
scale x, y; rotation; opacity."""


@dataclass(frozen=True)
class Look:
    """What the sprites depend on: the groups' roles in the theme, which of them are crosses."""

    roles: tuple[str, ...]
    marks: tuple[bool, ...]
    radius: float
    ratio: float


def radius_for(n: int) -> float:
    """Logical pixels of a point's radius where ``n`` points are shown."""
    for most, radius in ((150, 5.5), (1_000, 4.5), (10_000, 3.5)):
        if n <= most:
            return radius
    return 2.5


class Sprites:
    """All pictures side by side in one: a column a group and a last one for pale points; below
    them the same, selected. ``side`` in device pixels."""

    def __init__(self, look: Look, theme: Theme) -> None:
        self.look = look
        self.theme_name = theme.name
        self.side = 2 * math.ceil((look.radius + _REACH) * look.ratio)
        self.pale = len(look.roles)
        self._pixmap = QPixmap(self.side * (self.pale + 1), 2 * self.side)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pale = _mixed(theme.muted, theme.surface, _PALE)
        colours = [*(QColor(theme.role(role)) for role in look.roles), pale]
        for column, colour in enumerate(colours):
            is_mark = column < self.pale and look.marks[column]
            for row in (0, 1):
                middle = QPointF((column + 0.5) * self.side, (row + 0.5) * self.side)
                _draw(painter, theme, look, middle, colour, is_mark, is_selected=row == 1)
        painter.end()

    def template(self, columns: NDArray[np.integer], selected: NDArray[np.bool_]) -> Floats:
        """What is to be drawn, but for where: float64 [n, 10]."""
        made = np.zeros((len(columns), _FIELDS))
        made[:, 2] = columns * self.side
        made[:, 3] = selected * self.side
        made[:, 4:6] = self.side
        made[:, 6:8] = 1.0
        made[:, 9] = 1.0
        return made

    def draw(self, image: QImage, template: Floats, screen: Floats) -> None:
        """Draw on ``image``: ``template`` [n, 10] at ``screen`` [n, 2], in device pixels."""
        if not len(template):
            return
        # On whole pixels: between them each point would be blurred, and slow.
        template[:, :2] = np.rint(screen)
        first: Any = shiboken6.wrapInstance(template.ctypes.data, QPainter.PixmapFragment)
        painter = QPainter(image)
        painter.drawPixmapFragments(first, len(template), self._pixmap)
        painter.end()

    def swatch(self, group: int) -> QPixmap:
        """One group's picture, for the legend."""
        found = self._pixmap.copy(group * self.side, 0, self.side, self.side)
        found.setDevicePixelRatio(self.look.ratio)
        return found


def sprites_for(roles: Sequence[str], marks: Sequence[bool], radius: float, ratio: float) -> Look:
    """The :class:`Look` of groups, with the radius in steps, so that few are ever drawn."""
    return Look(tuple(roles), tuple(marks), round(2 * radius) / 2, ratio)


def _draw(
    painter: QPainter,
    theme: Theme,
    look: Look,
    middle: QPointF,
    colour: QColor,
    is_mark: bool,
    is_selected: bool,
) -> None:
    radius = look.radius * look.ratio
    if is_selected:
        painter.setPen(QPen(QColor(theme.text), _RING * look.ratio))
        painter.setBrush(QColor(theme.surface))
        painter.drawEllipse(middle, radius + 1.75 * look.ratio, radius + 1.75 * look.ratio)
    if is_mark:
        _cross(painter, theme, middle, 0.95 * radius, colour, look.ratio)
        return
    rim = QColor(theme.surface)
    rim.setAlpha(150)  # Neighbours stay apart, and a crowd keeps its colour.
    painter.setPen(QPen(rim, 0.75 * look.ratio))
    painter.setBrush(colour)
    painter.drawEllipse(middle, radius, radius)


def _cross(
    painter: QPainter, theme: Theme, middle: QPointF, arm: float, colour: QColor, ratio: float
) -> None:
    lines = [
        QLineF(middle - QPointF(arm, arm), middle + QPointF(arm, arm)),
        QLineF(middle - QPointF(arm, -arm), middle + QPointF(arm, -arm)),
    ]
    for ink, width in ((QColor(theme.surface), 4.5), (colour, 2.5)):
        pen = QPen(ink, width * ratio)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLines(lines)


def _mixed(one: str, other: str, share: float) -> QColor:
    """``share`` of ``one`` in ``other``, opaque: a crowd of pale points stays pale."""
    a, b = QColor(one), QColor(other)
    parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(share * x + (1 - share) * y) for x, y in parts))
