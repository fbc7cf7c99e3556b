"""What is dropped, pasted or chosen: into the open project, or into a new one begun for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from catstudio.core.project import SUFFIX
from catstudio.ui.clipboard import LINK_HINT, LINK_REFUSED, Incoming, read
from catstudio.ui.messages import Message
from catstudio.ui.projects import Projects
from catstudio.ui.welcome import Welcome

if TYPE_CHECKING:
    from catstudio.ui.workspace import Workspace


class Intake(QObject):
    """``told`` carries why something was refused, ``open_asked`` the path of a project that was
    brought. ``workspace`` is the open project, if any."""

    told = Signal(object)
    open_asked = Signal(str)

    def __init__(self, projects: Projects, welcome: Welcome, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._projects = projects
        self._welcome = welcome
        self._pending: list[tuple[Incoming, str | None]] = []
        self.workspace: Workspace | None = None

    def labels(self) -> tuple[str, ...]:
        """What can be given to what is brought in: one drop zone each."""
        if self.workspace is None:
            return self._welcome.project_labels()
        return self.workspace.studio.labels()

    def take(self, incoming: Incoming, label: str | None) -> None:
        """Bring images in; without a project, begin the one that the welcome page describes.

        A project is opened; one among photos is refused with the other files that are no image.
        """
        if incoming.links:
            links = "\n".join(incoming.links)
            self.told.emit(Message(LINK_REFUSED, LINK_HINT, "look", links))
        if incoming.is_empty:
            if not incoming.links:
                hint = "Copy or drop images, files or folders."
                self.told.emit(Message("There is no image to add.", hint, "look"))
        elif incoming.count == 1 and Path(*incoming.paths).suffix == SUFFIX:
            self.open_asked.emit(incoming.paths[0])
        elif self.workspace is not None:
            self.workspace.bring_in(incoming, label)
        else:
            self._pending = [(incoming, label)]
            self.begin()

    def choose(self, paths: tuple[str, ...]) -> None:
        """Files chosen on the welcome page: they get its first label."""
        self.take(Incoming(paths=paths), self.labels()[0])

    def paste(self) -> None:
        """Bring in what is on the clipboard, with the label that the panel or page shows."""
        incoming = read(QGuiApplication.clipboard().mimeData())
        shown = self.workspace.panel.import_label() if self.workspace else self.labels()[0]
        self.take(incoming, shown)

    def begin(self) -> None:
        """Begin the project that the welcome page describes."""
        page = self._welcome
        self._projects.create(page.folder, page.name.text(), page.project_labels())

    def opened(self, workspace: Workspace) -> None:
        """A project is open: it gets what was waiting for it."""
        self.workspace = workspace
        for incoming, label in self._pending:
            workspace.bring_in(incoming, label)
        self._pending = []

    def forget(self) -> None:
        """The project could not be opened: nothing waits for it any more."""
        self._pending = []
