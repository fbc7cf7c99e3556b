"""The ladder's chart in the window: the very one of the page, in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from catstudio.report.ladder_chart import PALETTES, WIDTH, chart
from catstudio.studio.ladder import RUNGS
from catstudio.ui.theme import current


class LadderChart(QWidget):
    """Draws the rungs so far, as wide as there is room for; :meth:`show_rungs` draws it anew."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rungs: list[dict[str, Any]] = []
        self._renderer = QSvgRenderer(self)
        self.setAccessibleName("Chart of the rungs")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMaximumWidth(WIDTH)
        self.show_rungs([])

    def show_rungs(self, rungs: Sequence[dict[str, Any]]) -> None:
        """The finished rungs, each as its report says it."""
        self._rungs = list(rungs)
        self._load()
        self.setAccessibleDescription(" ".join(_said(rung) for rung in self._rungs))

    def sizeHint(self) -> QSize:
        return self._renderer.defaultSize()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        size = self._renderer.defaultSize()
        return round(width * size.height() / max(1, size.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = float(self.width())
        self._renderer.render(painter, QRectF(0, 0, width, self.heightForWidth(self.width())))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._load()
        super().changeEvent(event)

    def _load(self) -> None:
        svg = chart(self._rungs, PALETTES[current().name], len(RUNGS))
        # Qt knows one family of fonts at a time: its own.
        start = svg.index('font-family="')
        end = svg.index('"', start + len('font-family="'))
        svg = svg[:start] + f'font-family="{self.font().family()}' + svg[end:]
        self._renderer.load(QByteArray(svg.encode()))
        self.update()


def _said(rung: dict[str, Any]) -> str:
    return f"{rung['title']}: {rung.get('skipped') or rung['taught']}"
