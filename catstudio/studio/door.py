"""One open project: what the window, the command line and a notebook call. The only door."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from catstudio.core import recovery, verify
from catstudio.core.changes import AnyChange, DrawSplits, Touched
from catstudio.core.edits import Edits
from catstudio.core.errors import BadInputError, CatStudioError, NotPossibleError
from catstudio.core.files import explain_os_error
from catstudio.core.project import ProjectFolder
from catstudio.core.store import Store, label_name
from catstudio.core.thumbnails import thumbnail
from catstudio.core.types import ImageRecord, RunRecord
from catstudio.jobs.events import AnyEvent, Done
from catstudio.jobs.requests import (
    DEFAULT_BACKBONE,
    AnyRequest,
    AuditRequest,
    CheckDatasetRequest,
    DownloadRequest,
    EvaluateRequest,
    GenerateRequest,
    ImportDatasetRequest,
    ImportRequest,
    Lane,
    MapRequest,
    PersonaliseRequest,
    PredictRequest,
    TrainRequest,
    WordsRequest,
)
from catstudio.jobs.runner import JobRunner
from catstudio.learn.splits import draw_splits
from catstudio.sources.ideas import written
from catstudio.studio import auditing, mapping, personalising, readiness, requesting, waiting
from catstudio.studio.blind import BlindTest
from catstudio.studio.keeping import Keeper
from catstudio.studio.listening import EditFailed, Listener, Listeners

if TYPE_CHECKING:
    from catstudio.learn.image_map import ImageMap

DEFAULT_LABELS = ("cat", "not-cat")


class Studio:
    """An open project. Close it, or use it as a context manager.

    Reads may be called from any thread. Edits are applied one at a time on a thread of their
    own; jobs run on theirs. Listeners are called from those threads.
    """

    def __init__(self, folder: ProjectFolder, store: Store, recovered: list[str]) -> None:
        self._folder = folder
        self._store = store
        self.recovered = tuple(recovered)
        """What the sweep at opening set aside, as sentences."""
        self._edits = Edits(store)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="edits")
        self._listeners = Listeners()
        self._publish = self._listeners.tell
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

    # -- reading ---------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        return self._folder.root

    @property
    def name(self) -> str:
        return self._folder.name

    def labels(self) -> tuple[str, ...]:
        return self._store.labels()

    def images(self) -> list[ImageRecord]:
        """Every image, trashed ones too, oldest first. For background threads when it is long."""
        return self._store.images()

    def image(self, id_: str) -> ImageRecord:
        return self._store.image(id_)

    def images_by_id(self, ids: Iterable[str]) -> list[ImageRecord]:
        return self._store.images_by_id(ids)

    def children(self, id_: str) -> list[ImageRecord]:
        return self._store.children(id_)

    def image_path(self, record: ImageRecord) -> Path:
        """The original bytes, read-only by agreement."""
        return self._store.image_path(record)

    def thumbnail(self, record: ImageRecord, size: int = 256) -> Path:
        """A small JPEG of the image; made when it is not there, so never on the GUI thread."""
        self._folder.check_reachable()
        return thumbnail(self.image_path(record), self._folder.cache, record.sha256, size)

    def written_about(self, label: str) -> list[str]:
        """Prompts, captions and tags of a label's images that are not rejected or trashed."""
        self._store.check_label(label)
        return [text for image in self._store.images() for text in written(image, label)]

    def runs(self) -> list[RunRecord]:
        return self._store.runs()

    def run_folder(self, number: int | None = None) -> Path:
        """The folder of run ``number``, or of the newest. Raises :class:`NotPossibleError`."""
        known = [run.number for run in self.runs()]
        if not known:
            raise NotPossibleError(
                f"{self.name} has no trained model yet.", "Train one first (catstudio train)."
            )
        if number is not None and number not in known:
            raise BadInputError(
                f"{self.name} has no run {number}.", f"Its runs: {', '.join(map(str, known))}."
            )
        return self._folder.run_folder(number if number is not None else known[-1])

    def report(self, number: int | None = None) -> dict[str, Any]:
        """What was measured of a run, as plain JSON values."""
        path = self.run_folder(number) / "report.json"
        try:
            report: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise CatStudioError(
                f"The report of run {path.parent.name} cannot be read: {error}.",
                "Train again to get a new one.",
            ) from error
        return report

    def audit(self, number: int | None = None) -> dict[str, Any] | None:
        """What was found when a run was questioned, as plain JSON values; None before that."""
        return auditing.read(self.run_folder(number))

    def write_report(self, out: str | Path, number: int | None = None) -> None:
        """Write a run's report, its audit and the blind test as one HTML file that loads nothing."""
        folder, report = self.run_folder(number), self.report(number)
        auditing.write_page(self._store, folder, report, Path(out), self.blind.results())

    def image_map(self, backbone: str = DEFAULT_BACKBONE) -> ImageMap | None:
        """The kept embedding map made with ``backbone``; None before there is one. Slow."""
        return mapping.read(self._folder, backbone)

    def similar(self, id_: str, backbone: str = DEFAULT_BACKBONE) -> list[str]:
        """The image and those most like it, most alike first. Raises :class:`NotPlacedError`
        for one that is not on the map yet. Slow."""
        return mapping.similar(self._store, id_, backbone)

    def like_words(self, vector: Iterable[float], backbone: str) -> list[str]:
        """The images that the ``vector`` of a :meth:`words_request` describes, best first. Slow."""
        return mapping.like_words(self._store, tuple(vector), backbone)

    def readiness(self) -> readiness.Readiness:
        """Is there enough to train and to test on?"""
        return readiness.measure(self.labels(), self._store.counts())

    def verify(self, on_image: Callable[[int, int], None] | None = None) -> verify.Verdict:
        """Check every original against its hash and every row against the rules."""
        return verify.verify(self._store, on_image)

    # -- edits -----------------------------------------------------------------------------

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

    # -- requests: they read the project, so build them off the GUI thread ------------------

    def import_request(
        self,
        paths: Iterable[str | Path] = (),
        *,
        blobs: Iterable[tuple[str, bytes]] = (),
        label: str | None = None,
        source: str = "photo",
        split: str | None = None,
        origin: str = "",
        license: str = "",  # noqa: A002 - the word that the command line uses.
        author: str = "",
        parents: Iterable[str] = (),
        method: str = "",
        params: Mapping[str, Any] | None = None,
        keeps_location: bool = False,
    ) -> ImportRequest:
        """Bring in files, folders, or ``blobs`` of (name, bytes). Label None decides later.

        ``parents`` are ids of images that these derive from, in equal shares.
        """
        return requesting.import_request(
            self._store,
            paths,
            blobs,
            label,
            source,
            split,
            (origin, license, author),
            parents,
            method=method,
            params=dict(params or {}),
            keeps_location=keeps_location,
        )

    def check_dataset_request(
        self,
        path: str | Path,
        *,
        format: str = "auto",  # noqa: A002 - the word that the command line uses.
        mapping: Mapping[str, str | None] | None = None,
        unlabelled: str | None = None,
    ) -> CheckDatasetRequest:
        """What would a data set from elsewhere bring along? ``mapping`` renames its labels."""
        return requesting.check_dataset_request(
            self._store, path, format=format, mapping=dict(mapping or {}), unlabelled=unlabelled
        )

    def import_dataset_request(
        self,
        path: str | Path,
        *,
        mapping: Mapping[str, str | None] | None = None,
        leave_out: Iterable[str] = (),
        **settings: Any,
    ) -> ImportDatasetRequest:
        """Bring in a data set; ``settings`` are the other fields of the request, by name."""
        return requesting.import_dataset_request(
            self._store, path, mapping=dict(mapping or {}), leave_out=tuple(leave_out), **settings
        )

    def generate_request(
        self,
        method: str,
        label: str,
        count: int,
        *,
        seeds: Iterable[str] | None = None,
        prompts: Iterable[str] = (),
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        accept: bool = False,
        guide: str | None = None,
        mask: bytes = b"",
        is_trial: bool = False,
    ) -> GenerateRequest:
        """Make ``count`` images. ``seeds`` are image ids; None takes the label's training photos.

        ``guide`` is the id of an image whose layout is followed, ``mask`` a PNG that is white
        where the seed image changes; a trial's images are shown and not kept. Test photos are
        drawn first, so that nothing is ever made from them; a trial leaves the splits alone.
        """
        if seeds is None and not is_trial:
            self.draw_splits()
        return requesting.generate_request(
            self._store,
            method,
            label,
            count,
            seeds,
            options or {},
            seed,
            guide,
            prompts=tuple(prompts),
            accept=accept,
            mask=mask,
            is_trial=is_trial,
        )

    def download_request(self, model: str) -> DownloadRequest:
        """Fetch a model of the catalogue or the hub; nothing of the project is read or changed."""
        return DownloadRequest(job_id=requesting.new_job_id(), model=model)

    def train_request(
        self, backbone: str | None = None, finetune: bool = False, seed: int = 0
    ) -> TrainRequest:
        """Train on all that is accepted; photos that have no split yet get one first."""
        self.draw_splits()
        return requesting.train_request(
            self._store,
            seed,
            backbone=backbone or DEFAULT_BACKBONE,
            finetune=finetune,
        )

    def audit_request(
        self,
        run: int | None = None,
        *,
        strangers: Iterable[str | Path] | None = None,
        seed: int = 0,
    ) -> AuditRequest:
        """Question a run: what each source bought, and the flaws no eye sees.

        ``strangers`` are photos of neither class, or folders of them; None takes the examples.
        """
        return auditing.request(self._store, self.run_folder(run), strangers, seed)

    def map_request(
        self,
        backbone: str = DEFAULT_BACKBONE,
        *,
        is_quick: bool = False,
        is_anew: bool = False,
    ) -> MapRequest:
        """Place all images by likeness; see :class:`MapRequest`. ``is_anew`` forgets the map
        before. ``catstudio.studio.mapping.looks`` says what can look."""
        return mapping.request(self._store, backbone, is_quick=is_quick, is_anew=is_anew)

    def words_request(self, text: str, backbone: str) -> WordsRequest:
        """Look for images by a description, with a model folder that knows words."""
        return mapping.words_request(text, backbone)

    def personalise_request(
        self,
        label: str,
        model: str,
        options: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        seed: int | None = None,
        resume: bool = False,
        is_estimate: bool = False,
    ) -> PersonaliseRequest:
        """Train an adapter on the photos of ``label``; see :mod:`catstudio.studio.personalising`.

        Test photos are drawn first, so that none is ever learned from; an estimate draws nothing.
        """
        if not is_estimate:
            self.draw_splits()
        return personalising.request(
            self._store,
            label,
            model,
            options or {},
            name=name,
            seed=seed,
            resume=resume,
            is_estimate=is_estimate,
        )

    def personal_photos(self, label: str) -> personalising.Chosen:
        """Which photos of ``label`` an adapter would learn from, and why not from the others."""
        return personalising.choose(self._store.images(), label)

    def class_folders(self, folder: str | Path) -> dict[str, int]:
        """How many photos lie in each sub-folder of ``folder``, to be mapped to labels. Slow."""
        return requesting.class_folders(Path(folder))

    def evaluate_request(
        self, folder: str | Path, run: int | None = None, mapping: Mapping[str, str] | None = None
    ) -> EvaluateRequest:
        """Measure a run on real photos in class folders; ``mapping`` renames folders to labels."""
        run_folder = self.run_folder(run)
        return requesting.evaluate_request(
            self._store, run_folder, self.labels(), Path(folder), mapping or {}
        )

    def predict_request(
        self, paths: Iterable[str | Path], run: int | None = None
    ) -> PredictRequest:
        """Label images, or all images in folders, with a run (the newest by default)."""
        return requesting.predict_request(self._store, self.run_folder(run), paths)

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
