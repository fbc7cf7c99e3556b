"""The rungs of the ladder: what each is trained on, and how it is called."""

from __future__ import annotations

from msgspec import Struct

from catstudio.core.types import ImageRecord, Split

COPIES = 30_000
CONFIDENT = 0.8
"""From this probability on, "cat" counts as said with confidence; the turkey test's figure too."""
CAT, REST = "cat", "not-cat"
EXAMPLES = "CatStudio's example photos"
"""The origin of the free photos, which tells them from a person's own."""
SQUARE = "grey-square.png"

FIRST, HELD, REAL, ASIDE, GREY = "first", "held", "real", "aside", "square"


class Amounts(Struct, frozen=True):
    """How many images the making rungs make: drawings and generated images of each label."""

    drawn: int = 6
    blended: int = 12
    varied: int = 24
    generated: int = 4


class Plan(Struct, frozen=True):
    """One rung.

    ``uses`` are the kinds of images (see :func:`kind_of`) that it is trained on; ``adds`` is the
    generating source that it brings in, "" for none; ``against`` the rung that it is compared
    with, "" for the first.
    """

    id: str
    title: str
    what: str
    uses: frozenset[str]
    adds: str = ""
    against: str = "one"


_ONE = frozenset({FIRST})
_DRAWN = _ONE | {"drawing"}
_BLENDED = _DRAWN | {"blend"}
_VARIED = _BLENDED | {"augment"}
_SEEDED = _VARIED | {"seed"}
_MADE = _SEEDED | {"diffusers"}

RUNGS = (
    Plan("one", "One photo", "One photo of a cat, and nothing else.", _ONE, against=""),
    Plan(
        "copies",
        f"{COPIES:,} copies",
        f"The photo {COPIES:,} times, against {COPIES:,} copies of a grey square.",
        _ONE | {GREY},
    ),
    Plan(
        "drawing",
        "Drawings",
        "The photo once, with drawn cats, against drawings of other things.",
        _DRAWN,
        adds="drawing",
    ),
    Plan(
        "blends",
        "Blends",
        "And the photo and the drawn cats, cut out or laid over one another.",
        _BLENDED,
        adds="blend",
        against="drawing",
    ),
    Plan(
        "augmented",
        "Augmentations",
        "And the photo flipped, cropped and recoloured.",
        _VARIED,
        adds="augment",
        against="blends",
    ),
    Plan(
        "seed",
        "Seed diffusion",
        "And variations of the photo, repainted from its own patches.",
        _SEEDED,
        adds="seed",
        against="augmented",
    ),
    Plan(
        "generated",
        "Generated",
        "And cats and other things out of a diffusion model.",
        _MADE,
        adds="diffusers",
        against="seed",
    ),
    Plan(
        "real",
        "Real photos",
        "Real photos alone, of cats and of other things.",
        _ONE | {REAL},
    ),
    Plan(
        "together",
        "Everything together",
        "The real photos and everything that was made.",
        _MADE | {REAL},
        against="real",
    ),
)
"""In the order of the climb."""


def kind_of(image: ImageRecord) -> str:
    """What the ladder takes an image for: the first photo, one that is held out, another real
    photo, one set aside as a near-copy of another, the grey square, or else its source's id."""
    if image.split in (Split.TEST, Split.VAL):
        return HELD
    if image.is_real:
        if image.split is None:
            return ASIDE
        is_first = image.label == CAT and image.provenance.origin == EXAMPLES
        return FIRST if is_first else REAL
    return GREY if image.name == SQUARE else image.source
