"""What can be done with the selected images: one list for keys, right-click and menus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from catstudio.core.changes import AnyChange, SetLabel, SetState
from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import recipes
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.icons import icon

_DIGITS = 9


class GalleryActions(QObject):
    """Actions on what ``selected`` returns; their keys work while ``view`` has the focus.

    ``preview_wanted``, ``review_wanted`` and ``copy_wanted`` are for the owner to carry out, as
    are ``use_wanted``, ``more_wanted``, ``fix_wanted`` and ``similar_wanted``, which are about one
    image.
    """

    preview_wanted = Signal()
    review_wanted = Signal()
    copy_wanted = Signal()
    use_wanted = Signal(object)
    more_wanted = Signal(object)
    fix_wanted = Signal(object)
    similar_wanted = Signal(object)

    def __init__(
        self, view: QWidget, bridge: StudioBridge, selected: Callable[[], list[ImageRecord]]
    ) -> None:
        super().__init__(view)
        self._view = view
        self._bridge = bridge
        self._selected = selected
        self._labels: tuple[str, ...] = ()
        new = self._new
        self.preview = new("Preview", "eye", "Space", self.preview_wanted.emit)
        self.review = new("Review", "review", "Return", self.review_wanted.emit)
        self.review.setShortcuts([QKeySequence(k) for k in ("Return", "Enter")])
        self.accept = new("Accept", "accept", "A", lambda: self._state(State.ACCEPTED))
        self.reject = new("Reject", "reject", "R", lambda: self._state(State.REJECTED))
        self.pending = new("Send back to review", "undo", "", lambda: self._state(State.PENDING))
        self.use = new("Use these settings", "adjustments", "", self._of_one(self.use_wanted))
        self.more = new("More like this", "sparkles", "M", self._of_one(self.more_wanted))
        self.more.setShortcuts([QKeySequence(key) for key in ("M", "Shift+M")])
        self.fix = new("Fix this…", "wand", "F", self._of_one(self.fix_wanted))
        self.similar = new("Find similar", "search", "S", self._of_one(self.similar_wanted))
        self.copy = new("Copy", "copy", "Ctrl+C", self.copy_wanted.emit)
        self.trash = new("Move to trash", "delete", "Del", lambda: self._state(State.TRASHED))
        self.restore = new("Take out of the trash", "undo", "", self._restore)
        self.unlabel = new("No label", "", "0", lambda: self._label(None))
        self.labels = [
            new("", "", str(digit), partial(self._label_at, digit))
            for digit in range(1, _DIGITS + 1)
        ]
        self.set_labels(())
        self.update()

    def all(self) -> list[QAction]:
        """Every action, for a menu bar, in the order of the menu; labels last."""
        return [
            self.preview,
            self.review,
            self.accept,
            self.reject,
            self.pending,
            self.use,
            self.more,
            self.fix,
            self.similar,
            self.copy,
            self.trash,
            self.restore,
            *(action for action in self.labels if action.isVisible()),
            self.unlabel,
        ]

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Number the project's labels: 1 to 9 on the keyboard."""
        self._labels = labels
        for place, action in enumerate(self.labels):
            is_used = place < len(labels)
            action.setVisible(is_used)
            action.setText(labels[place].replace("&", "&&") if is_used else "")

    def update(self) -> None:
        """Allow what makes sense for the selection of this moment."""
        records = self._selected()
        for action in self.all():
            action.setEnabled(bool(records))
        one = records[0] if len(records) == 1 else None
        # Nothing is made from what is tested on.
        is_free = one is not None and one.split not in (Split.VAL, Split.TEST)
        self.use.setVisible(one is not None and recipes.read_back(one) is not None)
        self.similar.setEnabled(one is not None)
        for action in (self.more, self.fix):
            action.setVisible(is_free or not records)
            action.setEnabled(is_free)
        self.restore.setVisible(any(r.state is State.TRASHED for r in records))
        self.trash.setVisible(not records or any(r.state is not State.TRASHED for r in records))

    def menu(self, parent: QWidget) -> QMenu:
        """A context menu for the selection."""
        menu = QMenu(parent)
        menu.addActions([self.preview, self.review])
        menu.addSeparator()
        menu.addActions([self.accept, self.reject, self.pending])
        labels = menu.addMenu(icon("label"), "Label")
        labels.addActions([action for action in self.labels if action.isVisible()])
        labels.addSeparator()
        labels.addAction(self.unlabel)
        menu.addSeparator()
        if made := [a for a in (self.use, self.more, self.fix) if a.isVisible()]:
            menu.addActions(made)
            menu.addSeparator()
        menu.addActions([self.similar, self.copy])
        menu.addActions([a for a in (self.trash, self.restore) if a.isVisible()])
        return menu

    def _new(self, text: str, icon_name: str, key: str, do: Callable[[], None]) -> QAction:
        action = QAction(text, self._view)
        if icon_name:
            action.setIcon(icon(icon_name))
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _=False: do())
        self._view.addAction(action)
        return action

    def _of_one(self, wanted: SignalInstance) -> Callable[[], None]:
        def emit() -> None:
            records = self._selected()
            if len(records) == 1:
                wanted.emit(records[0])

        return emit

    # -- edits: only what is not so already, so that undo counts what happened ----------------

    def _apply(self, ids: tuple[str, ...], change: Callable[[tuple[str, ...]], AnyChange]) -> None:
        if ids:
            self._bridge.apply(change(ids))

    def _state(self, state: State) -> None:
        ids = tuple(r.id for r in self._selected() if r.state is not state)
        self._apply(ids, lambda ids: SetState(ids, state))

    def _restore(self) -> None:
        ids = tuple(r.id for r in self._selected() if r.state is State.TRASHED)
        self._apply(ids, lambda ids: SetState(ids, State.PENDING))

    def _label_at(self, digit: int) -> None:
        if digit <= len(self._labels):
            self._label(self._labels[digit - 1])

    def _label(self, label: str | None) -> None:
        ids = tuple(r.id for r in self._selected() if r.label != label)
        self._apply(ids, lambda ids: SetLabel(ids, label))
