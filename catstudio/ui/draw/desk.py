"""The desk: canvas, tools and their settings, colours and layers, without any project."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from catstudio.ui.draw.brush import MAX_SIZE, MIN_SIZE
from catstudio.ui.draw.canvas import Canvas
from catstudio.ui.draw.color_panel import ColorPanel
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.keys import TOOL_KEYS, Keys
from catstudio.ui.draw.layer_panel import LayerPanel
from catstudio.ui.draw.symmetry import Symmetry
from catstudio.ui.draw.tool_bar import OptionBar, ToolStrip
from catstudio.ui.draw.tools import Kit, Tool
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import Line, SectionHeader

_TOOLS = (
    Tool.BRUSH,
    Tool.ERASER,
    Tool.FILL,
    Tool.LINE,
    Tool.RECTANGLE,
    Tool.ELLIPSE,
    Tool.PICKER,
)
_SIZE_STEP, _SIDE_WIDTH = 1.2, 252


class Desk(QWidget):
    """Draws on one document at a time.

    ``stepped()`` follows each step of the document, ``refused(str)`` says why nothing was drawn.
    ``bar`` is the column under the head, for what the room has to say.
    """

    stepped = Signal()
    refused = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = Kit()
        self.document = document
        self.canvas = Canvas(document, self.kit)
        self.strip = ToolStrip(_TOOLS)
        self.options = OptionBar(self.kit)
        self.colors = ColorPanel(self.kit.color)
        self.layers = LayerPanel(document)
        self._lay_out()
        self.strip.chosen.connect(self.choose)
        self.options.changed.connect(self._options_changed)
        self.colors.chosen.connect(self.use_color)
        self.canvas.picked.connect(lambda: self.colors.show_color(self.kit.color))
        self.canvas.refused.connect(self.refused)
        self.setFocusProxy(self.canvas)
        self.choose(Tool.BRUSH)
        self.show_document(document)

    def show_document(self, document: Document) -> None:
        """Draw on another document from now on."""
        self.document = document
        self.kit.symmetry = Symmetry(document.symmetry)
        self.options.show_kit()
        self.canvas.show_document(document)
        self.layers.show_document(document)
        document.stepped.connect(self._stepped)

    def undo(self) -> None:
        self.document.undo()

    def redo(self) -> None:
        self.document.redo()

    def choose(self, tool: Tool) -> None:
        """Use ``tool`` from now on."""
        self.canvas.give_up()
        self.kit.tool = tool
        self.strip.show_tool(tool)
        self.options.show_kit()
        self.canvas.show_tool()

    def use_color(self, color: QColor) -> None:
        """Draw in ``color`` from now on."""
        self.kit.color = QColor(color)
        self.colors.show_color(color)

    def _size(self, factor: float) -> None:
        size = min(MAX_SIZE, max(MIN_SIZE, self.kit.current.size * factor))
        self.kit.set_brush(size=round(size) if size > 5 else round(size, 1))
        self.options.show_kit()
        self.canvas.show_tool()

    def _harden(self, by: float) -> None:
        self.kit.set_brush(hardness=min(1.0, max(0.0, self.kit.current.hardness + by)))
        self.options.show_kit()

    def zoom(self, factor: float) -> None:
        """Zoom by a factor; 0 shows the whole picture."""
        if factor:
            self.canvas.zoom_by(factor)
        else:
            self.canvas.fit()

    def _options_changed(self) -> None:
        self.document.symmetry = str(self.kit.symmetry)
        self.canvas.show_tool()

    def _stepped(self) -> None:
        if self.kit.tool not in (Tool.ERASER, Tool.PICKER):
            self.colors.used()
        self.stepped.emit()

    def set_keys(self, keys: Keys) -> None:
        """Each tool's letter, size and hardness, undo and zoom."""
        for tool in _TOOLS:
            keys.set(TOOL_KEYS[tool], do=lambda tool=tool: self.choose(tool))  # type: ignore[misc]
        keys.set("Ctrl+Z", do=self.undo)
        keys.set("Ctrl+Y", "Ctrl+Shift+Z", do=self.redo)
        keys.set("Ctrl+Shift+N", do=self.layers.add_layer)
        keys.set("C", do=self.colors.open)
        keys.set("[", do=lambda: self._size(1 / _SIZE_STEP))
        keys.set("]", do=lambda: self._size(_SIZE_STEP))
        keys.set("{", do=lambda: self._harden(-0.1))
        keys.set("}", do=lambda: self._harden(0.1))
        keys.set("+", "=", "Ctrl++", "Ctrl+=", do=lambda: self.zoom(1.25))
        keys.set("-", "Ctrl+-", do=lambda: self.zoom(0.8))
        keys.set("0", "Ctrl+0", do=lambda: self.zoom(0.0))

    def _lay_out(self) -> None:
        head = QFrame()
        head.setProperty("role", "panel")
        self.bar = QVBoxLayout(head)
        self.bar.setContentsMargins(L, 0, L, S)
        self.bar.setSpacing(S)
        self.bar.addWidget(self.options)
        tools = QFrame()
        tools.setProperty("role", "panel")
        column = QVBoxLayout(tools)
        column.setContentsMargins(S, S, S, S)
        column.addWidget(self.strip)
        column.addStretch(1)
        side = QFrame()
        side.setProperty("role", "panel")
        side.setFixedWidth(_SIDE_WIDTH)
        right = QVBoxLayout(side)
        right.setContentsMargins(M, S, M, M)
        right.setSpacing(S)
        right.addWidget(SectionHeader("COLOUR"))
        right.addWidget(self.colors)
        right.addWidget(SectionHeader("LAYERS"))
        right.addWidget(self.layers, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(tools)
        row.addWidget(self.canvas, 1)
        row.addWidget(side)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(head)
        outer.addWidget(Line())
        outer.addLayout(row, 1)
