"""Builds tiny CLIP and SigLIP models with random weights, saved as real ones are: no downloads."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    SiglipConfig,
    SiglipModel,
)

from tests.engine.tiny_models import clip_tokenizer

_SMALL = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
_LOOKING = {**_SMALL, "image_size": 32, "patch_size": 16}


def clip(folder: Path, seed: int = 0) -> Path:
    """A CLIP whose pictures are normalised in a way of their own; returns ``folder``."""
    torch.manual_seed(seed)
    tokenizer = clip_tokenizer()
    words = {
        **_SMALL,
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    model = CLIPModel(CLIPConfig(text_config=words, vision_config=_LOOKING, projection_dim=24))
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    normalisation = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.25]}
    (folder / "preprocessor_config.json").write_text(json.dumps(normalisation))
    return folder


def siglip(folder: Path) -> Path:
    """A SigLIP without a word on how pictures are normalised; returns ``folder``."""
    torch.manual_seed(0)
    tokenizer = clip_tokenizer()
    words = {**_SMALL, "vocab_size": len(tokenizer), "max_position_embeddings": 64}
    SiglipModel(SiglipConfig(text_config=words, vision_config=_LOOKING)).eval().save_pretrained(
        folder
    )
    tokenizer.save_pretrained(folder)
    return folder
