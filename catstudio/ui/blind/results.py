"""What came of the blind test: this round, each person, each maker beside the machine, the images."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from catstudio.learn.blind import Results, Score, Shown
from catstudio.report import blind_words
from catstudio.report.wording import percent
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.charts.base import Chart
from catstudio.ui.charts.eye_and_machine import EyeAndMachine, Pair, height
from catstudio.ui.theme import XL, L, M, S
from catstudio.ui.training.tiles import ImageTiles
from catstudio.ui.widgets import Card, button, label

_WIDTH = 860
_MOST_TILES = 24


class ResultsPage(QWidget):
    """``again_asked`` goes back to the start; ``show_image`` carries the id of an image."""

    again_asked = Signal()
    undo_asked = Signal()
    show_image = Signal(str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.again = button("Another round", "primary")
        self.undo = button("Take back the last answer", "link", tooltip="Z")
        self.again.clicked.connect(self.again_asked)
        self.undo.clicked.connect(self.undo_asked)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll)
        row = QHBoxLayout()
        row.setContentsMargins(XL, S, XL, L)
        row.addStretch(1)
        row.addWidget(self.undo)
        row.addWidget(self.again)
        row.addStretch(1)
        column.addLayout(row)
        self.tiles: list[ImageTiles] = []

    def show_results(self, this_round: Results | None, everything: Results) -> None:
        """``this_round`` is None when no round has just ended."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(L, M, L, L)
        column.setSpacing(M)
        self.tiles = []
        self.undo.setVisible(this_round is not None)
        if this_round is not None:
            column.addWidget(self._round(this_round))
        if everything.summary.total.n:
            column.addWidget(self._makers(everything))
            column.addWidget(_people(everything))
            column.addWidget(self._images(everything))
        else:
            column.addWidget(label("Nobody has answered a pair that counts yet.", "muted"))
        column.addStretch(1)
        outer = QWidget()
        across = QHBoxLayout(outer)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(body, 20)
        across.addStretch(1)
        body.setMaximumWidth(_WIDTH)
        self._scroll.setWidget(outer)

    def _round(self, found: Results) -> QWidget:
        card, score = _card("This round"), found.summary.total
        who = next((name for name, _ in found.summary.persons), "")
        if score.n:
            card.column.addWidget(label(blind_words.found_sentence(who, score), "title", True))
            card.column.addWidget(label(blind_words.found_verdict(score), wrap=True))
        else:
            card.column.addWidget(label("No pair of this round counts.", "title", True))
        if found.summary.repeats:
            words = blind_words.repeats_sentence(found.summary.repeats)
            card.column.addWidget(label(words, "muted", True))
        return card

    def _makers(self, found: Results) -> QWidget:
        card = _card("What made them, and what a machine sees")
        card.column.addWidget(label(blind_words.LEGEND, "muted", wrap=True))
        summary, machine = found.summary, found.machine
        rows = [("All together", summary.total, machine.overall if machine else None, "accent")]
        if len(summary.generators) > 1:
            rows += [
                (
                    blind_words.generator_title(key),
                    score,
                    machine.by_source.get(key[0]) if machine else None,
                    f"source:{key[0]}",
                )
                for key, score in summary.generators
            ]
        pairs = [Pair(title, score, other, role) for title, score, other, role in rows]
        words = " ".join(blind_words.comparison(one.eye, one.machine) for one in pairs)
        chart = Chart(self._bridge)
        chart.show_drawing(EyeAndMachine(pairs), height(len(pairs)), words)
        card.column.addWidget(chart)
        for key, score in summary.generators:
            title = blind_words.generator_title(key)
            words = (
                f"{blind_words.passed_sentence(title, score)} {blind_words.passed_verdict(score)}."
            )
            card.column.addWidget(label(words, wrap=True))
        for one in pairs:
            said = blind_words.comparison(one.eye, one.machine)
            if said:
                card.column.addWidget(label(f"{one.title}. {said}", wrap=True))
        card.column.addWidget(label(blind_words.machine_sentence(found), "muted", wrap=True))
        repeats = blind_words.repeats_sentence(summary.repeats)
        if repeats:
            card.column.addWidget(label(repeats, "muted", wrap=True))
        return card

    def _images(self, found: Results) -> QWidget:
        card = _card("The images")
        for title, images in (
            ("Passed for a photo", blind_words.passed(found.summary)),
            ("Caught", blind_words.caught(found.summary)),
        ):
            if images:
                card.column.addWidget(label(f"{title}: {len(images):,}"))
                card.column.addWidget(self._tiles(images))
        return card

    def _tiles(self, images: list[Shown]) -> ImageTiles:
        tiles = ImageTiles(self._bridge, 96)
        tiles.chosen.connect(self.show_image)
        tiles.show_images([(one.id, blind_words.image_note(one)) for one in images[:_MOST_TILES]])
        self.tiles.append(tiles)
        return tiles


def _people(found: Results) -> QWidget:
    card = _card("Who looked")
    grid = QGridLayout()
    grid.setHorizontalSpacing(L)
    grid.setVerticalSpacing(S)
    heads = ("", "photos found", "share", "95% interval", "d'")
    for at, text in enumerate(heads):
        head = label(text, "small")
        if text == "d'":
            head.setToolTip("How far apart photos and fakes look: 0 is alike, 1 just noticeable")
        grid.addWidget(head, 0, at, Qt.AlignmentFlag.AlignRight)
    for row, (who, score) in enumerate(found.summary.persons, 1):
        grid.addWidget(label(who), row, 0)
        for at, text in enumerate(_cells(score), 1):
            grid.addWidget(label(text), row, at, Qt.AlignmentFlag.AlignRight)
        verdict = label(blind_words.found_verdict(score), "muted", wrap=True)
        grid.addWidget(verdict, row, len(heads))
    grid.setColumnStretch(len(heads), 1)
    card.column.addLayout(grid)
    return card


def _cells(score: Score) -> tuple[str, ...]:
    unsure = f" (+{score.unsure} undecided)" if score.unsure else ""
    value, low, high = score.d_prime
    between = f"{_bound(value)} ({_bound(low)} to {_bound(high)})"
    return (
        f"{score.right} of {score.n:,}{unsure}",
        f"{percent(score.value)}%",
        f"{percent(score.low)} to {percent(score.high)}%",
        between,
    )


def _bound(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}".replace("-", "−")


def _card(title: str) -> Card:
    card = Card()
    card.column.setContentsMargins(XL, L, XL, L)
    card.column.setSpacing(M)
    card.column.addWidget(label(title, "heading"))
    return card
