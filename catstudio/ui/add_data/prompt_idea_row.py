"""One idea for a prompt: what it adds, and below it in small letters why it is suggested."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from catstudio.sources.ideas import Idea
from catstudio.ui.theme import RADIUS, SMALL, XS, S, current


class IdeaRow(QAbstractButton):
    """A button of two lines; its tooltip has all of the prompt and the reason."""

    def __init__(self, idea: Idea, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.idea = idea
        self.setText(idea.phrase)
        self.setToolTip(f"{idea.prompt}\n{idea.why}")
        self.setAccessibleName(idea.phrase)
        self.setAccessibleDescription(idea.why)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        lines = self.fontMetrics().height() + QFontMetrics(self._small()).height()
        return QSize(120, lines + 2 * XS)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = theme.hover if self.underMouse() or self.isDown() else theme.raised
        painter.setBrush(QColor(ground))
        painter.setPen(QPen(QColor(theme.accent)) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), RADIUS, RADIUS)
        room = self.rect().adjusted(S, XS, -S, -XS)
        height = self.fontMetrics().height()
        self._line(painter, QRect(room.left(), room.top(), room.width(), height), self.text())
        painter.setFont(self._small())
        painter.setPen(QColor(theme.muted))
        below = QRect(room.left(), room.top() + height, room.width(), room.height() - height)
        self._line(painter, below, self.idea.why, theme.muted)

    def _line(self, painter: QPainter, place: QRect, text: str, color: str = "") -> None:
        painter.setPen(QColor(color or current().text))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        return font
