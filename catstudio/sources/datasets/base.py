"""What a data set from elsewhere is, whatever its format: its items, raw labels, splits proposed, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from catstudio.core.wording import shown
from catstudio.sources.datasets.files import Files
from catstudio.sources.importing import Dead

LEAVE_OUT = ""
"""In a mapping: images of this raw label are left out."""
DECIDE_LATER = None
"""In a mapping: images of this raw label come in without a label and wait in review."""

Mapped = Mapping[str, str | None]
"""Raw label → label of the project, :data:`DECIDE_LATER` or :data:`LEAVE_OUT`."""

_SPLITS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


def split_named(word: str) -> str | None:
    """``train``, ``val`` or ``test`` where ``word`` is a usual name of that split; else None."""
    return _SPLITS.get(word.strip().lower())


class DatasetItem(Struct, frozen=True, kw_only=True):
    """One image of a data set.

    ``name`` is its path inside the data set, as it can be shown, and unique in it; ``key`` is
    what its files know it by. ``label`` is the data set's own word for it, or None.
    ``split`` is a proposal. ``params`` go into the provenance (``caption``, ``prompt``).
    """

    name: str
    key: str
    label: str | None = None
    split: str | None = None
    params: dict[str, Any] = {}


class Read(Struct, frozen=True):
    """What a reader made of the files."""

    items: tuple[DatasetItem, ...]
    refused: tuple[Dead, ...] = ()
    notes: tuple[str, ...] = ()


Reader = Callable[[Files], Read]


class Format(Struct, frozen=True, kw_only=True):
    """One way that data sets are laid out.

    ``fits`` says whether the files look like it, ``read`` lists their images. Both raise
    :class:`BadInputError` only.
    """

    id: str
    title: str
    summary: str
    fits: Callable[[Files], bool]
    read: Reader


class Dataset:
    """An open data set. Close it, or use it as a context manager: an archive stays open till then.

    ``items`` are in the order in which they are read fastest. ``refused`` are files that are
    named and cannot come in (missing, outside the archive, a bomb); ``notes`` are sentences
    that the person should read before anything enters.
    """

    def __init__(self, path: Path, format_: Format, files: Files, read: Read) -> None:
        self.path = path
        self.format = format_
        self.items = read.items
        self.refused = (*files.refused, *read.refused)
        self.notes = (*files.notes, *read.notes)
        self._files = files

    @property
    def name(self) -> str:
        return shown(self.path.name)

    def label_counts(self) -> dict[str | None, int]:
        """How many images each raw label has, the most frequent first; None: without a label."""
        return dict(Counter(item.label for item in self.items).most_common())

    def split_counts(self) -> dict[str, int]:
        """How many images are proposed for each split."""
        counts = Counter(item.split for item in self.items if item.split)
        return {split: counts[split] for split in ("train", "val", "test") if counts[split]}

    def raw_labels(self) -> tuple[str, ...]:
        """The raw labels, the most frequent first."""
        return tuple(label for label in self.label_counts() if label is not None)

    def read(self, item: DatasetItem) -> bytes:
        """The bytes of one image. Raises :class:`ImageRefusedError`; any thread may call.

        Fastest in the order of ``items``: going back in a compressed tar starts it again.
        """
        return self._files.read(item.key)

    def path_of(self, item: DatasetItem) -> Path | None:
        """The image's own file, None inside an archive."""
        return self._files.path_of(item.key)

    def close(self) -> None:
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def suggested(raw_labels: Iterable[str], labels: Iterable[str]) -> dict[str, str | None]:
    """The mapping to begin with: raw labels that are a label of the project but for case,
    space and the sort of dash. Raw labels that are none are not in it."""
    known = {_plain(label): label for label in reversed(tuple(labels))}
    exact = set(known.values())
    return {
        raw: raw if raw in exact else known[_plain(raw)]
        for raw in raw_labels
        if _plain(raw) in known
    }


def _plain(label: str) -> str:
    return "-".join(label.casefold().replace("_", " ").replace("-", " ").split())
