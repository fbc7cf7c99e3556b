"""The tools of the map: what the colours say, what looks, words to look for, zoom."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from catstudio.studio.mapping import Look
from catstudio.ui.map.colouring import ColourBy
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import ChipButton, FlowLayout, icon_button, label
from catstudio.ui.widgets.inputs import ComboBox


class MapToolBar(QWidget):
    """``by_changed(ColourBy)``, ``look_changed(str)`` with a backbone, ``words_asked(str)``,
    ``moves_changed(bool)``, ``zoomed(int)`` with 1, -1, or 0 for all of it."""

    by_changed = Signal(object)
    look_changed = Signal(str)
    words_asked = Signal(str)
    moves_changed = Signal(bool)
    zoomed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks: tuple[Look, ...] = ()
        self.by = ColourBy.LABEL
        self.chips = {by: ChipButton(by.value) for by in ColourBy}
        chips = QWidget()
        flow = FlowLayout(chips, S)
        heading = label("Colour by", "muted")
        heading.setMinimumHeight(self.chips[self.by].sizeHint().height())
        flow.addWidget(heading)
        for by, chip in self.chips.items():
            chip.setAccessibleName(f"Colour by {by.value.lower()}")
            chip.clicked.connect(lambda _=False, by=by: self.set_by(by, tell=True))
            flow.addWidget(chip)
        self.hand = icon_button("hand", "Move the map by dragging (else: draw around images)")
        self.hand.setCheckable(True)
        self.hand.toggled.connect(self.moves_changed)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        row.addWidget(chips, 1)
        row.addWidget(self.hand, alignment=Qt.AlignmentFlag.AlignTop)
        for icon, name, step in (
            ("minus", "Smaller (−)", -1),
            ("add", "Larger (+)", 1),
            ("corners-out", "Show all of it (Home)", 0),
        ):
            tool = icon_button(icon, name)
            tool.clicked.connect(lambda _=False, step=step: self.zoomed.emit(step))
            row.addWidget(tool, alignment=Qt.AlignmentFlag.AlignTop)
        self.look = ComboBox()
        self.look.setAccessibleName("What looks at the images")
        self.look.activated.connect(lambda at: self._choose(self._looks[at]))
        self.words = QLineEdit()
        self.words.setPlaceholderText("Describe what you look for, and press Return")
        self.words.setAccessibleName("Find images by a description")
        self.words.setClearButtonEnabled(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.words.returnPressed.connect(self._ask)
        self._second = QWidget()
        second = QHBoxLayout(self._second)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(S)
        second.addWidget(self.look)
        second.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addLayout(row)
        column.addWidget(self._second)
        self.set_by(self.by)
        self.show_looks(())

    def set_by(self, by: ColourBy, tell: bool = False) -> None:
        """Colour by ``by``; ``tell`` emits ``by_changed``."""
        self.by = by
        for one, chip in self.chips.items():
            chip.setChecked(one is by)
        if tell:
            self.by_changed.emit(by)

    def show_looks(self, looks: Sequence[Look]) -> None:
        """Offer ``looks``; with the built-in one alone there is nothing to choose."""
        if tuple(looks) != self._looks:
            shown = self.look.currentText()
            self._looks = tuple(looks)
            self.look.clear()
            self.look.addItems([look.title for look in looks])
            self.look.setCurrentIndex(max(0, self.look.findText(shown)))
        self._second.setVisible(any(look.knows_words for look in looks))

    def _ask(self) -> None:
        """Words need a model that knows them: where another one is shown, the first that does."""
        if not self.words.text().strip() or not any(look.knows_words for look in self._looks):
            return
        shown = self._looks[max(0, self.look.currentIndex())]
        if not shown.knows_words:
            at = next(i for i, look in enumerate(self._looks) if look.knows_words)
            self.look.setCurrentIndex(at)
            self._choose(self._looks[at])
        self.words_asked.emit(self.words.text())

    def _choose(self, look: Look) -> None:
        self.look_changed.emit(look.backbone)
