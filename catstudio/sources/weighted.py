"""Adapters with weights, as a person writes them: ``fluffy:0.8, wet fur:0.5``."""

from __future__ import annotations

from msgspec import Struct

from catstudio.core.errors import BadInputError

MAX_WEIGHT = 4.0


class Weighted(Struct, frozen=True):
    """An adapter's name (of the list of models, or a path) and how strongly it works."""

    name: str
    weight: float = 1.0

    def __str__(self) -> str:
        return f"{self.name}:{self.weight:g}"


def parse(text: str) -> tuple[Weighted, ...]:
    """The adapters that ``text`` names, parted by commas; without a weight it is 1.

    A colon that no number follows belongs to the name (``C:\\loras\\fluffy.safetensors``).

    Raises
    ------
    BadInputError : a name that is missing or comes twice, a weight outside [-4, 4].
    """
    found: list[Weighted] = []
    for part in text.split(","):
        if not part.strip():
            continue
        one = _one(part.strip())
        if any(other.name == one.name for other in found):
            raise BadInputError(f"{one.name} is named twice.", "Give it one weight.")
        found.append(one)
    return tuple(found)


def written(adapters: tuple[Weighted, ...]) -> str:
    """The text that :func:`parse` reads as ``adapters``."""
    return ", ".join(map(str, adapters))


def _one(part: str) -> Weighted:
    name, colon, number = part.rpartition(":")
    try:
        weight = float(number) if colon else 1.0
    except ValueError:
        name, weight = part, 1.0
    if not colon:
        name = part
    if not name.strip():
        raise BadInputError(f"{part!r} names no adapter.", "Write it as name:0.8.")
    if not abs(weight) <= MAX_WEIGHT:
        raise BadInputError(
            f"The weight of {name.strip()} is {weight:g}.",
            f"Give a number from {-MAX_WEIGHT:g} to {MAX_WEIGHT:g}; 1 is as it was trained.",
        )
    return Weighted(name.strip(), weight)
