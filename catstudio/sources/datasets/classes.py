"""The files behind each class, and how far file format, size or shape alone give the class away."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from statistics import median

from msgspec import Struct

from catstudio.sources.datasets.looking import Looked
from catstudio.sources.datasets.report import ClassFacts

FEWEST = 8
"""Images that each of two classes must have before anything is said of them."""
_BINS = 8


class Tell(Struct, frozen=True):
    """How well one property alone tells the classes apart.

    ``right`` is the mean over the classes of the share that is guessed right (balanced
    accuracy), each image from the others with the same property; ``chance`` is 1 / number of
    classes; ``error`` the standard error of ``right``.
    """

    right: float
    chance: float
    error: float

    @property
    def lift(self) -> float:
        """0 for guessing, 1 for always right."""
        return (self.right - self.chance) / (1 - self.chance)


def class_facts(images: Sequence[Looked]) -> tuple[ClassFacts, ...]:
    """The facts of each label's files, the largest first; images without a label are not in it."""
    groups: dict[str, list[Looked]] = defaultdict(list)
    for image in images:
        if image.label is not None:
            groups[image.label].append(image)
    return tuple(
        ClassFacts(
            label=label,
            n=len(members),
            codecs=dict(Counter(one.codec for one in members).most_common()),
            short_side=round(median(min(one.width, one.height) for one in members)),
            aspect=round(median(one.width / one.height for one in members), 2),
            kilobytes=round(median(one.size for one in members) / 1024, 1),
        )
        for label, members in sorted(groups.items(), key=lambda pair: -len(pair[1]))
    )


def tell(images: Sequence[Looked], key: Callable[[Looked], Hashable]) -> Tell | None:
    """How well ``key`` alone tells the labels apart, each image judged by the others.

    An image is given to the label that is over-represented among the *other* images of equal
    key (each label counted relative to its size, ties shared), so a key that is different for
    every image tells nothing. None when fewer than two labels have :data:`FEWEST` images.
    """
    labelled = [(key(one), one.label) for one in images if one.label is not None]
    counted = Counter(label for _, label in labelled)
    sizes = {label: n for label, n in counted.items() if n >= FEWEST}
    if len(sizes) < 2:
        return None
    kept = [(value, label) for value, label in labelled if label in sizes]
    votes: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for value, label in kept:
        votes[value][label] += 1
    right: dict[str, float] = defaultdict(float)
    for value, label in kept:
        right[label] += _share(votes[value], label, sizes)
    shares = [right[label] / n for label, n in sizes.items()]
    spread = sum(p * (1 - p) / n for p, n in zip(shares, sizes.values(), strict=True))
    return Tell(sum(shares) / len(shares), 1 / len(sizes), math.sqrt(spread) / len(sizes))


def binned(
    images: Sequence[Looked], value: Callable[[Looked], float]
) -> Callable[[Looked], Hashable]:
    """A key that is the eighth of the images that ``value`` falls in, by rank."""
    ranked = sorted(value(one) for one in images)
    edges = [ranked[len(ranked) * i // _BINS] for i in range(1, _BINS)] if ranked else []
    return lambda one: bisect_right(edges, value(one))


def _share(votes: Counter[str], own: str, sizes: dict[str, int]) -> float:
    """How much of an image is given to its ``own`` label by the others of its key, in [0, 1]."""
    rates = {
        label: (votes[label] - (label == own)) / (n - (label == own)) for label, n in sizes.items()
    }
    best = max(rates.values())
    winners = [label for label, rate in rates.items() if math.isclose(rate, best, abs_tol=1e-12)]
    return 1 / len(winners) if own in winners else 0.0
