"""One open project: what the window, the command line and a notebook call. The only door."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from catstudio.core import recovery
from catstudio.core.errors import BadInputError, CatStudioError
from catstudio.core.files import explain_os_error
from catstudio.core.project import ProjectFolder
from catstudio.core.store import Store, label_name
from catstudio.core.types import DEFAULT_LABELS
from catstudio.jobs.events import AnyEvent, Done
from catstudio.jobs.requests import AnyRequest, Lane
from catstudio.jobs.runner import JobRunner
from catstudio.studio import auditing, waiting
from catstudio.studio.asking import RequestMaker
from catstudio.studio.blind import BlindTest
from catstudio.studio.keeping import Keeper
from catstudio.studio.listening import Listener


class Studio(RequestMaker):
    """An open project. Close it, or use it as a context manager.

    Reads may be called from any thread. Edits are applied one at a time on a thread of their
    own; jobs run on theirs. Listeners are called from those threads.
    """

    def __init__(self, folder: ProjectFolder, store: Store, recovered: list[str]) -> None:
        super().__init__(folder, store)
        self.recovered = tuple(recovered)
        """What the sweep at opening set aside, as sentences."""
        self._keeper = Keeper(folder, store, self._edits, self._publish)
        self._runner = JobRunner(self._publish, self._keeper.run_here, self._keeper.keep)
        self.blind = BlindTest(store, self._written, self._told)
        """Which made images fool the eye: rounds of pairs, their answers, what they say."""
        self._is_closed = False

    # -- opening and closing ---------------------------------------------------------------

    @classmethod
    def create(
        cls, root: str | Path, labels: Iterable[str] = DEFAULT_LABELS, author: str = ""
    ) -> Studio:
        """Begin a project at ``root``. Raises :class:`ProjectError` when something is there."""
        wanted = tuple(label.strip() for label in labels)
        if not wanted or len(set(wanted)) != len(wanted) or not all(wanted):
            raise BadInputError(
                f"{', '.join(wanted) or 'Nothing'!r} cannot be the labels.",
                "Give one or more different names, such as cat and not-cat.",
            )
        wanted = tuple(label_name(label) for label in wanted)
        folder = ProjectFolder(Path(root).absolute())
        folder.create()
        Store.begin(folder, wanted, author)
        return cls._hold(folder, author)

    @classmethod
    def open(cls, root: str | Path, author: str = "") -> Studio:
        """Open the project at ``root`` and sweep what a kill may have left half done.

        Raises :class:`ProjectError` when there is none, or it is damaged, newer or read-only;
        :class:`NotPossibleError` when another program has it open.
        """
        folder = ProjectFolder(Path(root).absolute())
        folder.check()
        return cls._hold(folder, author)

    @classmethod
    def _hold(cls, folder: ProjectFolder, author: str) -> Studio:
        folder.lock()
        try:
            was_cut_off = folder.was_cut_off
            store = Store(folder, author)
            try:
                if was_cut_off:
                    # Sessions that end in a crash make no copy at their end: this one stands in.
                    with contextlib.suppress(CatStudioError):
                        store.database.back_up(folder.backup)
                return cls(folder, store, recovery.sweep(store))
            except OSError as error:
                store.close()
                raise explain_os_error(error, str(folder.root)) from error
            except BaseException:
                store.close()
                raise
        except BaseException:
            folder.unlock()
            raise

    @staticmethod
    def repair(root: str | Path) -> str:
        """Bring back the last good database of a damaged project; says what was done."""
        folder = ProjectFolder(Path(root).absolute())
        if not folder.backup.exists():
            folder.check()
        folder.lock()
        try:
            return recovery.restore_database(folder)
        except OSError as error:
            raise explain_os_error(error, str(folder.root)) from error
        finally:
            folder.unlock()

    def close(self) -> None:
        """Stop all jobs, keep a copy of the database, free the project; may be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._runner.close()
        self._writer.shutdown()
        try:
            # On a full disk the older copy stays: no reason to call what was done a failure.
            with contextlib.suppress(CatStudioError):
                self._folder.check_reachable()
                self._store.database.back_up(self._folder.backup)
        finally:
            self._store.close()
            self._folder.unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- for others to read ----------------------------------------------------------------

    def write_report(self, out: str | Path, number: int | None = None) -> None:
        """Write a run's report, its audit and the blind test as one HTML file that loads nothing."""
        folder, report = self.run_folder(number), self.report(number)
        auditing.write_page(self._store, folder, report, Path(out), self.blind.results())

    # -- jobs ------------------------------------------------------------------------------

    def submit(self, request: AnyRequest) -> str:
        """Start a job in the background; returns its id at once. Listeners get its events."""
        return self._runner.submit(request, waiting.title(request))

    def cancel(self, job_id: str) -> None:
        self._runner.cancel(job_id)

    def kill_worker(self) -> None:
        """Stop the worker process now, for a step that does not end."""
        self._runner.kill_worker()

    def warm_up(self) -> None:
        """Start the worker process while the person looks around."""
        self._runner.warm_up()

    @property
    def worker_pid(self) -> int | None:
        return self._runner.worker_pid

    def is_idle(self) -> bool:
        """True when no job is waiting or running."""
        return self._runner.is_idle()

    def jobs(self, lane: Lane) -> tuple[str, ...]:
        """Ids of the jobs that wait or run in ``lane``, in the order of their asking."""
        return self._runner.jobs(lane)

    def run(self, request: AnyRequest, on_event: Callable[[AnyEvent], None] | None = None) -> Done:
        """Do a job and wait for its end. A KeyboardInterrupt cancels it.

        Raises the :class:`CatStudioError` that the job failed with, or
        :class:`CancelledError`; what was finished is kept, and in the error's ``result``.
        """
        return waiting.wait(self, request, on_event)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event and edit, from background threads, until the
        returned function is called."""
        return self._listeners.add(listener)
