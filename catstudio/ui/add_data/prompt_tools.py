"""What stands below a prompt: ideas for what is missing, and the lists that it may draw from."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.sources import wildcards
from catstudio.ui.add_data.prompt_editor import PromptEditor
from catstudio.ui.add_data.prompt_ideas import PromptIdeas
from catstudio.ui.add_data.sight import scroll_to
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import L, S
from catstudio.ui.widgets import button

_SHOWN = 3
"""Lines of a list that its entry in the menu shows as examples."""


class PromptTools(QWidget):
    """``lists_read`` when :attr:`lists`, the names of all lists, are known; ``failed`` carries
    message and hint of a list that cannot be read."""

    lists_read = Signal()
    rows_changed = Signal()
    failed = Signal(str, str)

    def __init__(
        self, bridge: StudioBridge, prompt: PromptEditor, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._prompt = prompt
        self.lists: tuple[str, ...] | None = None
        self.ideas = PromptIdeas(bridge)
        self.ideas.chosen.connect(self._take)
        self.ideas.shown.connect(self.rows_changed)
        self.ideas.shown.connect(lambda: scroll_to(self))
        self.ask = button("Ideas", "link", "sparkles", "Prompts that fill gaps in your images")
        self.ask.setAccessibleName("Ideas for what is missing")
        self.ask.clicked.connect(self._toggle)
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.open_lists = button("Lists", "link", "list-dashes")
        self.open_lists.setToolTip(
            "Each image draws a line of a list: __animal__. Your own are text files in "
            f"{wildcards.user_folder()}"
        )
        self.open_lists.setAccessibleName("Lists to draw from")
        self.open_lists.setMenu(self.menu)
        self.open_lists.hide()
        row = QHBoxLayout()
        row.setSpacing(L)
        row.addWidget(self.ask)
        row.addWidget(self.open_lists)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(self.ideas)
        bridge.fetch(wildcards.load, self._show_lists, self._cannot)

    def _show_lists(self, lists: dict[str, tuple[str, ...]]) -> None:
        self.lists = tuple(sorted(lists))
        self._prompt.set_lists(self.lists)
        for name in self.lists:
            lines = lists[name]
            action = self.menu.addAction(f"__{name}__    {', '.join(lines[:_SHOWN])}, …")
            action.setToolTip(f"{len(lines):,} lines")
            action.triggered.connect(partial(self._put_in, name))
        self.open_lists.setVisible(bool(self.lists))
        self.lists_read.emit()

    def _cannot(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)

    def _put_in(self, name: str) -> None:
        self._prompt.put_in(f"__{name}__")

    def _take(self, template: str) -> None:
        self._prompt.replace(template)
        self._prompt.setFocus()

    def _toggle(self) -> None:
        if self.ideas.isHidden():
            self.ideas.open()
        else:
            self.ideas.fold()
