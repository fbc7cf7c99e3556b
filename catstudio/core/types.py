"""The records of a dataset: images, their provenance, labels, states and splits."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

DEFAULT_LABELS = ("cat", "not-cat")


class State(StrEnum):
    """Where an image stands in review. Trashed images keep their row and can come back."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TRASHED = "trashed"


class Split(StrEnum):
    """Which part of the evaluation a real photo belongs to."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Parent(Struct, frozen=True):
    """One image that another was made from; ``share`` in [0, 1] is its part of the result."""

    id: str
    share: float = 1.0


class Provenance(Struct, frozen=True, omit_defaults=True):
    """Where an image comes from and what made it.

    ``params`` holds the maker's own settings under the field's standard names (``prompt``,
    ``negative_prompt``, ``model``, ``revision``, ``seed``, ``scheduler``,
    ``num_inference_steps``, ``guidance_scale``, ``strength``; a transform's name and its
    parameters; a photo's EXIF time), as plain JSON values.
    """

    source: str
    method: str = ""
    parents: tuple[Parent, ...] = ()
    params: dict[str, Any] = {}
    origin: str = ""
    license: str = ""
    author: str = ""


class ImageRecord(Struct, frozen=True):
    """One image of the project.

    ``id`` is unique across machines; ``sha256`` names the stored original bytes. ``width`` and
    ``height`` are in pixels after EXIF orientation. ``weight`` counts exact copies: n copies
    of one picture are one image of weight n. ``lineages`` are the ids of the real photos (or
    bursts, or near-copies) that it derives from; a photo's own lineage for a photo.
    ``label`` is None while nobody has decided. ``created`` is an ISO 8601 time in UTC.
    """

    id: str
    sha256: str
    label: str | None
    state: State
    split: Split | None
    source: str
    is_real: bool
    width: int
    height: int
    format: str
    name: str
    weight: int
    lineages: tuple[str, ...]
    provenance: Provenance
    author: str
    created: str
    tags: tuple[str, ...] = ()

    @property
    def is_synthetic(self) -> bool:
        """True for everything that is not a photograph of the world."""
        return not self.is_real


def soft_label(record: ImageRecord) -> tuple[tuple[str, float], ...]:
    """The (label, share) pairs of a blend across labels, shares summing to 1; () for all others.

    They are what its maker wrote into the provenance (``soft_label``), and hold as long as the
    image has the label with the largest share: a person who relabels it has the last word.
    """
    shares = record.provenance.params.get("soft_label")
    if not isinstance(shares, dict) or len(shares) < 2 or record.label not in shares:
        return ()
    if shares[record.label] < max(shares.values()):
        return ()
    return tuple(shares.items())


class RunRecord(Struct, frozen=True):
    """One trained model: its number in the project, when, by whom, and a summary of its report."""

    number: int
    created: str
    author: str
    backbone: str
    summary: dict[str, Any]
