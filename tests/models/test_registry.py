"""Model folders and files are told apart, checked to the last byte, listed and forgotten."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from catstudio.core.errors import CatStudioError, ModelFileError, NotPossibleError
from catstudio.models import ModelRegistry, cached_models, inspect, resolve
from catstudio.models.weights import read_header, revision_of

WEIGHTS = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.zeros(5, np.float16)}


def make_folder(folder: Path, weights: str = "diffusion_pytorch_model.safetensors") -> Path:
    """A diffusers folder as far as its files go: a scheduler, a tokenizer, a U-Net."""
    index = {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", "DDIMScheduler"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "safety_checker": [None, None],
    }
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps(index))
    files = {
        "scheduler/scheduler_config.json": {},
        "tokenizer/tokenizer.json": {},
        "unet/config.json": {"sample_size": 8},
        "vae/config.json": {"block_out_channels": [1, 1, 1]},
    }
    for name, value in files.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(json.dumps(value))
    save_file(WEIGHTS, folder / "unet" / weights)
    save_file(WEIGHTS, folder / "vae" / weights)
    return folder


def make_file(path: Path) -> Path:
    save_file({"model.diffusion_model.input_blocks.0.0.weight": WEIGHTS["a"]}, path)
    return path


def refusal(path: Path) -> ModelFileError:
    with pytest.raises(ModelFileError) as refused:
        inspect(path)
    assert str(path) in refused.value.message
    assert refused.value.hint.endswith(".")
    return refused.value


@pytest.fixture
def registry(tmp_path):
    return ModelRegistry(tmp_path / "registry")


def test_a_folder_is_described(tmp_path):
    folder = make_folder(tmp_path / "My Model")
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: 'openrail'\n---\n# Hi\n")
    found = inspect(folder)
    assert (found.layout, found.kind, found.family) == (
        "folder",
        "text-to-image",
        "stable-diffusion",
    )
    assert (found.title, found.license, found.native_size) == ("My Model", "openrail", 32)
    assert found.variant == ""
    assert found.size == 2 * len(save(WEIGHTS))


def test_a_folder_in_one_half_precision_is_loaded_as_such(tmp_path):
    folder = make_folder(tmp_path / "m", "diffusion_pytorch_model.fp16.safetensors")
    assert inspect(folder).variant == "fp16"
    (folder / "vae" / "diffusion_pytorch_model.fp16.safetensors").rename(
        folder / "vae" / "diffusion_pytorch_model.bf16.safetensors"
    )
    assert "different precisions" in refusal(folder).message


def test_a_single_file_is_described_and_finds_its_configuration(tmp_path):
    path = make_file(tmp_path / "cat.safetensors")
    assert inspect(path).config == ""
    make_folder(tmp_path / "cat")
    found = inspect(path)
    assert (found.layout, found.family, found.title) == ("file", "stable-diffusion", "cat")
    assert found.config == str(tmp_path / "cat")
    assert found.pipeline == "StableDiffusionPipeline"


@pytest.mark.parametrize(
    ("key", "family"),
    [
        ("conditioner.embedders.1.model.ln_final.weight", "sdxl"),
        ("model.diffusion_model.joint_blocks.0.x", "flow-matching"),
        ("double_blocks.0.img_attn.qkv.weight", "flow-matching"),
    ],
)
def test_families_of_single_files(tmp_path, key, family):
    save_file({key: WEIGHTS["a"]}, tmp_path / "m.safetensors")
    assert inspect(tmp_path / "m.safetensors").family == family


def test_bad_folders_are_refused_with_the_reason(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nothing").message

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no model_index.json" in refusal(empty).message
    make_file(empty / "whole.safetensors")
    assert "whole.safetensors" in refusal(empty).hint

    lacking = make_folder(tmp_path / "lacking")
    (lacking / "unet" / "config.json").unlink()
    assert "unet" in refusal(lacking).message

    short = make_folder(tmp_path / "short")
    weights = short / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    assert "cut short" in refusal(short).message
    weights.unlink()
    assert "no weights" in refusal(short).message
    (short / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"PK\x03\x04")
    assert "pickled" in refusal(short).message
    (short / "vae" / "AutoencoderKL.txt").write_text("x")

    coded = make_folder(tmp_path / "coded")
    (coded / "unet" / "diffusers.py").write_text("print('hello')")
    assert "own code" in refusal(coded).message

    damaged = make_folder(tmp_path / "damaged")
    (damaged / "model_index.json").write_text("{")
    assert "JSON" in refusal(damaged).message
    (damaged / "model_index.json").write_text('{"_class_name": ["mine", "Pipe"]}')
    assert "own pipeline code" in refusal(damaged).message
    (damaged / "model_index.json").write_text('{"_class_name": "AudioLDM2Pipeline"}')
    assert "does not make images from text" in refusal(damaged).message
    (damaged / "model_index.json").write_text(
        '{"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"]}'
    )
    assert "'transformer'" in refusal(damaged).message


def test_shards_that_are_missing_are_named(tmp_path):
    folder = make_folder(tmp_path / "m")
    index = {"weight_map": {"a": "diffusion_pytorch_model-00002-of-00002.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps(index)
    )
    assert "00002-of-00002" in refusal(folder).message


def test_bad_files_are_refused_with_the_reason(tmp_path):
    for name in ("m.ckpt", "m.pt", "m.bin"):
        (tmp_path / name).write_bytes(b"PK\x03\x04")
        assert "pickled" in refusal(tmp_path / name).message
    disguised = tmp_path / "disguised.safetensors"
    disguised.write_bytes(b"PK\x03\x04" + bytes(99))
    assert "pickled" in refusal(disguised).message
    disguised.write_text("this is a text file that calls itself safetensors")
    assert "not a safetensors file" in refusal(disguised).message
    disguised.write_bytes(b"")
    assert "cut short" in refusal(disguised).message
    (tmp_path / "cat.jpg").write_bytes(b"\xff\xd8")
    assert "not a model" in refusal(tmp_path / "cat.jpg").message

    whole = make_file(tmp_path / "whole.safetensors")
    whole.write_bytes(whole.read_bytes() + b"xx")
    assert "2 bytes longer" in refusal(whole).message
    save_file({"unet.lora_down.weight": WEIGHTS["a"]}, tmp_path / "lora.safetensors")
    assert "LoRA" in refusal(tmp_path / "lora.safetensors").message
    save_file({"head.weight": WEIGHTS["a"]}, tmp_path / "head.safetensors")
    assert "not a whole image model" in refusal(tmp_path / "head.safetensors").message


@given(st.data())
def test_every_cut_and_every_changed_byte_is_read_or_refused(tmp_path_factory, data):
    whole = save(WEIGHTS, metadata={"format": "np"})
    cut = data.draw(st.integers(0, len(whole)))
    path = tmp_path_factory.mktemp("cut") / "m.safetensors"
    path.write_bytes(whole[:cut])
    if cut < len(whole):
        with pytest.raises(ModelFileError):
            read_header(path)
    else:
        assert set(read_header(path).tensors) == set(WEIGHTS)
    at = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :])
    try:
        header = read_header(path)
    except ModelFileError:
        return
    assert header.size == len(whole)


def test_revisions_tell_weights_apart(tmp_path):
    folder = make_folder(tmp_path / "m")
    first = revision_of(folder)
    assert first == revision_of(folder)
    changed = {"a": WEIGHTS["a"] + 1, "b": WEIGHTS["b"]}
    save_file(changed, folder / "unet" / "diffusion_pytorch_model.safetensors")
    assert revision_of(folder) != first
    assert revision_of(tmp_path / "snapshots" / "0123abcd") == "0123abcd"


def test_models_are_added_listed_and_forgotten(tmp_path, registry):
    folder = make_folder(tmp_path / "My Model")
    entry = registry.add(folder)
    assert entry.id == "my-model"
    assert registry.add(folder).id == "my-model"
    assert registry.add(make_folder(tmp_path / "other" / "My Model")).id == "my-model-2"
    again = ModelRegistry(registry.file.parent)
    assert [e.id for e in again.list()] == ["my-model", "my-model-2"]
    assert again.show("my-model") == entry
    assert again.remove("my-model") == entry
    assert [e.id for e in registry.list()] == ["my-model-2"]
    assert (folder / "model_index.json").exists()
    assert [p.name for p in registry.file.parent.iterdir()] == ["models.json"]
    with pytest.raises(NotPossibleError, match="my-model-2"):
        registry.remove("my-model")
    with pytest.raises(ModelFileError):
        registry.add(tmp_path)


def test_a_damaged_or_newer_list_is_said(registry):
    registry.file.parent.mkdir()
    registry.file.write_text('{"version": 1, "models": [')
    with pytest.raises(ModelFileError, match="damaged"):
        registry.list()
    registry.file.write_text('{"version": 99}')
    with pytest.raises(ModelFileError, match="newer"):
        registry.list()


def no_space(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_list_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    folder = make_folder(tmp_path / "m")
    with pytest.raises(CatStudioError, match="cannot be read"):
        ModelRegistry(tmp_path / "file" / "below").add(folder)
    registry = ModelRegistry(tmp_path / "full" / "registry")
    with monkeypatch.context() as patched, pytest.raises(CatStudioError, match="disk is not full"):
        patched.setattr(os, "fsync", no_space)
        registry.add(folder)
    assert list(registry.file.parent.iterdir()) == []


def test_the_list_honours_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path))
    assert ModelRegistry().file.is_relative_to(tmp_path)


@pytest.fixture
def hub_model(tmp_path, monkeypatch):
    """One model in a hub cache, as the hub's own client lays it out."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    repo = tmp_path / "hf" / "hub" / "models--someone--tiny-cat"
    make_folder(repo / "snapshots" / "0123abcd")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("0123abcd")
    return repo / "snapshots" / "0123abcd"


