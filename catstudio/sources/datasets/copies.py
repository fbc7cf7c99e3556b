"""Copies and near-copies: inside a data set, with the project, and with what the project tests on."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from catstudio.core.lineage import NearCopies
from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources.datasets.looking import Looked
from catstudio.sources.datasets.report import Group, Marked

Marks = dict[Group, list[Marked]]


class Met(Struct, frozen=True):
    """An image of the project that a new one equals or nearly equals."""

    record: ImageRecord
    is_exact: bool
    is_held: bool


class Known:
    """The project's images, ready to be compared with.

    Parameters
    ----------
    records : every image, those in the trash too: they can come back.
    dhashes : the 128-bit hash of each, by id.
    """

    def __init__(self, records: Iterable[ImageRecord], dhashes: dict[str, int]) -> None:
        self._records = {record.id: record for record in records}
        self._by_digest = {record.sha256: record for record in self._records.values()}
        self._held = {
            lineage
            for record in self._records.values()
            if record.split in (Split.VAL, Split.TEST)
            for lineage in record.lineages
        }
        self._near = NearCopies()
        for id_, dhash in dhashes.items():
            # Of equal ones the first stands for all, but for a photo that is tested on.
            if dhash not in self._near or self._is_held(self._records[id_]):
                self._near.add(dhash, id_)

    def _is_held(self, record: ImageRecord) -> bool:
        return not self._held.isdisjoint(record.lineages)

    def meet(self, digest: str, dhash: int) -> Met | None:
        """The image of the project that is most like this one: an exact copy, one that is
        tested on, any near-copy, in that order; None when there is none."""
        same = self._by_digest.get(digest)
        if same is not None:
            return Met(same, True, self._is_held(same))
        near = [self._records[id_] for id_ in sorted(self._near.within(dhash))]
        held = [record for record in near if self._is_held(record)]
        found = (held or near)[:1]
        return Met(found[0], False, bool(held)) if found else None


def mark_copies(images: list[Looked], known: Known) -> Marks:
    """All groups that come from comparing images, with the reason for each image."""
    marks: Marks = {group: [] for group in Group}
    first: dict[str, Looked] = {}
    near = NearCopies()
    by_name = {image.name: image for image in images}
    for image in images:
        met = known.meet(image.sha256, image.dhash)
        if met is not None:
            _mark_met(marks, image, met)
        same = first.setdefault(image.sha256, image)
        if same is not image:
            reason = f"is the same file as {same.name}"
            marks[Group.DUPLICATES].append(Marked(image.name, reason, same.name))
            _mark_disagreement(marks, image, same, "the same file")
            continue
        others = sorted(near.within(image.dhash))
        if others:
            other = by_name[others[0]]
            reason = f"is nearly the same picture as {other.name}"
            marks[Group.NEAR].append(Marked(image.name, reason, other.name))
            for one in others:
                if _mark_disagreement(marks, image, by_name[one], "nearly the same picture"):
                    break
        if image.dhash not in near:
            near.add(image.dhash, image.name)
    return marks


def _mark_met(marks: Marks, image: Looked, met: Met) -> None:
    record = met.record
    degree = "the same file as" if met.is_exact else "nearly the same picture as"
    trashed = ", which is in the trash" if record.state is State.TRASHED else ""
    kind = f"the {record.split} photo" if met.is_held and record.split else "the image"
    where = f"is {degree} {kind} {record.name} of the project{trashed}"
    marked = Marked(image.name, where, record.id, is_in_project=True)
    if met.is_held:
        marks[Group.NEAR_TEST].append(marked)
    elif not met.is_exact:
        marks[Group.NEAR_PROJECT].append(marked)
    if met.is_exact:
        marks[Group.DUPLICATES].append(marked)
    if None not in (image.label, record.label) and image.label != record.label:
        why = f"{image.label} here, but {record.label} in the project ({degree} {record.name})"
        marks[Group.SUSPECT].append(Marked(image.name, why, record.id, is_in_project=True))


def _mark_disagreement(marks: Marks, image: Looked, other: Looked, degree: str) -> bool:
    """Both are suspect when their labels differ: nobody can say from here which is wrong."""
    if None in (image.label, other.label) or image.label == other.label:
        return False
    for one, its_copy in ((image, other), (other, image)):
        why = f"{one.label} here, but {its_copy.label} as {its_copy.name}: {degree}"
        marks[Group.SUSPECT].append(Marked(one.name, why, its_copy.name))
    return True
