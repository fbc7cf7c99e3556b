"""Models that know words as well as pictures (CLIP, SigLIP), from a folder on this computer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from catstudio.core.errors import ModelFileError
from catstudio.engine.backbones import Backbone, Forward, LoadedBackbone
from catstudio.engine.device import choose
from catstudio.learn.features import FeatureSpace, unit

if TYPE_CHECKING:
    import torch

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]

_CLIP_MEAN, _CLIP_STD = (0.4815, 0.4578, 0.4082), (0.2686, 0.2613, 0.2758)
_ENDS = 1 << 16
_WORDS = "a photo of {}"
"""Such models were trained on captions, and place a caption better than a bare word."""


@dataclass(frozen=True)
class TextImageModel:
    """``looking`` embeds pictures as any backbone does; ``place`` puts words among them."""

    looking: LoadedBackbone
    place: Callable[[str], Rows]


@lru_cache(maxsize=1)
def load_text_image(folder: str, device: str = "auto") -> TextImageModel:
    """The model in ``folder``, loaded once a process. Nothing is fetched, and no code of it run.

    Raises :class:`ModelFileError` when it cannot be used.
    """
    from transformers import AutoModel, AutoTokenizer

    path = Path(folder)
    try:
        model: Any = AutoModel.from_pretrained(
            path, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        tokenizer: Any = AutoTokenizer.from_pretrained(
            path, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelFileError(
            f"{path.name} cannot be loaded: {error}.",
            "Download the whole folder again, or choose another model.",
        ) from error
    if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
        raise ModelFileError(
            f"{path.name} knows pictures only.", "Choose a CLIP or SigLIP model to search by words."
        )
    model = model.eval().to(choose(device).kind)
    entry = Backbone(
        id=f"{path.name}-{_digest(path)}",
        title=path.name,
        input_size=int(model.config.vision_config.image_size),
        n_features=_width(model),
        n_logits=0,
        views=(1.0,),
        load=lambda: model,
    )
    width = entry.n_features
    space = FeatureSpace(np.zeros(width, np.float32), np.zeros((0, 0), np.float32))
    looking = LoadedBackbone(
        entry, _forward(model, path), space, np.zeros((0, width + 1), np.float32), "torch"
    )
    return TextImageModel(looking, _placing(model, tokenizer))


def _forward(model: Any, path: Path) -> Forward:
    import torch

    mean, std = _normalisation(path)

    def forward(pixels: Pixels) -> Rows:
        device = next(model.parameters()).device
        with torch.inference_mode():
            x = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 255
            shift, spread = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (mean, std))
            found = model.get_image_features(pixel_values=(x - shift) / spread)
        return _rows(found)

    return forward


def _placing(model: Any, tokenizer: Any) -> Callable[[str], Rows]:
    import torch

    config = model.config.text_config
    is_siglip = str(model.config.model_type).startswith("siglip")

    def place(text: str) -> Rows:
        words = text.strip()
        caption = words if len(words.split()) > 2 else _WORDS.format(words)
        tokens = tokenizer(
            # SigLIP has only ever read lower case, padded to its whole length.
            caption.lower() if is_siglip else caption,
            padding="max_length" if is_siglip else True,
            truncation=True,
            max_length=int(config.max_position_embeddings),
            return_tensors="pt",
        )
        device = next(model.parameters()).device
        known = {k: v.to(device) for k, v in tokens.items() if k in ("input_ids", "attention_mask")}
        if is_siglip:
            known.pop("attention_mask", None)
        with torch.inference_mode():
            found = model.get_text_features(**known)
        vector: Rows = unit(_rows(found))[0]
        return vector

    return place


def _rows(found: Any) -> Rows:
    """Newer versions of the library wrap the vectors."""
    vectors: torch.Tensor = getattr(found, "pooler_output", found)
    rows: Rows = vectors.float().cpu().numpy()
    return rows


def _width(model: Any) -> int:
    """How many numbers the two sides share."""
    config = model.config
    shared: Any = getattr(config, "projection_dim", None)
    # SigLIP's pictures are as wide as its vision tower, and its words are brought to that.
    is_projected = shared and hasattr(model, "visual_projection")
    return int(shared if is_projected else config.vision_config.hidden_size)


def _normalisation(path: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    try:
        said = json.loads((path / "preprocessor_config.json").read_text(encoding="utf-8"))
        mean, std = (tuple(map(float, said[key])) for key in ("image_mean", "image_std"))
    except (OSError, ValueError, KeyError, TypeError):
        return _CLIP_MEAN, _CLIP_STD
    return (mean, std) if len(mean) == len(std) == 3 and all(std) else (_CLIP_MEAN, _CLIP_STD)


def _digest(path: Path) -> str:
    """Tells this model's embeddings from those of another of the same name."""
    digest = hashlib.sha256()
    for file in sorted(path.glob("*.safetensors")):
        digest.update(f"{file.name}:{file.stat().st_size}:".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(_ENDS))
            # What was trained further differs at its end, if not at its beginning.
            opened.seek(max(0, file.stat().st_size - _ENDS))
            digest.update(opened.read(_ENDS))
    return digest.hexdigest()[:12]
