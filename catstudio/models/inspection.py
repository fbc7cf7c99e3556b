"""Looks at a model folder or file and says what it is, or refuses it with a reason; without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from catstudio.core.errors import ModelFileError
from catstudio.models import cards
from catstudio.models.weights import PICKLED_SUFFIXES, Header, pickled_error, read_header

_WITHOUT_WEIGHTS = ("Tokenizer", "TokenizerFast", "Scheduler", "Processor", "Extractor")
_NOT_IMAGES = (
    "Upscale",
    "ControlNet",
    "Video",
    "Audio",
    "AnimateDiff",
    "MusicLDM",
    "Wan",
    "LTX",
    "Mochi",
    "Shap",
)
_CONFIG_NAMES = ("config.json", "scheduler_config.json", "preprocessor_config.json")
_TOKENIZER_NAMES = ("tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model")


class Inspection(Struct, frozen=True, kw_only=True):
    """What a model on disk is.

    ``layout`` is "folder" (a diffusers folder) or "file" (one safetensors file); ``kind`` such
    as "text-to-image"; ``family`` is "stable-diffusion", "sdxl", "flow-matching" or "other".
    ``size`` in bytes of what will be loaded. ``variant`` is the infix of the weight files
    ("fp16") when only that precision is there. ``native_size`` is the side in pixels that the
    model was made for, 0 if unknown. ``config`` is the diffusers folder with the
    configuration of a single file, "" if none lies beside it.
    """

    path: str
    layout: str
    kind: str
    family: str
    pipeline: str
    title: str
    size: int
    license: str = ""
    variant: str = ""
    native_size: int = 0
    config: str = ""


def inspect(path: str | Path) -> Inspection:
    """What the model folder or single file at ``path`` is.

    Every weight file's header is read and its length compared, so a file cut short is found
    here and not in the middle of a job.

    Raises
    ------
    ModelFileError : naming the file, what is wrong and what to do.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        return _inspect_folder(path)
    if not path.exists():
        raise ModelFileError(f"{path} does not exist.", "Check the path of the model.")
    if path.suffix.lower() in PICKLED_SUFFIXES:
        raise pickled_error(path)
    if path.suffix.lower() != ".safetensors":
        raise ModelFileError(
            f"{path} is not a model: neither a folder nor a .safetensors file.",
            "Choose a diffusers folder (with model_index.json) or one .safetensors file.",
        )
    return _inspect_file(path)


