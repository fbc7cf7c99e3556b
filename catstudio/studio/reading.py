"""What an open project holds: images, runs, reports, maps. Reads from any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from catstudio.core import verify
from catstudio.core.errors import BadInputError, CatStudioError, NotPossibleError
from catstudio.core.project import ProjectFolder
from catstudio.core.store import Store
from catstudio.core.thumbnails import thumbnail
from catstudio.core.types import ImageRecord, RunRecord
from catstudio.jobs.requests import DEFAULT_BACKBONE
from catstudio.sources.ideas import written
from catstudio.studio import auditing, mapping, readiness

if TYPE_CHECKING:
    from catstudio.learn.image_map import ImageMap


class ProjectReader:
    """The reading side of an open project; nothing here changes anything in it."""

    def __init__(self, folder: ProjectFolder, store: Store) -> None:
        self._folder = folder
        self._store = store

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
