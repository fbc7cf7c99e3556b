"""Filling the ladder's project: imports with their credits, drawings, and what generators make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catstudio.core.types import ImageRecord
from catstudio.studio.door import Studio
from catstudio.studio.ladder import drawings
from catstudio.studio.ladder.photos import FreePhoto
from catstudio.studio.ladder.rungs import CAT, EXAMPLES, FIRST, REST, Amounts, kind_of

Run = Callable[[Any], dict[str, Any]]

_SCENES = (
    "a photo of a cat on a sofa",
    "a photo of a cat in the grass",
    "a close-up photo of a cat's face",
    "a photo of a cat on a window sill at night",
)
_OTHERS = (
    "a photo of a dog in the grass",
    "a photo of a living room",
    "a photo of a parked car",
    "a photo of a bird on a branch",
)


class Maker:
    """Makes what is missing, and only that, in the project of ``studio``; ``run`` does a job."""

    def __init__(self, studio: Studio, run: Run) -> None:
        self._studio = studio
        self._run = run

    def import_free(self, photo: FreePhoto) -> None:
        """Bring in one free photo, to be trained on, with its credit."""
        request = self._studio.import_request(
            [photo.path],
            label=photo.label,
            source="photo" if photo.label == CAT else "vendor",
            split="train",
            origin=EXAMPLES,
            license=photo.license,
            author=photo.author,
        )
        self._run(request)

    def make(self, source: str, amounts: Amounts) -> None:
        """Draw, blend, augment or vary as many as ``amounts`` says."""
        if source == "drawing":
            self._draw(amounts.drawn)
        elif source == "blend":
            self._blend(amounts.blended)
        else:
            have = len(self._of(source))
            if have < amounts.varied:
                missing = amounts.varied - have
                self._generate(source, CAT, missing, self._first(), have, {})

    def generate(self, model: str, count: int) -> None:
        """Make ``count`` images of each label with a diffusion model."""
        for label, scenes in ((CAT, _SCENES), (REST, _OTHERS)):
            have = sum(image.label == label for image in self._of("diffusers"))
            if have >= count:
                continue
            prompts = [scenes[k % len(scenes)] for k in range(have, count)]
            request = self._studio.generate_request(
                "diffusers",
                label,
                count - have,
                seeds=(),
                prompts=prompts,
                seed=have,
                options={"model": model, "prompt": prompts[0]},
                accept=True,
            )
            self._run(request)

    def _draw(self, count: int) -> None:
        for label, draw in ((CAT, drawings.cat), (REST, drawings.other_thing)):
            blobs = [(f"drawn-{label}-{n + 1}.png", draw(n)) for n in range(count)]
            request = self._studio.import_request(blobs=blobs, label=label, source="drawing")
            self._run(request)

    def _blend(self, count: int) -> None:
        """The photo with each drawn cat in turn, cut out or laid over one another in turn."""
        drawn = [i.id for i in self._of("drawing") if i.label == CAT]
        there = {image.provenance.params.get("seed") for image in self._of("blend")}
        for n in range(count):
            if n not in there:
                seeds = (*self._first(), drawn[n // 2 % len(drawn)])
                mode = {"mode": ("foreground", "overlay")[n % 2]}
                self._generate("blend", CAT, 1, seeds, n, mode)

    def _generate(
        self,
        source: str,
        label: str,
        count: int,
        seeds: tuple[str, ...],
        seed: int,
        options: dict[str, Any],
    ) -> None:
        request = self._studio.generate_request(
            source, label, count, seeds=seeds, seed=seed, options=options, accept=True
        )
        self._run(request)

    def _first(self) -> tuple[str, ...]:
        return tuple(i.id for i in self._studio.images() if kind_of(i) == FIRST)

    def _of(self, source: str) -> list[ImageRecord]:
        return [image for image in self._studio.images() if kind_of(image) == source]
