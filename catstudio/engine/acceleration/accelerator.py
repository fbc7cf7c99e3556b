"""Puts the faster engine under the parts of a pipeline for the time of a job."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from torch import nn

from catstudio.core.errors import NotPossibleError
from catstudio.core.paths import cache_dir
from catstudio.engine.acceleration.compiled import Bound, CannotCompileError, Compiled, library
from catstudio.engine.acceleration.rule import Measured, Records, is_worth_measuring

_log = logging.getLogger(__name__)
_PARTS = ("unet", "transformer")


class Engine(StrEnum):
    """What runs a model's parts. ``AUTO`` measures, and takes OpenVINO where it is faster."""

    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"


class Accelerator:
    """Runs the denoiser and the decoder of a pipeline by the engine that is faster here.

    Compiled parts are kept as long as their module is; the module itself is never changed but
    for the time of a job, so all pipelines that share it share the engine too.

    Parameters
    ----------
    folder : where measurements and compiled code are kept; may be deleted at any time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or cache_dir() / "acceleration"
        self._records = Records(self._folder / "measured.json")
        self._parts: dict[int, _Part] = {}

    @staticmethod
    def is_available() -> bool:
        """Is OpenVINO installed?"""
        return importlib.util.find_spec("openvino") is not None

    @contextmanager
    def running(
        self,
        pipe: Any,
        engine: Engine,
        calls: int,
        say: Callable[[str], None],
    ) -> Iterator[Callable[[], str]]:
        """While the block runs, ``pipe``'s parts use ``engine``; yields what says which it was.

        ``calls`` are the denoiser's calls of the whole job; ``say`` is told before something
        that takes long. On another device than the CPU, and while adapters or a ControlNet
        change what the module computes, torch runs it.

        Raises
        ------
        NotPossibleError : OpenVINO is asked for by name and is not installed.
        """
        if engine is Engine.OPENVINO and not self.is_available():
            raise NotPossibleError(
                "The OpenVINO engine is not installed.",
                "Install it (pip install 'catstudio[openvino]'), or choose the engine “auto”.",
            )
        if engine is Engine.TORCH or not self.is_available() or pipe.device.type != "cpu":
            yield lambda: Engine.TORCH.value
            return
        # What has a forward of its own (offloading hooks) computes something else than its class.
        whole = [module for module in _modules(pipe) if "forward" not in module.__dict__]
        parts = [self._part(module) for module in whole]
        for part in parts:
            part.attach(engine, calls, say)
        try:
            yield lambda: _used(parts)
        finally:
            for part in parts:
                part.detach()

    def forget(self) -> None:
        """Let go of all compiled parts: the pipeline that they belong to is gone."""
        self._parts.clear()

    def _part(self, module: nn.Module) -> _Part:
        part = self._parts.get(id(module))
        if part is None or part.module is not module:
            part = self._parts[id(module)] = _Part(module, self._records, self._folder / "compiled")
        return part


class _Part:
    """One module, and what is known of how fast each engine runs it."""

    def __init__(self, module: nn.Module, records: Records, cache: Path) -> None:
        self.module = module
        self.ran: set[Engine] = set()
        self._records = records
        self._cache = cache
        self._plain = module.forward
        self._compiled: dict[str, Compiled] = {}
        self._failed: set[str] = set()
        self._engine = Engine.TORCH
        self._calls = 0
        self._say: Callable[[str], None] = lambda _: None
        weights = list(module.parameters())
        self._bytes = sum(w.numel() * w.element_size() for w in weights)
        self._name = f"{type(module).__name__}-{sum(w.numel() for w in weights)}"

    def attach(self, engine: Engine, calls: int, say: Callable[[str], None]) -> None:
        self._engine, self._calls, self._say = engine, calls, say
        self.ran = set()
        self.module.forward = self._forward

    def detach(self) -> None:
        self.module.__dict__.pop("forward", None)
        self._say = lambda _: None

    def _forward(self, *args: Any, **kwargs: Any) -> Any:
        bound = Bound(self._plain, args, kwargs)
        self._calls -= 1
        if not self._can_compile(bound):
            return self._by_torch(bound)
        if self._engine is Engine.AUTO:
            key = self._key(bound)
            known = self._records.get(key)
            if known is None:
                before = time.perf_counter()
                result = self._by_torch(bound)
                known = Measured(time.perf_counter() - before)
                self._records.put(key, known)
                if not is_worth_measuring(known.torch, self._calls, self._bytes):
                    return result
            if known.other is None and is_worth_measuring(known.torch, self._calls, self._bytes):
                known = self._compare(bound, key, known)
            if not known.is_faster:
                return self._by_torch(bound)
        compiled = self._ready(bound)
        if compiled is None:
            return self._by_torch(bound)
        self.ran.add(Engine.OPENVINO)
        result = compiled(bound)
        # A decoder returns its tensor bare, a denoiser in a tuple.
        return result if bound.returns_tuple else result[0]

    def _by_torch(self, bound: Bound) -> Any:
        self.ran.add(Engine.TORCH)
        return self._plain(**bound.arguments)

    def _can_compile(self, bound: Bound) -> bool:
        is_adapted = bool(getattr(self.module, "peft_config", None))
        return bound.is_plain and not is_adapted and bound.shapes not in self._failed

    def _compare(self, bound: Bound, key: str, known: Measured) -> Measured:
        """Time the other engine too, on this very call."""
        compiled = self._ready(bound)
        if compiled is None:
            return known
        compiled(bound)  # The first call allocates.
        before = time.perf_counter()
        compiled(bound)
        found = Measured(known.torch, time.perf_counter() - before)
        self._records.put(key, found)
        return found

    def _ready(self, bound: Bound) -> Compiled | None:
        if bound.shapes not in self._compiled:
            self._say("Preparing the faster engine (once for this model and size)")
            try:
                self._compiled[bound.shapes] = Compiled(
                    self.module, self._plain, bound, self._cache, torch.get_num_threads()
                )
            except CannotCompileError:
                _log.warning("OpenVINO cannot run %s; torch goes on.", self._name, exc_info=True)
                self._failed.add(bound.shapes)
                return None
        return self._compiled[bound.shapes]

    def _key(self, bound: Bound) -> str:
        threads = torch.get_num_threads()
        versions = f"torch {torch.__version__}, openvino {library().__version__}"
        return f"{self._name} {bound.shapes} {threads} threads {versions}"


def _modules(pipe: Any) -> Iterator[nn.Module]:
    for name in _PARTS:
        part = getattr(pipe, name, None)
        if isinstance(part, nn.Module):
            yield part
    decoder = getattr(getattr(pipe, "vae", None), "decoder", None)
    if isinstance(decoder, nn.Module):
        yield decoder


def _used(parts: list[_Part]) -> str:
    """ "openvino" when any part ran on it; the image may differ in its last bits from torch's."""
    ran = set().union(*(part.ran for part in parts))
    return (Engine.OPENVINO if Engine.OPENVINO in ran else Engine.TORCH).value
