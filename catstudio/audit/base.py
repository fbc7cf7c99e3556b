"""What a check is given, and what it answers: a figure, a verdict its n can carry, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from catstudio.learn.cross_validation import LeftOut, left_out
from catstudio.learn.fitting import STRENGTH, TrainingSet
from catstudio.learn.head import Head

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Verdict(StrEnum):
    """What a figure's whole interval allows to say."""

    OK = "ok"
    LOOK = "look"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    """Too few images to tell; says how many more it would take, where that is known."""

    @property
    def is_found(self) -> bool:
        """Is there something to look at?"""
        return self in (Verdict.LOOK, Verdict.PROBLEM)


class Shown(Struct, frozen=True):
    """An image that shows what was found, why it is shown, and the image it is compared with."""

    id: str
    note: str = ""
    beside: str = ""


class Finding(Struct, frozen=True, kw_only=True):
    """What one check found.

    ``value`` with its 95% interval is the check's figure, in the unit its ``unit`` names
    ("share" 0 to 1, "auc", "index" 0 to 1, "points" of accuracy, "count", "error"); None when
    there was nothing to measure. ``n`` is how many images (or pairs, as ``text`` says) carry it.
    ``text`` says what was found, in words that give n; ``advice`` what to do, or "". ``details``
    holds what a chart or table of this check needs, as plain JSON.
    """

    id: str
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    unit: str = "share"
    text: str = ""
    advice: str = ""
    images: tuple[Shown, ...] = ()
    details: dict[str, Any] = {}


class Item(Protocol):
    """What a check knows of an image besides its numbers."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def is_real(self) -> bool: ...
    @property
    def lineages(self) -> tuple[str, ...]: ...
    @property
    def split(self) -> str | None: ...
    @property
    def sha256(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def format(self) -> str: ...
    @property
    def dhash(self) -> str: ...


@dataclass(frozen=True)
class Strangers:
    """Photos of neither class: their names, and unit vectors ``x`` [m, dim]."""

    names: tuple[str, ...]
    x: Floats


@dataclass(frozen=True)
class AuditData:
    """One trained run and all images it was fitted, calibrated and tested on.

    Attributes
    ----------
    items : [n]; images that could not be read are not among them, but in ``unreadable``.
    labels : the head's, in the order of its columns.
    y : [n] indices into ``labels``.
    x : [n, dim] unit vectors of the head's :class:`catstudio.learn.features.FeatureSpace`.
    pooled : [n, n_features] float32 activations, as the backbone gave them.
    pixels : [n, len(catstudio.learn.pixel_statistics.NAMES)] float32, measured on the image as
        the backbone is shown it: one size, one codec and quality for all.
    train, val, test : indices; no image is in two of them, and some may be in none.
    training : what the head was fitted on, rows in the order of ``train``.
    head : the fitted classifier.
    strangers : photos of neither class, for the turkey test.
    unreadable : (name, reason) of files that could not be decoded.
    seed : of every random draw.
    check_cancelled : raises when the person stopped the job; to be called about ten times a
        second.
    """

    items: Sequence[Item]
    labels: tuple[str, ...]
    y: Ints
    x: Floats
    pooled: Floats
    pixels: Floats
    train: Ints
    val: Ints
    test: Ints
    training: TrainingSet
    head: Head
    strangers: Strangers
    unreadable: tuple[tuple[str, str], ...] = ()
    seed: int = 0
    check_cancelled: Callable[[], None] = lambda: None

    @property
    def is_real(self) -> Bools:
        """[n]."""
        return np.array([item.is_real for item in self.items], bool)

    @property
    def strength(self) -> float:
        """The regularisation that the head was fitted with."""
        return float(self.head.info.get("strength", STRENGTH))

    @cached_property
    def left_out(self) -> LeftOut | None:
        """Training photos as heads answer them that have not seen their families; None of too few."""
        return left_out(
            self.training,
            self.labels,
            self.head.space,
            self.strength,
            lambda *_: self.check_cancelled(),
        )

    @property
    def sources(self) -> NDArray[np.str_]:
        """[n], the id of each image's source."""
        return np.array([item.source for item in self.items], np.str_)


@dataclass(frozen=True)
class Check:
    """One question to a data set and its model.

    ``title`` is what the list shows, ``question`` what it asks in words a newcomer knows,
    ``meaning`` one sentence on how to read the figure, ``source`` the paper or method.
    """

    id: str
    title: str
    question: str
    meaning: str
    source: str
    run: Callable[[AuditData], Finding]


def verdict_of(
    value: float, low: float, high: float, fine_below: float, problem_from: float
) -> Verdict:
    """The verdict on a figure of which more is worse, as far as its interval [low, high] goes.

    A problem needs a value of ``problem_from`` and an interval wholly above ``fine_below``; ok
    needs a value below ``fine_below`` and an interval that ends before ``problem_from``. A value
    that looks fine with an interval that reaches into the problems is unknown: too few images.
    """
    if value >= problem_from and low > fine_below:
        return Verdict.PROBLEM
    if value >= fine_below:
        return Verdict.LOOK
    return Verdict.OK if high < problem_from else Verdict.UNKNOWN
