"""The one place that decides device, precision and memory-saving, and that explains out-of-memory."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import torch

from catstudio.core.errors import BadInputError, OutOfMemoryError

KINDS = ("cuda", "mps", "xpu", "cpu")
"""In order of preference."""

_MIB = 1024 * 1024
_GIB = 1024 * _MIB
# Working memory above the weights per pixel at 16 bits: an autoencoder's last decoder block
# holds about five maps of 256 channels at full size. An estimate, on the safe side.
_BYTES_PER_PIXEL = 4096
_RESERVE = 512 * _MIB


@dataclass(frozen=True)
class Device:
    """Where a model runs. ``total`` and ``free`` are bytes of that device's memory."""

    kind: str
    name: str
    dtype: torch.dtype
    total: int
    free: int

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.kind)

    @property
    def dtype_name(self) -> str:
        """ "float32" for ``torch.float32``."""
        return str(self.dtype).removeprefix("torch.")


@dataclass(frozen=True)
class MemoryPlan:
    """Which memory-saving options are on; each trades time for space."""

    attention_slicing: bool = False
    vae_slicing: bool = False
    vae_tiling: bool = False
    model_offload: bool = False


def available_kinds() -> tuple[str, ...]:
    """The kinds of device that this computer has, best first; "cpu" is always there."""
    has = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "xpu": torch.xpu.is_available(),
        "cpu": True,
    }
    return tuple(kind for kind in KINDS if has[kind])


def choose(preference: str = "auto") -> Device:
    """The device to run on: ``preference``, or the best there is for "auto".

    Raises
    ------
    BadInputError : a preferred device that this computer does not have.
    """
    kinds = available_kinds()
    kind = kinds[0] if preference == "auto" else preference
    if kind not in kinds:
        raise BadInputError(
            f"This computer has no device called {preference!r}.",
            f"Choose one of: auto, {', '.join(kinds)}.",
        )
    total, free = memory(kind)
    return Device(kind=kind, name=_name(kind), dtype=_dtype(kind), total=total, free=free)


def memory(kind: str) -> tuple[int, int]:
    """(total, free) bytes of a device's memory now; the computer's own for cpu and mps."""
    if kind == "cuda":
        free, total = torch.cuda.mem_get_info()
        return total, free
    if kind == "xpu":
        free, total = torch.xpu.mem_get_info()
        return total, free
    own = psutil.virtual_memory()
    if kind == "mps":
        total = torch.mps.recommended_max_memory()
        return total, min(own.available, total - torch.mps.driver_allocated_memory())
    return own.total, own.available


def precision(kind: str, has_bf16: bool, has_fp16: bool) -> torch.dtype:
    """The dtype for a kind of device with these abilities.

    bfloat16 has the range of float32, so nothing overflows; float16 is the next best. A CPU
    computes in float32: without native support the short types are many times slower there
    (measured: bfloat16 matmul at 1/100 of float32), and the image is the reference.
    """
    if kind == "cpu":
        return torch.float32
    if has_bf16:
        return torch.bfloat16
    return torch.float16 if has_fp16 else torch.float32


def _dtype(kind: str) -> torch.dtype:
    if kind == "cuda":
        return precision(
            kind,
            has_bf16=torch.cuda.is_bf16_supported(including_emulation=False),
            has_fp16=torch.cuda.get_device_capability() >= (5, 3),
        )
    if kind == "mps":  # bfloat16 came with macOS 14
        return precision(kind, torch.backends.mps.is_macos_or_newer(14, 0), has_fp16=True)
    if kind == "xpu":
        return precision(kind, torch.xpu.is_bf16_supported(), has_fp16=True)
    return precision(kind, has_bf16=False, has_fp16=False)


def _name(kind: str) -> str:
    if kind == "cuda":
        return str(torch.cuda.get_device_name())
    if kind == "xpu":
        return str(torch.xpu.get_device_name())
    return {"mps": "Apple GPU", "cpu": "CPU"}[kind]


