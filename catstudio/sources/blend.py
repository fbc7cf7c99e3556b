"""Blends: two or more photos made into one, by laying over, cutting, pasting or morphing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.sources.base import Kind, Parameter, Source
from catstudio.sources.seed import STRENGTH


class Mode(Struct, frozen=True, kw_only=True):
    """One way to blend.

    ``says`` ends the sentence that tells of such an image. ``uses`` are the names of the settings
    that it reads besides ``mode`` and ``size``; ``most_parents`` how many photos an image may be
    made of. ``takes_mask`` is true where a mask of the first photo's subject is understood,
    ``wants_like_pose`` where partners are chosen that resemble the first photo.
    """

    id: str
    title: str
    summary: str
    says: str
    uses: tuple[str, ...]
    most_parents: int = 2
    takes_mask: bool = False
    wants_like_pose: bool = False


MODES = {
    mode.id: mode
    for mode in (
        Mode(
            id="foreground",
            title="Swap the background",
            summary="One photo's subject, cut out, in the surroundings of another.",
            says="by swapping the background",
            uses=("variety", "segmenter"),
            takes_mask=True,
        ),
        Mode(
            id="poisson",
            title="Seamless paste",
            summary="One photo's subject, its edge melting into the other photo without a seam.",
            says="by a seamless paste",
            uses=("variety", "segmenter"),
            takes_mask=True,
        ),
        Mode(
            id="morph",
            title="Morph",
            summary="Shapes and colours halfway between two, along points that match.",
            says="by morphing",
            uses=("balance", "variety", "segmenter"),
            wants_like_pose=True,
        ),
        Mode(
            id="seed",
            title="Seed diffusion",
            summary="The layout of two, redrawn with patches of all. At most 256 px.",
            says="by seed diffusion",
            uses=("balance", "strength"),
        ),
        Mode(
            id="cutmix",
            title="CutMix",
            summary="A box of one photo set into another. For the classifier, not for the eye.",
            says="by CutMix",
            uses=("parents", "alpha", "variety"),
            most_parents=4,
        ),
        Mode(
            id="mixup",
            title="MixUp",
            summary="A weighted mean with weights by chance. For the classifier, not for the eye.",
            says="by MixUp",
            uses=("parents", "alpha", "variety"),
            most_parents=4,
        ),
        Mode(
            id="overlay",
            title="Overlay",
            summary="One photo shines through another, with weights that you set.",
            says="by laying one over the other",
            uses=("parents", "balance", "variety"),
            most_parents=4,
            wants_like_pose=True,
        ),
    )
}
SEED_SIZE = 256
"""The largest side in pixels that seed diffusion draws."""

SOURCE = Source(
    id="blend",
    title="Blend",
    summary="Two or more photos mixed into a new one: new points, with seams and ghosts.",
    icon="layers",
    is_real=False,
    entry="catstudio.engine.blend:run",
    min_seeds=2,
    mask_title="the first photo's subject, white; 128 is decided by colour",
    note="A blend is labelled as its parents are. Look at each result before you train on it.",
    parameters=(
        Parameter(
            name="mode",
            title="Mode",
            kind=Kind.CHOICE,
            default="foreground",
            choices=tuple((mode.id, mode.title) for mode in MODES.values()),
            help="How the photos become one.",
        ),
        Parameter(
            name="size",
            title="Size",
            kind=Kind.INT,
            default=256,
            low=64,
            high=1024,
            step=64,
            unit="px",
        ),
        Parameter(
            name="balance",
            title="Balance",
            kind=Kind.FLOAT,
            default=0.5,
            low=0.0,
            high=1.0,
            step=0.05,
            help="0 is the first parent, 1 the second. Photos of like pose blend best.",
        ),
        Parameter(
            name="variety",
            title="Variety",
            kind=Kind.FLOAT,
            default=0.5,
            low=0.0,
            high=1.0,
            step=0.05,
            help="How far place, size, mirroring and balance differ from image to image.",
        ),
        Parameter(
            name="parents",
            title="Photos an image",
            kind=Kind.INT,
            default=2,
            low=2,
            high=4,
            step=1,
            help="How many photos each image is made of.",
            is_advanced=True,
        ),
        Parameter(
            name="alpha",
            title="Alpha",
            kind=Kind.FLOAT,
            default=1.0,
            low=0.05,
            high=8.0,
            step=0.05,
            help="Shares follow Beta(alpha, alpha): below 1 one photo prevails, above 1 halves do.",
            is_advanced=True,
        ),
        Parameter(
            name="segmenter",
            title="Cut out by",
            kind=Kind.TEXT,
            default="auto",
            help=(
                "auto: a segmentation model if one is on this computer, GrabCut if not; grabcut; "
                "or a model's folder or hub id."
            ),
            is_advanced=True,
        ),
        STRENGTH,
    ),
)


def options(given: dict[str, Any]) -> dict[str, Any]:
    """The settings that the chosen mode uses, checked and with defaults filled in.

    Raises :class:`BadInputError` as :meth:`Source.options` does, and for more photos an image
    than the mode takes.
    """
    every = SOURCE.options(given)
    mode = MODES[every["mode"]]
    if "parents" in given and every["parents"] > mode.most_parents:
        raise BadInputError(
            f"{mode.title} makes an image of {mode.most_parents} photos, not {every['parents']}.",
            f"Leave the number out, or use one of: {', '.join(_many())}.",
        )
    names = ("mode", "size", *mode.uses)
    return {name: every[name] for name in names}


def _many() -> list[str]:
    return [mode.id for mode in MODES.values() if mode.most_parents > 2]
