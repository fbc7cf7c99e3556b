"""The mask painter: a mask over one image by brush, eraser, shapes, lasso, fill and likeness.

It shares document, brush and canvas with the drawing room; only what its layer means differs.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from catstudio.ui.draw.brush import MAX_SIZE, MIN_SIZE
from catstudio.ui.draw.canvas import Canvas
from catstudio.ui.draw.keys import TOOL_KEYS, Keys
from catstudio.ui.draw.mask_model import DROP, KEEP, SELECTED, MaskModel
from catstudio.ui.draw.tool_bar import Dial, OptionBar, ToolStrip, in_pixels, percent
from catstudio.ui.draw.tools import Kit, Tool
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import ChipButton, FlowLayout, button, icon_button, label

_TOOLS = (
    Tool.BRUSH,
    Tool.ERASER,
    Tool.RECTANGLE,
    Tool.ELLIPSE,
    Tool.LASSO,
    Tool.FILL,
    Tool.WAND,
)
_SIZE_STEP = 1.2
_EDGE = 4


class MaskPainter(QWidget):
    """Paint a mask over ``image``. White in :meth:`mask_png` is what was painted.

    Parameters
    ----------
    image : what is masked, decoded off the window's thread. May be set later by :meth:`set_image`.
    has_marks : paint foreground and background marks instead of one selection; the PNG then
        has 255 foreground, 0 background, 128 where nothing was said.

    ``changed()`` follows each finished step, undone or redone ones too.
    """

    changed = Signal()

    def __init__(
        self,
        image: QImage | None = None,
        has_marks: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._has_marks = has_marks
        self.kit = Kit(color=QColor(KEEP if has_marks else SELECTED), is_filled=True)
        self.kit.set_brush(size=40.0, hardness=1.0 if has_marks else 0.8)
        self.model = MaskModel(image if image is not None else _blank(), has_marks)
        self.canvas = Canvas(self.model.document, self.kit)
        self.canvas.setAccessibleName("Mask")
        self.strip = ToolStrip(_TOOLS, QBoxLayout.Direction.TopToBottom)
        self.strip.chosen.connect(self.choose)
        self.options = OptionBar(self.kit, has_symmetry=False, has_opacity=not has_marks)
        self.options.changed.connect(self.canvas.show_tool)
        self.undo_button = icon_button("undo", "Undo (Ctrl+Z)")
        self.redo_button = icon_button("redo", "Redo (Ctrl+Y)")
        self._note = label("", "look", wrap=True)
        self._note.hide()
        self.marks: dict[str, ChipButton] = {}
        self._lay_out()
        self._connect()
        self.set_image(image if image is not None else _blank())
        self.choose(Tool.BRUSH)
        self.setFocusProxy(self.canvas)

    # -- for whoever shows it ----------------------------------------------------------------

    def set_image(self, image: QImage) -> None:
        """Mask another image; the mask starts empty."""
        self.model = MaskModel(image, self._has_marks)
        self.canvas.show_document(self.model.document)
        self.model.document.stepped.connect(self._stepped)
        self.overlay.set_value(self.model.document.layer.opacity)
        self._stepped()

    def mask_png(self) -> bytes:
        """The mask: 8-bit grey PNG of the image's size, see the class."""
        return self.model.png()

    def set_mask(self, png: bytes) -> None:
        """Start from a mask of the kind that :meth:`mask_png` gives; undo takes it back.

        Raises :class:`BadInputError` when it cannot be read or has another size.
        """
        self.model.set_png(png)

    @property
    def is_empty(self) -> bool:
        """Nothing is painted."""
        return self.model.is_empty

    def choose(self, tool: Tool) -> None:
        """Use ``tool`` from now on."""
        self.canvas.give_up()
        self.kit.tool = tool
        self.strip.show_tool(tool)
        self.options.show_kit()
        self.canvas.show_tool()

    def mark(self, name: str) -> None:
        """Paint ``"keep"`` or ``"drop"`` marks from now on, if this has marks."""
        if name in self.marks:
            self.marks[name].setChecked(True)
            self.kit.color = QColor(KEEP if name == "keep" else DROP)
            if self.kit.tool is Tool.ERASER:
                self.choose(Tool.BRUSH)

    def undo(self) -> None:
        self.model.document.undo()

    def redo(self) -> None:
        self.model.document.redo()

    def invert(self) -> None:
        """Select what is not selected; with two marks, exchange them."""
        self.model.invert()

    def clear(self) -> None:
        """Select, or mark, nothing."""
        self.model.clear()

    def grow(self, by: int) -> None:
        """Move the edge outwards by ``by`` pixels, inwards when negative."""
        self.model.grow(by)

    def feather(self, radius: int) -> None:
        """Soften the edge over ``radius`` pixels."""
        self.model.feather(radius)

    # -- inside ------------------------------------------------------------------------------

    def _stepped(self) -> None:
        history = self.model.document.history
        self.undo_button.setEnabled(history.undo_name is not None)
        self.redo_button.setEnabled(history.redo_name is not None)
        self._note.hide()
        self.changed.emit()

    def _refuse(self, why: str) -> None:
        self._note.setText(why)
        self._note.show()

    def _size(self, factor: float) -> None:
        size = min(MAX_SIZE, max(MIN_SIZE, self.kit.current.size * factor))
        self.kit.set_brush(size=round(size) if size > 5 else round(size, 1))
        self.options.show_kit()
        self.canvas.show_tool()

    def _show_overlay(self, opacity: float) -> None:
        document = self.model.document
        # Only how it looks: no step, so that undo takes back what was painted.
        document.layer.opacity = opacity
        document.refresh()

    def _connect(self) -> None:
        self.canvas.refused.connect(self._refuse)
        self.undo_button.clicked.connect(self.undo)
        self.redo_button.clicked.connect(self.redo)
        self.overlay.moved.connect(self._show_overlay)
        keys = Keys(self)
        for tool in _TOOLS:
            keys.set(TOOL_KEYS[tool], do=lambda tool=tool: self.choose(tool))  # type: ignore[misc]
        keys.set("Ctrl+Z", do=self.undo)
        keys.set("Ctrl+Y", "Ctrl+Shift+Z", do=self.redo)
        keys.set("[", do=lambda: self._size(1 / _SIZE_STEP))
        keys.set("]", do=lambda: self._size(_SIZE_STEP))
        keys.set("+", "=", do=lambda: self.canvas.zoom_by(1.25))
        keys.set("-", do=lambda: self.canvas.zoom_by(0.8))
        keys.set("0", "Ctrl+0", do=self.canvas.fit)
        if self._has_marks:
            keys.set("K", do=lambda: self.mark("keep"))
            keys.set("D", do=lambda: self.mark("drop"))

    def _lay_out(self) -> None:
        self.overlay = Dial("Overlay", 0.1, 1.0, percent)
        self.edge = Dial("Edge", 1, 64, lambda value: in_pixels(round(value)), is_logarithmic=True)
        self.edge.slider.setToolTip("How far Grow, Shrink and Feather move the edge")
        self.edge.set_value(_EDGE)
        self._by = _EDGE
        self.edge.moved.connect(self._set_edge)
        bar = QWidget()
        flow = FlowLayout(bar, S)
        self._add_marks(flow)
        for one in self._edits():
            flow.addWidget(one)
        flow.addWidget(self.edge)
        flow.addWidget(self.overlay)
        head = QFrame()
        head.setProperty("role", "panel")
        column = QVBoxLayout(head)
        column.setContentsMargins(M, S, M, S)
        column.setSpacing(S)
        column.addWidget(self.options)
        column.addWidget(bar)
        column.addWidget(self._note)
        side = QFrame()
        side.setProperty("role", "panel")
        tools = QVBoxLayout(side)
        tools.setContentsMargins(S, S, S, S)
        tools.setSpacing(XS)
        tools.addWidget(self.strip)
        tools.addSpacing(S)
        tools.addWidget(self.undo_button)
        tools.addWidget(self.redo_button)
        tools.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(self.canvas, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(head)
        outer.addLayout(row, 1)

    def _set_edge(self, value: float) -> None:
        self._by = max(1, round(value))

    def _add_marks(self, flow: FlowLayout) -> None:
        if not self._has_marks:
            return
        group = QButtonGroup(self)
        for name, text in (("keep", "Keep (K)"), ("drop", "Drop (D)")):
            chip = ChipButton(text)
            chip.setToolTip(f"Paint over what to {name}")
            chip.clicked.connect(lambda _=False, name=name: self.mark(name))
            group.addButton(chip)
            flow.addWidget(chip)
            self.marks[name] = chip
        self.marks["keep"].setChecked(True)

    def _edits(self) -> list[QWidget]:
        swap = "Exchange marks" if self._has_marks else "Invert"
        wanted = (
            (swap, "Select what is not selected", self.invert),
            ("Clear", "Select nothing", self.clear),
            ("Grow", "Move the edge outwards", lambda: self.grow(self._by)),
            ("Shrink", "Move the edge inwards", lambda: self.grow(-self._by)),
            ("Feather", "Soften the edge", lambda: self.feather(self._by)),
        )
        result: list[QWidget] = []
        for text, tip, do in wanted:
            if text == "Feather" and self._has_marks:
                continue  # A mark is one or the other.
            one = button(text, "quiet", tooltip=tip)
            one.clicked.connect(lambda _=False, do=do: do())
            result.append(one)
        return result


def _blank() -> QImage:
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    return image
