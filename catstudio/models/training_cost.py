"""What training an adapter on a model needs, from the headers of its weight files; without torch.

Memory and work are counted layer by layer: where a layer's output has p positions, it holds
p × (its outputs) numbers and costs 2 × p × (its weights) operations. The two shares below turn
the sum into what autograd keeps; they were measured with :mod:`torch` on Stable Diffusion 1.5,
SDXL, Stable Diffusion 3 and Flux at two or three sizes each, with a LoRA on the attention
projections and memory-efficient attention, and hold for all of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from catstudio.jobs.requests import AdapterSettings
from catstudio.models.inspection import Inspection
from catstudio.models.weights import read_header

KEPT = 1.8
"""Bytes kept for the backward pass, per byte of all layers' outputs: 1.34 (Stable Diffusion 3)
to 1.79 (Stable Diffusion 1.5)."""
KEPT_CHECKPOINTED = 0.32
"""The same with gradient checkpointing: 0.12 (all others) to 0.32 (Stable Diffusion 1.5)."""
_TRAINED_BYTES = 16
"""A trained number in float32: itself, its gradient, and AdamW's two moments."""
_PIXEL_NUMBERS = 2048
"""Numbers that an autoencoder holds for a pixel while it works; see :mod:`catstudio.engine.device`."""
_RESERVE = 1 << 30
"""The libraries, the allocator's slack and pages of the weight files. With it the estimate for
Stable Diffusion 1.5 on a CPU was 5.9 GB where 5.7 (6.1 with checkpointing) were measured at 256
pixels, and 7.5 GB where 6.9 were at 512."""
_CLIP_TOKENS, _MMDIT_TOKENS, _FLUX_TOKENS = 77, 333, 512

_PROJECTIONS = re.compile(r"\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)\.weight$")
_FILE_PREFIXES = {
    "model.diffusion_model.": "denoiser",
    "first_stage_model.": "vae",
    "cond_stage_model.": "text",
    "conditioner.": "text",
    "text_encoders.": "text",
    "vae.": "vae",
}

Shape = tuple[int, ...]


class Layer(Struct, frozen=True):
    """One layer of a denoiser. ``side`` divides the latent's sides, 0 where it does not see it;
    ``tokens`` of text stand alone then, or behind the latent's own positions."""

    block: str
    side: float
    tokens: int
    outputs: int
    weights: int
    adapted: int
    """How many numbers a LoRA of rank 1 adds to it; 0 where it adds none."""
    is_attention: bool

    def positions(self, latent: float) -> float:
        """At how many places it works for a latent of ``latent`` × ``latent``."""
        own = (latent / self.side) ** 2 if self.side else 0.0
        return own + self.tokens


class Parts(Struct, frozen=True, kw_only=True):
    """How many weights each part of a model has, and its denoiser's layers."""

    denoiser: int
    text: int
    vae: int
    vae_factor: int
    layers: tuple[Layer, ...]


class Cost(Struct, frozen=True, kw_only=True):
    """What a training needs: bytes at each of its stages, and operations a step."""

    trained: int
    loading: int
    training: int
    operations: float
    is_checkpointed: bool

    def peak(self, is_shared: bool) -> int:
        """Bytes at the most; ``is_shared`` where the whole model is loaded into the same memory."""
        return max(self.training, self.loading) if is_shared else self.training


