"""Which photo and which made image a person is shown side by side."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from catstudio.core.blind import BlindPair
from catstudio.core.types import ImageRecord, State

_NO_FAKES = frozenset({"drawing"})
"""Made by hand, and not meant to be taken for a photo: left out unless asked for."""
_IN_USE = (State.PENDING, State.ACCEPTED)


class Pool:
    """The images that pairs are drawn from, by label."""

    def __init__(self, records: Iterable[ImageRecord], sources: Collection[str] | None) -> None:
        usable = [
            record for record in records if record.state in _IN_USE and record.label is not None
        ]
        made = [record for record in usable if record.is_synthetic]
        self.sources = Counter(record.source for record in made)
        wanted = set(self.sources) - _NO_FAKES if sources is None else set(sources)
        self.real = _by_label(record for record in usable if record.is_real)
        self.made = _by_label(record for record in made if record.source in wanted)

    def most(self, seen: Collection[str]) -> int:
        """How many pairs there can be of images that are not in ``seen``."""

        def fresh(records: Iterable[ImageRecord]) -> int:
            return sum(record.id not in seen for record in records)

        return sum(
            min(fresh(found), fresh(self.real.get(label, ()))) for label, found in self.made.items()
        )


def draw(
    pool: Pool, author: str, seen: Collection[str], n: int, rng: random.Random
) -> list[BlindPair]:
    """At most ``n`` pairs: no image twice, generators and labels in turn, unseen images first."""
    chosen = _choose(pool, seen, n, rng)
    rng.shuffle(chosen)
    name = uuid.uuid4().hex
    return [
        BlindPair(
            id=uuid.uuid4().hex,
            round=name,
            place=place,
            author=author,
            label=made.label or "",
            real=photo.id,
            made=made.id,
            source=made.source,
            model=model_of(made),
            is_real_left=rng.random() < 0.5,
            is_repeat=photo.id in seen or made.id in seen,
        )
        for place, (photo, made) in enumerate(chosen)
    ]


def _choose(
    pool: Pool, seen: Collection[str], n: int, rng: random.Random
) -> list[tuple[ImageRecord, ImageRecord]]:
    """(photo, made image) of each pair, in the order of choosing."""
    real = {label: _shuffled(found, rng) for label, found in pool.real.items()}
    piles: dict[tuple[str, str, str], list[ImageRecord]] = {}
    for label, found in pool.made.items():
        for record in _shuffled(found, rng):
            piles.setdefault((record.source, model_of(record), label), []).append(record)
    for pile in piles.values():
        # Popped from the end: what the person has seen comes last.
        pile.sort(key=lambda record: record.id in seen, reverse=True)
    drawn: Counter[tuple[str, ...]] = Counter()
    used: set[str] = set()
    chosen: list[tuple[ImageRecord, ImageRecord]] = []
    while len(chosen) < n:
        rest = [key for key, pile in piles.items() if pile and real.get(key[2])]
        if not rest:
            break
        key = min(
            rest, key=lambda k: (piles[k][-1].id in seen, drawn[k[:2]], drawn[k[2:]], rng.random())
        )
        made = piles[key].pop()
        photo = min(real[key[2]], key=lambda record: _unlike(record, made, seen, used))
        real[key[2]].remove(photo)
        used.update(photo.lineages)
        drawn.update((key[:2], key[2:]))
        chosen.append((photo, made))
    return chosen


def _unlike(
    photo: ImageRecord, made: ImageRecord, seen: Collection[str], used: set[str]
) -> tuple[bool, bool, bool]:
    """Least for the photo to show beside ``made``: not what it was made from, not seen yet, no
    other shot of a scene that the round has already shown."""
    lineages = set(photo.lineages)
    return bool(lineages & set(made.lineages)), photo.id in seen, bool(lineages & used)


def model_of(record: ImageRecord) -> str:
    """The model that made an image, "" for what needs none or names none."""
    return str(record.provenance.params.get("model") or "")


def seen_by(pairs: Iterable[BlindPair], author: str) -> frozenset[str]:
    """The images that the author has judged."""
    return frozenset(
        id_
        for pair in pairs
        if pair.author == author and pair.answer is not None
        for id_ in (pair.real, pair.made)
    )


def still_holds(pair: BlindPair, found: Mapping[str, ImageRecord]) -> bool:
    """Are both images still in use, of the pair's label, and what they were?"""
    return all(
        id_ in found and found[id_].label == pair.label and found[id_].state in _IN_USE
        for id_ in (pair.real, pair.made)
    ) and (found[pair.real].is_real and found[pair.made].is_synthetic)


def _by_label(records: Iterable[ImageRecord]) -> dict[str, list[ImageRecord]]:
    groups: dict[str, list[ImageRecord]] = {}
    for record in records:
        groups.setdefault(record.label or "", []).append(record)
    return groups


def _shuffled(records: Sequence[ImageRecord], rng: random.Random) -> list[ImageRecord]:
    return rng.sample(records, len(records))
