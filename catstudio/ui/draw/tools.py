"""The tools: what a press, a drag and a release do to the document."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from catstudio.ui.draw.brush import Brush, Curve, Dab, cover
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.edit import Edit, Ink
from catstudio.ui.draw.fill import flood, pixels
from catstudio.ui.draw.symmetry import Symmetry, mirrored

_EIGHTH = math.pi / 4


class Tool(StrEnum):
    """What the pointer does."""

    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    WAND = "wand"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LASSO = "lasso"
    PICKER = "picker"


SHAPES = (Tool.LINE, Tool.RECTANGLE, Tool.ELLIPSE, Tool.LASSO)
STROKES = (Tool.BRUSH, Tool.ERASER)


class Sample(NamedTuple):
    """Where the pointer is, in pixels of the picture, and how hard it presses, in [0, 1]."""

    x: float
    y: float
    pressure: float = 1.0
    is_constrained: bool = False
    """Shift is held: squares, circles, lines at eighths of a turn."""


@dataclass
class Kit:
    """What the tools are set to; the tool bar edits it, the canvas uses it."""

    tool: Tool = Tool.BRUSH
    brush: Brush = field(default_factory=Brush)
    eraser: Brush = field(default_factory=lambda: Brush(size=40))
    color: QColor = field(default_factory=lambda: QColor("#1c1d22"))
    symmetry: Symmetry = Symmetry.NONE
    is_filled: bool = False
    tolerance: int = 32
    erases: bool = False
    """All tools take away instead of adding (the mask painter's right button and "drop")."""

    @property
    def current(self) -> Brush:
        """The brush of the chosen tool."""
        return self.eraser if self.tool is Tool.ERASER else self.brush

    def set_brush(self, **values: float | bool) -> None:
        """Change the brush of the chosen tool."""
        changed = replace(self.current, **values)  # type: ignore[arg-type]
        if self.tool is Tool.ERASER:
            self.eraser = changed
        else:
            self.brush = changed

    def ink(self, tool: Tool) -> Ink:
        brush = self.eraser if tool is Tool.ERASER else self.brush
        return Ink(self.color, brush.opacity, self.erases or tool is Tool.ERASER)


class Action:
    """One press of a tool, until it is released or given up."""

    def __init__(self, document: Document, kit: Kit, tool: Tool) -> None:
        self._document = document
        self._kit = kit
        self._tool = tool
        transforms = kit.symmetry.transforms(document.width, document.height)
        self._mirrors = transforms

    def press(self, at: Sample) -> bool:
        """False when the chosen layer cannot be painted on."""
        raise NotImplementedError

    def move(self, to: Sample) -> None:
        """The pointer was dragged."""

    def release(self) -> None:
        """The pointer was let go."""


class Stroke(Action):
    """Brush and eraser."""

    def press(self, at: Sample) -> bool:
        edit = self._document.begin(self._kit.ink(self._tool))
        if edit is None:
            return False
        self._edit = edit
        self._brush = self._kit.eraser if self._tool is Tool.ERASER else self._kit.brush
        self._curve = Curve(self._dab(at))
        self._cover(list(self._curve.begin()))
        return True

    def move(self, to: Sample) -> None:
        self._cover(list(self._curve.move(self._dab(to))))

    def release(self) -> None:
        self._cover(list(self._curve.end()))
        name = "Erase" if self._edit.ink.erases else "Brush stroke"
        self._document.finish(self._tool, name)

    def _dab(self, at: Sample) -> Dab:
        return self._brush.dab(at.x, at.y, at.pressure)

    def _cover(self, parts: list[tuple[Dab, Dab]]) -> None:
        for mirror in self._mirrors:
            dirty = QRect()
            for one, other in parts:
                ends = (mirrored(one, mirror), mirrored(other, mirror))
                dirty = dirty.united(cover(self._edit.coverage, *ends, self._brush.hardness))
            # Each mirrored part by itself: together their box would be the whole picture.
            self._document.show(dirty)


class Shape(Action):
    """Line, rectangle, ellipse and lasso: drawn anew while the pointer moves."""

    def press(self, at: Sample) -> bool:
        edit = self._document.begin(self._kit.ink(self._tool))
        if edit is None:
            return False
        self._edit: Edit = edit
        self._start = QPointF(at.x, at.y)
        self._points = [self._start]
        return True

    def move(self, to: Sample) -> None:
        end = QPointF(to.x, to.y)
        if to.is_constrained:
            end = constrained(self._tool, self._start, end)
        self._points.append(end)
        self._draw()

    def release(self) -> None:
        self._document.finish(self._tool, f"Draw {self._tool}")

    def _draw(self) -> None:
        old = self._edit.clear()
        path = self._path()
        width = max(1.0, self._kit.brush.size)
        painter = QPainter(self._edit.mask)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_filled = self._tool is Tool.LASSO or (
            self._kit.is_filled and self._tool is not Tool.LINE
        )
        if is_filled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(Qt.GlobalColor.black)
        else:
            is_square = self._tool is Tool.RECTANGLE
            join = Qt.PenJoinStyle.MiterJoin if is_square else Qt.PenJoinStyle.RoundJoin
            cap = Qt.PenCapStyle.RoundCap
            painter.setPen(QPen(Qt.GlobalColor.black, width, Qt.PenStyle.SolidLine, cap, join))
        dirty = QRect()
        for mirror in self._mirrors:
            copy = mirror.map(path)
            painter.drawPath(copy)
            reach = 2 if is_filled else width + 2
            box = copy.boundingRect().adjusted(-reach, -reach, reach, reach)
            dirty = dirty.united(box.toAlignedRect())
        painter.end()
        self._document.show(dirty.united(old))

    def _path(self) -> QPainterPath:
        path = QPainterPath()
        end = self._points[-1]
        if self._tool is Tool.LINE:
            path.moveTo(self._start)
            path.lineTo(end)
        elif self._tool is Tool.RECTANGLE:
            path.addRect(QRectF(self._start, end).normalized())
        elif self._tool is Tool.ELLIPSE:
            path.addEllipse(QRectF(self._start, end).normalized())
        else:
            path.addPolygon(QPolygonF(self._points))
            path.closeSubpath()
            path.setFillRule(Qt.FillRule.WindingFill)
        return path


class Fill(Action):
    """Fill and wand: what hangs together with the pressed pixel and looks like it.

    The fill looks at what is drawn, so that a photo below does not fray it; the wand looks at
    the whole picture, photo and all.
    """

    def press(self, at: Sample) -> bool:
        document, kit = self._document, self._kit
        if not document.rect.contains(int(at.x), int(at.y)) or at.x < 0 or at.y < 0:
            return False
        is_wand = self._tool is Tool.WAND
        looked_at = pixels(document.picture if is_wand else document.drawn())
        edit = document.begin(kit.ink(self._tool))
        if edit is None:
            return False
        for mirror in self._mirrors:
            place = mirror.map(QPointF(int(at.x) + 0.5, int(at.y) + 0.5))
            edit.coverage |= flood(looked_at, int(place.x()), int(place.y()), kit.tolerance)
        document.show(_box(edit.coverage))
        return True

    def release(self) -> None:
        self._document.finish(self._tool, "Fill" if self._tool is Tool.FILL else "Select alike")


class Picker(Action):
    """Takes the colour under the pointer."""

    def press(self, at: Sample) -> bool:
        self.move(at)
        return True

    def move(self, to: Sample) -> None:
        x, y = math.floor(to.x), math.floor(to.y)
        if self._document.rect.contains(x, y):
            self._kit.color = self._document.picture.pixelColor(x, y)


def action(document: Document, kit: Kit, tool: Tool) -> Action:
    """What a press of ``tool`` starts."""
    if tool in STROKES:
        return Stroke(document, kit, tool)
    if tool in SHAPES:
        return Shape(document, kit, tool)
    if tool is Tool.PICKER:
        return Picker(document, kit, tool)
    return Fill(document, kit, tool)


def _box(coverage: NDArray[np.uint8]) -> QRect:
    """The smallest rectangle around all that is covered."""
    down, across = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if not down.size:
        return QRect()
    return QRect(QPoint(int(across[0]), int(down[0])), QPoint(int(across[-1]), int(down[-1])))


def constrained(tool: Tool, start: QPointF, end: QPointF) -> QPointF:
    """Where Shift puts the end: a line at a multiple of 45 degrees, a square, a circle."""
    dx, dy = end.x() - start.x(), end.y() - start.y()
    if tool is Tool.LASSO:
        return end
    if tool is Tool.LINE:
        angle = round(math.atan2(dy, dx) / _EIGHTH) * _EIGHTH
        length = dx * math.cos(angle) + dy * math.sin(angle)
        return QPointF(start.x() + length * math.cos(angle), start.y() + length * math.sin(angle))
    side = max(abs(dx), abs(dy))
    return QPointF(start.x() + math.copysign(side, dx), start.y() + math.copysign(side, dy))
