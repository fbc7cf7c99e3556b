"""Which project is open: opening, beginning, the example, closing, and the list of recent ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CatStudioError, DamagedProjectError
from catstudio.core.types import DEFAULT_LABELS
from catstudio.ui.example import fill_example
from catstudio.ui.messages import Message
from catstudio.ui.opener import Opener
from catstudio.ui.places import EXAMPLE_NAME, project_path, projects_folder
from catstudio.ui.settings import SettingsFile

if TYPE_CHECKING:
    from catstudio.studio import Studio


class Projects(QObject):
    """Holds the one open Studio.

    Signals
    -------
    leaving() : the open project is about to close: take its widgets down now.
    opened(Studio) : a project is open.
    told(Message) : why one could not be opened, or what was done to open it.
    repair_offered(Message, str) : one is damaged; :meth:`repair` may bring it back.
    recent_changed() : the settings' list has changed.
    """

    leaving = Signal()
    opened = Signal(object)
    told = Signal(object)
    repair_offered = Signal(object, str)
    recent_changed = Signal()

    def __init__(self, settings: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = settings
        self.studio: Studio | None = None
        self._is_over = False
        self._opener = Opener(self)
        self._opener.opened.connect(self._opened)
        self._opener.failed.connect(self._failed)
        self._opener.repaired.connect(self._repaired)

    def get_ready(self) -> None:
        """Load in the background what an open project needs, while none is."""
        if not self._is_over:
            self._opener.get_ready()

    def open(self, path: str | Path) -> None:
        """Open the project at ``path``; the one that is open stays until that has worked."""
        wanted = Path(path).absolute()
        if self.studio is None or self.studio.root != wanted:
            self._opener.open(wanted)

    def repair(self, path: str) -> None:
        """Let the damaged project at ``path`` go back to its last good copy, and open it."""
        self._opener.repair(Path(path))

    def create(
        self,
        folder: Path,
        name: str,
        labels: Iterable[str],
        fill: Callable[[Studio], None] | None = None,
    ) -> None:
        """Begin a project called ``name`` in ``folder``; a number is added where one is there."""
        self._opener.create(project_path(folder, name), labels, fill)

    def open_example(self) -> None:
        """Open the example project; it is made of the free photos on first use."""
        path = projects_folder() / f"{EXAMPLE_NAME}.catstudio"
        if path.is_dir():
            self.open(path)
        else:
            self.create(path.parent, EXAMPLE_NAME, DEFAULT_LABELS, fill_example)

    def close(self) -> None:
        """Close the open project, in the background."""
        studio = self._take()
        if studio is not None:
            self._opener.close(studio)
            self._file.values.last_project = ""
            self._file.save()

    def shut_down(self) -> None:
        """Close the open project and wait for it: for the end of the program. May be called
        twice."""
        if self._is_over:
            return
        self._is_over = True
        studio = self._take()
        self._opener.wait()
        while (late := self._opener.take()) is not None:  # opened, and nobody knew yet
            late.close()
        if studio is not None:
            studio.close()

    def forget(self, path: str) -> None:
        """Take a project out of the list of recent ones."""
        self._file.values.forget_project(path)
        self._file.save()
        self.recent_changed.emit()

    def show_picture(self, path: Path, picture: str) -> None:
        """Keep a thumbnail to be shown beside a project's name."""
        values = self._file.values
        if any(one.path == str(path) and one.picture == picture for one in values.recent):
            return
        values.remember_project(path, picture)
        self.recent_changed.emit()

    def _take(self) -> Studio | None:
        studio, self.studio = self.studio, None
        if studio is not None:
            self.leaving.emit()
        return studio

    def _opened(self) -> None:
        studio = self._opener.take()
        if studio is None:
            return
        before = self._take()
        if before is not None:
            self._opener.close(before)
        self.studio = studio
        self._file.values.remember_project(studio.root)
        self._file.save()
        self.recent_changed.emit()
        self.opened.emit(studio)

    def _repaired(self, what: str) -> None:
        self.told.emit(Message(what, level="look"))

    def _failed(self, error: CatStudioError, path: str) -> None:
        if self._file.values.last_project == path:
            self._file.values.last_project = ""
        if isinstance(error, DamagedProjectError):
            offer = Message(error.message, error.hint, action="Repair")
            self.repair_offered.emit(offer, path)
        else:
            self.told.emit(Message.of(error))
