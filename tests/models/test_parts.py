"""LoRAs, embeddings, ControlNets and decoders are known by their tensors, folders by their config."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from catstudio.core.errors import ModelFileError
from catstudio.models import ModelRegistry
from catstudio.models.parts import inspect_part

ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"

FILES = {
    "peft-sd15": ({f"unet.{ATTENTION}.lora_A.weight": (4, 768)}, "lora", "stable-diffusion"),
    "kohya-sdxl": (
        {
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (
                8,
                2048,
            ),
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.alpha": (),
        },
        "lora",
        "sdxl",
    ),
    "old-diffusers": (
        {"unet.mid_block.attentions.0.attn2.processor.to_k_lora.down.weight": (4, 1024)},
        "lora",
        "stable-diffusion",
    ),
    "flux": (
        {"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": (4, 3072)},
        "lora",
        "flow-matching",
    ),
    "word": ({"<cat-toy>": (768,)}, "embedding", "stable-diffusion"),
    "word-a1111": ({"emb_params": (4, 1024)}, "embedding", "stable-diffusion"),
    "word-sdxl": ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "sdxl"),
    "controlnet": (
        {
            "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
            f"{ATTENTION}.weight": (320, 768),
        },
        "controlnet",
        "stable-diffusion",
    ),
    "controlnet-original": (
        {"control_model.input_hint_block.0.weight": (16, 3, 3, 3)},
        "controlnet",
        "other",
    ),
    "taesd": (
        {"encoder.layers.0.weight": (64, 3, 3, 3), "decoder.layers.0.weight": (64, 4, 3, 3)},
        "tiny-decoder",
        "stable-diffusion",
    ),
    "taef1-original": (
        {"1.weight": (64, 16, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)},
        "tiny-decoder",
        "flow-matching",
    ),
    "vae": (
        {"encoder.conv_in.weight": (128, 3, 3, 3), "decoder.conv_in.weight": (512, 4, 3, 3)},
        "vae",
        "stable-diffusion",
    ),
}


def save(path: Path, shapes: dict[str, tuple[int, ...]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.zeros(shape, np.float16) for name, shape in shapes.items()}, path)
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_and_listed(tmp_path, name):
    shapes, kind, family = FILES[name]
    path = save(tmp_path / f"{name}.safetensors", shapes)
    found = inspect_part(path)
    assert found is not None
    assert (found.kind, found.family, found.title) == (kind, family, name)
    registry = ModelRegistry(tmp_path / "registry")
    entry = registry.add(path)
    assert (entry.id, entry.kind, entry.size) == (name, kind, path.stat().st_size)
    assert registry.registered() == (entry,)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"_class_name": "ControlNetModel"}, "controlnet"),
        ({"_class_name": "AutoencoderTiny"}, "tiny-decoder"),
        ({"_class_name": "AutoencoderKL"}, "vae"),
        ({"model_type": "dinov2"}, "backbone"),
        ({"model_type": "siglip"}, "backbone"),
        ({"model_type": "sam"}, "segmentation"),
    ],
)
def test_a_folder_says_what_it_is(tmp_path, config, kind):
    folder = tmp_path / "part"
    save(folder / "model.safetensors", {"x.weight": (2, 2)})
    (folder / "config.json").write_text(json.dumps(config))
    assert ModelRegistry(tmp_path / "registry").add(folder).kind == kind


def test_a_folder_with_one_lora_is_that(tmp_path):
    save(tmp_path / "my-cat" / "pytorch_lora_weights.safetensors", FILES["peft-sd15"][0])
    entry = ModelRegistry(tmp_path / "registry").add(tmp_path / "my-cat")
    assert (entry.kind, entry.id) == ("lora", "my-cat")


def test_whole_models_and_the_unknown_are_no_parts(tmp_path):
    whole = {"model.diffusion_model.input_blocks.0.0.weight": (4, 4), "x.lora": (1,)}
    path = save(tmp_path / "whole.safetensors", dict(list(whole.items())[:1]))
    assert inspect_part(path) is None
    unknown = save(tmp_path / "unknown.safetensors", {"a": (3, 4), "b": (5,)})
    assert inspect_part(unknown) is None
    with pytest.raises(ModelFileError, match="no kind that is known"):
        ModelRegistry(tmp_path / "registry").add(unknown)
    assert inspect_part(tmp_path / "nothing") is None


def test_damaged_parts_are_refused_by_name(tmp_path):
    path = save(tmp_path / "cut.safetensors", FILES["vae"][0])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelFileError, match=r"cut\.safetensors is cut short"):
        inspect_part(path)
    folder = tmp_path / "pickled"
    folder.mkdir()
    (folder / "config.json").write_text('{"_class_name": "ControlNetModel"}')
    with pytest.raises(ModelFileError, match="has no weights"):
        inspect_part(folder)
    (folder / "diffusion_pytorch_model.bin").write_bytes(b"PK")
    with pytest.raises(ModelFileError, match="pickled"):
        inspect_part(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelFileError, match="JSON"):
        inspect_part(folder)
