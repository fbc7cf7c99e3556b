"""Data sets with a planted flaw, each beside its clean twin: the same photos without the flaw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.planting import (
    AS_IT_IS,
    CASTS,
    COPIES,
    GENERATORS,
    LONG_SIDES,
    NEARLY,
    QUALITIES,
    VARIANTS,
    VARIED,
    WELL_MADE,
    Library,
)
from catstudio.core.types import Split
from catstudio.jobs.requests import AuditItem

Ints = NDArray[np.intp]
Items = list[AuditItem]

Task = tuple[str, ...]

TASKS: tuple[Task, ...] = (
    ("cat", "dog"),
    ("dog", "other"),
    ("cat", "dog"),
    ("cat", "dog", "other"),
)
"""Labels that data sets are drawn of, in turn."""
EACH = (14, 7)
"""Of each label: photos that are trained on, and as many photos or made images beside them; in
every other data set it is the second, for small projects."""
TESTED = 16
MADE = "diffusers"


@dataclass(frozen=True)
class Flaw:
    """One flaw of one size.

    ``kind`` is its family, ``size`` says how large in words, ``expected`` names the checks whose
    question it answers: any of them finds it. ``plant`` makes the pair from a :class:`Draw`.
    """

    kind: str
    size: str
    expected: tuple[str, ...]
    plant: Callable[[Draw], Pair]


@dataclass(frozen=True)
class Pair:
    """The items of a data set with the flaw, and of its clean twin."""

    flawed: Items
    clean: Items


class Draw:
    """Photos dealt out for one pair: what is trained on, made from, tested on; the rest is held.

    ``labels`` are those of one of ``tasks``, in a drawn order: the flaw is the first one's. All
    photos of data sets are of one ``half`` (or any, for "all"); ``held`` are all other photos of
    the labels, of both halves.
    """

    def __init__(
        self, library: Library, half: str, seed: int, tasks: Sequence[Task] = TASKS
    ) -> None:
        self.random = np.random.default_rng(seed)
        self._library = library
        task = tasks[seed % len(tasks)]
        self.each = EACH[seed // len(tasks) % len(EACH)]
        self.labels = tuple(str(label) for label in self.random.permutation(task))
        self.photos: dict[str, list[int]] = {}
        self.more: dict[str, list[int]] = {}
        self.moulds: dict[str, list[int]] = {}
        self.tested: dict[str, list[int]] = {}
        self.held: list[AuditItem] = []
        for label in self.labels:
            self._deal(label, half)

    def _deal(self, label: str, half: str) -> None:
        photos = self._library.photos
        of_label = [i for i, photo in enumerate(photos) if photo.label == label]
        of_half = [i for i in of_label if half in ("all", photos[i].half)]
        order = [int(i) for i in self.random.permutation(of_half)]
        # Variations are kept of a dozen photos only, and nothing else is done with those drawn.
        self.moulds[label] = [i for i in order if i in self._library.moulds][:4]
        rest = [i for i in order if i not in self.moulds[label]]
        self.photos[label], rest = rest[: self.each], rest[self.each :]
        self.more[label], rest = rest[: self.each], rest[self.each :]
        self.tested[label], rest = rest[:TESTED], rest[TESTED:]
        others = [i for i in of_label if i not in of_half]
        self.held += [self.item(i, AS_IT_IS) for i in (*rest, *others)]

    def item(self, number: int, change: str, split: str = Split.TRAIN) -> AuditItem:
        """The photo after ``change``, with a lineage of its own."""
        return msgspec.structs.replace(self._library.items[number, change], split=split)

    def made(self, number: int, change: str) -> AuditItem:
        """The same, as an image of a generator."""
        return msgspec.structs.replace(self.item(number, change), source=MADE, is_real=False)

    def tests(self) -> Items:
        return [self.item(i, AS_IT_IS, Split.TEST) for c in self.labels for i in self.tested[c]]

    def photographed(self) -> Items:
        """The photos trained on, as they are."""
        return [self.item(i, AS_IT_IS) for label in self.labels for i in self.photos[label]]


def tie(change: str, share: float, is_made: bool) -> Callable[[Draw], Pair]:
    """The first label's images are changed in ``share`` of cases, the others' in the rest.

    Made images of the clean twin are as good as photos and as many in each label; photos of the
    clean twin are as they are.
    """

    def plant(draw: Draw) -> Pair:
        flawed, clean = draw.tests(), draw.tests()
        for number, label in enumerate(draw.labels):
            numbers = [*draw.photos[label], *draw.more[label]]
            n_changed = round(len(numbers) * (share if number == 0 else 1 - share))
            for place, i in enumerate(numbers):
                of_generator = place % 2 == 1 and is_made
                clean.append(draw.made(i, WELL_MADE) if of_generator else draw.item(i, AS_IT_IS))
                if place >= n_changed:
                    flawed.append(draw.item(i, AS_IT_IS))
                else:
                    flawed.append(draw.made(i, change) if is_made else draw.item(i, change))
        return Pair(flawed, clean)

    return plant


def repeats(change: str, few: int, photos: int) -> Callable[[Draw], Pair]:
    """Made images come from ``few`` pictures of each label, beside ``photos`` photos of it.

    They are copies of those photos that nobody declared, or variations of other pictures. The
    clean twin's made images show something new each.
    """

    def plant(draw: Draw) -> Pair:
        flawed, clean = draw.tests(), draw.tests()
        for label in draw.labels:
            kept = [draw.item(i, AS_IT_IS) for i in draw.photos[label][:photos]]
            numbers = [*draw.more[label], *draw.photos[label][photos:]]
            clean += [*kept, *(draw.made(i, WELL_MADE) for i in numbers)]
            if change == "copies":
                every = [(i, how) for how in COPIES for i in draw.photos[label][:few]]
            else:
                of = draw.moulds[label][:few]
                every = [(i, f"{change}-{k}") for k in range(VARIANTS) for i in of]
            flawed += [*kept, *(draw.made(i, how) for i, how in every[: len(numbers)])]
        return Pair(flawed, clean)

    return plant


def leak(how: str, share: float) -> Callable[[Draw], Pair]:
    """Near-copies of ``share`` of the test photos are trained on, in place of other photos."""

    def plant(draw: Draw) -> Pair:
        flawed, clean = draw.tests(), draw.tests()
        for label in draw.labels:
            more, tested = draw.more[label], draw.tested[label]
            n = max(1, round(share * len(tested)))
            kept = [draw.item(i, AS_IT_IS) for i in (*draw.photos[label], *more)]
            clean += kept
            flawed += kept[: len(kept) - min(n, len(more))]
            flawed += [draw.item(i, how) for i in tested[:n]]
        return Pair(flawed, clean)

    return plant


def mislabel(share: float, is_one_way: bool) -> Callable[[Draw], Pair]:
    """``share`` of the training photos carry a wrong label: of every label, or of the first."""

    def plant(draw: Draw) -> Pair:
        clean = [*draw.tests()]
        flawed = list(clean)
        for number, label in enumerate(draw.labels):
            numbers = [*draw.photos[label], *draw.more[label]]
            n_wrong = 0 if is_one_way and number else round(share * len(numbers))
            wrong = [other for other in draw.labels if other != label]
            for place, i in enumerate(numbers):
                item = draw.item(i, AS_IT_IS)
                clean.append(item)
                name = wrong[place % len(wrong)] if place < n_wrong else label
                flawed.append(msgspec.structs.replace(item, label=name))
        return Pair(flawed, clean)

    return plant


_HIDES = ("label_source_confounding", "leans_on_source")
_FAKES = (*_HIDES, "real_vs_synthetic")
_SAME = ("diversity", "copies")


def every_flaw() -> list[Flaw]:
    """All kinds in all sizes."""
    found = [
        *(_tied("codec", f"codec-{q}", f"JPEG {q}", False) for q in QUALITIES),
        _tied("codec", "codec-png", "PNG, else JPEG", False),
        *(_tied("size", f"size-{s}", f"enlarged from {s} pixels", False) for s in LONG_SIDES),
        *(_tied("colour cast", f"cast-{by:g}", f"{by:.0%}", False) for by in CASTS),
        *(_tied("generator", f"generator-{name}", name, True) for name in GENERATORS),
    ]
    for kind, change, words in (
        ("codec", "codec-5", "JPEG 5"),
        ("size", "size-40", "enlarged from 40 pixels"),
        ("colour cast", "cast-0.4", "40%"),
        ("generator", "generator-crude", "crude"),
    ):
        is_made = kind == "generator"
        found.append(_tied(kind, change, words, is_made, 0.8))
    for few in (3, 5):
        plant = repeats("copies", few, 5)
        found.append(Flaw("copies", f"of {few} of 5 photos", _SAME, plant))
    for few in (1, 2, 4):
        plant = repeats(VARIED, few, 5)
        found.append(Flaw("narrow diversity", f"variations of {few}", _SAME, plant))
    for few in (1, 2):
        plant = repeats(NEARLY, few, 5)
        found.append(Flaw("mode collapse", f"{few} again and again", _SAME, plant))
    for how in COPIES[:3]:
        for share in (0.2, 0.6):
            words = f"{share:.0%}, {how}"
            found.append(Flaw("leaked test photos", words, ("leakage",), leak(how, share)))
    for share, one_way in ((0.1, False), (0.2, False), (0.3, False), (0.4, True)):
        words = f"{share:.0%} of {'one label' if one_way else 'every label'}"
        found.append(Flaw("mislabels", words, ("label_errors",), mislabel(share, one_way)))
    return found


def _tied(kind: str, change: str, words: str, is_made: bool, share: float = 1.0) -> Flaw:
    expected = _FAKES if is_made else _HIDES
    return Flaw(kind, f"{words}, {share:.0%}", expected, tie(change, share, is_made))
