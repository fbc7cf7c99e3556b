"""The points of a map as a widget draws them: where they lie, their groups, what is in sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize
from PySide6.QtGui import QColor, QImage, QResizeEvent
from PySide6.QtWidgets import QWidget

from catstudio.ui.map import points
from catstudio.ui.map.points import Places, View
from catstudio.ui.map.sprites import Sprites, radius_for, sprites_for
from catstudio.ui.theme import current

Floats = NDArray[np.floating]

MARGIN = 32
_THIN_FROM = 4_000
_GROWTH = 0.25
"""Points grow with this power of the zoom, to at most twice their size."""


class MapDrawing(QWidget):
    """Shows points, each with an id, and takes no input: see :class:`MapCanvas`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Map of the images")
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._places = Places.of(np.empty((0, 2), np.float32))
        self._codes = np.empty(0, np.intp)
        self._allowed = np.empty(0, bool)
        self._selected = np.empty(0, bool)
        self._roles: tuple[str, ...] = ()
        self._marks: tuple[bool, ...] = ()
        self._order: NDArray[np.intp] | None = None
        self._view = View(1.0, 0.0, 0.0, 1.0, 1.0)
        self._fitted = 1.0
        self._is_fitted = True
        self._sprites: Sprites | None = None
        self._template: Floats | None = None
        self._buffer: QImage | None = None
        self._screen: Floats | None = None
        self._at: int | None = None
        self._under: int | None = None

    # -- what is shown -----------------------------------------------------------------------

    def set_points(self, ids: list[str], places: Places, rows: dict[str, int]) -> None:
        """Show ``ids`` at their ``places``, with the ``rows`` of those that are there. The view
        stays where a person has moved it. What is given is kept, not copied."""
        if ids != self._ids:
            self._ids, self._rows = ids, rows
            n = len(ids)
            self._codes, self._selected = np.zeros(n, np.intp), np.zeros(n, bool)
            self._allowed = np.ones(n, bool)
            self._at = self._under = None
            self._order = None
        self._places = places
        if self._is_fitted:
            self.fit()
        self._redraw()

    def set_groups(
        self,
        codes: NDArray[np.intp],
        roles: Sequence[str],
        marks: Sequence[bool],
        allowed: NDArray[np.bool_],
    ) -> None:
        """``codes`` number each point's group, with colour ``roles[code]``; -1 is not drawn.
        Those that are not ``allowed`` are pale and cannot be selected."""
        self._codes, self._allowed = codes, allowed & (codes >= 0)
        self._roles, self._marks = tuple(roles), tuple(marks)
        self._sprites = self._order = None
        self._redraw()

    def set_selected(self, ids: Iterable[str]) -> None:
        """Mark these points; ids that are not on the map are passed over."""
        self.select_rows(self.rows_of(ids))

    def rows_of(self, ids: Iterable[str]) -> list[int]:
        """Where ``ids`` are among the points, those that are."""
        return [row for row in map(self._rows.get, ids) if row is not None]

    def select_rows(self, rows: list[int]) -> None:
        """Mark the points of these ``rows``."""
        selected = np.zeros(len(self._ids), bool)
        selected[rows] = True
        if not np.array_equal(selected, self._selected):
            self._selected = selected
            self._order = None
            self._redraw()
        if len(rows) == 1 and self._at != rows[0]:
            self._at = rows[0]
            self.update()

    @property
    def view(self) -> View:
        return self._view

    def point(self, id_: str) -> QPoint | None:
        """Where an image lies in the widget, or None."""
        row = self._rows.get(id_)
        if row is None:
            return None
        x, y = self._view.to_screen(self._places.xy[row : row + 1])[0]
        return QPoint(round(float(x)), round(float(y)))

    def all_ids(self) -> list[str]:
        """Every image that can be selected."""
        return [self._ids[row] for row in np.flatnonzero(self._allowed)]

    # -- moving ------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show everything."""
        self._view = View.fitting(self._places, self.width(), self.height(), MARGIN)
        self._fitted, self._is_fitted = self._view.scale, True
        self._redraw()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Larger or smaller, around a pixel or the middle."""
        at = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        self._move(self._view.zoomed(factor, at.x(), at.y()))

    def _move(self, view: View) -> None:
        self._view, self._is_fitted = view, False
        self._redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._is_fitted:
            self.fit()
        else:
            self._view = self._view.resized(self.width(), self.height())
        self._redraw()

    # -- drawing -----------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._sprites = None
            self._redraw()
        super().changeEvent(event)

    def _arranged(self) -> NDArray[np.intp]:
        """The order of drawing: pale, then groups well mixed, crosses, and what is selected."""
        if self._order is None:
            marks = np.array([*self._marks, False], bool)
            is_mark = marks[np.clip(self._codes, -1, len(self._marks))]
            # Bytes are sorted by counting them.
            rank = (
                self._allowed.astype(np.int8)
                + (self._allowed & is_mark)
                + np.int8(3) * self._selected
            )
            mixed = self._places.mixed
            there = mixed[self._codes[mixed] >= 0]
            self._order = there[np.argsort(rank[there], kind="stable")]
            self._template = None
        return self._order

    def _redraw(self) -> None:
        self._buffer = self._screen = None
        self.update()

    def _on_screen(self) -> Floats:
        if self._screen is None:
            self._screen = self._view.to_screen(self._places.xy)
        return self._screen

    def radius(self) -> float:
        """Logical pixels of a point's radius at this zoom."""
        growth = (self._view.scale / self._fitted) ** _GROWTH if self._fitted else 1.0
        return radius_for(len(self._arranged())) * min(max(growth, 0.75), 2.0)

    def _drawn(self) -> QImage:
        """The points on the map's ground, in device pixels."""
        theme, ratio = current(), self.devicePixelRatioF()
        order = self._arranged()
        look = sprites_for(self._roles, self._marks, self.radius(), ratio)
        if self._sprites is None or self._sprites.look != look:
            self._sprites, self._template = Sprites(look, theme), None
        sprites = self._sprites
        if self._template is None:
            codes = np.where(self._allowed, self._codes, sprites.pale)[order]
            self._template = sprites.template(codes, self._selected[order])
        image = QImage(self.size() * ratio, QImage.Format.Format_RGB32)
        image.fill(QColor(theme.surface))
        screen = self._on_screen()[order] * np.float32(ratio)
        seen = points.in_sight(screen, image.width(), image.height(), sprites.side / 2)
        rows = np.flatnonzero(seen)
        if len(rows) > _THIN_FROM:
            rows = rows[points.thinned(screen[rows], ratio)]
        sprites.draw(image, self._template[rows], screen[rows])
        image.setDevicePixelRatio(ratio)
        return image