def parts_of(what: Inspection) -> Parts:
    """Count a model's weights. Raises :class:`ModelFileError` for a file that cannot be read."""
    path = Path(what.path)
    if what.layout == "file":
        shapes: dict[str, dict[str, Shape]] = {"denoiser": {}, "vae": {}, "text": {}}
        for name, shape in _shapes((path,)).items():
            prefix = next((p for p in _FILE_PREFIXES if name.startswith(p)), "")
            shapes[_FILE_PREFIXES.get(prefix, "denoiser")][name.removeprefix(prefix)] = shape
        config = Path(what.config) if what.config else None
    else:
        config = path
        folder = path / "unet" if (path / "unet").is_dir() else path / "transformer"
        shapes = {
            "denoiser": _shapes(_files(folder, what.variant)),
            "vae": _shapes(_files(path / "vae", what.variant)),
            "text": {},
        }
        for encoder in sorted(path.glob("text_encoder*")):
            found = _shapes(_files(encoder, what.variant))
            shapes["text"] |= {f"{encoder.name}.{name}": shape for name, shape in found.items()}
    counted = {part: sum(map(math.prod, found.values())) for part, found in shapes.items()}
    return Parts(
        **counted, vae_factor=_vae_factor(config), layers=tuple(layers_of(shapes["denoiser"]))
    )


def cost(
    parts: Parts, settings: AdapterSettings, bytes_per_weight: int, is_checkpointed: bool
) -> Cost:
    """What ``settings`` need where a weight takes ``bytes_per_weight`` bytes."""
    latent = settings.resolution / parts.vae_factor
    is_lora = settings.method == "lora"
    trained = settings.rank * sum(layer.adapted for layer in parts.layers) if is_lora else 0
    outputs: dict[str, float] = {}
    work = 0.0
    for layer in parts.layers:
        at = layer.positions(latent)
        outputs[layer.block] = outputs.get(layer.block, 0.0) + at * layer.outputs
        work += 2 * at * layer.weights
        work += 4 * at * at * layer.outputs if layer.is_attention else 0.0
    total, largest = sum(outputs.values()), max(outputs.values(), default=0.0)
    # What is checkpointed is computed again, one block at a time, its gradients beside it.
    kept = KEPT_CHECKPOINTED * total + 2 * KEPT * largest if is_checkpointed else KEPT * total
    pictures = settings.resolution**2 * _PIXEL_NUMBERS
    frozen = parts.denoiser + parts.vae + (0 if is_lora else parts.text)
    return Cost(
        trained=trained,
        loading=_with_reserve((parts.denoiser + parts.vae + parts.text) * bytes_per_weight)
        + pictures * bytes_per_weight,
        training=_with_reserve(
            (frozen + max(kept, pictures)) * bytes_per_weight + trained * _TRAINED_BYTES
        ),
        operations=work * settings.batch_size * (3 if is_checkpointed else 2),
        is_checkpointed=is_checkpointed,
    )


def _with_reserve(size: float) -> int:
    return round(size) + _RESERVE


def layers_of(shapes: dict[str, Shape]) -> Iterable[Layer]:
    """The layers of a denoiser by its tensors' names, diffusers' own or the original ones."""
    is_unet = any(name.startswith(("down_blocks.", "input_blocks.")) for name in shapes)
    sides = _UNetSides(shapes) if is_unet else None
    tokens = _MMDIT_TOKENS
    if any(name.startswith(("single_transformer_blocks.", "single_blocks.")) for name in shapes):
        tokens = _FLUX_TOKENS
    for name, shape in shapes.items():
        if not name.endswith(".weight") or len(shape) < 2:
            continue
        place = _unet_place(name, sides) if sides else _transformer_place(name, tokens)
        if place is None:
            continue
        block, side, text = place
        inputs = math.prod(shape[1:])
        yield Layer(
            block=block,
            side=side,
            tokens=text,
            outputs=shape[0],
            weights=math.prod(shape),
            adapted=_adapted(name, inputs, shape[0]),
            is_attention=bool(
                re.search(r"(attn1?\.to_q|\.attn\.qkv|img_attn\.qkv)\.weight$", name)
            ),
        )


