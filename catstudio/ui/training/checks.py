"""The checks as a list of ok / look / problem; each opens to its figure, its images, its advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from catstudio.report import audit_words
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.charts.base import Chart
from catstudio.ui.charts.curves import HEIGHT, Reliability
from catstudio.ui.icons import icon
from catstudio.ui.mark import Mark
from catstudio.ui.theme import XL, XS, M, S
from catstudio.ui.training.tiles import ImageTiles
from catstudio.ui.widgets import Card, Line, button, label

VERDICTS = {
    "ok": ("ok", "ok", "OK"),
    "look": ("look", "look", "Look"),
    "problem": ("problem", "problem", "Problem"),
    "unknown": ("question", "muted", "Too few to tell"),
}
"""Of each verdict its icon, the colour of both, and its word."""
_TURKEY_TEST = "turkey_test"
_MOST_IMAGES = 24
_SIDE = 72


class CheckRow(QWidget):
    """One check: a line with verdict, title and what was found; pressed, the rest below it.

    ``strangers_asked`` is the button of the turkey test, which wants photos of neither class.
    """

    show_image = Signal(str)
    strangers_asked = Signal()

    def __init__(
        self, bridge: StudioBridge, check: Mapping[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.check = check
        symbol, role, word = VERDICTS[check["verdict"]]
        self.heading = QPushButton(str(check["title"]).replace("&", "&&"))
        self.heading.setProperty("role", "link")
        self.heading.setCheckable(True)
        self.heading.setCursor(Qt.CursorShape.PointingHandCursor)
        self.heading.setIconSize(QSize(12, 12))
        self.heading.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.heading.setAccessibleName(f"{word}: {check['title']}")
        self.heading.toggled.connect(self._show)
        line = QHBoxLayout()
        line.setSpacing(S)
        line.addWidget(Mark(18, symbol, role))
        line.addWidget(self.heading)
        line.addStretch(1)
        line.addWidget(label(word, role))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, XS, 0, XS)
        column.setSpacing(XS)
        column.addLayout(line)
        self.text = label(
            str(check["text"]), "" if check["verdict"] == "problem" else "muted", True
        )
        self.text.setIndent(18 + S)
        column.addWidget(self.text)
        self.tiles = ImageTiles(bridge, _SIDE, self)
        self.tiles.chosen.connect(self.show_image)
        self._body: QWidget | None = None
        self._column = column
        self._show(is_open=False)

    @property
    def is_open(self) -> bool:
        return self.heading.isChecked()

    def set_open(self, is_open: bool) -> None:
        self.heading.setChecked(is_open)

    def _show(self, is_open: bool) -> None:
        self.heading.setIcon(icon("down" if is_open else "right", "accent"))
        if is_open and self._body is None:
            # Built when first wanted: ten checks with their pictures are many widgets.
            self._body = self._details()
            self._column.addWidget(self._body)
        if self._body is not None:
            self._body.setVisible(is_open)

    def _details(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(18 + S, 0, 0, S)
        column.setSpacing(S)
        column.addWidget(label(str(self.check["question"]), "muted", wrap=True))
        figure = audit_words.check_figure(self.check)
        if figure:
            column.addWidget(label(figure, wrap=True))
        column.addWidget(label(str(self.check["meaning"]), "muted", wrap=True))
        if self.check.get("advice"):
            column.addWidget(label(f"What to do: {self.check['advice']}", wrap=True))
        points = audit_words.reliability_points(self.check)
        if points:
            chart = Chart(self._bridge)
            chart.show_drawing(Reliability(points), HEIGHT, audit_words.reliability_words(points))
            column.addWidget(chart)
        shown = self.check.get("shown") or ()
        if shown:
            self.tiles.show_images(audit_words.shown_images(self.check)[:_MOST_IMAGES])
            column.addWidget(self.tiles)
        if self.check["id"] == _TURKEY_TEST:
            ask = button("Ask about photos of your own…", icon="folder")
            ask.clicked.connect(self.strangers_asked)
            column.addWidget(ask, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(label(f"Method: {self.check['source']}", "small", wrap=True))
        return body


class ChecksView(Card):
    """All checks found so far, the gravest first. ``show_image`` carries an image's id,
    ``strangers_asked`` wants photos of neither class for the turkey test."""

    show_image = Signal(str)
    strangers_asked = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self.column.addWidget(label("Flaws that no eye sees", "heading"))
        self.summary = label("", "muted", wrap=True)
        self.column.addWidget(self.summary)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.column.addLayout(self._list)
        self.rows: list[CheckRow] = []
        self._lines: list[QWidget] = []

    def show_checks(self, checks: Sequence[Mapping[str, Any]], is_running: bool) -> None:
        """Rows that stay the same stay as they are, open or not."""
        self.summary.setText(audit_words.checks_summary(checks, is_running))
        known = {row.check["id"]: row for row in self.rows}
        self.rows = []
        for line in self._lines:
            line.hide()
            line.deleteLater()
        self._lines = []
        for check in audit_words.gravest_first(checks):
            row = known.pop(check["id"], None)
            if row is None or row.check != check:
                self._drop(row)
                row = CheckRow(self._bridge, check)
                row.show_image.connect(self.show_image)
                row.strangers_asked.connect(self.strangers_asked)
            self.rows.append(row)
        for row in known.values():
            self._drop(row)
        for at, row in enumerate(self.rows):
            if at:
                self._lines.append(Line())
                self._list.addWidget(self._lines[-1])
            self._list.addWidget(row)

    def _drop(self, row: CheckRow | None) -> None:
        if row is not None:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
