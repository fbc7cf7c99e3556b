""" "Make it real": a drawing to photographs, by a diffusion model or by the label's own photos."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from catstudio.core.errors import NotPossibleError
from catstudio.jobs.requests import GenerateRequest
from catstudio.models import ModelEntry, ModelRegistry
from catstudio.sources import source
from catstudio.studio import Studio

COUNT = 4
_SEEDS = 2**31


@dataclass(frozen=True)
class Way:
    """How drawings become real here: ``method`` is the id of a source, "" when none can.

    ``why`` is one sentence for people: what will be done, or what is missing.
    """

    method: str
    why: str
    model: str = ""

    @property
    def is_possible(self) -> bool:
        return bool(self.method)


@dataclass(frozen=True)
class Wish:
    """What is wanted of a drawing; ``options`` are those that the panel last used, by source."""

    label: str
    prompt: str = ""
    count: int = COUNT
    strength: float = 0.7
    options: dict[str, dict[str, Any]] = field(default_factory=dict)


def choose(models: Iterable[ModelEntry], wanted: str, label: str, photos: int) -> Way:
    """The best way there is: the model called ``wanted`` or the first, else the label's photos.

    ``photos`` counts accepted photos of ``label`` that nothing is tested on.
    """
    usable = [model for model in models if model.kind == "text-to-image"]
    if usable:
        model = next((one for one in usable if one.id == wanted), usable[0])
        why = f"{model.title} redraws the drawing as a photograph (image to image)."
        return Way("diffusers", why, model.id)
    if photos:
        of = "the photo" if photos == 1 else f"the {photos:,} photos"
        why = (
            "There is no diffusion model on this computer, so seed diffusion fills the drawing "
            f"with patches of {of} labelled {label}."
        )
        return Way("seed", why)
    return Way(
        "",
        f"This needs a photo labelled {label}, whose patches fill the drawing, or a diffusion model. "
        "Add one of the two first.",
    )


def look(studio: Studio, wish: Wish) -> Way:
    """The way for ``wish`` in this project, on this computer; for background threads."""
    counts = {one.label: one.train + one.undrawn for one in studio.readiness().labels}
    wanted = str(wish.options.get("diffusers", {}).get("model", ""))
    return choose(ModelRegistry().list(), wanted, wish.label, counts.get(wish.label, 0))


def request(studio: Studio, drawing_id: str, wish: Wish) -> GenerateRequest:
    """The job for ``wish``; for background threads.

    Raises :class:`NotPossibleError` when neither a model nor a photo is there, and what
    :meth:`Studio.generate_request` raises.
    """
    way = look(studio, wish)
    if not way.is_possible:
        raise NotPossibleError("The drawing cannot be made real yet.", way.why)
    known = {parameter.name for parameter in source(way.method).parameters}
    last = wish.options.get(way.method, {})
    options = {name: value for name, value in last.items() if name in known}
    prompts: tuple[str, ...] = ()
    if way.method == "diffusers":
        prompt = wish.prompt.strip() or default_prompt(wish.label)
        options |= {"model": way.model, "prompt": prompt, "strength": wish.strength}
        prompts = (prompt,)
    return studio.generate_request(
        way.method,
        wish.label,
        wish.count,
        seeds=[drawing_id] if way.method == "diffusers" else None,
        guide=drawing_id if way.method == "seed" else None,
        prompts=prompts,
        seed=random.randrange(_SEEDS),
        options=options,
    )


def default_prompt(label: str) -> str:
    """What a model is told when nobody says anything."""
    return f"a photo of a {label}"
