"""A tiny decoder in place of a model's own: a preview's quality in a small part of the time.

TAESD and its kin (AutoencoderTiny of the diffusers library) are distilled from the autoencoders
of known families; on a CPU the full decoder takes longer than a distilled model's one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from catstudio.core.errors import BadInputError, ModelFileError
from catstudio.engine.device import Device, explained_memory
from catstudio.engine.diffusion import loading
from catstudio.engine.diffusion.parts import Part, class_name, find_folder

WHAT = "tiny decoder"
_CLASS = "AutoencoderTiny"


def find(name: str, allow_download: bool) -> Part:
    """The tiny decoder called ``name``; see :func:`parts.find_folder`."""
    part = find_folder(name, WHAT, allow_download)
    if class_name(part) != _CLASS:
        raise ModelFileError(
            f"{part.path} is not a {WHAT}: it is of the kind {class_name(part) or 'unknown'}.",
            f"Choose a folder with an {_CLASS}, such as TAESD.",
        )
    return part


def load(part: Part, pipe: Any, model: str, device: Device) -> Any:
    """The decoder of ``part``, on ``device``.

    Raises :class:`BadInputError` naming both when its latents are not those of ``pipe``.
    """
    from diffusers import AutoencoderTiny

    make: Any = AutoencoderTiny.from_pretrained
    with loading.explained_loading(str(part.path)), explained_memory(device, part.id):
        tiny = make(
            str(part.path), dtype=device.dtype, use_safetensors=True, local_files_only=True
        ).to(device.kind)
    own: Any = getattr(pipe, "vae", None)
    if own is None or int(own.config.latent_channels) != int(tiny.config.latent_channels):
        raise BadInputError(
            f"The {WHAT} {part.id} was made for another kind of model than {model}.",
            f"Choose the {WHAT} of this model's family, or leave it out.",
        )
    return tiny.eval()


@contextmanager
def worn(pipe: Any, tiny: Any) -> Iterator[None]:
    """``pipe`` encodes and decodes with ``tiny`` while the block runs; None leaves its own."""
    if tiny is None:
        yield
        return
    own, pipe.vae = pipe.vae, tiny
    try:
        yield
    finally:
        pipe.vae = own