def model_index(folder: Path) -> dict[str, Any]:
    """The parsed ``model_index.json`` of a diffusers folder; :class:`ModelFileError` otherwise."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise _no_index(folder)
    return _read_json(index)


def _no_index(folder: Path) -> ModelFileError:
    files = sorted(p for p in folder.iterdir() if p.is_file())
    whole = [p.name for p in files if p.suffix == ".safetensors"]
    if whole:
        hint = f"If {whole[0]} holds the whole model, add that file instead of the folder."
    elif any(p.suffix.lower() in PICKLED_SUFFIXES for p in files):
        hint = "It holds a pickled checkpoint, which is not loaded; get the diffusers folder."
    else:
        hint = "Choose the folder that holds model_index.json, with its subfolders."
    return ModelFileError(f"{folder} is not a model folder: it has no model_index.json.", hint)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} cannot be read as JSON: {error}.", "Download or copy it again."
        ) from error
    if not isinstance(value, dict):
        raise ModelFileError(f"{path} is not a JSON object.", "Download or copy it again.")
    return value


def _inspect_folder(folder: Path) -> Inspection:
    index = model_index(folder)
    pipeline = index.get("_class_name")
    if not isinstance(pipeline, str):
        raise ModelFileError(
            f"{folder} brings its own pipeline code, which is not run.",
            "Choose a model that the diffusers library knows.",
        )
    kind = kind_of(pipeline)
    if kind == "other":
        raise ModelFileError(
            f"{folder} does not make images from text: its pipeline is {pipeline}.",
            "Choose a text-to-image model.",
        )
    size = 0
    variants: list[set[str]] = []
    for name, (library, class_name) in components(index).items():
        component = folder / name
        _check_component(folder, component, library, class_name)
        if not class_name.endswith(_WITHOUT_WEIGHTS):
            found = _weight_files(component, class_name)
            variants.append({variant for variant, _ in found})
            size += _check_weights(found)
    return Inspection(
        path=str(folder.resolve()),
        layout="folder",
        kind=kind,
        family=family_of(pipeline, index),
        pipeline=pipeline,
        title=folder.name or str(folder),
        size=size,
        license=cards.license_of(folder),
        variant=_common_variant(folder, variants),
        native_size=_native_size(folder),
    )


def components(index: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """name → (library, class name) of each component that a model index asks for."""
    pairs = {
        name: value
        for name, value in index.items()
        if not name.startswith("_") and isinstance(value, list) and len(value) == 2
    }
    return {n: (str(v[0]), str(v[1])) for n, v in pairs.items() if v[0] and v[1]}


def _check_component(folder: Path, component: Path, library: str, class_name: str) -> None:
    if not component.is_dir():
        raise ModelFileError(
            f"{folder} is incomplete: its part {component.name!r} ({class_name}) is missing.",
            "Download or copy the whole folder again.",
        )
    if (component / f"{library}.py").exists():
        raise ModelFileError(
            f"{component} brings its own code ({library}.py), which is not run.",
            "Choose a model that the diffusers library knows.",
        )
    names = _TOKENIZER_NAMES if "Tokenizer" in class_name else _CONFIG_NAMES
    if not any((component / name).is_file() for name in names):
        raise ModelFileError(
            f"{component} is incomplete: it has none of {', '.join(names)}.",
            "Download or copy the whole folder again.",
        )


def _weight_files(component: Path, class_name: str) -> list[tuple[str, Path]]:
    """(variant, file) of each safetensors file of a component, shards named by its index too."""
    found = [(_variant(p.name), p) for p in sorted(component.glob("*.safetensors"))]
    for index in sorted(component.glob("*.safetensors.index*.json")):
        shards = set(_read_json(index).get("weight_map", {}).values())
        missing = sorted(s for s in shards if not (component / str(s)).is_file())
        if missing:
            raise ModelFileError(
                f"{component} is incomplete: {missing[0]} is missing.", "Download it again."
            )
    if found:
        return found
    pickled = sorted(p for p in component.iterdir() if p.suffix.lower() in PICKLED_SUFFIXES)
    if pickled:
        raise pickled_error(pickled[0])
    raise ModelFileError(
        f"{component} has no weights: no .safetensors file for {class_name}.",
        "Download or copy the whole folder again.",
    )


def _variant(file_name: str) -> str:
    """ "fp16" of "model.fp16.safetensors" and of "model.fp16-00001-of-00002.safetensors"."""
    parts = file_name.removesuffix(".safetensors").split(".")
    return parts[1].split("-")[0] if len(parts) > 1 else ""


def _check_weights(found: list[tuple[str, Path]]) -> int:
    sizes: dict[str, int] = {}
    for variant, file in found:
        sizes[variant] = sizes.get(variant, 0) + read_header(file).size
    return sizes.get("", max(sizes.values()))


def _common_variant(folder: Path, variants: list[set[str]]) -> str:
    if all("" in found for found in variants):
        return ""
    lacking = [found for found in variants if "" not in found]
    common = set.intersection(*lacking)
    if not common:
        raise ModelFileError(
            f"{folder} mixes weight files of different precisions.",
            "Download the model again, in one precision.",
        )
    return "fp16" if "fp16" in common else min(common)


def _native_size(folder: Path) -> int:
    for name in ("unet", "transformer"):
        config, vae = folder / name / "config.json", folder / "vae" / "config.json"
        if config.is_file() and vae.is_file():
            side = _read_json(config).get("sample_size")
            levels = len(_read_json(vae).get("block_out_channels") or ())
            return side * 2 ** (levels - 1) if isinstance(side, int) and levels else 0
    return 0


def kind_of(pipeline: str) -> str:
    """What a diffusers pipeline class makes, by its name: "text-to-image", ..., or "other"."""
    if any(word in pipeline for word in _NOT_IMAGES):
        return "other"
    if "Inpaint" in pipeline:
        return "inpaint"
    return "image-to-image" if "Img2Img" in pipeline else "text-to-image"


def family_of(pipeline: str, index: dict[str, Any]) -> str:
    """The family of a pipeline: what decides its native latent space and settings."""
    scheduler = str((index.get("scheduler") or ["", ""])[1])
    if scheduler.startswith("FlowMatch") or pipeline.startswith("Sana"):
        return "flow-matching"
    if pipeline.startswith("StableDiffusionXL"):
        return "sdxl"
    if pipeline.startswith(("StableDiffusion", "LatentConsistency")):
        return "stable-diffusion"
    return "other"


def _inspect_file(path: Path) -> Inspection:
    header = read_header(path)
    family = _family_by_keys(path, header)
    config = cards.config_beside(path)
    pipeline = str(_read_json(config / "model_index.json")["_class_name"]) if config else ""
    return Inspection(
        path=str(path.resolve()),
        layout="file",
        kind=kind_of(pipeline) if pipeline else "text-to-image",
        family=family,
        pipeline=pipeline,
        title=header.metadata.get("modelspec.title") or path.stem,
        size=header.size,
        license=header.metadata.get("modelspec.license", ""),
        native_size=_native_size(config) if config else 0,
        config=str(config) if config else "",
    )


def _family_by_keys(path: Path, header: Header) -> str:
    """The family by the tensor names of the original checkpoints (as diffusers tells them apart)."""
    names = header.tensors
    if any("lora" in name.lower() for name in names):
        raise ModelFileError(
            f"{path} is a LoRA: a small change to a model, not a model.",
            "Choose the model that it was made for.",
        )
    if any("joint_blocks.0." in n or "double_blocks.0." in n for n in names):
        return "flow-matching"
    if any(n.startswith("conditioner.embedders.") for n in names):
        return "sdxl"
    if any(n.startswith("model.diffusion_model.input_blocks.") for n in names):
        return "stable-diffusion"
    raise ModelFileError(
        f"{path} is not a whole image model: its tensors are of no kind that is known here.",
        "Choose a checkpoint that holds the whole model, or a diffusers folder.",
    )
