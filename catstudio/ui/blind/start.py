"""Before a round: who looks, how many pairs, which makers; or why there is nothing to judge."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from catstudio.report.audit_words import source_title
from catstudio.studio.blind import ROUND, Supply
from catstudio.ui.theme import XL, XS, L, M, S
from catstudio.ui.widgets import Card, ChipButton, FlowLayout, SpinBox, button, label

_WIDTH = 640
_PAUSE_MS = 250
_LONGEST_NAME = 60
_MOST_PAIRS = 200


class StartPage(QWidget):
    """``begin_asked`` and ``resume_asked`` begin and go on; ``results_asked`` shows what there is.

    ``supply_asked`` says that name or makers have changed, so that the counts are read again.
    """

    begin_asked = Signal()
    resume_asked = Signal()
    results_asked = Signal()
    supply_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setAccessibleName("Who looks")
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.setToolTip("The answers are kept under this name")
        self.count = SpinBox()
        self.count.setAccessibleName("Pairs")
        self.count.setRange(1, _MOST_PAIRS)
        self.count.setValue(ROUND)
        self.tells = QCheckBox("Tell me after each pair")
        self.tells.setToolTip("Off: the answers come at the end, so that nobody learns the trick")
        self.chips: dict[str, ChipButton] = {}
        self._makers = QWidget()
        self._flow = FlowLayout(self._makers, S)
        self.facts = label("", "muted", wrap=True)
        self.begin = button("Begin", "primary")
        self.resume = button("", "primary")
        self.results = button("Results so far", "link")
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self.supply_asked)
        self._lay_out()
        self.name.textEdited.connect(lambda _: self._soon.start())
        self.name.returnPressed.connect(self._press)
        self.begin.clicked.connect(self.begin_asked)
        self.resume.clicked.connect(self.resume_asked)
        self.results.clicked.connect(self.results_asked)

    @property
    def author(self) -> str:
        return self.name.text().strip()

    def sources(self) -> list[str] | None:
        """The makers that are chosen; None before they are known."""
        if not self.chips:
            return None
        return [source for source, chip in self.chips.items() if chip.isChecked()]

    def show_supply(self, supply: Supply) -> None:
        """What there is to judge for the person named."""
        if not self.name.text():
            self.name.setText(supply.author)
        self._show_makers(supply)
        self.facts.setText(facts(supply))
        self.begin.setEnabled(supply.pairs > 0)
        n = min(self.count.value(), supply.pairs)
        self.begin.setToolTip(
            f"At most {supply.pairs:,} pairs: no image is shown twice" if n else ""
        )
        self.resume.setVisible(supply.left > 0)
        self.resume.setText(f"Go on: {supply.left:,} left")
        self.begin.setText("Begin a new round" if supply.left else "Begin")
        self.begin.setProperty("role", "" if supply.left else "primary")
        self.begin.style().polish(self.begin)

    def _show_makers(self, supply: Supply) -> None:
        for source, n in supply.sources.items():
            if source not in self.chips:
                chip = ChipButton(source_title(source))
                chip.setAccessibleName(f"Images by {source_title(source)}")
                chip.setChecked(source != "drawing")
                chip.toggled.connect(lambda _: self._soon.start())
                self.chips[source] = chip
                self._flow.addWidget(chip)
            self.chips[source].set_count(n)

    def _press(self) -> None:
        (self.resume if not self.resume.isHidden() else self.begin).click()

    def _lay_out(self) -> None:
        card = Card()
        card.setMaximumWidth(_WIDTH)
        card.column.setContentsMargins(XL, XL, XL, XL)
        card.column.setSpacing(M)
        card.column.addWidget(label("Which fakes fool the eye?", "title"))
        card.column.addWidget(
            label(
                "Two images of one label appear side by side: one is a photo, one was made. Say "
                "which is the photo. Both are cut to a square, brought to one size and stored "
                "alike, so that only what they show can tell.",
                wrap=True,
            )
        )
        card.column.addWidget(
            label(
                "Who knows the photos finds them by memory: ask somebody who has not seen them.",
                "muted",
                wrap=True,
            )
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(M)
        grid.setVerticalSpacing(S)
        for row, (words, field) in enumerate(
            (("Who looks", self.name), ("Pairs", self.count), ("Made by", self._makers))
        ):
            grid.addWidget(label(words, "muted"), row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        card.column.addSpacing(XS)
        card.column.addLayout(grid)
        card.column.addWidget(self.tells)
        card.column.addWidget(self.facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(M)
        for one in (self.resume, self.begin):
            buttons.addWidget(one)
        buttons.addStretch(1)
        buttons.addWidget(self.results)
        card.column.addLayout(buttons)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 4)
        across.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, L, L, XL)
        column.addStretch(1)
        column.addLayout(across)
        column.addStretch(2)
        self.resume.hide()


def facts(supply: Supply) -> str:
    """ "40 photos, 8 of them test photos …": what a round is drawn from, and what to know of it."""
    real, made = sum(supply.real.values()), sum(supply.made.values())
    parts = [f"{real:,} photos and {made:,} made images make at most {supply.pairs:,} pairs."]
    if supply.tested:
        parts.append(
            f"{supply.tested:,} of the photos are test photos: a person who looks at them teaches "
            "no model anything."
        )
    if supply.fresh < supply.pairs:
        parts.append(
            f"{supply.fresh:,} pairs are new to {supply.author}; what was seen before is not counted."
            if supply.fresh
            else f"{supply.author} has seen them all: another round is practice, and not counted."
        )
    return " ".join(parts)