def plan_memory(device: Device, weights: int, largest: int, pixels: int) -> MemoryPlan:
    """What to switch on so that a model fits.

    Parameters
    ----------
    weights : bytes of all the model's parts in the dtype they will run in.
    largest : bytes of its largest part, what must be on the device at once with offloading.
    pixels : width × height of the image.

    The CPU has nowhere to offload to; there slicing and tiling alone can help.
    """
    work = pixels * _BYTES_PER_PIXEL * (2 if device.dtype == torch.float32 else 1)
    room = device.free - _RESERVE
    if weights + work <= room:
        return MemoryPlan()
    if device.kind != "cpu" and largest + work <= room:
        return MemoryPlan(vae_slicing=True, model_offload=True)
    # Tiling changes pixels at the seams and slicing is slow, so they come last.
    return smallest_plan(device.kind)


def smallest_plan(kind: str) -> MemoryPlan:
    """Every memory-saving option that does something on this kind of device."""
    return MemoryPlan(
        attention_slicing=True, vae_slicing=True, vae_tiling=True, model_offload=kind != "cpu"
    )


def empty_cache(kind: str) -> None:
    """Give memory that torch holds for later back to the device."""
    if kind == "cuda":
        torch.cuda.empty_cache()
    elif kind == "mps":
        torch.mps.empty_cache()
    elif kind == "xpu":
        torch.xpu.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """True for every way in which torch or Python says that memory is full.

    CUDA and XPU raise :class:`torch.OutOfMemoryError`; MPS and the CPU's allocator raise a
    plain RuntimeError that only its text tells apart.
    """
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text
    )


def smaller_size(width: int, height: int, needed: int, available: int) -> tuple[int, int]:
    """The largest (width, height) of the same shape, in multiples of 64, that should fit.

    Working memory grows with the number of pixels, so each side shrinks by
    √(available / needed), at least by √½ and with 10% to spare; (0, 0) when nothing from 64
    pixels up would fit.
    """
    ratio = min(0.5, available / needed) if needed > 0 else 0.5
    factor = 0.9 * math.sqrt(max(0.0, ratio)) if ratio < 0.5 else math.sqrt(0.5)
    small = (int(width * factor) // 64 * 64, int(height * factor) // 64 * 64)
    return small if min(small) >= 64 else (0, 0)


@contextmanager
def explained_memory(device: Device, what: str, width: int = 0, height: int = 0) -> Iterator[None]:
    """Turn out-of-memory inside the block into :class:`OutOfMemoryError` with what would fit.

    ``what`` names the model or the step in the message; ``width`` and ``height`` in pixels,
    or 0 where no image size is involved (loading).
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise _explained(error, device, what, width, height) from error


def _explained(
    error: BaseException, device: Device, what: str, width: int, height: int
) -> OutOfMemoryError:
    place = f"the {device.name} ({device.total / _GIB:.0f} GiB)"
    if not width or not height:
        return OutOfMemoryError(
            f"{what} does not fit into the memory of {place}.",
            "Close other programs, or choose a smaller model.",
        )
    asked = _bytes_asked(str(error))
    small = smaller_size(width, height, needed=asked, available=memory(device.kind)[1])
    fits = f"{small[0]} × {small[1]} should fit" if small[0] else "no smaller size would fit"
    return OutOfMemoryError(
        f"{what} at {width} × {height} does not fit into the memory of {place}.",
        f"On this device {fits}; closing other programs helps too.",
    )


def _bytes_asked(message: str) -> int:
    """The allocation that failed, from torch's message; 0 where it does not say."""
    found = re.search(r"allocate ([\d.]+) (bytes|[KMG]i?B)", message)
    if not found:
        return 0
    return int(float(found[1]) * {"b": 1, "K": 1024, "M": _MIB, "G": _GIB}[found[2][0]])
