"""Loads a ControlNet and sees that it was made for the kind of model it is to guide."""

from __future__ import annotations

from typing import Any

from catstudio.core.errors import BadInputError, ModelFileError, NotPossibleError
from catstudio.engine.device import Device, explained_memory
from catstudio.engine.diffusion import loading
from catstudio.engine.diffusion.parts import Part, class_name, find_folder

WHAT = "ControlNet"
# The kinds whose pipelines take one control image and nothing else that is particular to them.
_CLASSES = {
    "ControlNetModel": "unet",
    "SD3ControlNetModel": "transformer",
    "FluxControlNetModel": "transformer",
}
_SAME = (
    "cross_attention_dim",
    "addition_embed_type",
    "joint_attention_dim",
    "caption_projection_dim",
    "pooled_projection_dim",
    "in_channels",
)
"""Settings in which a ControlNet and the model that it was made for agree."""


def find(name: str, allow_download: bool) -> Part:
    """The ControlNet called ``name``; see :func:`parts.find_folder`."""
    part = find_folder(name, WHAT, allow_download)
    if class_name(part) not in _CLASSES:
        raise ModelFileError(
            f"{part.path} is not a {WHAT} that can be used here: it is of the kind "
            f"{class_name(part) or 'unknown'}.",
            f"Choose one of the kinds {', '.join(_CLASSES)}.",
        )
    return part


def load(part: Part, pipe: Any, model: str, device: Device) -> Any:
    """The network of ``part``, in ``device``'s dtype, on the CPU.

    Raises :class:`BadInputError` naming both when it was not made for models like ``pipe``.
    """
    import diffusers

    name = class_name(part)
    denoiser = getattr(pipe, _CLASSES[name], None)
    kind: Any = getattr(diffusers, name)
    if denoiser is None or (name == "FluxControlNetModel") != type(pipe).__name__.startswith(
        "Flux"
    ):
        raise _misfit(part, model)
    with loading.explained_loading(str(part.path)), explained_memory(device, part.id):
        network = kind.from_pretrained(
            str(part.path), dtype=device.dtype, use_safetensors=True, local_files_only=True
        )
    if any(_differ(network.config, denoiser.config, setting) for setting in _SAME):
        raise _misfit(part, model)
    return network.eval()


def derived(auto: Any, pipe: Any, network: Any, model: str, task: str) -> Any:
    """``pipe`` with the ControlNet, sharing its weights; ``auto`` finds the class for the task."""
    try:
        found = auto.from_pipe(pipe, controlnet=network)
    except (ValueError, AttributeError) as error:
        raise _no_class(model, task) from error
    if "ControlNet" not in type(found).__name__:
        raise _no_class(model, task)
    return found


def _no_class(model: str, task: str) -> NotPossibleError:
    return NotPossibleError(
        f"{model} is of a kind that takes no ControlNet for {task}.",
        "Leave the ControlNet out, or choose another model.",
    )


def _differ(one: Any, other: Any, setting: str) -> bool:
    return setting in one and setting in other and one[setting] != other[setting]


def _misfit(part: Part, model: str) -> BadInputError:
    return BadInputError(
        f"The {WHAT} {part.id} was made for another kind of model than {model}.",
        f"Choose a {WHAT} for this model's family, or another model.",
    )
