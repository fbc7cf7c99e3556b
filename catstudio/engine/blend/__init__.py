"""Blends of two or more photos; see :mod:`catstudio.sources.blend`. Imports torch and cv2, no Qt.

The parents and parameters of an image are drawn from its own seed, put on record, and worked on
pixels (:mod:`modes`) or handed to seed diffusion.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from catstudio.core.errors import BadInputError
from catstudio.engine.blend.job import generate
from catstudio.engine.blend.modes import BLENDS
from catstudio.engine.seed_diffusion import one_torch_thread, run_blend
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest
from catstudio.sources import blend as source


@one_torch_thread()
def run(request: GenerateRequest, context: JobContext) -> dict[str, Any]:
    """Make ``request.count`` blends of ``request.seeds``; image i comes from ``request.seed + i``.

    Raises :class:`BadInputError` for a setting out of range or a mask that does not fit,
    :class:`NotPossibleError` with fewer than two readable parents or without the segmentation
    model that was named, :class:`ModelFileError` when that cannot be used, and
    :class:`CancelledError`. A parent that cannot be read is warned of once and the next one
    takes its place.
    """
    options = source.options(request.options)
    mode = source.MODES[options["mode"]]
    if request.mask and not mode.takes_mask:
        takers = ", ".join(one.id for one in source.MODES.values() if one.takes_mask)
        raise BadInputError(f"{mode.title} takes no mask.", f"Leave it out, or use: {takers}.")
    if mode.id == "seed":
        return run_blend(_small_enough(request, options["size"], context), context)
    return generate(request, context, options, BLENDS[mode.id])


def _small_enough(request: GenerateRequest, size: int, context: JobContext) -> GenerateRequest:
    """``request`` at a size that seed diffusion draws; says so where that is not what was asked."""
    most = source.SEED_SIZE
    if size <= most:
        return request
    context.warn(
        f"Seed diffusion draws at most {most} px: these blends are {most} px, not {size}.",
        "Enlarge them afterwards, or choose another mode.",
    )
    return replace(request, options={**request.options, "size": most})


__all__ = ["run"]
