"""Prompt ideas that fill gaps: of the ways in which photos differ, those that nobody asked for yet."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.core.paths import data_dir
from catstudio.core.types import ImageRecord, State
from catstudio.resources import resource
from catstudio.sources.prompts import escape

FILE = "prompt_ideas.toml"


class Axis(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which photos differ. Behind a ``|`` of a phrase stand the words to look for."""

    title: str
    phrases: tuple[str, ...]


class Ideas(Struct, frozen=True, forbid_unknown_fields=True):
    """The list of ideas; ``template`` holds ``{label}`` and ``{phrase}``."""

    template: str
    axes: dict[str, Axis]


class Idea(Struct, frozen=True):
    """One prompt, ready for the panel (a template that stands for itself), and why it is
    suggested."""

    prompt: str
    axis: str
    phrase: str
    why: str


def ideas_file() -> Path:
    """The person's own list, where there is one; else the one that comes with CatStudio."""
    own = data_dir() / FILE
    return own if own.is_file() else resource(FILE)


def read_ideas(path: Path | None = None) -> Ideas:
    """The list in ``path`` (default: :func:`ideas_file`).

    Raises :class:`BadInputError` naming the file when it cannot be understood.
    """
    path = path or ideas_file()
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Ideas)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise BadInputError(
            f"{path} (the list of prompt ideas) cannot be read: {error}.",
            "Mend it, or delete it to have the list that comes with CatStudio.",
        ) from error
    if "{label}" not in found.template or "{phrase}" not in found.template:
        raise BadInputError(
            f"The template in {path} lacks {{label}} or {{phrase}}.",
            'Write for example: template = "a photo of a {label} {phrase}".',
        )
    return found


def written(image: ImageRecord, label: str) -> tuple[str, ...]:
    """What is written about an image of ``label``: prompt, caption, tags; nothing for another."""
    if image.label != label or image.state in (State.REJECTED, State.TRASHED):
        return ()
    params = image.provenance.params
    said = (params.get("prompt"), params.get("caption"), params.get("text"), *image.tags)
    return tuple(str(one) for one in said if one)


def suggest(
    label: str,
    written: Iterable[str] = (),
    count: int = 8,
    seed: int = 0,
    ideas: Ideas | None = None,
) -> list[Idea]:
    """``count`` ideas for ``label``, no two of one axis before all axes had one.

    ``written`` are prompts, captions and tags of the label's images: axes that they say least
    of come first, and of an axis the phrase that they hold least often. Equals are ordered by
    ``seed``; the same arguments give the same ideas.
    """
    ideas = ideas or read_ideas()
    texts = [text.lower() for text in written]
    generator = random.Random(seed)
    ranked: dict[str, list[tuple[int, float, str]]] = {}
    for name, axis in ideas.axes.items():
        phrases = [phrase.partition("|")[::2] for phrase in axis.phrases]
        said = [
            (sum((words or phrase).lower() in text for text in texts), generator.random(), phrase)
            for phrase, words in phrases
        ]
        ranked[name] = sorted(said)
    total = Counter({name: sum(n for n, _, _ in said) for name, said in ranked.items()})
    order = sorted(ranked, key=lambda name: (total[name], generator.random()))
    found: list[Idea] = []
    for turn in range(max(map(len, ranked.values()), default=0)):
        for name in order:
            if len(found) < count and turn < len(ranked[name]):
                times, _, phrase = ranked[name][turn]
                found.append(
                    _idea(ideas, label, ideas.axes[name], name, phrase, times, total[name])
                )
    return found


def _idea(
    ideas: Ideas, label: str, axis: Axis, name: str, phrase: str, times: int, said: int
) -> Idea:
    prompt = ideas.template.replace("{label}", label).replace("{phrase}", phrase)
    if said == 0:
        why = f"No prompt says anything of {axis.title} yet."
    elif times == 0:
        why = f"“{phrase}” was not asked for yet."
    else:
        why = f"“{phrase}” was asked for {'once' if times == 1 else f'{times} times'} only."
    return Idea(escape(prompt), name, phrase, why)
