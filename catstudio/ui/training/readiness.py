"""Is there enough: a bar a label, one large button, and the progress of what it started."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QSizePolicy,
    QWidget,
)

from catstudio.studio import LabelReadiness, Readiness
from catstudio.ui.add_data.asks import plural
from catstudio.ui.theme import LARGE, XL, XS, M, S, current
from catstudio.ui.widgets import Card, button, label
from catstudio.ui.work_row import WorkRow


def real_sentence(one: LabelReadiness) -> str:
    """``real cats to test on: 12 of 20``; before the draw, what will be divided."""
    name = plural(one.label, 2).removeprefix("2 ").removeprefix("× ")
    if one.undrawn and not one.test:
        photos = "photo" if one.undrawn == 1 else "photos"
        return f"real {name}: {one.undrawn:,} {photos}, divided when you train"
    return f"real {name} to test on: {one.test:,} of {one.test_target}"


def train_sentence(one: LabelReadiness) -> str:
    """What there is to train on, and what waits for review."""
    parts = [f"{one.train:,} real to train on"] if one.test or not one.undrawn else []
    parts += [f"{one.synthetic:,} made or drawn"] if one.synthetic else []
    parts += [f"{one.val:,} to calibrate on"] if one.val else []
    parts += [f"{one.pending:,} to review"] if one.pending else []
    return " · ".join(parts)


def why_not(readiness: Readiness) -> str:
    """Why nothing can be trained yet, with what to do; "" when it can."""
    if any(one.real + one.synthetic for one in readiness.labels):
        return ""
    return "There is no accepted image with a label yet: drop photos, or accept some in review."


class TestBar(QWidget):
    """How much of the wanted test set is there, drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float) -> None:
        """``share`` in [0, 1]."""
        self._share = min(max(share, 0.0), 1.0)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        rect = QRectF(0, (self.height() - 8) / 2, self.width(), 8)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(rect, 4, 4)
        if self._share > 0:
            rect.setWidth(max(8.0, rect.width() * self._share))
            painter.setBrush(QColor(theme.ok if self._share >= 1 else theme.accent_fill))
            painter.drawRoundedRect(rect, 4, 4)


class ReadinessView(Card):
    """``train_asked`` is the button; ``cancel_asked`` stops what it started."""

    train_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.addWidget(label("Ready?", "heading"))
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(XL)
        self._rows.setVerticalSpacing(XS)
        self._rows.setColumnStretch(0, 1)
        self._rows.setColumnStretch(1, 1)
        self._shown: list[QWidget] = []
        self.column.addLayout(self._rows)
        self._remark = label("", "muted", wrap=True)
        self.column.addWidget(self._remark)
        self.column.addSpacing(S)
        self.train = button("Train and evaluate", "primary", icon="train")
        self.train.setStyleSheet(f"font-size: {LARGE}px; padding: {M}px {XL}px;")
        self.train.clicked.connect(self.train_asked)
        self.column.addWidget(self.train, 0, Qt.AlignmentFlag.AlignLeft)
        self.work = WorkRow("Training", "nothing is lost")
        self.work.cancel_asked.connect(self.cancel_asked)
        self.column.addWidget(self.work)
        self._reason = ""

    def show_readiness(self, readiness: Readiness) -> None:
        """Counts by label, and whether the button can be pressed."""
        for widget in self._shown:
            self._rows.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._shown = []
        for at, one in enumerate(readiness.labels):
            bar = TestBar()
            bar.set_share(one.test / one.test_target)
            bar.setAccessibleName(real_sentence(one))
            bar.setToolTip(f"{one.missing:,} more real photos to test on are wanted.")
            words, beside = (
                label(real_sentence(one), wrap=True),
                label(train_sentence(one), "muted", wrap=True),
            )
            self._rows.addWidget(words, 3 * at, 0)
            self._rows.addWidget(bar, 3 * at, 1)
            self._rows.addWidget(beside, 3 * at + 1, 0, 1, 2)
            beside.setVisible(bool(beside.text()))
            self._rows.setRowMinimumHeight(3 * at + 2, S)
            self._shown += [words, bar, beside]
        self._reason = why_not(readiness)
        self._remark.setText(self._reason or _advice(readiness))
        self._remark.setVisible(bool(self._remark.text()))
        self._look_again()

    def show_working(self, is_working: bool) -> None:
        """Progress in place of the button's reason while training runs."""
        self.work.show_working(is_working)
        self._look_again()

    def _look_again(self) -> None:
        is_working = not self.work.isHidden()
        self.train.setEnabled(not self._reason and not is_working)
        tooltip = "Training is running." if is_working else self._reason
        self.train.setToolTip(
            tooltip or "Train on what is accepted, measure on held-out real photos"
        )


def _advice(readiness: Readiness) -> str:
    """What the answer will be able to say, from what there is to test on."""
    empty = [one.label for one in readiness.labels if not one.real + one.synthetic]
    if empty:
        return (
            f"There is no image of {' or '.join(empty)} yet. A few photos of it make a much "
            "better classifier."
        )
    without = [one.label for one in readiness.labels if not one.real]
    if without:
        return (
            f"There is no real photo of {' or '.join(without)}, and a model is measured on real "
            "photos only: it can be trained, not tested."
        )
    short = [f"{one.missing:,} of {one.label}" for one in readiness.labels if one.missing]
    if short and any(one.test for one in readiness.labels):
        return f"For a tighter answer add real photos: {', '.join(short)}."
    return ""
