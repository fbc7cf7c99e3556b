r"""Prompt templates: ``a {grey|black} cat {on a sofa|in the grass}`` stands for four prompts.

Grammar: ``{a|b|c}`` is one of its choices, each itself a template, so braces nest; a choice may
be empty. ``|`` outside braces is an ordinary character. A backslash before ``{``, ``}``, ``|``
or a backslash takes that character literally; before anything else it is itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catstudio.core.errors import BadInputError

CAP = 10_000
"""More prompts than this are refused: a typing mistake, not a wish."""

_MAX_DEPTH = 32
_SPECIAL = "{}|\\"

_Sequence = list["str | _Choice"]


@dataclass
class _Choice:
    """One brace pair: ``options`` are its choices; ``position`` is where it opened, from 1."""

    position: int
    options: list[_Sequence] = field(default_factory=lambda: [[]])


def expand(template: str, cap: int = CAP) -> list[str]:
    """Every prompt that ``template`` stands for, the rightmost list varying fastest.

    Raises
    ------
    BadInputError : a brace without its partner (with its position, counted from 1), braces
        nested more than 32 deep, or more than ``cap`` prompts.
    """
    parsed = _parse(template)
    total = _count(parsed)
    if total > cap:
        shown = f"{total:,}" if total < 10**12 else "far too many"
        raise BadInputError(
            f"The prompt stands for {shown} prompts; at most {cap:,} are made at once.",
            "Take out some choices.",
        )
    return _expand(parsed)


def count(template: str) -> int:
    """How many prompts ``template`` stands for, without making them. Errors as :func:`expand`,
    except that no number is too large."""
    return _count(_parse(template))


def escape(text: str) -> str:
    """``text`` as a template that stands for exactly itself."""
    return "".join("\\" + c if c in _SPECIAL else c for c in text)


def _parse(template: str) -> _Sequence:
    root: _Sequence = []
    open_: list[_Choice] = []
    position = 0
    while position < len(template):
        character = template[position]
        position += 1
        current = open_[-1].options[-1] if open_ else root
        if character == "\\" and template[position : position + 1] in tuple(_SPECIAL):
            current.append(template[position])
            position += 1
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


def _expand(sequence: _Sequence) -> list[str]:
    prompts = [""]
    for part in sequence:
        if isinstance(part, _Choice):
            endings = [text for option in part.options for text in _expand(option)]
            prompts = [start + end for start in prompts for end in endings]
        else:
            prompts = [start + part for start in prompts]
    return prompts
