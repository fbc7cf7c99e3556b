"""The confusion matrix, drawn: rows are the truth, columns the answer, right ones on the diagonal."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from catstudio.ui.theme import BODY, LARGE, RADIUS, SMALL, S, contrast, current

_CELL = QSize(92, 56)
_MIN_CELL_WIDTH = 36
_SIDE = 120


class ConfusionView(QWidget):
    """Counts and, below each, its share of the row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._counts: tuple[tuple[int, ...], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Confusion matrix")

    def show_table(self, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
        """``counts`` [truth, answer], square, in the order of ``labels``."""
        self._labels = tuple(labels)
        self._counts = tuple(tuple(int(n) for n in row) for row in counts)
        lines = [
            f"of {sum(row):,} real {truth}: "
            + ", ".join(f"{n:,} called {answer}" for answer, n in zip(labels, row, strict=True))
            for truth, row in zip(self._labels, self._counts, strict=True)
        ]
        self.setAccessibleDescription(". ".join(lines))
        self.setToolTip("\n".join(lines))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        n = len(self._labels)
        return QSize(_SIDE + n * _CELL.width(), 2 * (BODY + S) + n * _CELL.height())

    def minimumSizeHint(self) -> QSize:
        n = len(self._labels)
        return QSize(_SIDE + n * _MIN_CELL_WIDTH, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        n = len(self._labels)
        if not n:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = min(_CELL.width(), (self.width() - _SIDE) // n)
        top = 2 * (BODY + S)
        theme = current()
        painter.setPen(QColor(theme.muted))
        self._text(painter, QRectF(_SIDE, 0, n * width, BODY + S), "answered", SMALL)
        for at, name in enumerate(self._labels):
            column = QRectF(_SIDE + at * width, BODY + S, width, BODY + S)
            self._text(painter, column, name, BODY)
            row = QRectF(0, top + at * _CELL.height(), _SIDE - S, _CELL.height())
            self._text(painter, row, f"real {name}", BODY, Qt.AlignmentFlag.AlignRight)
        for i, row_counts in enumerate(self._counts):
            for j, count in enumerate(row_counts):
                rect = QRectF(
                    _SIDE + j * width, top + i * _CELL.height(), width, _CELL.height()
                ).adjusted(1, 1, -1, -1)
                self._cell(painter, rect, count, sum(row_counts), is_right=i == j)

    def _cell(
        self, painter: QPainter, rect: QRectF, count: int, total: int, is_right: bool
    ) -> None:
        theme = current()
        share = count / total if total else 0.0
        fill = _mixed(theme.raised, theme.accent_fill if is_right else theme.problem, 0.8 * share)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        inks = (theme.text, "#ffffff", "#16171a")
        ink = (
            theme.text
            if contrast(theme.text, fill) >= 4.5
            else max(inks, key=lambda one: contrast(one, fill))
        )
        painter.setPen(QColor(ink))
        middle = rect.center().y()
        upper = QRectF(rect.left(), rect.top() + 6, rect.width(), middle - rect.top() - 2)
        self._text(painter, upper, f"{count:,}", LARGE, weight=QFont.Weight.DemiBold)
        lower = QRectF(rect.left(), middle + 4, rect.width(), rect.bottom() - middle - 8)
        self._text(painter, lower, f"{100 * share:.0f}%" if total else "–", SMALL)

    def _text(
        self,
        painter: QPainter,
        rect: QRectF,
        text: str,
        size: int,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
        weight: QFont.Weight = QFont.Weight.Normal,
    ) -> None:
        font = QFont(self.font())
        font.setPixelSize(size)
        font.setWeight(weight)
        painter.setFont(font)
        cut = painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, int(rect.width()) - 2
        )
        painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, cut)


def _mixed(one: str, other: str, share: float) -> str:
    """``other`` laid over ``one`` with opacity ``share``, as ``#rrggbb``."""
    a, b = QColor(one), QColor(other)
    parts = (
        round(x + (y - x) * share)
        for x, y in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    )
    return QColor(*parts).name()
