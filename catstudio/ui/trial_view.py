"""The live preview of a page: a grid of trials, each opening large, and what they wait for."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.overlay import PictureOverlay
from catstudio.ui.theme import XS, current
from catstudio.ui.trials import Trial, Trials
from catstudio.ui.widgets import button, label

_OLD = 0.35
"""How much of an old picture shows while its successor is made."""
_INSET = 2


class TrialGrid(QWidget):
    """``count`` square cells in ``columns``; ``opened(int)`` tells that a picture is to be large."""

    opened = Signal(int)

    def __init__(self, columns: int, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self._count = count
        self.trials: list[Trial | None] = [None] * count
        self._pixmaps: list[QPixmap] = [QPixmap()] * count
        self._is_old = [False] * count
        self._at = 0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def age(self) -> None:
        """What shows is of before a change."""
        self._is_old = [trial is not None for trial in self.trials]
        self.update()

    def put(self, index: int, trial: Trial) -> None:
        """Show a picture at its place."""
        if index < self._count:
            self.trials[index] = trial
            self._pixmaps[index] = QPixmap.fromImage(trial.image)
            self._is_old[index] = False
            self._describe()
            self.update(self._cell(index))

    def keep(self, count: int) -> None:
        """Empty the cells from ``count`` on: no more came."""
        for index in range(count, self._count):
            self.trials[index], self._is_old[index] = None, False
            self._pixmaps[index] = QPixmap()
        self.update()

    # -- geometry ----------------------------------------------------------------------------

    def _side(self, width: int) -> float:
        return (width - XS * (self._columns - 1)) / self._columns

    def heightForWidth(self, width: int) -> int:
        rows = math.ceil(self._count / self._columns)
        return math.ceil(rows * self._side(width) + XS * (rows - 1))

    def sizeHint(self) -> QSize:
        return QSize(280, self.heightForWidth(280))

    def _cell(self, index: int) -> QRect:
        side = self._side(self.width())
        row, column = divmod(index, self._columns)
        x, y = column * (side + XS), row * (side + XS)
        return QRectF(x, y, side, side).toAlignedRect()

    def _index_at(self, position: QPoint) -> int | None:
        for index in range(self._count):
            if self.trials[index] is not None and self._cell(index).contains(position):
                return index
        return None

    # -- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index in range(self._count):
            cell = QRectF(self._cell(index))
            if not cell.intersects(QRectF(event.rect())):
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ground))
            painter.drawRoundedRect(cell, XS, XS)
            self._paint_picture(painter, cell, index)
            if self.hasFocus() and index == self._at:
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), XS, XS)

    def _paint_picture(self, painter: QPainter, cell: QRectF, index: int) -> None:
        pixmap = self._pixmaps[index]
        if pixmap.isNull():
            return
        room = cell.adjusted(_INSET, _INSET, -_INSET, -_INSET)
        scale = min(room.width() / pixmap.width(), room.height() / pixmap.height())
        width, height = pixmap.width() * scale, pixmap.height() * scale
        target = QRectF(0, 0, width, height)
        target.moveCenter(room.center())
        painter.setOpacity(_OLD if self._is_old[index] else 1.0)
        painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        painter.setOpacity(1.0)

    # -- the person --------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._index_at(event.pos())
            trial = None if index is None else self.trials[index]
            if index is not None and trial is not None:
                QToolTip.showText(event.globalPos(), trial.caption, self, self._cell(index))
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_on = self._index_at(event.position().toPoint()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_on else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._go(index)
            self.opened.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        if event.key() in steps:
            at = self._at + steps[Qt.Key(event.key())]
            if 0 <= at < self._count:
                self._go(at)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.trials[self._at] is not None:
                self.opened.emit(self._at)
        else:
            super().keyPressEvent(event)

    def _go(self, index: int) -> None:
        self._at = index
        self._describe()
        self.update()

    def _describe(self) -> None:
        trial = self.trials[self._at]
        said = f"{self._at + 1} of {self._count}: {trial.caption}" if trial else ""
        self.setAccessibleDescription(said)


class TrialView(QWidget):
    """The grid, its heading, and the words for when there is nothing to show.

    Nothing is tried before :meth:`open`: a page that is merely restored at start-up wakes no
    worker. ``opened()`` tells that the person pressed the button which does that.
    """

    opened = Signal()

    def __init__(
        self, trials: Trials, columns: int, count: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._trials = trials
        self._is_open = False
        self.grid = TrialGrid(columns, count)
        self.grid.setAccessibleName("Examples")
        self.grid.opened.connect(self._enlarge)
        self.grid.hide()
        self._words = label("", "small", wrap=True)
        self._words.hide()
        self._start = button(
            f"Show {count} examples", "", "eye", "Try these settings; nothing is kept"
        )
        self._start.clicked.connect(self._press)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addWidget(self._start, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._words)
        column.addWidget(self.grid)
        trials.began.connect(self._begin)
        trials.made.connect(self.grid.put)
        trials.ended.connect(self._end)
        trials.said.connect(self._say)

    @property
    def is_open(self) -> bool:
        return self._is_open

    def open(self) -> None:
        """From now on what is wanted is tried."""
        if not self._is_open:
            self._is_open = True
            self._start.hide()
            self.grid.show()

    def want(self, ask: GenerateAsk | None) -> None:
        """Show examples of ``ask``; nothing, for None, while there can be none."""
        if not self._is_open:
            return
        self.grid.setVisible(ask is not None)
        if ask is None:
            self._trials.drop()
            self.grid.keep(0)
            self._say("", False)
        else:
            self._trials.want(ask)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._trials.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._trials.watch(False)

    def _press(self) -> None:
        self.open()
        self.opened.emit()
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _begin(self, _: int) -> None:
        self.grid.age()
        # Old pictures fade, which says it too: words would make the page jump at each change.
        is_empty = not any(self.grid.trials)
        self._say("Making examples…" if is_empty else "", False)

    def _end(self, count: int) -> None:
        self.grid.keep(count)
        self._say("", False)

    def _say(self, words: str, is_problem: bool) -> None:
        self._words.setText(words)
        self._words.setProperty("role", "problem" if is_problem else "small")
        self._words.style().unpolish(self._words)
        self._words.style().polish(self._words)
        self._words.setVisible(bool(words))

    # -- large -------------------------------------------------------------------------------

    def _enlarge(self, index: int) -> None:
        overlay = PictureOverlay(self.window())
        self.destroyed.connect(overlay.deleteLater)
        overlay.turned.connect(lambda at: self._show_large(overlay, at))
        overlay.closed.connect(self.grid.setFocus)
        overlay.closed.connect(overlay.deleteLater)
        overlay.open_at(index, sum(trial is not None for trial in self.grid.trials))
        self._show_large(overlay, index)

    def _show_large(self, overlay: PictureOverlay, index: int) -> None:
        trial = self.grid.trials[index]
        if trial is not None:
            overlay.picture.set_image(trial.image)
            overlay.say(f"Example {index + 1}", trial.caption)
