"""The recent projects: a picture and a name each, newest first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from catstudio.ui import icons
from catstudio.ui.settings import RecentProject
from catstudio.ui.theme import M, S
from catstudio.ui.widgets import FlowLayout, label

_PICTURE = QSize(144, 104)
_TILE = QSize(164, 152)


class RecentTile(QToolButton):
    """One project. ``forget_asked`` takes it out of the list, not off the disk."""

    forget_asked = Signal(str)

    def __init__(self, project: RecentProject, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.setProperty("role", "quiet")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(_PICTURE)
        self.setFixedSize(_TILE)
        self.setIcon(icons.icon("image", "muted"))
        name = self.fontMetrics().elidedText(
            project.name, Qt.TextElideMode.ElideRight, _PICTURE.width()
        )
        self.setText(name.replace("&", "&&"))
        self.setToolTip(project.path)
        self.setAccessibleName(f"Open {project.name}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what the tile's click and the list can do."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open", self.click)
        menu.addAction("Take out of this list", lambda: self.forget_asked.emit(self.project.path))
        menu.popup(event.globalPos())


class RecentProjects(QWidget):
    """``open_asked`` and ``forget_asked`` carry a project's path."""

    open_asked = Signal(str)
    forget_asked = Signal(str)
    _read = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: dict[str, RecentTile] = {}
        area = QWidget()
        self._flow = FlowLayout(area, spacing=S)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(label("RECENT PROJECTS", "section"))
        column.addWidget(area)
        self._read.connect(self._show_picture)
        self.hide()

    def show_projects(self, projects: Sequence[RecentProject]) -> None:
        """Show those whose folder is still there; pictures follow from the background."""
        self._flow.clear()
        self.tiles = {}
        for project in projects:
            tile = RecentTile(project)
            tile.clicked.connect(lambda _=False, path=project.path: self.open_asked.emit(path))
            tile.forget_asked.connect(self.forget_asked)
            self.tiles[project.path] = tile
            self._flow.addWidget(tile)
        self.setVisible(bool(projects))
        if projects:
            # A folder on a drive that sleeps must not hold the window.
            threading.Thread(
                target=_read_pictures, args=(tuple(projects), self._read.emit), daemon=True
            ).start()

    def _show_picture(self, path: str, image: QImage | None) -> None:
        tile = self.tiles.get(path)
        if tile is None:
            return
        if image is None:
            tile.setEnabled(False)
            tile.setToolTip(f"{path} is not there now.")
        elif not image.isNull():
            tile.setIcon(QPixmap.fromImage(image))


def _read_pictures(
    projects: tuple[RecentProject, ...], tell: Callable[[str, QImage | None], None]
) -> None:
    for project in projects:
        if not Path(project.path).is_dir():
            image: QImage | None = None
        else:
            image = QImage(project.picture) if project.picture else QImage()
        try:
            tell(project.path, image)
        except RuntimeError:
            return  # The welcome page is gone.
