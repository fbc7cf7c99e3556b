"""A training's state on disk: one safetensors file, whole or absent, tensors and JSON alike.

Weights, AdamW's moments and everything else that the next step depends on: with equal settings
and photos the training goes on from it bit by bit as if it had never stopped (on a CPU).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import torch
from msgspec import Struct
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from catstudio.core.errors import BadInputError, CatStudioError, ModelFileError
from catstudio.core.files import explain_os_error, write_atomic
from catstudio.models.adapters import CHECKPOINT_FILE, CHECKPOINT_KEY
from catstudio.models.weights import read_header

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class State(Struct, frozen=True, kw_only=True):
    """What stands in the file beside the tensors. ``losses`` are (step, loss) pairs so far;
    ``basis`` are the settings and inputs that must be the same; ``digest`` of the tensors."""

    step: int
    losses: tuple[tuple[int, float], ...]
    basis: dict[str, Any]
    digest: str


def write(
    folder: Path,
    parameters: dict[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    step: int,
    losses: tuple[tuple[int, float], ...],
    basis: dict[str, Any],
) -> None:
    """Put the state after ``step`` steps into ``folder``, in place of an older one."""
    tensors = {f"weight.{name}": _plain(value) for name, value in parameters.items()}
    for name, value in parameters.items():
        kept = optimizer.state.get(value, {})
        tensors |= {f"{key}.{name}": _plain(kept[key]) for key in _MOMENTS if key in kept}
    state = State(step=step, losses=losses, basis=basis, digest=_digest(tensors))
    data = save_tensors(tensors, {CHECKPOINT_KEY: msgspec.json.encode(state).decode()})
    path = folder / CHECKPOINT_FILE
    try:
        write_atomic(path, data)
    except OSError as error:
        raise explain_os_error(error, str(path)) from error


def read(folder: Path, basis: dict[str, Any]) -> tuple[State, dict[str, torch.Tensor]] | None:
    """The state in ``folder``; None when there is none.

    Raises
    ------
    ModelFileError : it is damaged.
    BadInputError : it was made with other settings or photos; names which.
    """
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return None
    try:
        metadata = read_header(path).metadata
        state = msgspec.json.decode(metadata[CHECKPOINT_KEY], type=State)
        tensors = load_tensors(path.read_bytes())
    except (CatStudioError, KeyError, msgspec.MsgspecError, SafetensorError, OSError) as error:
        raise _damaged(path) from error
    if _digest(tensors) != state.digest:
        raise _damaged(path)
    if difference := _difference(state.basis, msgspec.to_builtins(basis)):
        raise BadInputError(
            f"The training that was stopped at step {state.step} is another one: {difference}.",
            "Set it back to go on with it, or start over without resuming.",
        )
    return state, tensors


def restore(
    tensors: dict[str, torch.Tensor],
    parameters: dict[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
) -> None:
    """Put what :func:`read` gave back into ``parameters`` and ``optimizer``."""
    with torch.no_grad():
        for name, value in parameters.items():
            value.copy_(tensors[f"weight.{name}"])
            kept = {key: tensors.get(f"{key}.{name}") for key in _MOMENTS}
            if kept["step"] is None:
                continue
            # AdamW counts steps on the CPU, wherever the weights are.
            optimizer.state[value] = {
                key: tensor if key == "step" else tensor.to(value.device)
                for key, tensor in kept.items()
                if tensor is not None
            }


def _damaged(path: Path) -> ModelFileError:
    return ModelFileError(
        f"The state of the stopped training ({path}) is damaged.",
        "The training starts over; nothing else is lost.",
    )


def _plain(value: torch.Tensor) -> torch.Tensor:
    return value.detach().float().cpu().contiguous().clone()


def _digest(tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name}\0{tuple(tensors[name].shape)}\0".encode())
        digest.update(tensors[name].numpy().tobytes())
    return digest.hexdigest()


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The first thing that is not the same, in words; "" when all is."""
    for key, value in now.items():
        if before.get(key) == value:
            continue
        words = key.replace("_", " ")
        if isinstance(value, list):
            return f"its {words} are not the same"
        return f"its {words} was {before.get(key)}, now it is {value}"
    return ""
