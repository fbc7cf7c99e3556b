"""Turns a model on disk into a diffusers pipeline: safely, and without the network unless allowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.engine.device import Device, MemoryPlan, explained_memory, is_out_of_memory
from catstudio.models import Inspection, Resolved, cached_snapshot, inspect, network, resolve
from catstudio.models.hub import hub_cache, is_hub_id
from catstudio.models.inspection import components, model_index
from catstudio.models.weights import read_header, revision_of

_ALLOW = "allow the download (--allow-download)"
_CONFIG_FILES = ["*.json", "*/*.json", "*/*.txt", "*/*.model"]
# What diffusers, transformers and safetensors raise for a model that they cannot put together.
_LOAD_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    SafetensorError,
)


@dataclass(frozen=True)
class Choice:
    """A model found on disk: ``id`` as the person calls it; ``revision`` names its weights."""

    id: str
    revision: str
    inspection: Inspection


def find(model: str, allow_download: bool = False) -> Choice:
    """Find and check ``model`` (a registered name, a path, a hub id), fetching it if allowed.

    Raises
    ------
    NotPossibleError : not on this computer, and not allowed or not able to fetch it.
    ModelFileError : it is there and cannot be used.
    """
    missing = is_hub_id(model) and not Path(model).exists() and cached_snapshot(model) is None
    if allow_download and missing:
        folder = download(model)
        found = Resolved(id=model, inspection=inspect(folder))
    else:
        found = resolve(model)
    path = Path(found.inspection.path)
    return Choice(id=found.id, revision=revision_of(path), inspection=found.inspection)


def load(choice: Choice, device: Device, allow_download: bool = False) -> Any:
    """The pipeline of ``choice``, on the CPU, in ``device``'s dtype: it makes images from text, or
    redraws masked parts where the model was made for that alone.

    Only safetensors are read, no code that comes with a model is run, and nothing is unpickled.
    """
    _quiet()
    what = choice.inspection
    with explained_loading(what.path), explained_memory(device, choice.id):
        if what.layout == "file":
            pipe = _load_file(what, device.dtype, allow_download)
        else:
            pipe = _load_folder(what, device.dtype)
    pipe.set_progress_bar_config(disable=True)
    for name in ("unet", "vae"):
        part = getattr(pipe, name, None)
        if part is not None and device.kind != "mps":
            part.to(memory_format=torch.channels_last)
    return pipe


def place(pipe: Any, device: Device, plan: MemoryPlan) -> None:
    """Put ``pipe`` on ``device`` with the memory-saving of ``plan``."""
    vae: Any = getattr(pipe, "vae", None)
    if plan.vae_slicing and hasattr(vae, "enable_slicing"):
        vae.enable_slicing()
    if plan.vae_tiling and hasattr(vae, "enable_tiling"):
        vae.enable_tiling()
    if plan.attention_slicing:
        pipe.enable_attention_slicing()
    if plan.model_offload:
        pipe.enable_model_cpu_offload(device=device.kind)
    else:
        pipe.to(device.kind)


def part_sizes(pipe: Any) -> list[int]:
    """Bytes of the weights of each part of a pipeline."""
    modules = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    return [sum(p.numel() * p.element_size() for p in module.parameters()) for module in modules]


def _load_folder(what: Inspection, dtype: torch.dtype) -> Any:
    import diffusers

    _refuse_foreign_parts(Path(what.path))
    auto: Any = diffusers.AutoPipelineForText2Image
    if "Inpaint" in what.pipeline:
        auto = diffusers.AutoPipelineForInpainting
    return auto.from_pretrained(
        what.path,
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        variant=what.variant or None,
    )


def _load_file(what: Inspection, dtype: torch.dtype, allow_download: bool) -> Any:
    import diffusers

    config = Path(what.config) if what.config else _config_from_hub(what, allow_download)
    _refuse_foreign_parts(config)
    pipeline = str(model_index(config).get("_class_name"))
    pipeline_class = getattr(diffusers, pipeline)
    # With local_files_only and no config diffusers goes to the network after all; so the
    # configuration is always a folder that is there.
    return pipeline_class.from_single_file(
        what.path, config=str(config), dtype=dtype, local_files_only=True
    )


def _refuse_foreign_parts(folder: Path) -> None:
    """Refuse parts that are not of the two libraries: importing one runs whatever has that name."""
    from diffusers import pipelines

    for name, (library, class_name) in components(model_index(folder)).items():
        if library not in ("diffusers", "transformers") and not hasattr(pipelines, library):
            raise ModelFileError(
                f"{folder} asks for {library}.{class_name} as its part {name!r}, which is not run.",
                "Choose a model whose parts are of diffusers and transformers alone.",
            )


def _config_from_hub(what: Inspection, allow_download: bool) -> Path:
    """The configuration folder that a bare single file needs, from the hub's cache."""
    from diffusers.loaders import single_file_utils

    fetch_diffusers_config: Any = single_file_utils.fetch_diffusers_config
    header = read_header(Path(what.path))
    shapes = {n: torch.empty(t.shape, device="meta") for n, t in header.tensors.items()}
    repo = str(fetch_diffusers_config(shapes)["pretrained_model_name_or_path"])
    found = cached_snapshot(repo)
    if found is None and allow_download:
        found = download(repo, _CONFIG_FILES)
    if found is None:
        path = Path(what.path)
        raise NotPossibleError(
            f"{path} has its weights but not its configuration, which is not on this computer.",
            f"Put the configuration (model_index.json and its folders, as in {repo}) into the "
            f"folder {path.with_suffix('')}, or {_ALLOW} of these few small files.",
        )
    return found


def download(hub_id: str, patterns: list[str] | None = None) -> Path:
    """Fetch a pipeline, or the files of ``hub_id`` that match ``patterns``, into the hub's cache.

    Raises :class:`NotPossibleError` with the reason.
    """
    network.check_online(hub_id)
    from diffusers import DiffusionPipeline
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        if patterns:
            return Path(snapshot_download(hub_id, allow_patterns=patterns, cache_dir=hub_cache()))
        fetch: Any = DiffusionPipeline.download
        return Path(fetch(hub_id, use_safetensors=True, cache_dir=hub_cache()))
    except (OSError, ValueError, HfHubHTTPError, OfflineModeIsEnabled) as error:
        raise NotPossibleError(
            f"The model {hub_id} cannot be downloaded: {first_line(error)}.",
            "Check the name and the connection (HF_HUB_OFFLINE must not be set), or add a copy "
            "of the model: catstudio models add PATH.",
        ) from error


@contextmanager
def explained_loading(path: str) -> Iterator[None]:
    """Turn what the libraries raise for a model at ``path`` into :class:`ModelFileError`."""
    try:
        yield
    except _LOAD_ERRORS as error:
        if is_out_of_memory(error):
            raise
        raise ModelFileError(
            f"{path} cannot be loaded: {first_line(error)}.",
            "Download it again; if that does not help, this model needs a newer version of "
            "diffusers or is of a kind that is not supported.",
        ) from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text, short enough for a sentence, without its full stop."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return (text or type(error).__name__)[:200].rstrip(".")


def _quiet() -> None:
    """No bars and notices of the libraries on a worker's error stream."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
