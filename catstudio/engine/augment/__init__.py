"""Augmentation: one photo flipped, cropped, turned, recoloured; every parameter on record.

The parameters of an image are drawn first, as plain JSON (:mod:`plans`), and then applied
(:mod:`pixels`): what stands in the provenance is what was done, and applying it again gives the
same image. Imports torch and kornia, no Qt.
"""

from __future__ import annotations

from typing import Any

from catstudio.core.types import Parent
from catstudio.engine.album import Album, jpeg, png
from catstudio.engine.augment.pixels import apply_plan, to_bytes
from catstudio.engine.augment.plans import draw_plan
from catstudio.engine.seed_diffusion import one_torch_thread
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest
from catstudio.sources import augment as source

_SPARE = 1.4
"""Pixels of a parent kept beyond the output's side, so that a tight crop stays sharp."""


@one_torch_thread()
def run(request: GenerateRequest, context: JobContext) -> dict[str, Any]:
    """Augment ``request.seeds`` in turn; image i comes from ``request.seed + i`` and its parent.

    Raises :class:`BadInputError` for a setting out of range, :class:`NotPossibleError` when no
    parent can be read, and :class:`CancelledError`. A parent that cannot be read is warned of
    once and the next one takes its place.
    """
    options = source.SOURCE.options(request.options)
    recipe, size = source.recipe(options), int(options["size"])
    album = Album(request.seeds, round(_SPARE * size), context)
    for index in range(request.count):
        context.check_cancelled()
        seed = request.seed + index
        parent, photo = album.photo(seed)
        plan = draw_plan(photo.width, photo.height, recipe, seed)
        image = to_bytes(apply_plan(photo, plan, size))
        context.image(
            png(image, request.is_trial),
            f"{request.label}-augmented-{seed}.png",
            parents=(Parent(parent.id, 1.0),),
            method="augmentation",
            # A setting that was left to the preset says nothing that the plan does not.
            params={**{k: v for k, v in options.items() if v != ""}, "seed": seed, "plan": plan},
        )
        small = None if request.is_trial else jpeg(image)
        context.progress(index + 1, request.count, f"Image {index + 1} of {request.count}", small)
    return {"made": request.count, "kept": request.count}


__all__ = ["apply_plan", "draw_plan", "run", "to_bytes"]