def test_models_of_the_hub_cache_are_listed_and_not_deleted(hub_model, registry):
    (entry,) = registry.list()
    assert (entry.id, entry.title, entry.is_hub) == ("someone/tiny-cat", "tiny-cat", True)
    assert entry.path == str(hub_model)
    with pytest.raises(NotPossibleError, match="cache"):
        registry.remove("someone/tiny-cat")
    assert hub_model.exists()
    (hub_model / "model_index.json").write_text("{")
    assert cached_models() == []


def test_no_hub_cache_is_no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    assert cached_models() == []


def test_a_model_is_found_by_its_name_its_path_or_its_hub_id(tmp_path, hub_model, registry):
    folder = make_folder(tmp_path / "m")
    registry.add(folder)
    assert resolve("m", registry).inspection.path == str(folder)
    assert resolve(str(folder), registry).id == "m"
    found = resolve("someone/tiny-cat", registry)
    assert (found.id, found.inspection.path) == ("someone/tiny-cat", str(hub_model))


def test_models_that_are_not_there_say_what_to_do(registry):
    with pytest.raises(NotPossibleError, match="No diffusion model is chosen"):
        resolve("", registry)
    with pytest.raises(NotPossibleError, match="no model called 'nonsense'"):
        resolve("nonsense", registry)
    with pytest.raises(NotPossibleError, match="not in the Hugging Face cache") as missing:
        resolve("someone/absent-1.5", registry)
    assert "--allow-download" in missing.value.hint
    with pytest.raises(ModelFileError, match="does not exist"):
        resolve("./nothing", registry)
    with pytest.raises(ModelFileError, match="does not exist"):
        resolve("models/m.safetensors", registry)
