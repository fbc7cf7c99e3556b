"""The colours: the one in use, a palette, those used last, and a popover to mix another."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from catstudio.ui.draw.color_field import ColorPopover, paint_swatch
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import label

# Greys; skin, fur and earth; the hues once bright and once deep.
PALETTE = (
    "#000000 #3d3f45 #6f727a #a3a6ad #d5d7dc #ffffff "
    "#3b2417 #6b4226 #a0693a #d29a5b #f0cf9d #f7e3d0 "
    "#e5484d #f08c3a #f5c542 #57a639 #2f7fd3 #8a56c9 "
    "#8c1d22 #a8531a #b58a14 #2c5e1a #1b4a85 #e58fb0"
).split()
_COLUMNS = 6
RECENT = 6


class Swatch(QAbstractButton):
    """A button that is a colour."""

    def __init__(self, color: QColor, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.color = color
        self.show_color(color)

    def show_color(self, color: QColor) -> None:
        self.color = QColor(color)
        self.setAccessibleName(f"Colour {color.name()}")
        self.setToolTip(color.name())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_swatch(QPainter(self), QRectF(self.rect()), self.color, self.hasFocus())


class ColorPanel(QWidget):
    """``chosen(QColor)`` when a colour is taken."""

    chosen = Signal(QColor)

    def __init__(self, color: QColor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recent: list[QColor] = []
        self.current = Swatch(color, QSize(66, 48))
        self.current.clicked.connect(self._open)
        self.popover = ColorPopover(self)
        self.popover.mixed.connect(self._mixed)
        self._recent_swatches = [Swatch(color, QSize(24, 24)) for _ in range(RECENT)]
        words = QVBoxLayout()
        words.setSpacing(XS)
        words.addWidget(label("Used last", "small"))
        row = QHBoxLayout()
        row.setSpacing(XS)
        for one in self._recent_swatches:
            one.clicked.connect(lambda _=False, one=one: self._take(one.color))
            one.hide()
            row.addWidget(one)
        row.addStretch(1)
        self._none = label("Colours you draw with come here.", "small", wrap=True)
        words.addWidget(self._none)
        words.addLayout(row)
        head = QHBoxLayout()
        head.setSpacing(S)
        head.addWidget(self.current, alignment=Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addLayout(head)
        column.addLayout(self._palette())
        self.show_color(color)

    def show_color(self, color: QColor) -> None:
        """The colour in use, chosen elsewhere."""
        self.current.show_color(color)
        self.current.setToolTip(f"{color.name()}: mix another colour (C)")

    def used(self) -> None:
        """Something was drawn with the colour in use: it goes first among those used last."""
        color = QColor(self.current.color)
        if self._recent and self._recent[0] == color:
            return
        self._recent = [color, *(one for one in self._recent if one != color)][:RECENT]
        self._none.hide()
        for swatch, recent in zip(self._recent_swatches, self._recent, strict=False):
            swatch.show_color(recent)
            swatch.show()

    def open(self) -> None:
        """Mix a colour."""
        self._open()

    def _open(self) -> None:
        self.popover.show_color(self.current.color)
        self.popover.adjustSize()
        place = self.current.mapToGlobal(QPoint(0, self.current.height() + XS))
        screen = self.screen().availableGeometry()
        left = min(place.x(), screen.right() - self.popover.width())
        self.popover.move(left, min(place.y(), screen.bottom() - self.popover.height()))
        self.popover.show()
        self.popover.setFocus()

    def _mixed(self, color: QColor) -> None:
        self._take(color)

    def _take(self, color: QColor) -> None:
        self.show_color(color)
        self.chosen.emit(color)

    def _palette(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2)
        for at, name in enumerate(PALETTE):
            one = Swatch(QColor(name), QSize(34, 24))
            one.clicked.connect(lambda _=False, one=one: self._take(one.color))
            grid.addWidget(one, at // _COLUMNS, at % _COLUMNS)
        grid.setColumnStretch(_COLUMNS, 1)
        return grid
