"""Edits of an open project: applied one at a time on a thread of their own, told to listeners."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from catstudio.core.changes import AnyChange, DrawSplits, Touched
from catstudio.core.edits import Edits
from catstudio.core.errors import CatStudioError, NotPossibleError
from catstudio.core.project import ProjectFolder
from catstudio.core.store import Store
from catstudio.learn.splits import draw_splits
from catstudio.studio.listening import EditFailed, Listeners
from catstudio.studio.reading import ProjectReader


class ProjectEditor(ProjectReader):
    """The editing side of an open project: every change can be undone."""

    def __init__(self, folder: ProjectFolder, store: Store) -> None:
        super().__init__(folder, store)
        self._edits = Edits(store)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="edits")
        self._listeners = Listeners()
        self._publish = self._listeners.tell

    def apply(self, change: AnyChange) -> Touched:
        """Apply an edit and wait until it is written. Raises :class:`BadInputError`."""
        touched = self._written(lambda: self._edits.apply(change)).result()
        return touched or Touched((), change.title)

    def undo(self) -> Touched | None:
        return self._written(self._edits.undo).result()

    def redo(self) -> Touched | None:
        return self._written(self._edits.redo).result()

    def apply_later(self, change: AnyChange) -> None:
        """Apply an edit soon; listeners get its :class:`Touched`, or an :class:`EditFailed`."""
        self._told(self._written(lambda: self._edits.apply(change)))

    def undo_later(self) -> None:
        self._told(self._written(self._edits.undo))

    def redo_later(self) -> None:
        self._told(self._written(self._edits.redo))

    def undo_name(self) -> str | None:
        return self._edits.names()[0]

    def redo_name(self) -> str | None:
        return self._edits.names()[1]

    def draw_splits(self, per_label: int | None = None, seed: int = 0) -> Touched | None:
        """Draw test and validation photos by lineage; None when nothing is left to draw."""
        assigned = draw_splits(self._store.images(), per_label, seed)
        drawn = self.apply(DrawSplits(tuple(assigned.items()))) if assigned else None
        return drawn if drawn and drawn.ids else None

    def _written(self, edit: Callable[[], Touched | None]) -> Future[Touched | None]:
        def run() -> Touched | None:
            # The open database would take a change also after its folder was deleted.
            self._folder.check_reachable()
            touched = edit()
            if touched is not None:
                self._publish(touched)
            return touched

        try:
            return self._writer.submit(run)
        except RuntimeError as error:
            raise NotPossibleError(f"{self.name} is closed.", "Open it again.") from error

    def _told(self, future: Future[Touched | None]) -> None:
        def tell(done: Future[Touched | None]) -> None:
            error = done.exception()
            if isinstance(error, CatStudioError):
                self._publish(EditFailed(error.message, error.hint))
            elif error is not None:
                self._publish(EditFailed(f"The change could not be saved: {error}."))

        future.add_done_callback(tell)
