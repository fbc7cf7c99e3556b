"""A segmentation model, when one is on this computer, as the one who cuts out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from safetensors import SafetensorError

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.engine.blend.arrays import Map, Pixels
from catstudio.engine.blend.windows import subject_box
from catstudio.models.hub import hub_cache, is_hub_id
from catstudio.models.registry import ModelRegistry

_SEMANTIC, _PROMPTED = "ForSemanticSegmentation", "SamModel"
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
"""Files that say how a photo is handed to a model, as transformers 4 and 5 write them."""
_NO_THINGS = frozenset(
    "background other wall sky floor ceiling ground earth grass road sidewalk path water sea sand "
    "field mountain hill tree plant curtain rug carpet building fence".split()
)
"""Classes that are surroundings: never what a photo was taken of, unless its label says so."""


@dataclass(frozen=True, slots=True)
class SegmentationModel:
    """A model on this computer: what provenance calls it, its folder, and its class's ending."""

    id: str
    folder: Path
    kind: str


def chosen_model(choice: str) -> SegmentationModel | None:
    """The model that ``choice`` names; None for GrabCut.

    "grabcut" never takes one, "auto" the first that is registered or in the hub's cache, if
    any; everything else is the id of a registered model, a folder or a hub id. Never reaches the network.

    Raises :class:`NotPossibleError` for one that is not here, :class:`ModelFileError` for one
    that is neither for semantic segmentation nor Segment Anything, or has no safetensors weights.
    """
    if choice == "grabcut":
        return None
    if choice == "auto":
        return next(_here(), None)
    folder, id_ = _folder(choice)
    kind, problem = _look_at(folder)
    if problem:
        raise ModelFileError(f"{folder} cannot cut out: {problem}.", "Use auto or grabcut.")
    return SegmentationModel(id_, folder, kind)


def _folder(choice: str) -> tuple[Path, str]:
    """The folder that ``choice`` names, and what provenance calls it."""
    registered = {entry.id: entry.path for entry in ModelRegistry().registered()}
    if choice in registered:
        return Path(registered[choice]), choice
    folder = Path(choice).expanduser()
    if folder.is_dir():
        return folder, folder.resolve().name
    found = _snapshot(choice) if is_hub_id(choice) else None
    if found is None:
        raise NotPossibleError(
            f"The segmentation model {choice} is not on this computer.",
            "Give auto, grabcut, a model's folder, or the hub id of one that was downloaded.",
        )
    return found, choice


class Segmenter(Protocol):
    """Who says where a photo's subject is."""

    def subject(self, photo: Pixels, label: str) -> Map:
        """How likely each pixel of ``photo`` shows its subject: float32 [height, width]."""
        ...


def load_segmenter(found: SegmentationModel) -> Segmenter:
    """Load a model from disk, for the CPU.

    Raises :class:`ModelFileError` when its files do not fit together.
    """
    try:
        if found.kind == _PROMPTED:
            return PromptedSegmenter.load(found.folder)
        return SemanticSegmenter.load(found.folder)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise ModelFileError(
            f"The segmentation model {found.id} cannot be loaded: {said[0]}",
            "Download it again, or cut out by grabcut.",
        ) from error


class SemanticSegmenter:
    """A model that gives each pixel a class. ``names`` are the classes', in lower case."""

    def __init__(self, model: Any, processor: Any, names: dict[int, str]) -> None:
        self._model = model
        self._processor = processor
        self._names = names

    @classmethod
    def load(cls, folder: Path) -> SemanticSegmenter:
        from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation

        make_processor: Any = AutoImageProcessor.from_pretrained
        model = AutoModelForSemanticSegmentation.from_pretrained(
            folder, use_safetensors=True, local_files_only=True
        )
        names = {int(k): str(v).lower() for k, v in model.config.id2label.items()}
        return cls(model.eval(), make_processor(folder, local_files_only=True), names)

    def subject(self, photo: Pixels, label: str) -> Map:
        """The class called like ``label``; where there is none, the one that prevails in the
        middle and is not surroundings."""
        inputs = self._processor(images=photo, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**inputs).logits[0].float()
        chances = torch.softmax(logits, 0).numpy()
        wanted = self._wanted(label) or [self._prevailing(chances)]
        return _fitted(chances[wanted].sum(0), photo)

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


class PromptedSegmenter:
    """Segment Anything (Kirillov et al., 2023), asked for what lies in the box of a subject."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model = model
        self._processor = processor

    @classmethod
    def load(cls, folder: Path) -> PromptedSegmenter:
        from transformers import SamModel, SamProcessor

        make_processor: Any = SamProcessor.from_pretrained
        model: Any = SamModel.from_pretrained(folder, use_safetensors=True, local_files_only=True)
        return cls(model.eval(), make_processor(folder, local_files_only=True))

    def subject(self, photo: Pixels, label: str) -> Map:
        """What fills the box where :func:`saliency` sees a subject, by the mask that the model
        itself trusts most."""
        del label  # It knows no classes.
        box = subject_box(photo)
        inputs = self._processor(images=photo, input_boxes=[[list(box)]], return_tensors="pt")
        with torch.inference_mode():
            found = self._model(**inputs)
        best = int(found.iou_scores[0, 0].argmax())
        [masks] = self._processor.image_processor.post_process_masks(
            found.pred_masks,
            inputs["original_sizes"],
            inputs["reshaped_input_sizes"],
            binarize=False,
        )
        return _fitted(torch.sigmoid(masks[0, best].float()).numpy(), photo)


def _fitted(chance: np.ndarray[Any, np.dtype[np.float32]], photo: Pixels) -> Map:
    size = photo.shape[1], photo.shape[0]
    found: Map = np.clip(cv2.resize(chance, size, interpolation=cv2.INTER_LINEAR), 0, 1)
    return found


def _here() -> Iterator[SegmentationModel]:
    """The usable models: registered ones, then those of the hub's cache by id."""
    known = [(entry.id, Path(entry.path)) for entry in ModelRegistry().registered()]
    for folder in sorted(hub_cache().glob("models--*--*")):
        id_ = folder.name.removeprefix("models--").replace("--", "/", 1)
        if found := _snapshot(id_):
            known.append((id_, found))
    for id_, folder in known:
        kind, problem = _look_at(folder)
        if not problem:
            yield SegmentationModel(id_, folder, kind)


def _snapshot(hub_id: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(hub_id, "config.json", cache_dir=hub_cache())
    return Path(found).parent if isinstance(found, str) else None


def _look_at(folder: Path) -> tuple[str, str]:
    """The ending of the class of the model in ``folder``, and why it cannot be used, or ""."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "", "it has no config.json that can be read"
    names = config.get("architectures") if isinstance(config, dict) else None
    kinds = [
        kind for kind in (_SEMANTIC, _PROMPTED) for name in names or () if str(name).endswith(kind)
    ]
    if not kinds:
        return "", "it is neither for semantic segmentation nor Segment Anything"
    if not any((folder / name).is_file() for name in _PROCESSORS):
        return "", "its preprocessor_config.json is missing"
    if not any(folder.glob("*.safetensors")):
        return "", "it has no .safetensors file"
    return kinds[0], ""
