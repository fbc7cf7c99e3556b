"""Tells what goes with a model apart: LoRA, word embedding, ControlNet, decoder, segmenter, backbone.

By the names of tensors, as diffusers and the makers of original checkpoints write them, and by
what a folder's config.json says of itself. Nothing is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from catstudio.core.errors import ModelFileError
from catstudio.models import cards
from catstudio.models.inspection import Inspection
from catstudio.models.weights import PICKLED_SUFFIXES, Header, Tensor, pickled_error, read_header

_CLASSES = {
    "AutoencoderTiny": "tiny-decoder",
    "AutoencoderKL": "vae",
    "ControlNetModel": "controlnet",
}
_TYPES = {
    "sam": "segmentation",
    "sam2": "segmentation",
    "clipseg": "segmentation",
    "dinov2": "backbone",
    "dinov2_with_registers": "backbone",
    "siglip": "backbone",
    "siglip2": "backbone",
    "clip": "backbone",
}
_LORA_SIGNS = (
    "lora_up.",
    "lora_down.",
    "lora_a.",
    "lora_b.",
    ".lora.",
    "_lora.",
    "lora_linear_layer.",
)
_TEXT_WIDTHS = {768: "stable-diffusion", 1024: "stable-diffusion", 1280: "sdxl", 2048: "sdxl"}
"""Length of a word's vector in the text encoders of each family: 768 Stable Diffusion 1, 1024
Stable Diffusion 2, 1280 and 2048 Stable Diffusion XL."""
_MAX_WORDS = 256


def inspect_part(path: str | Path) -> Inspection | None:
    """What the part of a model at ``path`` is; None when it is no part that is known here.

    Raises
    ------
    ModelFileError : it is one, and damaged or pickled.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        return _of_folder(path)
    if path.suffix.lower() != ".safetensors" or not path.is_file():
        return None
    header = read_header(path)
    kind = kind_of_tensors(header.tensors)
    if not kind:
        return None
    return Inspection(
        path=str(path.resolve()),
        layout="file",
        kind=kind,
        family=family_of_tensors(kind, header.tensors),
        pipeline="",
        title=header.metadata.get("modelspec.title") or path.stem,
        size=header.size,
        license=header.metadata.get("modelspec.license", ""),
    )


def kind_of_tensors(tensors: Mapping[str, Tensor]) -> str:
    """The kind by the names of the tensors, or "" for a whole model and for the unknown."""
    names = [name.lower() for name in tensors]
    if any(sign in f"{name}." for name in names for sign in _LORA_SIGNS):
        return "lora"
    if any(n.startswith(("controlnet_", "control_model.", "input_hint_block.")) for n in names):
        return "controlnet"
    if any(name.startswith("model.diffusion_model.") for name in names):
        return ""
    if "decoder.layers.0.weight" in names or {"1.weight", "3.conv.0.weight"} <= set(names):
        return "tiny-decoder"
    if "decoder.conv_in.weight" in names and all(
        name.startswith(("encoder.", "decoder.", "quant_conv.", "post_quant_conv."))
        for name in names
    ):
        return "vae"
    return "embedding" if _is_embedding(tensors) else ""


def family_of_tensors(kind: str, tensors: Mapping[str, Tensor]) -> str:
    """Which family of models a part was made for, as far as its tensors tell; else "other"."""
    names = " ".join(tensors).lower()
    if kind == "embedding":
        return _TEXT_WIDTHS[max(tensor.shape[-1] for tensor in tensors.values())]
    if kind in ("tiny-decoder", "vae"):
        return _family_of_latent(tensors)
    if any(w in names for w in ("transformer_blocks.0.attn.add_", "double_blocks", "joint_blocks")):
        return "flow-matching"
    if any(name.startswith("transformer.") for name in tensors) or "single_transformer" in names:
        return "flow-matching"
    if any(w in names for w in ("lora_te2_", "text_encoder_2.", "add_embedding.", "label_emb.")):
        return "sdxl"
    for name, tensor in tensors.items():
        # What cross-attention reads is as wide as the text encoder's vectors.
        is_read = "attn2" in name and "to_k" in name and "up" not in name.rsplit("to_k", 1)[1]
        if is_read and len(tensor.shape) == 2 and tensor.shape[1] in _TEXT_WIDTHS:
            return _TEXT_WIDTHS[tensor.shape[1]]
    return "other"


def _family_of_latent(tensors: Mapping[str, Tensor]) -> str:
    """4 channels are Stable Diffusion's (XL's too: the two cannot be told apart), 16 the newer."""
    for name in ("decoder.layers.0.weight", "decoder.conv_in.weight", "1.weight"):
        if name in tensors and len(tensors[name].shape) == 4:
            return "flow-matching" if tensors[name].shape[1] == 16 else "stable-diffusion"
    return "other"


def _is_embedding(tensors: Mapping[str, Tensor]) -> bool:
    """A few words' vectors and nothing else."""
    return 1 <= len(tensors) <= 2 and all(
        len(t.shape) in (1, 2)
        and t.shape[-1] in _TEXT_WIDTHS
        and (len(t.shape) == 1 or t.shape[0] <= _MAX_WORDS)
        for t in tensors.values()
    )


def _of_folder(folder: Path) -> Inspection | None:
    if (folder / "model_index.json").exists():
        return None
    weights = [(path, read_header(path)) for path in sorted(folder.glob("*.safetensors"))]
    kind = _kind_of_config(folder)
    if not kind and len(weights) == 1:
        kind = kind_of_tensors(weights[0][1].tensors)
    if not kind:
        return None
    if not weights:
        pickled = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in PICKLED_SUFFIXES]
        if pickled:
            raise pickled_error(pickled[0])
        raise ModelFileError(
            f"{folder} has no weights: no .safetensors file.", "Download the whole folder again."
        )
    # Halves and wholes of the same weights may lie side by side; the smallest is what is taken.
    _, header = min(weights, key=lambda pair: pair[1].size)
    return Inspection(
        path=str(folder.resolve()),
        layout="folder",
        kind=kind,
        family=_family_of_folder(kind, header),
        pipeline="",
        title=folder.name,
        size=header.size,
        license=cards.license_of(folder),
    )


def _family_of_folder(kind: str, header: Header) -> str:
    is_alone = kind in ("segmentation", "backbone")
    return "other" if is_alone else family_of_tensors(kind, header.tensors)


def _kind_of_config(folder: Path) -> str:
    config = folder / "config.json"
    if not config.is_file():
        return ""
    try:
        found = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{config} cannot be read as JSON: {error}.", "Download or copy it again."
        ) from error
    if not isinstance(found, dict):
        return ""
    return _CLASSES.get(str(found.get("_class_name"))) or _TYPES.get(
        str(found.get("model_type")), ""
    )
