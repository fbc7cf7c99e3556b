"""What the panel asks for, before the project is read: plain values, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from catstudio.sources import Source

LABEL_COUNT = 8
"""How many images are made when nobody says."""

_IMPORTS = {"photo": "photos", "vendor": "photos", "drawing": "drawings"}
_VERBS = {"augment": "Augment {n:,}", "blend": "Blend {n:,}"}


@dataclass(frozen=True)
class ImportAsk:
    """Bring files in. ``label`` None decides later; ``split`` None lets it be drawn."""

    paths: tuple[str, ...]
    source: str
    label: str | None
    split: str | None = None
    origin: str = ""
    license: str = ""
    author: str = ""
    keeps_location: bool = False


@dataclass(frozen=True)
class GenerateAsk:
    """Make images. ``template`` is the prompt as typed; ``seeds`` None takes the label's photos.

    ``guide`` is the id of an image whose layout is followed; ``mask`` a PNG, see
    :class:`~catstudio.jobs.requests.GenerateRequest`.
    """

    method: str
    label: str
    count: int
    template: str = ""
    seed: int = 0
    seeds: tuple[str, ...] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    accept: bool = False
    guide: str | None = None
    mask: bytes = b""


@dataclass(frozen=True)
class CopyAsk:
    """Count images ``weight`` times. ``ids`` None takes all accepted images of ``label`` that may
    be trained on."""

    label: str
    weight: int
    ids: tuple[str, ...] | None = None


def plural(label: str, n: int) -> str:
    """``1 cat``, ``8 cats``; a label that is no plain word stays as it is: ``8 × not-cat``."""
    if not (label.isascii() and label.isalpha() and label.islower()):
        return f"{n:,} × {label}"
    if n == 1:
        return f"1 {label}"
    if label.endswith(("s", "x", "z", "ch", "sh")):
        return f"{n:,} {label}es"
    if label.endswith("y") and label[-2:-1] not in tuple("aeiou"):
        return f"{n:,} {label[:-1]}ies"
    return f"{n:,} {label}s"


def button_text(source: Source, label: str, count: int) -> str:
    """What pressing the button will do."""
    if source.id == "copy":
        return f"Count {count:,} times"
    if source.is_generator:
        return _VERBS.get(source.id, "Generate " + plural(label, count)).format(n=count)
    return f"Import {_IMPORTS.get(source.id, 'images')}…"
