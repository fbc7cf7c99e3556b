"""What a data set holds, read in the background: its labels with a few pictures each."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from msgspec import Struct
from PIL.Image import Image
from PySide6.QtGui import QImage

from catstudio.core.errors import ImageRefusedError
from catstudio.core.pixels import decode
from catstudio.core.thumbnails import shrunk
from catstudio.sources.datasets import Dataset, open_dataset

SAMPLES = 3
_SIDE = 96
_SECONDS = 2.0
"""Looking for pictures ends after this: the labels must not wait for a slow disk."""


class Contents(Struct, frozen=True):
    """A data set as the wizard shows it, before any image is judged.

    ``labels`` are the raw labels with their counts, the most frequent first; ``samples`` up to
    three small pictures of each. ``refused`` are sentences that name what cannot come in.
    """

    path: str
    name: str
    format: str
    format_title: str
    n: int
    labels: tuple[tuple[str, int], ...]
    n_unlabelled: int
    splits: dict[str, int]
    refused: tuple[str, ...]
    notes: tuple[str, ...]
    samples: dict[str, tuple[QImage, ...]]


def read_contents(path: str, format: str = "auto") -> Contents:  # noqa: A002 - its usual name
    """Open the data set at ``path`` and look at it. Raises :class:`BadInputError`."""
    with open_dataset(Path(path), format) as dataset:
        counts = dataset.label_counts()
        return Contents(
            path=path,
            name=dataset.name,
            format=dataset.format.id,
            format_title=dataset.format.title,
            n=len(dataset.items),
            labels=tuple((label, n) for label, n in counts.items() if label is not None),
            n_unlabelled=counts.get(None, 0),
            splits=dataset.split_counts(),
            refused=tuple(f"{one.message} {one.hint}".strip() for one in dataset.refused),
            notes=dataset.notes,
            samples=_samples(dataset),
        )


def _samples(dataset: Dataset) -> dict[str, tuple[QImage, ...]]:
    """The first pictures of each label, in the order in which they are read fastest."""
    found: dict[str, list[QImage]] = defaultdict(list)
    stop = time.monotonic() + _SECONDS
    for item in dataset.items:
        if time.monotonic() > stop:
            break
        if item.label is None or len(found[item.label]) >= SAMPLES:
            continue
        try:
            decoded = decode(dataset.read(item), item.name)
        except ImageRefusedError:
            continue  # The check names it; here another picture does as well.
        found[item.label].append(as_qimage(shrunk(decoded.image, _SIDE)))
    return {label: tuple(pictures) for label, pictures in found.items()}


def as_qimage(image: Image) -> QImage:
    """An RGB picture for Qt, with its own copy of the pixels."""
    raw = image.convert("RGB").tobytes()
    width, height = image.size
    return QImage(raw, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
