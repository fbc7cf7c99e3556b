"""A torch module compiled by OpenVINO for one set of input shapes.

https://docs.openvino.ai: the module is traced, converted and compiled for the CPU. Arguments
that are not tensors stay constants of the trace.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

Forward = Callable[..., Any]


def library() -> Any:
    """The openvino package, without its telemetry.

    Converting a model reports to its maker by default, without asking. The package that sends is
    made impossible to import, and openvino falls back to its own silent stand-in.
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    return importlib.import_module("openvino")


class Bound:
    """The arguments of one call of ``forward``, told apart: named tensors, and all the rest.

    A dictionary of tensors (``added_cond_kwargs``) counts as tensors. ``is_plain`` is false when
    something else is given that a trace could not follow, such as a ControlNet's residuals.
    ``arguments`` are all of them by name.
    """

    def __init__(self, forward: Forward, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.arguments = dict(inspect.signature(forward).bind(*args, **kwargs).arguments)
        self.tensors: dict[tuple[str, ...], Tensor] = {}
        self.constants: dict[str, Any] = {}
        self.is_plain = True
        for name, value in self.arguments.items():
            self._take(name, value)

    @property
    def shapes(self) -> str:
        """What a trace is good for: names, shapes and types of the tensors, and the constants."""
        parts = [
            f"{'.'.join(name)}={tuple(t.shape)}{str(t.dtype).removeprefix('torch.')}"
            for name, t in self.tensors.items()
        ]
        return ";".join(parts + [f"{name}={value}" for name, value in self.constants.items()])

    @property
    def returns_tuple(self) -> bool:
        return self.constants.get("return_dict", True) is False

    def _take(self, name: str, value: Any) -> None:
        if isinstance(value, Tensor):
            self.tensors[(name,)] = value
        elif isinstance(value, dict) and all(isinstance(one, Tensor) for one in value.values()):
            for key, one in value.items():
                self.tensors[(name, key)] = one
        elif value is None or isinstance(value, bool | int | float | str):
            if value is not None:
                self.constants[name] = value
        else:
            self.is_plain = value == {}


class CannotCompileError(Exception):
    """A module that the tracer or the converter cannot follow; torch goes on with it."""


class Compiled:
    """``module``'s forward for the shapes of ``bound``, run by OpenVINO on the CPU.

    Parameters
    ----------
    forward : the module's own forward, which is traced once.
    cache : folder for compiled code; a second start takes a fraction of the first.
    threads : how many processor threads it may use.

    Raises
    ------
    CannotCompileError
    """

    def __init__(
        self, module: nn.Module, forward: Forward, bound: Bound, cache: Path, threads: int
    ) -> None:
        self._names = list(bound.tensors)
        flat = _Flat(module, forward, self._names, bound.constants)
        settings = {
            "CACHE_DIR": str(cache),
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            # The image is the reference: as exact as torch, also where shorter types are native.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        try:
            cache.mkdir(parents=True, exist_ok=True)
            self._request = _compile(flat, tuple(bound.tensors.values()), settings)
        except MemoryError:
            raise
        except Exception as error:  # Its libraries have an exception of their own for everything.
            raise CannotCompileError(str(error)) from error

    def __call__(self, bound: Bound) -> tuple[Tensor]:
        """The first output of the module, as the tuple that ``return_dict=False`` gives."""
        inputs = [bound.tensors[name].detach().numpy() for name in self._names]
        found = self._request.infer(inputs, share_inputs=True)
        return (torch.from_numpy(found[0].copy()),)


def _compile(flat: nn.Module, example: tuple[Tensor, ...], settings: dict[str, Any]) -> Any:
    openvino = library()
    with _logging_kept(), warnings.catch_warnings():
        # The tracer warns of every shape that it takes for a constant, which is intended.
        warnings.simplefilter("ignore")
        model = openvino.convert_model(flat, example_input=example)
    model.reshape({i: list(tensor.shape) for i, tensor in enumerate(example)})
    return openvino.Core().compile_model(model, "CPU", settings).create_infer_request()


@contextmanager
def _logging_kept() -> Iterator[None]:
    """Converting sets the level of the whole process's log, which is put back here."""
    root = logging.getLogger()
    level, handlers, filters = root.level, list(root.handlers), list(root.filters)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:], root.filters[:] = handlers, filters


class _Flat(nn.Module):
    """The module with nothing but tensors for arguments, in a fixed order, and one result."""

    def __init__(
        self,
        module: nn.Module,
        forward: Forward,
        names: list[tuple[str, ...]],
        constants: dict[str, Any],
    ) -> None:
        super().__init__()
        self.module = module
        self._forward = forward
        self._names = names
        self._constants = constants

    def forward(self, *tensors: Tensor) -> Tensor:
        arguments: dict[str, Any] = dict(self._constants)
        for name, tensor in zip(self._names, tensors, strict=True):
            if len(name) == 1:
                arguments[name[0]] = tensor
            else:
                arguments.setdefault(name[0], {})[name[1]] = tensor
        result = self._forward(**arguments)
        first: Tensor = result if isinstance(result, Tensor) else result[0]
        return first
