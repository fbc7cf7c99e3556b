"""What one job puts on a loaded model and takes off again: LoRAs with weights, learned words."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import torch

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.engine.device import is_out_of_memory
from catstudio.engine.diffusion.loading import first_line
from catstudio.engine.diffusion.owner import Warm
from catstudio.engine.diffusion.parts import Part, find_file
from catstudio.engine.diffusion.words import Words
from catstudio.sources.weighted import Weighted, written

LORA, EMBEDDING = "LoRA", "embedding"
_MISFITS = (RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What diffusers and peft raise for a LoRA that they cannot put on a model."""


class Adapters:
    """The LoRAs and embeddings of one job. Their files are found at once, before a model is loaded.

    Raises :class:`NotPossibleError` or :class:`ModelFileError` for one that is missing or broken.
    """

    def __init__(
        self, loras: tuple[Weighted, ...], embeddings: tuple[str, ...], allow_download: bool
    ) -> None:
        self._loras = [(find_file(one.name, LORA, allow_download), one.weight) for one in loras]
        self._words = Words([find_file(name, EMBEDDING, allow_download) for name in embeddings])
        self._on: Warm | None = None

    def described(self) -> dict[str, Any]:
        """For the provenance: the names and weights, and what exactly was behind the names."""
        said: dict[str, Any] = {}
        if self._loras:
            said["loras"] = written(
                tuple(Weighted(part.id, weight) for part, weight in self._loras)
            )
            said["lora_revisions"] = {part.id: part.revision for part, _ in self._loras}
        return said | self._words.described()

    def put_on(self, warm: Warm) -> None:
        """Put all on ``warm``; nothing happens when they are on it already.

        Raises
        ------
        BadInputError : one does not fit the model: both are named, and all are off again.
        NotPossibleError : a model of this kind takes none.
        """
        if self._on is warm:
            return
        self._on = warm
        try:
            for number, (part, _) in enumerate(self._loras):
                _load(warm.base, part, f"lora_{number}", warm.choice.id)
            if self._loras:
                names = [f"lora_{number}" for number in range(len(self._loras))]
                warm.base.set_adapters(names, [weight for _, weight in self._loras])
            self._words.put_on(warm.base, warm.choice.id)
        except BaseException:
            self.take_off()
            raise

    def take_off(self) -> None:
        """Leave the model as it was before; may be called at any time."""
        warm, self._on = self._on, None
        if warm is None:
            return
        self._words.take_off()
        if self._loras and hasattr(warm.base, "unload_lora_weights"):
            warm.base.unload_lora_weights()


def _load(pipe: Any, part: Part, adapter: str, model: str) -> None:
    if not hasattr(pipe, "load_lora_weights"):
        raise NotPossibleError(
            f"{model} is of a kind that takes no LoRAs.", "Leave them out, or choose another model."
        )
    source = {"weight_name": part.path.name, "use_safetensors": True, "local_files_only": True}
    try:
        _check_fits(pipe, part, source)
        with warnings.catch_warnings():
            # Several adapters on one model are what is wanted.
            warnings.filterwarnings("ignore", "Already found a `peft_config`")
            pipe.load_lora_weights(str(part.path.parent), adapter_name=adapter, **source)
        is_on = any(adapter in names for names in pipe.get_list_adapters().values())
    except _MISFITS as error:
        if is_out_of_memory(error):
            raise
        logging.getLogger(__name__).info("LoRA %s: %s", part.path, first_line(error))
        raise _misfit(part, model) from error
    if not is_on:
        raise _misfit(part, model)


def _check_fits(pipe: Any, part: Part, source: dict[str, Any]) -> None:
    """Raise ValueError unless every layer that the LoRA changes is there, with its shape.

    The library itself only notes in its log what it could not place, and finds other shapes when
    half of the layers are changed already.
    """
    config = {"unet_config": pipe.unet.config} if hasattr(pipe, "unet") else {}
    found = pipe.lora_state_dict(str(part.path.parent), **source, **config)
    state: dict[str, torch.Tensor] = found[0] if isinstance(found, tuple) else found
    for key, tensor in state.items():
        name, _, rest = key.partition(".")
        layer, _, kind = rest.partition(".lora")
        weight = _weight(getattr(pipe, name, None), layer.split(".alpha")[0])
        if weight is None:
            raise ValueError(f"there is no layer {key}")
        takes, gives = kind.startswith(("_A", ".down")), kind.startswith(("_B", ".up"))
        if (takes and tensor.shape[1] != weight.shape[1]) or (
            gives and tensor.shape[0] != weight.shape[0]
        ):
            raise ValueError(f"{key} is of the shape {tuple(tensor.shape)}")


def _weight(component: Any, layer: str) -> torch.Tensor | None:
    """The weight of ``component``'s layer of that name; None when there is none."""
    if not isinstance(component, torch.nn.Module):
        return None
    try:
        weight = component.get_submodule(layer).weight
    except AttributeError:
        return None
    return weight if isinstance(weight, torch.Tensor) else None


def _misfit(part: Part, model: str) -> BadInputError:
    return BadInputError(
        f"The {LORA} {part.id} does not fit {model}: it was made for another kind of model.",
        "Choose a LoRA for this model's family, or the model that it was made for.",
    )
