"""The layers, top first, and below them what can be done with them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from catstudio.ui.draw.document import MAX_LAYERS, Document
from catstudio.ui.draw.layer_row import LayerRow
from catstudio.ui.draw.tool_bar import Dial, percent
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import icon_button

_PICTURES_MS = 250


class LayerPanel(QWidget):
    """Shows and edits a document's layers; ``photo_asked()`` when a photo is wanted below."""

    photo_asked = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.rows: list[LayerRow] = []
        self.opacity = Dial("Opacity", 0.0, 1.0, percent)
        self.opacity.moved.connect(self._set_opacity)
        self.add = icon_button("add", "Add a layer above the chosen one (Ctrl+Shift+N)")
        self.photo = icon_button("image", "Put a photo below")
        self.up = icon_button("up", "Move the layer up")
        self.down = icon_button("down", "Move the layer down")
        self.delete = icon_button("delete", "Delete the layer")
        self.add.clicked.connect(self.add_layer)
        self.photo.clicked.connect(self.photo_asked)
        self.up.clicked.connect(lambda: self._move(1))
        self.down.clicked.connect(lambda: self._move(-1))
        self.delete.clicked.connect(lambda: self._document.remove_layer(self._document.active))
        self._pictures = QTimer(self)
        self._pictures.setSingleShot(True)
        self._pictures.setInterval(_PICTURES_MS)
        self._pictures.timeout.connect(self._draw_pictures)
        self._lay_out()
        self._follow(document)

    def show_document(self, document: Document) -> None:
        """Show the layers of another document."""
        self._document.layers_changed.disconnect(self._sync)
        self._document.painted.disconnect(self._pictures_soon)
        self._follow(document)

    def offer_photo(self, why_not: str) -> None:
        """May a photo be put below? ``why_not`` says why it cannot, "" that it can."""
        self.photo.setEnabled(not why_not)
        self.photo.setToolTip(why_not or "Put the selected photo below")

    def add_layer(self) -> None:
        """An empty layer above the chosen one."""
        self._document.add_layer()

    def _follow(self, document: Document) -> None:
        self._document = document
        document.layers_changed.connect(self._sync)
        document.painted.connect(self._pictures_soon)
        self._sync()

    # -- showing -----------------------------------------------------------------------------

    def _sync(self) -> None:
        layers, active = self._document.layers, self._document.active
        if [row.layer for row in self.rows] != layers[::-1]:
            self._rebuild()
        for row in self.rows:
            row.show_layer(row.layer is layers[active])
        self.opacity.set_value(layers[active].opacity)
        self.up.setEnabled(self._document.can_move(active, 1))
        self.down.setEnabled(self._document.can_move(active, -1))
        self.delete.setEnabled(self._document.can_remove(active))
        self.add.setEnabled(len(layers) < MAX_LAYERS)

    def _rebuild(self) -> None:
        had_focus = any(row.hasFocus() for row in self.rows)
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        layers = self._document.layers
        self.rows = [LayerRow(layer, is_active=False) for layer in layers[::-1]]
        for place, row in enumerate(self.rows):
            at = len(layers) - 1 - place
            row.chosen.connect(lambda at=at: self._document.choose(at))
            row.stepped.connect(self._step)
            row.shown.connect(lambda on, at=at: self._document.show_layer(at, is_visible=on))
            row.renamed.connect(lambda name, at=at: self._document.show_layer(at, name=name))
            self._column.insertWidget(place, row)
        if had_focus:
            self._focus_active()

    def _focus_active(self) -> None:
        self.rows[len(self.rows) - 1 - self._document.active].setFocus()

    def _step(self, by: int) -> None:
        self._document.choose(self._document.active + by)
        self._focus_active()

    def _move(self, by: int) -> None:
        self._document.move_layer(self._document.active, by)

    def _set_opacity(self, opacity: float) -> None:
        self._document.show_layer(self._document.active, opacity=opacity)

    def _pictures_soon(self, _rect: QRect) -> None:
        # Not restarted by each dab: a long stroke shows in the list while it is drawn.
        if not self._pictures.isActive():
            self._pictures.start()

    def _draw_pictures(self) -> None:
        for row in self.rows:
            row.draw_picture()

    def _lay_out(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(content)
        scroll.setMinimumHeight(92)
        buttons = QHBoxLayout()
        buttons.setSpacing(XS)
        for one in (self.add, self.photo, self.up, self.down):
            buttons.addWidget(one)
        buttons.addStretch(1)
        buttons.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addWidget(scroll, 1)
        column.addWidget(self.opacity)
        column.addLayout(buttons)
