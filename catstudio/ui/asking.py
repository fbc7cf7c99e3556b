"""From what a person asks for to a job: requests are built in the background, then submitted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from catstudio.core.changes import SetWeight
from catstudio.core.errors import CatStudioError, NotPossibleError
from catstudio.core.types import Split, State
from catstudio.jobs.requests import AnyRequest, GenerateRequest, ImportRequest
from catstudio.sources import prompts
from catstudio.studio import Studio
from catstudio.ui.add_data.asks import CopyAsk, GenerateAsk, ImportAsk
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.clipboard import Incoming


def generate_request(studio: Studio, ask: GenerateAsk, is_trial: bool = False) -> GenerateRequest:
    """The request for what a page asks. Reads the project: call it in the background.

    Raises :class:`BadInputError` and :class:`NotPossibleError` as the Studio does.
    """
    expanded: tuple[str, ...] = ()
    if ask.template:
        expanded = prompts.for_images(ask.template, ask.count, seed=ask.seed)
    return studio.generate_request(
        ask.method,
        ask.label,
        ask.count,
        seeds=ask.seeds,
        prompts=expanded,
        seed=ask.seed,
        options=ask.options,
        accept=ask.accept,
        guide=ask.guide,
        mask=ask.mask,
        is_trial=is_trial,
    )


def to_copy(studio: Studio, ask: CopyAsk) -> tuple[tuple[str, ...], int]:
    """The ids of the images to count several times, and how many of those asked for are
    validated or tested on instead. Reads the project: call it in the background.

    Raises :class:`NotPossibleError` when nothing is left.
    """
    if ask.ids is not None:
        asked = studio.images_by_id(ask.ids)
    else:
        asked = [
            record
            for record in studio.images()
            if record.label == ask.label and record.state is State.ACCEPTED
        ]
    ids = tuple(one.id for one in asked if one.split not in (Split.VAL, Split.TEST))
    if not ids and ask.ids is not None:
        raise NotPossibleError(
            "What is validated or tested on counts once, whatever its copies.",
            "Select images that are trained on.",
        )
    if not ids:
        raise NotPossibleError(
            f"There is no accepted image of {ask.label} to train on.", "Add photos first."
        )
    return ids, len(asked) - len(ids) if ask.ids is not None else 0


class Asking(QObject):
    """Turns asks into jobs and edits of one open project. ``failed`` carries the error."""

    failed = Signal(object)

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._studio = bridge.studio
        self.generating: set[str] = set()
        """Ids of the jobs that make images."""

    def generate(self, ask: GenerateAsk) -> None:
        """Start a generator."""
        self._start(partial(generate_request, self._studio, ask))

    def bring_in(self, ask: ImportAsk, incoming: Incoming | None = None) -> None:
        """Start an import of the ask's paths, and of what was dropped or pasted beside them."""

        def build() -> ImportRequest:
            return self._studio.import_request(
                paths=ask.paths,
                blobs=incoming.encoded() if incoming is not None else (),
                label=ask.label,
                source=ask.source,
                split=ask.split,
                origin=ask.origin,
                license=ask.license,
                author=ask.author,
                keeps_location=ask.keeps_location,
            )

        self._start(build)

    def count_copies(self, ask: CopyAsk) -> None:
        """Give images a weight: one edit, which undo takes back. What is validated or tested on
        stays as it is, and that is said."""

        def apply(found: tuple[tuple[str, ...], int]) -> None:
            ids, n_held = found
            self._bridge.apply(SetWeight(ids, ask.weight))
            if n_held:
                stays = "it stays" if n_held == 1 else "they stay"
                are = "is" if n_held == 1 else "are"
                self._failed(
                    NotPossibleError(
                        f"{n_held:,} of the selected images {are} validated or tested on: "
                        f"{stays} counted once.",
                        f"The other {len(ids):,} count {ask.weight:,} times.",
                    )
                )

        self._bridge.fetch(partial(to_copy, self._studio, ask), apply, self._failed, self)

    def _start(self, build: Callable[[], AnyRequest]) -> None:
        self._bridge.fetch(build, self._submit, self._failed)

    def _submit(self, request: AnyRequest) -> None:
        if isinstance(request, GenerateRequest):
            self.generating.add(request.job_id)
        try:
            self._bridge.submit(request)
        except CatStudioError as error:
            self._failed(error)

    def _failed(self, error: CatStudioError) -> None:
        self.failed.emit(error)
