"""The blend job: parents drawn, blended by the chosen mode, handed over with all that was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.types import Parent
from catstudio.engine.album import Album, jpeg, png
from catstudio.engine.blend.arrays import Pixels
from catstudio.engine.blend.cutting import Cutter
from catstudio.engine.blend.poses import Poses, Shown
from catstudio.engine.parent_labels import label_shares, labelled
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest
from catstudio.sources.blend import MODES

_SPARE = 1.4
"""Pixels of a parent kept beyond the image's side, so that a close window stays sharp."""

_PARTNERS = 6
"""Photos of which the one most like the first is taken, where likeness makes the blend."""


@dataclass(frozen=True, slots=True)
class Made:
    """One blend: its pixels and, in the order of its parents, what part of it each is.

    ``labelled_by`` is the index of the parent whose label it has; None for all, by their shares.
    """

    pixels: Pixels
    shares: list[float]
    params: dict[str, Any]
    score: float | None = None
    flags: tuple[str, ...] = ()
    labelled_by: int | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """What a mode works with: the settings, who cuts out, the job's context and its warnings."""

    options: dict[str, Any]
    cutter: Cutter
    context: JobContext
    said: set[str]

    def warn_once(self, message: str, hint: str) -> None:
        """Say something of one image that may be true of many."""
        if message not in self.said:
            self.said.add(message)
            self.context.warn(message, hint)

    @property
    def size(self) -> int:
        return int(self.options["size"])

    @property
    def variety(self) -> float:
        return float(self.options["variety"])


Blend = Callable[[Bench, list[Shown], Generator], Made]


def generate(
    request: GenerateRequest, context: JobContext, options: dict[str, Any], blend: Blend
) -> dict[str, Any]:
    """Make ``request.count`` images by ``blend``; image i comes from ``request.seed + i``.

    Raises :class:`NotPossibleError` when fewer than two parents can be read, and
    :class:`BadInputError` when there is a mask and its photo cannot.
    """
    album = Album(request.seeds, round(_SPARE * options["size"]), context)
    cutter = Cutter(request, options.get("segmenter", "grabcut"), context)
    bench = Bench(options, cutter, context, set())
    wanted = int(options.get("parents", 2))
    is_choosy = MODES[options["mode"]].wants_like_pose
    poses = Poses()
    for index in range(request.count):
        context.check_cancelled()
        said = f"Image {index + 1} of {request.count}"
        context.progress(index, request.count, said)
        seed = request.seed + index
        order = _order(request, options["mode"], seed)
        shown = album.take(order, max(wanted, _PARTNERS) if is_choosy else wanted)
        if is_choosy:
            shown = poses.most_alike(shown)[:wanted]
        if len(shown) < 2:
            raise NotPossibleError(
                f"A blend needs two photos, and {len(shown)} of the chosen ones can be read.",
                "Add or select another photo.",
            )
        if request.mask and shown[0][0].id != request.seeds[0].id:
            raise BadInputError(
                "The photo that the mask was painted on cannot be read.",
                "Leave it out, and the mask with it.",
            )
        made = blend(bench, shown, np.random.default_rng([seed, 1]))
        _hand_over(request, context, options, seed, shown, made)
        preview = None if request.is_trial else jpeg(made.pixels)
        context.progress(index + 1, request.count, said, preview)
    return {"made": request.count, "kept": request.count}


def _order(request: GenerateRequest, mode: str, seed: int) -> list[int]:
    """The parents' order of preference for the image with ``seed``.

    The subject of a swap or paste is the photo that the mask belongs to, or else one of the
    request's label: ``label`` says what is wanted, the others lend their surroundings.
    """
    drawn = [int(k) for k in np.random.default_rng([seed, 0]).permutation(len(request.seeds))]
    if not MODES[mode].takes_mask:
        return drawn
    if request.mask:
        return [0, *(k for k in drawn if k != 0)]
    own = [k for k in drawn if request.seeds[k].label in (None, request.label)]
    return own[:1] + [k for k in drawn if k not in own[:1]]


def _hand_over(
    request: GenerateRequest,
    context: JobContext,
    options: dict[str, Any],
    seed: int,
    shown: list[Shown],
    made: Made,
) -> None:
    parents = tuple(
        Parent(parent.id, round(share, 4))
        for (parent, _), share in zip(shown, made.shares, strict=True)
        if share > 0
    )
    seeds = [parent for parent, _ in shown]
    if made.labelled_by is not None:
        by = seeds[made.labelled_by]
        label = by.label or request.label
        soft: dict[str, Any] = {"label_from": by.id}
    else:
        label, soft = labelled(label_shares(parents, seeds, request.label))
    context.image(
        png(made.pixels),
        f"{label}-{options['mode']}-{seed}.png",
        parents=tuple(sorted(parents, key=lambda parent: -parent.share)),
        method=options["mode"],
        params={
            **options,
            "seed": seed,
            "order": [parent.id for parent in seeds],
            **made.params,
            **soft,
        },
        score=made.score,
        flags=made.flags,
        label=label,
    )
