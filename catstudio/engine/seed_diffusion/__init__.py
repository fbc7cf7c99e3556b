"""Seed diffusion: new images from one to twenty photos, with no weights. Imports torch, no Qt.

A closed-form diffusion model of the seeds' own patches (see :mod:`denoise`), started from a
window of a seed that is turned, zoomed, lit and gently bent (see :mod:`layout`).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from torch import Generator

from catstudio.core.errors import NotPossibleError
from catstudio.core.pixels import open_rgb
from catstudio.engine.seed_diffusion import recipes
from catstudio.engine.seed_diffusion.bank import SeedBank
from catstudio.engine.seed_diffusion.job import generate, one_torch_thread
from catstudio.engine.seed_diffusion.photos import SeedPhoto, load_photos, prepare
from catstudio.engine.seed_diffusion.recipes import Recipe
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest
from catstudio.sources import blend as blend_source
from catstudio.sources import seed as seed_source

METHODS = {
    "variation": "seed diffusion, warped layout",
    "noise": "seed diffusion from noise",
}


@one_torch_thread()
def run(request: GenerateRequest, context: JobContext) -> dict[str, Any]:
    """Make ``request.count`` images of the request's seeds; see :mod:`catstudio.sources.seed`.

    With a guide its layout is filled with the seeds' patches, whatever the mode.

    Raises :class:`BadInputError` for a setting out of range, :class:`NotPossibleError` when no
    seed can be read, :class:`ImageRefusedError` when the guide cannot, and
    :class:`CancelledError`.
    """
    options = seed_source.SOURCE.options(request.options)
    variety, mode = options["variety"], options["mode"]
    photos = _photos(request, context, options["size"])
    if request.guide is not None:
        drawing = prepare(request.guide.id, open_rgb(request.guide.path), options["size"])
        bank = SeedBank.fit(photos, options["size"], options["strength"], is_drawn=True)

        def fill(_seed: int, generator: Generator) -> tuple[Recipe, dict[str, Any]]:
            return recipes.from_drawing(bank, drawing, variety, generator), {"guide": drawing.id}

        return generate(bank, fill, context, request, "seed diffusion, drawn layout", options)
    bank = SeedBank.fit(photos, options["size"], options["strength"])
    make = recipes.variation if mode == "variation" else recipes.noise

    def cook(seed: int, generator: Generator) -> tuple[Recipe, dict[str, Any]]:
        anchor = seed % len(photos)
        recipe = make(bank, anchor, variety, generator)
        return recipe, {"layout": recipe.pose.params(photos[anchor])}

    return generate(bank, cook, context, request, METHODS[mode], options)


@one_torch_thread()
def run_blend(request: GenerateRequest, context: JobContext) -> dict[str, Any]:
    """Make ``request.count`` blends of two seeds each; see :mod:`catstudio.sources.blend`.

    Raises as :func:`run`, and :class:`NotPossibleError` with fewer than two readable seeds.
    """
    options = blend_source.options({**request.options, "mode": "seed"})
    photos = _photos(request, context, options["size"])
    if len(photos) < 2:
        raise NotPossibleError(
            "A blend needs two photos and there is one.", "Add or select a second photo."
        )
    labels = {seed.label or request.label for seed in request.seeds}
    if len(labels) == 1:
        # A blend is labelled as its parents are.
        request = replace(request, label=labels.pop())
    bank = SeedBank.fit(photos, options["size"], options["strength"])

    def cook(seed: int, generator: Generator) -> tuple[Recipe, dict[str, Any]]:
        first = seed % len(photos)
        second = (first + 1 + seed // len(photos) % (len(photos) - 1)) % len(photos)
        recipe = recipes.blend(bank, first, second, options["balance"], generator)
        return recipe, {"layout": recipe.pose.params(photos[first])}

    return generate(bank, cook, context, request, "seed diffusion, blended layout", options)


def _photos(request: GenerateRequest, context: JobContext, size: int) -> list[SeedPhoto]:
    context.progress(0, request.count, "Reading the seed photos")
    return load_photos(request.seeds, size, context)


__all__ = ["SeedBank", "one_torch_thread", "run", "run_blend"]
