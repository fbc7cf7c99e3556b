"""The list of keyboard shortcuts, in a small window of its own that blocks nothing."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from catstudio.ui.theme import XL, L, S
from catstudio.ui.widgets import KeyHint, label

# What the gallery, review and the prompt listen to while they have the focus.
_ELSEWHERE = (
    ("Preview the selected image", "Space"),
    ("Review", "Return"),
    ("Accept, reject", "A, R"),
    ("Give a label", "1 … 9"),
    ("Take the label off", "0"),
    ("Find similar images", "S"),
    ("Move to the trash", "Del"),
    ("Larger, smaller images", "Ctrl+wheel"),
    ("Generate from the prompt", "Ctrl+Return"),
    ("Earlier and later prompts", "Up, Down"),
)


class ShortcutsWindow(QDialog):
    """Words at the left, keys at the right, in two blocks."""

    def __init__(self, window: Iterable[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, L)
        column.setSpacing(L)
        grid = QGridLayout()
        grid.setHorizontalSpacing(XL)
        grid.setVerticalSpacing(S)
        for block, (title, rows) in enumerate(
            (("Everywhere", tuple(window)), ("Gallery, review and prompt", _ELSEWHERE))
        ):
            grid.addWidget(label(title, "heading"), 0, 2 * block, 1, 2)
            for at, (words, keys) in enumerate(rows, 1):
                grid.addWidget(label(words), at, 2 * block)
                grid.addWidget(KeyHint(keys), at, 2 * block + 1)
        column.addLayout(grid)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column.addWidget(buttons)
