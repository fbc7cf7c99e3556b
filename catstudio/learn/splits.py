"""Who is tested on and who may be trained on: by lineage, real photos only, fixed once drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from catstudio.core.types import ImageRecord, Split, State

TEST_TARGET = 20
"""Real test photos a label that the automatic split aims for."""
MIN_TRAIN = 5
"""Lineages a label that the automatic split keeps for training."""
MIN_TRAIN_BESIDE_VALIDATION = 30
"""Training lineages a label that must remain before validation photos are set aside."""


def test_size(lineages: int, per_label: int | None) -> int:
    """How many of a label's ``lineages`` are tested on.

    With a number, that many, but one always stays to train on. Without, up to
    ``TEST_TARGET``, with half of the lineages and at least ``MIN_TRAIN`` kept for training.
    """
    if per_label is not None:
        return max(0, min(per_label, lineages - 1))
    return min(TEST_TARGET, max(0, lineages - max(MIN_TRAIN, -(-lineages // 2))))


def validation_size(rest: int) -> int:
    """How many of the ``rest`` left beside the test set are validated on: a fifth, at most
    ``TEST_TARGET``, once ``MIN_TRAIN_BESIDE_VALIDATION`` would still remain."""
    fifth = min(TEST_TARGET, rest // 5)
    return fifth if rest - fifth >= MIN_TRAIN_BESIDE_VALIDATION else 0


def draw_splits(
    images: Iterable[ImageRecord], per_label: int | None = None, seed: int = 0
) -> dict[str, Split]:
    """Splits, by id, for the accepted, labelled real photos among ``images`` that have none.

    ``images`` should hold the whole project: existing splits count and never change, and a
    lineage that already has synthetic descendants stays in training. Of each lineage drawn for
    test or validation one photo goes there; its near-copies are set aside (they are missing
    from the answer and must be trained on as little as tested on). The draw depends on ids and
    ``seed`` only, not on the order of ``images``.
    """
    families = _families(list(images))
    drawn: dict[str, Split] = {}
    by_label: dict[str, list[_Family]] = {}
    for family in families:
        if family.label is not None:
            by_label.setdefault(family.label, []).append(family)
    for members in by_label.values():
        _draw_label(members, drawn, per_label, seed)
    return drawn


class Candidate(Protocol):
    """What :func:`trainable` needs to know of an image."""

    @property
    def id(self) -> str: ...
    @property
    def lineages(self) -> tuple[str, ...]: ...
    @property
    def split(self) -> str | None: ...


C = TypeVar("C", bound=Candidate)


def trainable(items: Sequence[C]) -> tuple[list[C], dict[str, str]]:
    """Those of ``items`` that may be trained on, and for each other id the reason why not.

    An image may be trained on when it is accepted (an item without a ``state`` counts as
    accepted), not itself held out, and none of its lineages is tested or validated on.
    """
    held_out: dict[str, str] = {}
    for item in items:
        if item.split in (Split.TEST, Split.VAL):
            # A photo without lineages is its own: what was made from it names it.
            for name in (*item.lineages, item.id):
                if held_out.get(name) != Split.TEST:
                    held_out[name] = str(item.split)
    used: list[C] = []
    excluded: dict[str, str] = {}
    for item in items:
        reason = _reason(item, held_out)
        if reason:
            excluded[item.id] = reason
        else:
            used.append(item)
    return used, excluded


def _reason(item: Candidate, held_out: Mapping[str, str]) -> str:
    state = getattr(item, "state", State.ACCEPTED)
    if state != State.ACCEPTED:
        return f"it is {state}, not accepted"
    names = {Split.TEST: "test", Split.VAL: "validation"}
    if item.split in (Split.TEST, Split.VAL):
        return f"it is a {names[Split(item.split)]} photo"
    kinds = {held_out[name] for name in item.lineages if name in held_out}
    if kinds:
        kind = Split.TEST if Split.TEST in kinds else Split.VAL
        return f"it derives from, or is a near-copy of, a {names[kind]} photo"
    return ""


@dataclass(frozen=True)
class _Family:
    """Real photos connected by lineage: the unit that is drawn."""

    key: str
    label: str | None
    photos: tuple[ImageRecord, ...]
    has_descendants: bool

    @property
    def split(self) -> Split | None:
        found = {photo.split for photo in self.photos}
        for split in (Split.TEST, Split.VAL, Split.TRAIN):
            if split in found:
                return split
        return None


def _families(images: Sequence[ImageRecord]) -> list[_Family]:
    photos = sorted((image for image in images if _is_drawable(image)), key=lambda i: i.id)
    synthetic = {
        name
        for image in images
        if image.is_synthetic and image.state != State.TRASHED
        for name in image.lineages
    }
    members: dict[str, list[ImageRecord]] = {}
    roots = _connect(photo.lineages or (photo.id,) for photo in photos)
    for photo in photos:
        members.setdefault(roots[(photo.lineages or (photo.id,))[0]], []).append(photo)
    families = []
    for group in members.values():
        labels = {photo.label for photo in group}
        families.append(
            _Family(
                key=min(photo.id for photo in group),
                # Near-copies with different labels: one of them is wrong, so neither is drawn.
                label=group[0].label if len(labels) == 1 else None,
                photos=tuple(group),
                has_descendants=any(
                    name in synthetic for photo in group for name in (*photo.lineages, photo.id)
                ),
            )
        )
    return families


def _is_drawable(image: ImageRecord) -> bool:
    return image.is_real and image.state == State.ACCEPTED and image.label is not None


def _connect(lineages: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """A common root for all names that occur together."""
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for names in lineages:
        for name in names:
            root[find(name)] = find(names[0])
    return {name: find(name) for name in root}


def _draw_label(
    families: Sequence[_Family], drawn: dict[str, Split], per_label: int | None, seed: int
) -> None:
    free = [f for f in families if f.split is None and not f.has_descendants]
    free.sort(key=lambda f: _shuffled(f.key, seed))
    held = {s: sum(f.split == s for f in families) for s in (Split.TEST, Split.VAL)}
    n_test = test_size(len(families), per_label)
    n_val = validation_size(len(families) - max(n_test, held[Split.TEST]))
    wanted = [Split.TEST] * max(0, n_test - held[Split.TEST])
    wanted += [Split.VAL] * max(0, n_val - held[Split.VAL])
    chosen = dict(zip((f.key for f in free), wanted, strict=False))
    for family in families:
        split = chosen.get(family.key)
        if split is not None:
            photo = min(family.photos, key=lambda p: _shuffled(p.id, seed))
            drawn[photo.id] = split
        elif family.split in (None, Split.TRAIN):
            undecided = (photo for photo in family.photos if photo.split is None)
            drawn.update((photo.id, Split.TRAIN) for photo in undecided)


def _shuffled(key: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()
