"""A range that a value is drawn from, and how often: written ``LOW:HIGH@CHANCE``, or ``off``."""

from __future__ import annotations

from msgspec import Struct

OFF = "off"


class Range(Struct, frozen=True):
    """Values from ``low`` to ``high``, drawn with probability ``chance`` in [0, 1].

    What has no value and only happens or not (a flip) has ``low`` = ``high`` = 0.
    """

    low: float = 0.0
    high: float = 0.0
    chance: float = 1.0


def parse(text: str, low: float | None, high: float | None) -> Range | None:
    """The range that ``text`` says, None for ``off``; its values must lie in [low, high].

    ``5:20`` is from 5 to 20 always, ``5:20@0.3`` in three of ten cases, ``5`` exactly 5. With
    ``low`` None there is no value, and ``text`` is the chance alone. Raises
    :class:`ValueError`.
    """
    text = text.strip().lower()
    if text == OFF:
        return None
    if low is None or high is None:
        return Range(chance=_number(text, 0.0, 1.0))
    values, has_chance, chance = text.partition("@")
    first, has_last, last = values.partition(":")
    start = _number(first, low, high)
    end = _number(last, low, high) if has_last else start
    if end < start:
        raise ValueError(f"{first} is more than {last}")
    return Range(start, end, _number(chance, 0.0, 1.0) if has_chance else 1.0)


def write(given: Range | None, has_values: bool = True) -> str:
    """The text that :func:`parse` reads as ``given``."""
    if given is None:
        return OFF
    if not has_values:
        return f"{given.chance:g}"
    values = f"{given.low:g}:{given.high:g}"
    return values if given.chance == 1 else f"{values}@{given.chance:g}"


def _number(text: str, low: float, high: float) -> float:
    value = float(text)
    if not low <= value <= high:
        raise ValueError(f"{text} is not between {low:g} and {high:g}")
    return value
