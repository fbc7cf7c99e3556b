"""What a drawing starts from, read in the background: nothing, a photo, a drawing, a draft."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from catstudio.core.types import ImageRecord
from catstudio.studio import Studio
from catstudio.ui.draw.document import Document, fitted_size, of_drawing, over_photo
from catstudio.ui.draw.draft import Draft, load
from catstudio.ui.draw.layer import Snapshot
from catstudio.ui.draw.reading import read_image

GUIDE_OPACITY = 0.5
"""How much of a photo below shows at first: lines upon it stay readable."""


@dataclass(frozen=True)
class New:
    """An empty canvas; ``below`` is an image that may be put under it."""

    width: int
    height: int


@dataclass(frozen=True)
class Over:
    """A canvas over the image called ``id``."""

    id: str


@dataclass(frozen=True)
class Again:
    """The drawing called ``id``, to go on with."""

    id: str


Start = New | Over | Again | Draft


@dataclass(frozen=True)
class Picture:
    """An image of the project, decoded, no larger than a drawing may be."""

    record: ImageRecord
    image: QImage


def read_picture(studio: Studio, id_: str) -> Picture:
    """For background threads. Raises :class:`BadInputError` for an image that is tested on:
    what is drawn after it could not be trained on."""
    record = studio.image(id_)
    check(studio, id_)
    image = read_image(studio.image_path(record))
    size = fitted_size(image.width(), image.height())
    if size != image.size():
        image = image.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
    return Picture(record, image)


def check(studio: Studio, id_: str) -> None:
    """Raise :class:`BadInputError` when nothing may be made from the image called ``id_``."""
    studio.import_request(source="drawing", parents=[id_])


def read(studio: Studio, start: Start) -> Picture | Snapshot | None:
    """What ``start`` needs to be read; for background threads."""
    if isinstance(start, Draft):
        snapshot = load(start)
        for parent in snapshot.parents:
            check(studio, parent)
        return snapshot
    return None if isinstance(start, New) else read_picture(studio, start.id)


def document(start: Start, found: Picture | Snapshot | None) -> Document:
    """The document to draw on; on the window's thread."""
    if isinstance(found, Snapshot):
        return Document.restored(found)
    if isinstance(found, Picture):
        record = found.record
        if isinstance(start, Over):
            result = over_photo(found.image, record.id, record.name, GUIDE_OPACITY)
        else:
            result = of_drawing(found.image, record.id, record.name)
        result.label = record.label
        return result
    return Document(start.width, start.height) if isinstance(start, New) else Document(512, 512)
