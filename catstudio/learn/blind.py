"""What answers of the blind test can carry: shares with intervals, d', and the machine beside the eye.

Each pair is a two-alternative forced choice. Guessing finds the photo in half of the pairs, and
the expected share of right answers is the area under the ROC curve (Green & Swets 1966; Hanley &
McNeil 1982): so the eye's share and the AUC of the machine's test measure the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt
from statistics import NormalDist
from typing import TypeVar

from catstudio.core.blind import Answer, BlindPair
from catstudio.learn.intervals import wilson
from catstudio.learn.paired import mcnemar_exact

_Key = TypeVar("_Key")
_P = 0.05
FEWEST = 6
"""With fewer pairs even all right may be luck: two-sided, 5 of 5 has p = 0.06."""
NOTICEABLE = 0.75
"""The share from which on a difference is called just noticeable, half way from guessing to
certainty: the customary threshold of a two-alternative forced choice (Macmillan & Creelman,
"Detection Theory", 2005)."""


class Verdict(StrEnum):
    """What the answers allow to say."""

    SEES = "sees"
    """Right more often than luck explains."""
    FOOLED = "fooled"
    """Not told from guessing, and the whole interval lies below a just noticeable difference."""
    MISLED = "misled"
    """Wrong more often than luck explains: the made ones look more like photos than photos do."""
    OPEN = "open"
    """May be luck, and may be more."""
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Score:
    """How often the photo was found in ``n`` answered pairs of ``images`` different made images.

    ``value`` in [0, 1] counts a "can't tell" as half right, as a guess would be on average; it is
    0.5 when nothing was answered. ``low`` and ``high`` are Wilson's 95% bounds on ``images``, so
    that several people's answers to one image do not pass for several images. ``p`` is the sign
    test's, two-sided and exact, over the images: how often luck alone would be as far from half.
    """

    n: int
    right: int
    unsure: int
    images: int
    value: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, pairs: Iterable[BlindPair]) -> Score:
        """Of answered ``pairs``; open ones are left out."""
        answered = [pair for pair in pairs if pair.answer is not None]
        credit: dict[str, list[float]] = {}
        for pair in answered:
            credit.setdefault(pair.made, []).append(_credit(pair))
        n, images = len(answered), len(credit)
        value = sum(map(sum, credit.values())) / n if n else 0.5
        low, high = wilson(value * images, images)
        means = [sum(one) / len(one) for one in credit.values()]
        p = mcnemar_exact(sum(m > 0.5 for m in means), sum(m < 0.5 for m in means))
        right = sum(pair.is_right is True for pair in answered)
        unsure = sum(pair.answer is Answer.UNSURE for pair in answered)
        return cls(n, right, unsure, images, value, low, high, p)

    @property
    def wrong(self) -> int:
        """Pairs in which the made image was taken for the photo."""
        return self.n - self.right - self.unsure

    @property
    def fools(self) -> tuple[float, float, float]:
        """How often the made image passes for the photo, with its interval; at best about half."""
        return 1 - self.value, 1 - self.high, 1 - self.low

    @property
    def d_prime(self) -> tuple[float, float | None, float | None]:
        """The distance between photos and made images in standard deviations of what is seen.

        d' = √2 z(share right) for two alternatives (Green & Swets 1966); the value with half an
        answer added on each side (Hautus 1995), the bounds those of the share, None where
        infinite.
        """
        value = _d_prime((self.value * self.n + 0.5) / (self.n + 1)) or 0.0
        return value, _d_prime(self.low), _d_prime(self.high)

    @property
    def verdict(self) -> Verdict:
        if self.images < FEWEST:
            return Verdict.TOO_FEW
        if self.p < _P:
            return Verdict.SEES if self.value > 0.5 else Verdict.MISLED
        return Verdict.FOOLED if self.high < NOTICEABLE else Verdict.OPEN


@dataclass(frozen=True)
class Machine:
    """How well a machine tells fakes from photos: an AUC with its interval, on ``n`` images."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class MachineTest:
    """What the audit of run ``run`` found, over all made images and by the id of their source."""

    run: int
    overall: Machine
    by_source: Mapping[str, Machine] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A made image, how often it was judged, taken for the photo, and left undecided."""

    id: str
    source: str
    model: str
    n: int
    taken: int
    unsure: int

    @property
    def has_fooled(self) -> bool:
        """Taken for the photo at least as often as not."""
        return self.taken + self.unsure / 2 >= self.n / 2


@dataclass(frozen=True)
class Summary:
    """All answers of a project. Pairs with an image that the person had seen in an earlier pair
    are ``repeats``: memory answers those, so they count nowhere."""

    total: Score
    persons: tuple[tuple[str, Score], ...]
    generators: tuple[tuple[tuple[str, str], Score], ...]
    """By (source, model), the one that fools most often first."""
    shown: tuple[Shown, ...]
    """The made images, those that fooled most often first."""
    repeats: int


@dataclass(frozen=True)
class Results:
    """``summary`` of answers, and what a ``machine`` found; None with ``why_not`` where none did."""

    summary: Summary
    machine: MachineTest | None = None
    why_not: str = ""


def summarise(pairs: Iterable[BlindPair]) -> Summary:
    """Scores per person and per generator of all answered ``pairs``."""
    answered = [pair for pair in pairs if pair.answer is not None]
    counted = [pair for pair in answered if not pair.is_repeat]
    generators = _by(counted, lambda pair: (pair.source, pair.model))
    return Summary(
        total=Score.of(counted),
        persons=tuple((who, Score.of(theirs)) for who, theirs in _by(counted, _author).items()),
        generators=tuple(
            sorted(
                ((key, Score.of(theirs)) for key, theirs in generators.items()),
                key=lambda row: (row[1].value, row[0]),
            )
        ),
        shown=_shown(counted),
        repeats=len(answered) - len(counted),
    )


def _shown(pairs: Sequence[BlindPair]) -> tuple[Shown, ...]:
    shown = [
        Shown(
            id=id_,
            source=theirs[0].source,
            model=theirs[0].model,
            n=len(theirs),
            taken=sum(pair.is_right is False for pair in theirs),
            unsure=sum(pair.answer is Answer.UNSURE for pair in theirs),
        )
        for id_, theirs in _by(pairs, lambda pair: pair.made).items()
    ]
    return tuple(sorted(shown, key=lambda one: -(one.taken + one.unsure / 2) / one.n))


def _by(
    pairs: Iterable[BlindPair], key: Callable[[BlindPair], _Key]
) -> dict[_Key, list[BlindPair]]:
    groups: dict[_Key, list[BlindPair]] = {}
    for pair in pairs:
        groups.setdefault(key(pair), []).append(pair)
    return groups


def _author(pair: BlindPair) -> str:
    return pair.author


def _credit(pair: BlindPair) -> float:
    return 0.5 if pair.is_right is None else float(pair.is_right)


def _d_prime(share: float) -> float | None:
    return sqrt(2) * NormalDist().inv_cdf(share) if 0 < share < 1 else None
