"""What takes the whole window for a while: review, rooms, and the preview over everything."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget

from catstudio.ui.preview import PreviewOverlay
from catstudio.ui.review import ReviewView
from catstudio.ui.room import Room, RoomBuilder
from catstudio.ui.tabs import GALLERY
from catstudio.ui.workspace import Workspace


class FullWindow(QObject):
    """Shows review, rooms and preview of one open project in ``pages``, whose first page is the
    window as usual. Each is built when it is asked for."""

    def __init__(self, pages: QStackedWidget, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._pages = pages
        self._workspace = workspace
        self.review_view: ReviewView | None = None
        self.preview_overlay: PreviewOverlay | None = None
        self.room: Room | None = None
        workspace.room_asked.connect(self.enter)
        workspace.review_asked.connect(self.review)
        workspace.preview_asked.connect(self.preview)

    def review(self, ids: list[str]) -> None:
        """Review ``ids``; all that waits when empty."""
        if self.review_view is None:
            self.review_view = ReviewView(self._workspace.bridge)
            self.review_view.left.connect(self.leave)
            self._pages.addWidget(self.review_view)
        self.review_view.start(ids or None)
        self._pages.setCurrentWidget(self.review_view)
        self.review_view.setFocus()

    def preview(self, ids: list[str], id_: str) -> None:
        """Show image ``id_`` large; the arrows go through ``ids``."""
        if self.preview_overlay is None:
            self.preview_overlay = PreviewOverlay(self._workspace.bridge, self._pages)
            self.preview_overlay.moved.connect(self._follow)
            self.preview_overlay.closed.connect(self._workspace.gallery.focus_view)
        self.preview_overlay.show_images(ids, id_)

    def enter(self, build: RoomBuilder) -> None:
        """Show a room in place of the window's body; one at a time."""
        self._close_room()
        self.room = build(self._workspace.bridge)
        self.room.left.connect(self.leave)
        self.room.told.connect(self._workspace.tell)
        self._pages.addWidget(self.room)
        self._pages.setCurrentWidget(self.room)
        self.room.setFocus()

    def leave(self) -> None:
        """Back to the window as usual."""
        stays = self.room is not None and not self.room.returns_to_gallery
        self._close_room()
        self._pages.setCurrentIndex(0)
        if stays:
            self._workspace.tabs.currentWidget().setFocus()
            return
        self._workspace.tabs.setCurrentIndex(GALLERY)
        self._workspace.gallery.focus_view()

    def take_down(self) -> None:
        """Remove them all; before the project is closed."""
        self._close_room()
        self._pages.setCurrentIndex(0)
        if self.review_view is not None:
            self._pages.removeWidget(self.review_view)
        for widget in (self.review_view, self.preview_overlay):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.review_view = self.preview_overlay = None

    def _close_room(self) -> None:
        room, self.room = self.room, None
        if room is not None:
            room.shut()
            self._pages.removeWidget(room)
            room.hide()
            room.deleteLater()

    def _follow(self, id_: str) -> None:
        view = self._workspace.gallery.view
        if len(view.selected_ids()) <= 1:  # A chosen set is leafed through without losing it.
            view.select([id_], id_)
