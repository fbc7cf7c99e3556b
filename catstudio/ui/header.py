"""The header: project menu, counts, search, undo and redo, theme, settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from catstudio.ui.icons import icon
from catstudio.ui.settings import THEMES, RecentProject
from catstudio.ui.theme import XL, L, M, S, current
from catstudio.ui.widgets import button, icon_button, label
from catstudio.ui.window_actions import WindowActions

if TYPE_CHECKING:
    from catstudio.studio import Readiness

_THEME_WORDS = {"system": "Follow the system", "light": "Light", "dark": "Dark"}
_SEARCH_PAUSE_MS = 150
_MAX_LABELS = 6
_MAX_COUNTS = 320
_MAX_NAME = 240


def counts_text(readiness: Readiness) -> str:
    """``cat 68 · not-cat 54``: accepted images of each label; many labels end in ``+3``."""
    shown = readiness.labels[:_MAX_LABELS]
    parts = [f"{one.label} {one.real + one.synthetic:,}" for one in shown]
    rest = len(readiness.labels) - len(shown)
    parts += [f"{readiness.unlabelled:,} without label"] if readiness.unlabelled else []
    return " · ".join(parts + ([f"+{rest}"] if rest else []))


def waiting(readiness: Readiness) -> int:
    """How many images wait for review."""
    return sum(one.pending for one in readiness.labels) + readiness.unlabelled


class Header(QFrame):
    """``search_changed`` follows the field; ``theme_chosen`` carries a mode; the rest are
    actions."""

    search_changed = Signal(str)
    theme_chosen = Signal(str)
    open_asked = Signal(str)
    review_asked = Signal()
    logs_asked = Signal()
    shortcuts_asked = Signal()
    ladder_asked = Signal()

    def __init__(self, actions: WindowActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._actions = actions
        self.recent_menu = QMenu("Recent projects", self)
        self.project = QToolButton()
        self.project.setProperty("role", "quiet")
        self.project.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.project.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the caret goes right
        self.project.setIcon(icon("down", "muted"))
        self.project.setIconSize(QSize(12, 12))
        self.project.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.project.setMenu(self._project_menu())
        self.project.setMaximumWidth(_MAX_NAME)
        self.counts = label("", "muted")
        self.review = button("", "link", tooltip="Review what waits (Ctrl+R)")
        self.review.clicked.connect(self.review_asked)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search images (Ctrl+F)")
        self.search.setAccessibleName("Search images")
        self.search.setToolTip("Names, labels, tags, prompts and sources")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self.search.setMaximumWidth(260)
        self.search.setMinimumWidth(120)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_SEARCH_PAUSE_MS)
        self._typed.timeout.connect(lambda: self.search_changed.emit(self.search.text()))
        self.search.textChanged.connect(lambda _: self._typed.start())
        self.theme = icon_button("dark", "Dark theme")
        self.theme.clicked.connect(self._flip_theme)
        self.settings = icon_button("settings", "Settings")
        self.settings.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._themes = QActionGroup(self)
        self.settings.setMenu(self._settings_menu())
        self.help = icon_button("question", "Help")
        self.help.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.help.setMenu(self._help_menu())
        self._lay_out()
        self.show_project("")

    def show_project(self, name: str) -> None:
        """The open project's name, or "" for none."""
        self.project.setText((name or "CatStudio").replace("&", "&&"))
        self.project.setToolTip(
            f"{name}: new, open, recent, close" if name else "New, open, recent"
        )
        for widget in (self.counts, self.search, self._undo, self._redo):
            widget.setVisible(bool(name))
        self.review.setVisible(False)
        self.counts.setText("")
        self.search.clear()

    def show_counts(self, readiness: Readiness) -> None:
        """Accepted images of each label, and what waits."""
        text = counts_text(readiness)
        metrics = self.counts.fontMetrics()
        self.counts.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, _MAX_COUNTS))
        self.counts.setToolTip(text)
        n = waiting(readiness)
        self.review.setText(f"to review {n:,}")
        self.review.setVisible(n > 0)

    def show_theme(self, mode: str) -> None:
        """Mark the chosen mode, and offer the other one."""
        is_dark = current().is_dark
        self.theme.setIcon(icon("light" if is_dark else "dark"))
        self.theme.setToolTip("Light theme" if is_dark else "Dark theme")
        self.theme.setAccessibleName(self.theme.toolTip())
        for action in self._themes.actions():
            action.setChecked(action.data() == mode)

    def show_recent(self, projects: Sequence[RecentProject]) -> None:
        """Fill the menu of recent projects."""
        self.recent_menu.clear()
        for project in projects:
            action = self.recent_menu.addAction(project.name.replace("&", "&&"))
            action.setToolTip(project.path)
            action.triggered.connect(lambda _=False, path=project.path: self.open_asked.emit(path))
        self.recent_menu.setEnabled(bool(projects))

    def _flip_theme(self) -> None:
        self.theme_chosen.emit("light" if current().is_dark else "dark")

    def _project_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addActions([self._actions.new, self._actions.open])
        menu.addMenu(self.recent_menu)
        menu.addSeparator()
        menu.addAction(self._actions.paste)
        menu.addAction(self._actions.train)
        menu.addAction(self._actions.blind)
        menu.addSeparator()
        menu.addActions([self._actions.close, self._actions.quit])
        return menu

    def _settings_menu(self) -> QMenu:
        menu = QMenu(self)
        theme = menu.addMenu("Theme")
        for mode in THEMES:
            action = theme.addAction(_THEME_WORDS[mode])
            action.setCheckable(True)
            action.setData(mode)
            action.triggered.connect(partial(_tell, self.theme_chosen.emit, mode))
            self._themes.addAction(action)
        menu.addSeparator()
        one = self._actions
        menu.addActions([one.panel, one.inspector, one.full_screen])
        return menu

    def _help_menu(self) -> QMenu:
        menu = QMenu(self)
        ladder = menu.addAction("Huxley's ladder", self.ladder_asked.emit)
        ladder.setToolTip("What each way to get more data buys, from one photo of a cat")
        menu.addSeparator()
        menu.addAction("Keyboard shortcuts", self.shortcuts_asked.emit)
        menu.addAction("Open the log folder", self.logs_asked.emit)
        return menu

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(M, S, M, S)
        row.setSpacing(S)
        row.addWidget(self.project)
        row.addSpacing(S)
        row.addWidget(self.counts)
        row.addWidget(self.review)
        row.addStretch(1)
        row.addSpacing(L)
        row.addWidget(self.search, 1)
        row.addSpacing(S)
        self._undo, self._redo = (
            _action_button(action) for action in (self._actions.undo, self._actions.redo)
        )
        for widget in (self._undo, self._redo, self.theme, self.help, self.settings):
            row.addWidget(widget)
        self.setFixedHeight(2 * XL + S)


def _tell(emit: Callable[[str], None], mode: str, *_: object) -> None:
    emit(mode)


def _action_button(action: QAction) -> QToolButton:
    result = icon_button("undo", "")
    result.setDefaultAction(action)
    result.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    return result
