"""Symmetry: where a stroke is repeated, mirrored at the middle of the picture."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTransform

from catstudio.ui.draw.brush import Dab


class Symmetry(StrEnum):
    """The axes that a stroke is mirrored at."""

    NONE = "none"
    VERTICAL = "vertical"
    """Left and right of an upright line."""
    HORIZONTAL = "horizontal"
    BOTH = "both"

    @property
    def has_vertical(self) -> bool:
        return self in (Symmetry.VERTICAL, Symmetry.BOTH)

    @property
    def has_horizontal(self) -> bool:
        return self in (Symmetry.HORIZONTAL, Symmetry.BOTH)

    def transforms(self, width: int, height: int) -> list[QTransform]:
        """The picture as it is, then each of its mirrored versions."""
        result = [QTransform()]
        if self.has_vertical:
            result.append(QTransform(-1, 0, 0, 1, width, 0))
        if self.has_horizontal:
            result += [one * QTransform(1, 0, 0, -1, 0, height) for one in list(result)]
        return result


def mirrored(dab: Dab, by: QTransform) -> Dab:
    """``dab`` at its mirrored place."""
    place = by.map(QPointF(dab.x, dab.y))
    return dab._replace(x=place.x(), y=place.y())
