"""Labels: by role, wrapped or elided with a tooltip, and the look of a key to press."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption, QWidget

_MAY_BREAK = "\N{ZERO WIDTH SPACE}"


def label(text: str, role: str = "", wrap: bool = False) -> QLabel:
    """Plain text. ``role``: ``title``, ``heading``, ``section``, ``muted``, ``small``, ``problem``."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("role", role)
    result.setWordWrap(wrap)
    return result


class WrappedLabel(QLabel):
    """Text over several lines that also breaks inside words longer than ``longest``: file names
    and paths have no spaces, and would widen what they stand in."""

    def __init__(
        self, text: str = "", role: str = "", longest: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._long = re.compile(rf"\S{{{longest + 1},}}")
        self._parts = re.compile(rf"[/\\_.\-]|[^/\\_.\-]{{{longest}}}")
        self._text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(True)
        self.setText(text)

    def text(self) -> str:
        """What was set, without the marks of where it may break."""
        return self._text

    def setText(self, text: str) -> None:
        self._text = text
        super().setText(self._long.sub(self._broken, text))

    def _broken(self, word: re.Match[str]) -> str:
        return self._parts.sub(lambda part: part[0] + _MAY_BREAK, word[0])


class KeyHint(QLabel):
    """A key on the keyboard, as in ``A`` accept."""

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(key, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "key")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class ElidedLabel(QLabel):
    """One line that shortens itself to fit; the tooltip then has the whole text."""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text.replace("\n", " "))
        self._note_overflow()

    def _note_overflow(self) -> None:
        is_cut = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip(self.text() if is_cut else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._note_overflow()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        rect = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._mode, rect.width())
        painter.drawText(rect, self.alignment() | Qt.TextFlag.TextSingleLine, text)
