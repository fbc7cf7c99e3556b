"""The measured rule: which engine runs a part of a model, from timings taken on this computer.

A part is measured once for each of its input shapes, with both engines, at a time when the work
ahead is worth the preparation. The verdict then holds for every job, large or small, so that an
image does not depend on how many were asked for beside it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from catstudio.core.files import write_atomic

MIN_GAIN = 1.1
"""How many times faster the other engine must be: less is within the noise of a busy computer."""
ASSUMED_GAIN = 1.3
"""Taken for the gain of a part that was never measured, to see whether measuring is worth it."""
PREPARE_LEAST, PREPARE_PER_GB = 2.0, 20.0
"""Seconds to prepare a part that never was: at least, and for each GB of its weights."""


class Measured(Struct, frozen=True):
    """Seconds a call with torch, and with the other engine, which is None until it is tried."""

    torch: float
    other: float | None = None

    @property
    def is_faster(self) -> bool:
        """Is the other engine worth having?"""
        return self.other is not None and self.torch > MIN_GAIN * self.other


def is_worth_measuring(seconds_a_call: float, calls: int, weight_bytes: int) -> bool:
    """Will ``calls`` more calls of ``seconds_a_call`` likely earn back the preparation?"""
    saved = calls * seconds_a_call * (1 - 1 / ASSUMED_GAIN)
    return saved > PREPARE_LEAST + PREPARE_PER_GB * weight_bytes / 1e9


class Records:
    """What was measured on this computer, in one JSON file that may be deleted at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Measured] | None = None

    def get(self, key: str) -> Measured | None:
        return self._read().get(key)

    def put(self, key: str, measured: Measured) -> None:
        """Keep a measurement; a disk that is full loses it, and it is taken again."""
        known = self._read()
        known[key] = measured
        try:
            write_atomic(self._path, msgspec.json.encode(known))
        except OSError:
            return

    def _read(self) -> dict[str, Measured]:
        if self._known is None:
            try:
                self._known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Measured])
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
                self._known = {}
        return self._known
