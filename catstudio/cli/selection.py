"""Selections: which images a command is about, in words such as ``source:seed state:pending``.

A selection is one or more terms. Ids (whole, or a beginning that only one image has) choose
those images; ``key:value`` terms narrow the choice. Terms of one key are alternatives; all keys
must fit: ``label:cat label:dog state:pending`` is every pending image of a cat or a dog.
``all`` stands for everything. What is in the trash is meant only by ``state:trashed`` or its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from catstudio.core.errors import BadInputError
from catstudio.core.types import ImageRecord, Split, State

_FEWEST_ID_LETTERS = 4

_VALUES: dict[str, Callable[[ImageRecord], tuple[str, ...]]] = {
    "source": lambda image: (image.source,),
    "label": lambda image: (image.label or "none",),
    "state": lambda image: (image.state.value,),
    "split": lambda image: (image.split.value if image.split else "none",),
    "tag": lambda image: image.tags,
    "is": lambda image: ("real" if image.is_real else "synthetic",),
}
_KNOWN = {
    "state": {state.value for state in State},
    "split": {"none", *(split.value for split in Split)},
    "is": {"real", "synthetic"},
}
_HINT = (
    "Use ids, all, or source:NAME, label:NAME, state:pending|accepted|rejected|trashed, "
    "split:train|val|test|none, tag:NAME, is:real|synthetic."
)


def select(images: Iterable[ImageRecord], terms: Iterable[str]) -> list[ImageRecord]:
    """The ``images`` that ``terms`` choose, in their order; none is an answer, not an error.

    Raises
    ------
    BadInputError : no term, a key or value that does not exist, an id that no image or more
        than one image begins with.
    """
    words = [word for term in terms for word in term.split()]
    if not words:
        raise BadInputError("The selection is empty.", _HINT)
    everything = list(images)
    wanted: dict[str, set[str]] = {}
    ids: set[str] = set()
    for word in words:
        key, separator, value = word.partition(":")
        if separator:
            wanted.setdefault(_checked(key, value), set()).add(value)
        elif word != "all":
            ids.add(_id_for(word, everything))
    return [image for image in everything if _is_meant(image, ids, wanted)]


def _checked(key: str, value: str) -> str:
    if key not in _VALUES:
        raise BadInputError(f"{key}:{value} cannot be selected by.", _HINT)
    if key in _KNOWN and value not in _KNOWN[key]:
        raise BadInputError(f"There is no {key} called {value!r}.", _HINT)
    return key


def _id_for(word: str, images: list[ImageRecord]) -> str:
    found = [image.id for image in images if image.id.startswith(word)]
    if word in found or (len(found) == 1 and len(word) >= _FEWEST_ID_LETTERS):
        return word if word in found else found[0]
    if len(found) > 1:
        raise BadInputError(
            f"{len(found)} images have an id that begins with {word}.", "Write more of it."
        )
    raise BadInputError(f"There is no image whose id is {word}.", _HINT)


def _is_meant(image: ImageRecord, ids: set[str], wanted: dict[str, set[str]]) -> bool:
    if ids and image.id not in ids:
        return False
    if (
        image.state is State.TRASHED
        and not ids
        and State.TRASHED.value not in wanted.get("state", ())
    ):
        return False
    return all(not values.isdisjoint(_VALUES[key](image)) for key, values in wanted.items())
