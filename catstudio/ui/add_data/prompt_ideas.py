"""Ideas for prompts: a few that fill gaps, each with its reason; a click puts one into the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.sources.ideas import Idea, suggest
from catstudio.ui.add_data.prompt_idea_row import IdeaRow
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import button, icon_button, label

COUNT = 8


class PromptIdeas(QWidget):
    """A list of ideas for a label, hidden until :meth:`open`. ``chosen(str)`` carries a prompt
    template: one idea, or all of them as choices in braces. ``shown`` when others show."""

    chosen = Signal(str)
    shown = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._label = ""
        self._round = 0
        self.ideas: list[Idea] = []
        self.rows: list[IdeaRow] = []
        self._title = label("", "section")
        self.more = icon_button("redo", "Other ideas")
        self.more.clicked.connect(self.show_more)
        self.close_button = icon_button("close", "Close the ideas")
        self.close_button.clicked.connect(self.fold)
        self.use_all = button(
            "Use all", "link", tooltip="One template with all of these: they are used in turn"
        )
        self.use_all.clicked.connect(self._take_all)
        self._problem = label("", "problem", wrap=True)
        self._lay_out()
        self.hide()

    def set_label(self, name: str) -> None:
        """Ideas are about ``name`` from now on."""
        if name != self._label:
            self._label, self._round = name, 0
            if not self.isHidden():
                self.show_more()

    def open(self) -> None:
        """Unfold, with ideas for what is missing now."""
        self.show()
        self.show_more()

    def fold(self) -> None:
        """Fold away."""
        self.hide()

    def show_more(self) -> None:
        """Show some ideas; the next call shows others."""
        studio, name, seed = self._bridge.studio, self._label, self._round
        self._round += 1

        def read() -> list[Idea]:
            return suggest(name, studio.written_about(name), COUNT, seed)

        self._bridge.fetch(read, self._show, self._cannot, self)

    def _show(self, ideas: list[Idea]) -> None:
        self._clear()
        self.ideas = ideas
        for idea in ideas:
            row = IdeaRow(idea)
            row.clicked.connect(partial(self.chosen.emit, idea.prompt))
            self._rows.addWidget(row)
            self.rows.append(row)
        self._title.setText(f"Ideas for {self._label}" if self._label else "Ideas")
        self.use_all.setVisible(len(ideas) > 1)
        self._problem.hide()
        self.shown.emit()

    def _take_all(self) -> None:
        self.chosen.emit(joined([idea.prompt for idea in self.ideas]))

    def _cannot(self, error: CatStudioError) -> None:
        self._clear()
        self._problem.setText(f"{error.message} {error.hint}")
        self._problem.show()
        self.use_all.hide()

    def _clear(self) -> None:
        self.ideas = []
        while self.rows:
            row = self.rows.pop()
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(S)
        head.addWidget(self._title, 1)
        head.addWidget(self.use_all)
        head.addWidget(self.more)
        head.addWidget(self.close_button)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addLayout(self._rows)
        column.addWidget(self._problem)
        self._problem.hide()


def joined(templates: Sequence[str]) -> str:
    """One template that stands for all of ``templates``; what they begin with stands once."""
    if len(templates) < 2:
        return "".join(templates)
    # Cut between words, so that no escaped character is torn apart.
    words = [one.split(" ") for one in templates]
    shared = 0
    while all(len(one) > shared + 1 and one[shared] == words[0][shared] for one in words):
        shared += 1
    start = "".join(f"{word} " for word in words[0][:shared])
    return start + "{" + "|".join(" ".join(one[shared:]) for one in words) + "}"