class _UNetSides:
    """Which part of the latent's side each block of a U-Net works at."""

    def __init__(self, names: Iterable[str]) -> None:
        known = list(names)
        levels = [int(m[1]) for n in known if (m := re.match(r"down_blocks\.(\d+)\.", n))]
        self.levels = max(levels, default=0) + 1
        # In the original names a block of one convolution "op" halves, one with "conv" doubles.
        self.halved = sorted(
            {int(m[1]) for n in known if (m := re.match(r"input_blocks\.(\d+)\.0\.op\.", n))}
        )
        self.doubled = sorted(
            {int(m[1]) for n in known if (m := re.match(r"output_blocks\.(\d+)\.\d\.conv\.", n))}
        )

    def of(self, name: str) -> float | None:
        head, _, rest = name.partition(".")
        number = int(rest.split(".")[0]) if rest.split(".")[0].isdigit() else 0
        if head == "down_blocks":
            return 2.0 ** (number + ("downsamplers" in name))
        if head == "up_blocks":
            return 2.0 ** (self.levels - 1 - number - ("upsamplers" in name))
        if head == "mid_block":
            return 2.0 ** (self.levels - 1)
        if head == "input_blocks":
            return 2.0 ** sum(number >= at for at in self.halved)
        if head == "middle_block":
            return 2.0 ** len(self.halved)
        if head == "output_blocks":
            is_doubling = number in self.doubled and ".conv." in name
            return 2.0 ** (len(self.halved) - sum(number > at for at in self.doubled) - is_doubling)
        return 1.0 if head in ("conv_in", "conv_out", "out") else None


def _unet_place(name: str, sides: _UNetSides) -> tuple[str, float, int] | None:
    side = sides.of(name)
    if side is None or "emb_proj" in name or "emb_layers" in name:
        return None  # Computed once for the whole picture.
    nested = re.match(r".*transformer_blocks\.\d+", name)
    block = nested[0] if nested else ".".join(name.split(".")[:4])
    if re.search(r"attn2\.to_[kv]\.", name):
        return block, 0.0, _CLIP_TOKENS
    return block, side, 0


def _transformer_place(name: str, tokens: int) -> tuple[str, float, int] | None:
    found = re.match(r"(?:single_transformer|transformer|joint|double|single)_?blocks\.\d+", name)
    rest = name[found.end() + 1 :] if found else ""
    if not found or re.match(r"norm|.*adaLN_modulation|.*_mod\.|modulation", rest):
        return None
    patch = 2.0  # Both families join 2 × 2 latent pixels into one token.
    if found[0].startswith("single"):
        return found[0], patch, tokens
    if re.search(r"add_|context|^txt_", rest):
        return found[0], 0.0, tokens
    return found[0], patch, 0


def _adapted(name: str, inputs: int, outputs: int) -> int:
    """What a LoRA of rank 1 adds: a column and a row for each attention projection."""
    if _PROJECTIONS.search(name):
        return inputs + outputs
    if re.search(r"attn2?\.qkv\.weight$", name):  # Three projections in one tensor.
        return 3 * inputs + outputs
    if re.search(r"attn\.proj\.weight$", name):
        return inputs + outputs
    return 6 * inputs if re.search(r"single_blocks\.\d+\.linear1\.weight$", name) else 0


def _files(component: Path, variant: str) -> list[Path]:
    """The weight files of a component: those of ``variant`` where it has some."""
    found = sorted(component.glob("*.safetensors"))
    wanted = [p for p in found if variant and f".{variant}" in p.name]
    plain = [p for p in found if "." not in p.name.removesuffix(".safetensors")]
    return wanted or plain or found


def _shapes(files: Iterable[Path]) -> dict[str, Shape]:
    return {
        name: tensor.shape for file in files for name, tensor in read_header(file).tensors.items()
    }


def _vae_factor(config: Path | None) -> int:
    """How many pixels a latent's side stands for; 8 for every family where nothing else is said."""
    try:
        text = (config / "vae" / "config.json").read_text(encoding="utf-8") if config else "{}"
        blocks = json.loads(text).get("block_out_channels")
    except (OSError, ValueError, AttributeError):
        blocks = None
    return int(2 ** (len(blocks) - 1)) if isinstance(blocks, list) and blocks else 8
