"""Prompt ideas that fill gaps: of the ways in which photos differ, those that nobody asked for yet."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.core.paths import data_dir
from catstudio.core.types import ImageRecord, State
from catstudio.resources import resource
from catstudio.sources.prompts import escape

FILE = "prompt_ideas.toml"
_NEGATION = re.compile(
    r"(?:not?|non|without|other than)[\s_-]+(?:an? )?(?P<thing>.+)", re.IGNORECASE
)
_NAMELESS = (
    "other",
    "others",
    "else",
    "rest",
    "none",
    "nothing",
    "background",
    "negative",
    "unknown",
)


class Axis(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which photos differ. Behind a ``|`` of a phrase stand the words to look for."""

    title: str
    phrases: tuple[str, ...]


class Ideas(Struct, frozen=True, forbid_unknown_fields=True):
    """The list of ideas; ``template`` holds ``{label}`` and ``{phrase}``. ``others`` are things
    to show for a label such as not-cat, which names none itself."""

    template: str
    axes: dict[str, Axis]
    others: tuple[str, ...] = ()


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


def subject_of(label: str) -> str | None:
    """What ``label`` says that its images show; None for not-cat and other, which name nothing."""
    words = label.strip()
    if words.lower() in _NAMELESS or _NEGATION.fullmatch(words):
        return None
    return words.replace("_", " ")


def suggest(
    label: str,
    written: Iterable[str] = (),
    count: int = 8,
    seed: int = 0,
    ideas: Ideas | None = None,
    coverage: Mapping[str, float] | None = None,
) -> list[Idea]:
    """``count`` ideas for ``label``, no two of one axis before all axes had one.

    ``written`` are prompts, captions and tags of the label's images: axes that they say least
    of come first, and of an axis the phrase that they hold least often. ``coverage`` says from
    elsewhere how well the images cover an axis: the share, in [0, 1], that shows something of it.
    Equals are ordered by ``seed``; the same arguments give the same ideas.
    """
    ideas = ideas or read_ideas()
    texts = [text.lower() for text in written]
    generator = random.Random(seed)
    ranked = {name: _ranked(axis, texts, generator) for name, axis in ideas.axes.items()}
    total = {name: sum(times for times, _, _ in said) for name, said in ranked.items()}
    weight = max(1, len(texts))
    shown = {name: weight * (coverage or {}).get(name, 0.0) for name in ranked}
    order = sorted(ranked, key=lambda name: (total[name] + shown[name], generator.random()))
    subjects = _subjects(ideas, label, generator)
    found: list[Idea] = []
    for turn in range(max(map(len, ranked.values()), default=0)):
        for name in order:
            if len(found) < count and turn < len(ranked[name]):
                times, _, phrase = ranked[name][turn]
                subject = subjects[len(found) % len(subjects)]
                prompt = ideas.template.replace("{label}", subject).replace("{phrase}", phrase)
                why = _why(ideas.axes[name].title, phrase, times, total[name])
                found.append(Idea(escape(prompt), name, phrase, why))
    return found


def _ranked(axis: Axis, texts: list[str], generator: random.Random) -> list[tuple[int, float, str]]:
    """(how often it was said, a random number, phrase) for each phrase, the least said first."""
    said = []
    for entry in axis.phrases:
        phrase, _, words = entry.partition("|")
        looked_for = re.compile(rf"\b{re.escape((words or phrase).lower())}\b")
        times = sum(looked_for.search(text) is not None for text in texts)
        said.append((times, generator.random(), phrase))
    return sorted(said)


def _subjects(ideas: Ideas, label: str, generator: random.Random) -> list[str]:
    """What the prompts show: the label's thing, or things that it is not in a random order."""
    if subject := subject_of(label):
        return [subject]
    negated = _NEGATION.fullmatch(label.strip())
    thing = negated["thing"].lower() if negated else ""
    others = [other for other in ideas.others if not thing or thing not in other.lower()]
    generator.shuffle(others)
    return others or [label]


def _why(title: str, phrase: str, times: int, said: int) -> str:
    if said == 0:
        return f"No prompt says anything of {title} yet."
    if times == 0:
        return f"“{phrase}” was not asked for yet."
    return f"“{phrase}” was asked for {'once' if times == 1 else f'{times} times'} only."
