"""A segmentation model, when one is on this computer, as the one who cuts out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.engine.blend.arrays import Map, Pixels
from catstudio.models.hub import hub_cache, is_hub_id

_KIND = "ForSemanticSegmentation"
_NO_THINGS = frozenset(
    "background other wall sky floor ceiling ground earth grass road sidewalk path water sea sand "
    "field mountain hill tree plant curtain rug carpet building fence".split()
)
"""Classes that are surroundings: never what a photo was taken of, unless its label says so."""


@dataclass(frozen=True, slots=True)
class SegmentationModel:
    """A model on this computer: what provenance calls it, and its folder."""

    id: str
    folder: Path


def chosen_model(choice: str) -> SegmentationModel | None:
    """The model that ``choice`` names; None for GrabCut.

    "grabcut" never takes one, "auto" the first of the hub's cache if there is any; everything
    else is a folder or a hub id. Never reaches the network.

    Raises :class:`NotPossibleError` for one that is not here, :class:`ModelFileError` for one
    that is not for semantic segmentation or has no safetensors weights.
    """
    if choice == "grabcut":
        return None
    if choice == "auto":
        return next(_cached(), None)
    folder = Path(choice).expanduser()
    if not folder.is_dir() and is_hub_id(choice):
        found = _snapshot(choice)
        if found is None:
            raise NotPossibleError(
                f"The segmentation model {choice} is not on this computer.",
                "Download it first, or cut out by grabcut.",
            )
        folder = found
    if not folder.is_dir():
        raise NotPossibleError(
            f"There is no segmentation model called {choice!r}.",
            "Give auto, grabcut, a model's folder or a hub id.",
        )
    if problem := _problem(folder):
        raise ModelFileError(f"{folder} cannot cut out: {problem}.", "Use auto or grabcut.")
    return SegmentationModel(choice if is_hub_id(choice) else folder.resolve().name, folder)


class Segmenter:
    """A loaded model for semantic segmentation, on the CPU."""

    def __init__(self, model: Any, processor: Any, names: dict[int, str]) -> None:
        self._model = model
        self._processor = processor
        self._names = names

    @classmethod
    def load(cls, found: SegmentationModel) -> Segmenter:
        """Load from disk. Raises :class:`ModelFileError` when its files do not fit together."""
        from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation

        here = {"local_files_only": True}
        try:
            make_processor: Any = AutoImageProcessor.from_pretrained
            processor = make_processor(found.folder, **here)
            model = AutoModelForSemanticSegmentation.from_pretrained(
                found.folder, use_safetensors=True, **here
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelFileError(
                f"The segmentation model {found.id} cannot be loaded: {str(error).splitlines()[0]}",
                "Download it again, or cut out by grabcut.",
            ) from error
        names = {int(k): str(v).lower() for k, v in model.config.id2label.items()}
        return cls(model.eval(), processor, names)

    def subject(self, photo: Pixels, label: str) -> Map:
        """How likely each pixel of ``photo`` shows its subject: float32 [height, width].

        The subject is the class called like ``label``; where there is none, the class that
        prevails in the middle and is not surroundings.
        """
        inputs = self._processor(images=photo, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**inputs).logits[0].float()
        chances = torch.softmax(logits, 0).numpy()
        wanted = self._wanted(label) or [self._prevailing(chances)]
        chance = chances[wanted].sum(0)
        size = photo.shape[1], photo.shape[0]
        found: Map = np.clip(cv2.resize(chance, size, interpolation=cv2.INTER_LINEAR), 0, 1)
        return found

    def _wanted(self, label: str) -> list[int]:
        word = label.strip().lower()
        return [
            k
            for k, name in self._names.items()
            if word in {part.strip() for part in name.replace(";", ",").split(",")}
        ]

    def _prevailing(self, chances: np.ndarray[Any, np.dtype[np.float32]]) -> int:
        _, height, width = chances.shape
        y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
        middle = np.exp(-2 * (x**2 + y**2))
        weight = (chances * middle).sum((1, 2))
        surroundings = [
            k
            for k, name in self._names.items()
            if k < len(weight) and set(name.replace(",", " ").split()) & _NO_THINGS
        ]
        if len(surroundings) < len(weight):
            weight[surroundings] = -1
        return int(weight.argmax())


def _cached() -> Iterator[SegmentationModel]:
    """The usable models of the hub's cache, by id."""
    cache = hub_cache()
    if not cache.is_dir():
        return
    for folder in sorted(cache.glob("models--*--*")):
        id_ = folder.name.removeprefix("models--").replace("--", "/", 1)
        found = _snapshot(id_)
        if found is not None and not _problem(found):
            yield SegmentationModel(id_, found)


def _snapshot(hub_id: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(hub_id, "config.json", cache_dir=hub_cache())
    return Path(found).parent if isinstance(found, str) else None


def _problem(folder: Path) -> str:
    """Why the model in ``folder`` cannot be used; "" if it can."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "it has no config.json that can be read"
    kinds = config.get("architectures") if isinstance(config, dict) else None
    if not any(str(kind).endswith(_KIND) for kind in kinds or ()):
        return "it is no model for semantic segmentation"
    if not (folder / "preprocessor_config.json").is_file():
        return "its preprocessor_config.json is missing"
    if not any(folder.glob("*.safetensors")):
        return "it has no .safetensors file"
    return ""
