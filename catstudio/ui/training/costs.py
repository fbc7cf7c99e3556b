"""What a mistake costs: both kinds priced, the cheapest threshold, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.report import cost_words
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.charts.base import Chart
from catstudio.ui.charts.costs import CostCurve
from catstudio.ui.charts.curves import HEIGHT
from catstudio.ui.theme import XL, XS, L, M
from catstudio.ui.widgets import Card, ComboBox, DoubleSpinBox, button, label

_PAUSE_MS = 150
_MOST, _LEAST = 1_000_000.0, 0.01
_FIELD_WIDTH, _FIELDS_WIDTH, _TABLE_WIDTH = 128, 460, 560
_OLD = (
    "This run was questioned before its answers were kept. Question it again to see what another "
    "threshold would cost."
)


class _Number(DoubleSpinBox):
    """Shows no decimals where there are none."""

    def textFromValue(self, value: float) -> str:
        return f"{value:,.2f}".rstrip("0").rstrip(".").replace(",", "")


class CostsView(Card):
    """Shows the "answered" part of an audit; hidden while there is no audit.

    Signals
    -------
    asked : the run should be questioned again.
    failed(str, str) : message and hint.
    """

    asked = Signal()
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._part: Mapping[str, Any] | None = None
        self._reading: Fetch | None = None
        self.found: Mapping[str, Any] | None = None
        self.labels = ComboBox()
        self.labels.setAccessibleName("Label")
        self.false_alarm, self.miss = _cost(), _cost()
        self.share = _Number()
        self.share.setRange(0.1, 99.9)
        self.share.setDecimals(1)
        self.share.setSuffix(" %")
        self.share.setToolTip("At first as in the test photos")
        self.old = label(_OLD, "muted", wrap=True)
        self.again = button("Question this run again", "", icon="search")
        self.again.clicked.connect(self.asked)
        self.text = label("", wrap=True)
        self.chart = Chart(bridge)
        self.table = QWidget()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self._read)
        self._lay_out()
        self.labels.currentTextChanged.connect(self._show_label)
        for field in (self.false_alarm, self.miss, self.share):
            field.valueChanged.connect(lambda _: self._soon.start())
        self.show_audit({})

    def show_audit(self, audit: Mapping[str, Any]) -> None:
        """What ``audit`` keeps of the run's answers; {} while no run is shown."""
        part = audit.get("answered")
        self.setVisible(bool(part) or "next" in audit)
        self.old.setVisible(not part)
        self.again.setVisible(not part)
        self._fields.setVisible(bool(part))
        if part == self._part:
            return
        self._part = part
        self._forget()
        if part:
            self._show_labels(part["labels"])

    # -- asking ------------------------------------------------------------------------------

    def _show_labels(self, labels: list[str]) -> None:
        obvious = cost_words.obvious_label(labels)
        chosen = obvious or self.labels.currentText()
        self.labels.blockSignals(True)
        self.labels.clear()
        self.labels.addItems(labels)
        self.labels.setCurrentText(chosen if chosen in labels else labels[0])
        self.labels.blockSignals(False)
        for widget in (self.labels, self._for):
            widget.setVisible(not obvious)
        self._show_label(self.labels.currentText())

    def _show_label(self, name: str) -> None:
        if not self._part or not name:
            return
        labels = self._part["labels"]
        fields = (self.false_alarm, self.miss, self.share)
        asked = cost_words.questions(labels, name)
        for words, line, field in zip(asked, self._asked, fields, strict=True):
            line.setText(words)
            field.setAccessibleName(words)
        self._mix_up.setVisible(len(labels) > 2)
        self.share.blockSignals(True)
        self.share.setValue(100 * (self._share_of_test(self._part) or 1 / len(labels)))
        self.share.blockSignals(False)
        self._soon.start()

    def _share_of_test(self, part: Mapping[str, Any]) -> float:
        at = part["labels"].index(self.labels.currentText())
        return float(part["judge"]["shares"][at])

    def _read(self) -> None:
        """Choose and judge, in the background; a later question drops this one's answer."""
        if not self._part:
            return
        if self._reading is not None:
            self._reading.cancel()
        part, name = self._part, self.labels.currentText()
        miss, false_alarm = self.miss.value(), self.false_alarm.value()
        # The field rounds: what was not touched is as in the test photos exactly.
        is_touched = abs(self.share.value() - 100 * self._share_of_test(part)) > 0.051
        share = self.share.value() / 100 if is_touched else None

        def read() -> Mapping[str, Any]:
            from catstudio.learn.answered import costs_by  # numpy comes in with it.

            return costs_by(part, name, miss, false_alarm, share)

        self._reading = self._bridge.fetch(read, self._show, self._refuse, self)

    # -- telling -----------------------------------------------------------------------------

    def _show(self, found: Mapping[str, Any]) -> None:
        self.found = found
        self.text.setText(found["text"])
        has_points = bool(found["points"])
        self.chart.setVisible(has_points)
        self.table.setVisible(has_points)
        if has_points:
            drawing = CostCurve(
                cost_words.curve(found), cost_words.marks(found), str(found["label"])
            )
            self.chart.show_drawing(drawing, HEIGHT, cost_words.curve_words(found))
            self._show_table(cost_words.table(found))
        self._answer.show()

    def _show_table(self, rows: list[list[str]]) -> None:
        table = _table(rows)
        self._answer_column.replaceWidget(self.table, table)
        self.table.hide()
        self.table.deleteLater()
        self.table = table

    def _forget(self) -> None:
        self._soon.stop()
        if self._reading is not None:
            self._reading.cancel()
        self.found = None
        self._answer.hide()

    def _refuse(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)

    # -- building ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self.column.addWidget(label("What a mistake costs", "heading"))
        self.column.addWidget(label(cost_words.MEANING, "muted", wrap=True))
        self.column.addWidget(self.old)
        self.column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self._fields = QWidget()
        grid = QGridLayout(self._fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(M)
        grid.setVerticalSpacing(XS)
        grid.setColumnStretch(0, 1)
        self._fields.setMaximumWidth(_FIELDS_WIDTH)
        self._for = label("The label that is looked for", "muted", wrap=True)
        self._asked = [label("", "muted", wrap=True) for _ in range(3)]
        self._mix_up = label(
            "Taking one of the others for another costs nothing here.", "small", wrap=True
        )
        fields = (self.labels, self.false_alarm, self.miss, self.share)
        for row, (words, field) in enumerate(zip((self._for, *self._asked), fields, strict=True)):
            field.setFixedWidth(_FIELD_WIDTH)
            grid.addWidget(words, row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(self._mix_up, len(fields), 0, 1, 2)
        self.column.addWidget(self._fields)
        self._answer = QWidget()
        self._answer_column = QVBoxLayout(self._answer)
        self._answer_column.setContentsMargins(0, 0, 0, 0)
        self._answer_column.setSpacing(M)
        self._answer_column.addWidget(self.text)
        self._answer_column.addWidget(self.chart)
        self._answer_column.addWidget(self.table)
        self.column.addWidget(self._answer)


def _cost() -> _Number:
    field = _Number()
    field.setRange(_LEAST, _MOST)
    field.setValue(1.0)
    return field


def _table(rows: list[list[str]]) -> QWidget:
    result = QWidget()
    grid = QGridLayout(result)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(L)
    grid.setVerticalSpacing(XS)
    result.setMaximumWidth(_TABLE_WIDTH)
    for column in range(len(rows[0])):
        grid.setColumnStretch(column, 3 if column else 2)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            is_head = row == 0 or column == 0
            grid.addWidget(label(text, "muted" if is_head else "", wrap=True), row, column)
    return result
