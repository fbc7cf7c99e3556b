"""The window: header, messages, and below them the welcome page or the open project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QIcon,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from catstudio.core.paths import log_dir
from catstudio.resources import resource
from catstudio.ui.clipboard import can_take
from catstudio.ui.closing import ClosingBar, Leaving
from catstudio.ui.drop_overlay import DropOverlay
from catstudio.ui.header import Header
from catstudio.ui.intake import Intake
from catstudio.ui.ladder.entry import LadderEntry
from catstudio.ui.messages import Message, MessageList
from catstudio.ui.projects import Projects
from catstudio.ui.settings import SettingsFile
from catstudio.ui.shortcuts import ShortcutsWindow
from catstudio.ui.tabs import GALLERY, MAP, TRAINING
from catstudio.ui.theme import S, ThemeHolder
from catstudio.ui.welcome import Welcome
from catstudio.ui.window_actions import WindowActions, connect

if TYPE_CHECKING:
    from catstudio.studio import Readiness, Studio
    from catstudio.ui.full_window import FullWindow
    from catstudio.ui.workspace import Workspace

SIZE, MIN_SIZE = (1280, 800), (1024, 640)


class MainWindow(QMainWindow):
    """Built by ``app``. ``project_opened`` carries the Studio when its widgets are there."""

    project_opened = Signal(object)

    def __init__(self, settings: SettingsFile, theme: ThemeHolder) -> None:
        super().__init__()
        self._file = settings
        self._settings = settings.values
        self._theme = theme
        self._may_close = False
        self.workspace: Workspace | None = None
        self.projects = Projects(settings, self)
        self.actions_ = WindowActions(self)
        self.header = Header(self.actions_)
        self.messages = MessageList()
        self.closing_bar = ClosingBar()
        self.leaving = Leaving(self.closing_bar, self)
        self.welcome = Welcome()
        self.intake = Intake(self.projects, self.welcome, self)
        self.full: FullWindow | None = None
        self.stack = QStackedWidget()
        self.pages = QStackedWidget()
        self.ladder = LadderEntry(self.pages, self)
        self._lay_out()
        self.overlay = DropOverlay(self)
        self.setAcceptDrops(True)
        self._connect()
        self._connect_actions()
        self._restore()
        self._show_recent()
        if settings.problem:
            self.tell(Message(settings.problem, level="look"))

    def tell(self, message: Message) -> None:
        """Show a message across the window."""
        self.messages.show_message(message)

    # -- projects ----------------------------------------------------------------------------

    def open_project(self, path: str | Path) -> None:
        """Open the project at ``path``, once the work of the one that is open allows it."""
        self._leave(lambda: self.projects.open(path))

    def close_project(self) -> None:
        """Go back to the welcome page."""
        self._leave(self.projects.close)

    def _leave(self, go: Callable[[], None]) -> None:
        if self.workspace is None:
            go()
        else:
            self.leaving.ask(self.workspace, go)

    def _opened(self, studio: Studio) -> None:
        # The window starts without what an open project needs; whoever opened it has loaded that.
        from catstudio.ui.full_window import FullWindow
        from catstudio.ui.workspace import Workspace

        workspace = Workspace(studio, self._settings)
        self.workspace = workspace
        workspace.told.connect(self.tell)
        workspace.undo_changed.connect(self.actions_.show_undo)
        workspace.counts_changed.connect(self._show_counts)
        workspace.panel.generate_asked.connect(self._save_later)
        self.stack.addWidget(workspace)
        self.stack.setCurrentWidget(workspace)
        self.header.show_project(studio.name)
        self.actions_.show_project(is_open=True)
        self.actions_.show_undo(studio.undo_name(), studio.redo_name())
        self._show_sides()
        self.setWindowTitle(f"{studio.name} – CatStudio")
        for sentence in studio.recovered:
            self.tell(Message(sentence, "Everything else is as it was.", "look"))
        self.full = FullWindow(self.pages, workspace)
        self.intake.opened(workspace)
        workspace.gallery.focus_view()
        self.project_opened.emit(studio)

    def _save_later(self) -> None:
        # In the background: a slow disk must not hold the window.
        if self.workspace is not None:
            self.workspace.bridge.fetch(self._file.save, lambda _: None)

    def _take_down(self) -> None:
        """The project is about to close: its widgets go first."""
        self.leaving.forget()
        workspace, self.workspace = self.workspace, None
        self.intake.workspace = None
        if self.full is not None:
            self.full.take_down()
            self.full = None
        if workspace is None:
            return
        workspace.keep()
        workspace.close_parts()
        self.stack.setCurrentWidget(self.welcome)
        self.stack.removeWidget(workspace)
        workspace.hide()
        workspace.deleteLater()
        self.header.show_project("")
        self.actions_.show_project(is_open=False)
        self.actions_.show_undo(None, None)
        self.setWindowTitle("CatStudio")

    def _failed(self, message: Message) -> None:
        self.intake.forget()
        self.tell(message)

    def _offer_repair(self, message: Message, path: str) -> None:
        self.intake.forget()
        self.messages.show_message(message, lambda: self._leave(lambda: self.projects.repair(path)))

    def _show_counts(self, readiness: Readiness) -> None:
        self.header.show_counts(readiness)
        if self.workspace is not None:
            self.workspace.find_picture(self.projects.show_picture)

    def _show_recent(self) -> None:
        self.welcome.show_recent(self._settings.recent)
        self.header.show_recent(self._settings.recent)

    # -- actions -----------------------------------------------------------------------------

    def _new(self) -> None:
        if self.workspace is None:
            self.intake.begin()
        else:
            self.close_project()
            self.welcome.name.setFocus()
            self.welcome.name.selectAll()

    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "Open a project", str(self.welcome.folder), QFileDialog.Option.ShowDirsOnly
        )
        if path:
            self.open_project(path)

    def _undo(self) -> None:
        if self.workspace is not None:
            self.workspace.bridge.undo()

    def _redo(self) -> None:
        if self.workspace is not None:
            self.workspace.bridge.redo()

    def _show_tab(self, tab: int) -> None:
        if self.workspace is not None:
            self.workspace.tabs.setCurrentIndex(tab)

    def _search(self, text: str) -> None:
        if self.workspace is not None:
            if text:
                self._show_tab(GALLERY)
            self.workspace.gallery.set_search(text)

    def _review(self) -> None:
        if self.workspace is not None:
            self.workspace.review([])

    def _train(self) -> None:
        if self.workspace is not None:
            self._show_tab(TRAINING)
            self.workspace.training.train()

    def _blind(self) -> None:
        if self.workspace is not None:
            self.workspace.training.eye.enter()

    def _show_sides(self) -> None:
        actions, settings = self.actions_, self._settings
        settings.shows_panel = actions.panel.isChecked()
        settings.shows_inspector = actions.inspector.isChecked()
        if self.workspace is not None:
            self.workspace.left.setVisible(settings.shows_panel)
            self.workspace.show_inspector(settings.shows_inspector)

    def _full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _use_theme(self, mode: str) -> None:
        self._settings.theme = mode
        self._theme.use("dark" if mode == "dark" else "light" if mode == "light" else "system")
        self.header.show_theme(mode)

    def _open_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir())))

    # -- dropping: the overlay takes over as soon as it is there --------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Cover the window with zones, unless the images come from this very window."""
        if event.source() is not None or not can_take(event.mimeData()):
            return
        self.overlay.begin(self.intake.labels())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.overlay.left()

    def dropEvent(self, event: QDropEvent) -> None:
        """A drop that the overlay did not get: the zone below it counts all the same."""
        self.overlay.finish(event, event.position().toPoint())

    # -- the window itself -------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.overlay.isVisible():
            self.overlay.setGeometry(self.rect())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once while work runs; keep what the next start should find."""
        space = self.workspace
        if not self._may_close and space is not None and not self.leaving.may_go(space):
            event.ignore()
            self.leaving.ask(space, self._close_now)
            return
        self._keep()
        self.ladder.shut()
        self.projects.shut_down()
        event.accept()

    def _close_now(self) -> None:
        self._may_close = True
        self.close()

    def _keep(self) -> None:
        self._settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        if self.workspace is not None:
            self.workspace.keep()
        self._file.save()

    def _restore(self) -> None:
        self.setMinimumSize(*MIN_SIZE)
        self.resize(*SIZE)
        if self._settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self._settings.geometry.encode()))
        self.actions_.panel.setChecked(self._settings.shows_panel)
        self.actions_.inspector.setChecked(self._settings.shows_inspector)
        self._use_theme(self._settings.theme)

    def _connect(self) -> None:
        self.projects.opened.connect(self._opened)
        self.projects.leaving.connect(self._take_down)
        self.projects.told.connect(self._failed)
        self.projects.repair_offered.connect(self._offer_repair)
        self.projects.recent_changed.connect(self._show_recent)
        self.header.open_asked.connect(self.open_project)
        self.header.search_changed.connect(self._search)
        self.header.theme_chosen.connect(self._use_theme)
        self.header.review_asked.connect(self._review)
        self.header.logs_asked.connect(self._open_logs)
        self.header.shortcuts_asked.connect(
            lambda: ShortcutsWindow(self.actions_.shortcuts(), self).show()
        )
        self.header.ladder_asked.connect(self.ladder.enter)
        self.ladder.told.connect(self.tell)
        self.ladder.open_asked.connect(self.open_project)
        page = self.welcome
        page.ladder_asked.connect(self.ladder.enter)
        page.begin_asked.connect(self._new)
        page.files_chosen.connect(self.intake.choose)
        page.open_asked.connect(self.open_project)
        page.browse_asked.connect(self._browse)
        page.example_asked.connect(self.projects.open_example)
        page.forget_asked.connect(self.projects.forget)
        self.overlay.dropped.connect(self.intake.take)
        self.intake.told.connect(self.tell)
        self.intake.open_asked.connect(self.open_project)

    def _connect_actions(self) -> None:
        actions = self.actions_
        for action, do in (
            (actions.new, self._new),
            (actions.open, self._browse),
            (actions.close, self.close_project),
            (actions.quit, self.close),
            (actions.paste, self.intake.paste),
            (actions.undo, self._undo),
            (actions.redo, self._redo),
            (actions.find, self.header.search.setFocus),
            (actions.gallery, lambda: self._show_tab(GALLERY)),
            (actions.training, lambda: self._show_tab(TRAINING)),
            (actions.map, lambda: self._show_tab(MAP)),
            (actions.review, self._review),
            (actions.panel, self._show_sides),
            (actions.inspector, self._show_sides),
            (actions.full_screen, self._full_screen),
            (actions.train, self._train),
            (actions.blind, self._blind),
        ):
            connect(action, do)

    def _lay_out(self) -> None:
        self.setWindowTitle("CatStudio")
        self.setWindowIcon(QIcon(str(resource("icons/catstudio.svg"))))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.messages)
        question = QVBoxLayout()
        question.setContentsMargins(S, 0, S, 0)
        question.addWidget(self.closing_bar)
        column.addLayout(question)
        column.addWidget(self.stack, 1)
        self.stack.addWidget(self.welcome)
        self.pages.addWidget(body)
        self.setCentralWidget(self.pages)
        self.welcome.target.setFocus()
