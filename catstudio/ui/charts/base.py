"""What all charts share: the library loaded off the window's thread, the theme, the page's wheel."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QPen
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import SMALL, current


class Drawing(Protocol):
    """Draws one chart: ``plot`` is an empty ``pyqtgraph.PlotItem``, ``pg`` the library."""

    def __call__(self, pg: Any, plot: Any) -> None: ...


class Chart(QWidget):
    """An area of fixed height that shows one drawing, and draws it anew when the theme changes.

    The library takes a quarter of a second to import, so that happens on a reading thread; the
    area is there from the start, and nothing moves when the chart comes.
    """

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._library: Any = None
        self._view: Any = None
        self._drawing: Drawing | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_drawing(self, drawing: Drawing, height: int, words: str) -> None:
        """``height`` in logical pixels; ``words`` say the same to who cannot see it."""
        self._drawing = drawing
        self.setFixedHeight(height)
        self.setAccessibleName("Chart")
        self.setAccessibleDescription(words)
        if self._library is None:
            self._bridge.fetch(_load, self._loaded, receiver=self)
        else:
            self._draw()

    @property
    def is_drawn(self) -> bool:
        return self._view is not None

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._view is not None:
            self._draw()
        super().changeEvent(event)

    def _loaded(self, library: Any) -> None:
        self._library = library
        self._draw()

    def _draw(self) -> None:
        if self._drawing is None:
            return
        pg, old = self._library, self._view
        view = plain_view(pg)
        view.getPlotItem().setMouseEnabled(False, False)
        self._drawing(pg, view.getPlotItem())
        self._view = view
        if old is None:
            self._column.addWidget(view)
        else:
            self._column.replaceWidget(old, view)
            old.hide()
            old.deleteLater()


def _load() -> Any:
    return importlib.import_module("pyqtgraph")


def plain_view(pg: Any) -> Any:
    """A ``pyqtgraph.PlotWidget`` without frame, background, buttons and the library's own menus."""
    view = pg.PlotWidget(background=None, enableMenu=False)
    view.setFrameShape(view.Shape.NoFrame)
    view.setStyleSheet("background: transparent")
    plot = view.getPlotItem()
    # It is made even when no menu is wanted, as a window of its own that would outlive the view.
    plot.ctrlMenu.setParent(view)
    plot.ctrlMenu.hide()  # Else it would be shown with the view, as any child.
    plot.hideButtons()
    return view


def axis(plot: Any, side: str, title: str = "") -> Any:
    """The axis at ``side`` in the theme's ink, with its ``title``."""
    found = plot.getAxis(side)
    ink = QColor(current().muted)
    found.setPen(QPen(QColor(current().line)))
    found.setTextPen(ink)
    found.setStyle(tickFont=small_font(), tickLength=0)
    if title:
        found.setLabel(title, color=ink.name(), **{"font-size": f"{SMALL}px"})
    return found


def small_font() -> QFont:
    """The application's font in the size of remarks."""
    font = QFont(QApplication.font())
    font.setPixelSize(SMALL)
    return font


def ink(role: str, alpha: int = 255) -> QColor:
    """A colour of the theme by its role; ``alpha`` from 0 to 255."""
    color = QColor(current().role(role))
    color.setAlpha(alpha)
    return color


def pen(role: str, width: float = 1.5, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen whose width does not grow with the scale."""
    made = QPen(ink(role), width, style)
    made.setCosmetic(True)
    return made
