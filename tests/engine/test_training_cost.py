"""What training needs, counted from shapes: against real models' shapes, and what torch keeps."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from diffusers import FluxTransformer2DModel, UNet2DConditionModel
from peft import LoraConfig

from catstudio.engine.personalise.families import PROJECTIONS
from catstudio.jobs.requests import AdapterSettings
from catstudio.models import inspect
from catstudio.models.training_cost import KEPT, Parts, cost, layers_of, parts_of
from tests.engine import tiny_models

SETTINGS = AdapterSettings(rank=16, resolution=512)
STABLE_DIFFUSION = {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}
SDXL = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


def shaped(build, **config) -> torch.nn.Module:
    """A model of real size without weights."""
    with torch.device("meta"):
        return build(**config)


def parts(model: torch.nn.Module, text: int = 0, vae: int = 0) -> Parts:
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    count = sum(tensor.numel() for tensor in model.state_dict().values())
    return Parts(denoiser=count, text=text, vae=vae, vae_factor=8, layers=tuple(layers_of(shapes)))


@pytest.fixture(scope="module")
def stable_diffusion() -> torch.nn.Module:
    return shaped(UNet2DConditionModel, **STABLE_DIFFUSION)


def test_stable_diffusion_is_counted_right(stable_diffusion):
    found = parts(stable_diffusion)
    # 860 million weights, a LoRA of rank 16 of 3.19 million, 0.8 teraflops a forward pass: what
    # is published of this model. Training goes forward, and back through all but no weight.
    assert found.denoiser == 859_520_964
    needs = cost(found, SETTINGS, 4, is_checkpointed=False)
    assert needs.trained == 3_188_736
    assert needs.operations == pytest.approx(2 * 0.80e12, rel=0.03)
    again = cost(found, SETTINGS, 4, is_checkpointed=True)
    assert again.operations == pytest.approx(1.5 * needs.operations)


def test_sdxl_is_counted_right():
    found = parts(shaped(UNet2DConditionModel, **SDXL))
    assert found.denoiser == 2_567_463_684
    settings = msgspec.structs.replace(SETTINGS, resolution=1024)
    plain, saving = (cost(found, settings, 2, is_saving) for is_saving in (False, True))
    assert plain.trained == 23_224_320
    assert plain.operations == pytest.approx(2 * 6.0e12, rel=0.15)
    assert 11e9 < plain.training < 14e9 and saving.training < plain.training - 1.5e9


def test_flux_is_counted_right():
    found = parts(shaped(FluxTransformer2DModel, guidance_embeds=True))
    assert found.denoiser == pytest.approx(11.9e9, rel=0.01)
    settings = msgspec.structs.replace(SETTINGS, resolution=1024)
    assert cost(found, settings, 2, is_checkpointed=True).training < 32e9
    assert cost(found, settings, 2, is_checkpointed=False).training > 40e9


class Attention(torch.autograd.Function):
    """What memory-efficient attention keeps, its inputs and its answer: without a device torch
    computes it the plain way, whose square maps no real one keeps."""

    @staticmethod
    def forward(context, query, key, value):
        answer = torch.empty_like(query)
        context.save_for_backward(query, key, value, answer)
        return answer


def test_what_torch_keeps_for_the_way_back_stays_below_the_estimate(stable_diffusion, monkeypatch):
    """Counted without weights: every tensor that autograd saves, each once, in float32."""
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda query, key, value, **_: Attention.apply(query, key, value),
    )
    shapes = {name: tuple(one.shape) for name, one in stable_diffusion.state_dict().items()}
    outputs = 4 * sum(layer.positions(32) * layer.outputs for layer in layers_of(shapes))
    model = stable_diffusion.requires_grad_(False)
    model.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=list(PROJECTIONS)))
    own = {one.untyped_storage()._cdata for one in model.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(
            torch.empty(1, 4, 32, 32, device="meta"),
            torch.zeros(1, device="meta"),
            torch.empty(1, 77, 768, device="meta"),
        )
    held = sum(storage.nbytes() for storage in kept.values())
    assert 0.9 * KEPT * outputs < held <= KEPT * outputs


def test_one_file_with_the_original_names_is_counted_as_its_folder(tmp_path: Path):
    tiny_models.stable_diffusion().save_pretrained(tmp_path / "folder")
    tiny_models.single_file(tmp_path / "folder", tmp_path / "one.safetensors")
    folder, file = (parts_of(inspect(tmp_path / name)) for name in ("folder", "one.safetensors"))
    assert (folder.denoiser, folder.vae, folder.text) == (file.denoiser, file.vae, file.text)
    for is_saving in (False, True):
        one, other = (cost(found, SETTINGS, 4, is_saving) for found in (folder, file))
        assert (one.trained, one.operations) == (other.trained, other.operations)
        assert one.training == pytest.approx(other.training, rel=0.1)
