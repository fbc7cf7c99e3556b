"""Ideas for prompts: a few that fill gaps, each with its reason; a click puts one into the prompt."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.sources.ideas import Idea, suggest
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XS
from catstudio.ui.widgets import button, label

_COUNT = 5


class PromptIdeas(QWidget):
    """A link that unfolds ideas for a label. ``chosen(str)`` carries a prompt template."""

    chosen = Signal(str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._label = ""
        self._round = 0
        self.ask = button("Ideas for what is missing", "link", tooltip="Prompts that fill gaps")
        self.ask.clicked.connect(self.show_more)
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(XS)
        self._list.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._list)

    def set_label(self, name: str) -> None:
        """Ideas are about ``name`` from now on."""
        if name != self._label:
            self._label, self._round = name, 0
            self._list.hide()
            self.ask.setText("Ideas for what is missing")
        self.ask.setEnabled(bool(name))

    def show_more(self) -> None:
        """Show some ideas; the next press shows others."""
        studio, name, seed = self._bridge.studio, self._label, self._round
        self._round += 1

        def read() -> list[Idea]:
            return suggest(name, studio.written_about(name), _COUNT, seed)

        self._bridge.fetch(read, self._show, self._cannot, self)

    def _show(self, ideas: list[Idea]) -> None:
        self._clear()
        for idea in ideas:
            one = button(idea.phrase, "quiet", tooltip=f"{idea.prompt}\n{idea.why}")
            one.setAccessibleDescription(idea.why)
            one.setStyleSheet("text-align: left;")
            one.clicked.connect(partial(self.chosen.emit, idea.prompt))
            self._rows.addWidget(one)
        self.ask.setText("Other ideas")
        self._list.show()

    def _cannot(self, error: CatStudioError) -> None:
        self._clear()
        self._rows.addWidget(label(f"{error.message} {error.hint}", "problem", wrap=True))
        self._list.show()

    def _clear(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
