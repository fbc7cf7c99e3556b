r"""Prompt templates: ``a {grey|black} cat near a __animal__`` stands for many prompts.

Grammar: ``{a|b|c}`` is each of its choices, one prompt for each, every choice itself a template,
so braces nest; a choice may be empty. ``__name__`` is one line drawn from the list of that name
(:mod:`catstudio.sources.wildcards`), by the seed; a line may itself hold choices, of which one is
drawn, and lists. ``|`` outside braces is an ordinary character, as are two underscores that no
name and two more follow. A backslash before ``{``, ``}``, ``|``, ``_`` or a backslash takes that
character literally; before anything else it is itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catstudio.core.errors import BadInputError
from catstudio.sources.wildcards import load

CAP = 10_000
"""More prompts than this are refused: a typing mistake, not a wish."""

_MAX_DEPTH = 32
_MAX_LENGTH = 20_000
"""Characters of one prompt: lists that name each other must not fill the memory."""
_SPECIAL = "{}|_\\"
_NAME = re.compile(r"__([A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*)__")

Lists = Mapping[str, tuple[str, ...]]
"""Wildcard lists by name: each line is a template."""


@dataclass
class _Choice:
    """One brace pair: ``options`` are its choices; ``position`` is where it opened, from 1."""

    position: int
    options: list[_Sequence] = field(default_factory=lambda: [[]])


@dataclass(frozen=True)
class _Wildcard:
    """``__name__``: the ``number``-th of its template, from 0."""

    name: str
    number: int


_Sequence = list["str | _Choice | _Wildcard"]
_Draw = Callable[[_Wildcard], str]


def expand(
    template: str, cap: int = CAP, lists: Lists | None = None, *, seed: int = 0
) -> list[str]:
    """Every prompt that ``template`` stands for, the rightmost choice varying fastest.

    ``lists`` are the wildcard lists (default: those of this computer); of each, one line is
    drawn for each prompt, by ``seed``. For a number of images see :func:`for_images`.

    Raises
    ------
    BadInputError : a brace without its partner (with its position, counted from 1), braces
        nested more than 32 deep, more than ``cap`` prompts, an unknown or empty list, or lists
        that hold one another without end.
    """
    return _expanded(template, cap, lists, seed, None)


def for_images(
    template: str, count: int, *, seed: int = 0, lists: Lists | None = None
) -> tuple[str, ...]:
    """The prompts of ``count`` images, one for each: the choices in order and over again, with a
    fresh draw from each list. No line comes twice with the same choices before all have come.

    The same arguments give the same prompts, and a larger ``count`` goes on with more. Errors
    as :func:`expand`.
    """
    return tuple(_expanded(template, CAP, lists, seed, count))


def count(template: str) -> int:
    """How many prompts the choices of ``template`` stand for, without making them. Errors as
    :func:`expand`, except that no number is too large; the lists are not read."""
    return _count(_parse(template))


def wildcards(template: str) -> tuple[str, ...]:
    """The names of the lists that ``template`` draws from, in order, each once."""
    return tuple(dict.fromkeys(_named(_parse(template))))


def escape(text: str) -> str:
    """``text`` as a template that stands for exactly itself."""
    escaped = "".join("\\" + c if c in "{}|\\" else c for c in text)
    return escaped.replace("__", r"\_\_")


def _expanded(
    template: str, cap: int, lists: Lists | None, seed: int, images: int | None
) -> list[str]:
    parsed = _parse(template)
    total = _count(parsed)
    if total > cap:
        shown = f"{total:,}" if total < 10**12 else "far too many"
        raise BadInputError(
            f"The prompt stands for {shown} prompts; at most {cap:,} are made at once.",
            "Take out some choices.",
        )
    if lists is None:
        lists = load() if _named(parsed) else {}
    variants = _variants(parsed)
    drawer = _Drawer(lists, seed)
    numbers = range(total if images is None else images)
    return [_text(variants[i % total], drawer.at(i % total, i // total)) for i in numbers]


class _Drawer:
    """Draws lines: in a shuffled order for each place of a template and each of its variants."""

    def __init__(self, lists: Lists, seed: int) -> None:
        self._lists, self._seed = lists, seed
        self._orders: dict[tuple[int, int, int], list[int]] = {}

    def at(self, variant: int, turn: int) -> _Draw:
        """What draws for the ``turn``-th image (from 0) of the ``variant``-th prompt."""

        def draw(place: _Wildcard) -> str:
            lines = self._lines(place.name)
            lap, position = divmod(turn, len(lines))
            key = (variant, place.number, lap)
            if key not in self._orders:
                order = list(range(len(lines)))
                random.Random(f"{self._seed} {key}").shuffle(order)
                self._orders[key] = order
            line = lines[self._orders[key][position]]
            chance = random.Random(f"{self._seed} {variant} {place.number} {turn}")
            return self._resolved(line, chance, (place.name,))

        return draw

    def _resolved(self, line: str, chance: random.Random, within: tuple[str, ...]) -> str:
        """One prompt of a line: a choice is drawn, not multiplied."""

        def text(sequence: _Sequence) -> str:
            parts = []
            for part in sequence:
                if isinstance(part, _Choice):
                    parts.append(text(chance.choice(part.options)))
                elif isinstance(part, _Wildcard):
                    parts.append(inner(part))
                else:
                    parts.append(part)
            return "".join(parts)

        def inner(place: _Wildcard) -> str:
            if place.name in within:
                raise BadInputError(
                    f"The list __{place.name}__ holds itself: {' → '.join((*within, place.name))}.",
                    "Take its name out of the lines of these lists.",
                )
            drawn = chance.choice(self._lines(place.name))
            return self._resolved(drawn, chance, (*within, place.name))

        try:
            found = text(_parse(line))
        except BadInputError as error:
            if "The prompt" not in error.message:
                raise
            said = error.message.replace("The prompt", f"A line of the list __{within[-1]}__", 1)
            raise BadInputError(f"{said} It reads: {line[:80]}", error.hint) from None
        return _checked_length(found)

    def _lines(self, name: str) -> tuple[str, ...]:
        if name not in self._lists:
            known = ", ".join(f"__{one}__" for one in sorted(self._lists)) or "none"
            raise BadInputError(
                f"There is no list called __{name}__.",
                f"Known lists: {known}. Write \\__ for underscores that are meant as such.",
            )
        if not self._lists[name]:
            raise BadInputError(f"The list __{name}__ is empty.", "Write one line for each choice.")
        return self._lists[name]


def _checked_length(text: str) -> str:
    if len(text) > _MAX_LENGTH:
        raise BadInputError(
            f"A prompt would have more than {_MAX_LENGTH:,} characters.", "Shorten the lists."
        )
    return text


def _parse(template: str) -> _Sequence:
    root: _Sequence = []
    open_: list[_Choice] = []
    position = places = 0
    while position < len(template):
        character = template[position]
        position += 1
        current = open_[-1].options[-1] if open_ else root
        if character == "\\" and template[position : position + 1] in tuple(_SPECIAL):
            current.append(template[position])
            position += 1
        elif character == "_" and (named := _NAME.match(template, position - 1)):
            current.append(_Wildcard(named[1], places))
            places += 1
            position = named.end()
        elif character == "{":
            if len(open_) == _MAX_DEPTH:
                raise BadInputError(
                    f"The braces of the prompt are nested too deep at character {position}.",
                    f"Nest at most {_MAX_DEPTH} lists.",
                )
            open_.append(_Choice(position))
            current.append(open_[-1])
        elif character == "}":
            if not open_:
                raise _unbalanced(f"a closing brace without an opening one at character {position}")
            open_.pop()
        elif character == "|" and open_:
            open_[-1].options.append([])
        else:
            current.append(character)
    if open_:
        raise _unbalanced(
            f"an opening brace that is never closed at character {open_[-1].position}"
        )
    return root


def _unbalanced(what: str) -> BadInputError:
    return BadInputError(
        f"The prompt has {what}.", r"Close it, or write \{ or \} for a brace that is meant as such."
    )


def _count(sequence: _Sequence) -> int:
    total = 1
    for part in sequence:
        if isinstance(part, _Choice):
            total *= sum(_count(option) for option in part.options)
    return total


def _named(sequence: _Sequence) -> list[str]:
    names: list[str] = []
    for part in sequence:
        if isinstance(part, _Wildcard):
            names.append(part.name)
        elif isinstance(part, _Choice):
            names += [name for option in part.options for name in _named(option)]
    return names


_Variant = list["str | _Wildcard"]


def _variants(sequence: _Sequence) -> list[_Variant]:
    """Each prompt with its lists not yet drawn from."""
    variants: list[_Variant] = [[]]
    for part in sequence:
        if isinstance(part, _Choice):
            endings = [ending for option in part.options for ending in _variants(option)]
            variants = [start + ending for start in variants for ending in endings]
        else:
            for variant in variants:
                variant.append(part)
    return variants


def _text(variant: _Variant, draw: _Draw) -> str:
    return "".join(part if isinstance(part, str) else draw(part) for part in variant)
