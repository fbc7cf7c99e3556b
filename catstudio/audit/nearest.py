"""How near is near: each image's nearest other, beside how near two different photos ever come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData
from catstudio.learn.intervals import LEVEL
from catstudio.learn.lineages import family_numbers

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]

MEANT_TO_BE_NEAR = ("augment", "blend", "copy")
"""Sources that change a photo and are meant to stay near it: being near is no flaw of theirs."""
MIN_REFERENCES = 20
"""Real photos whose nearest neighbour must be known before "ever" means anything."""
NEAR_COPY = 0.92
"""Match above which two photos are near-copies themselves, and no measure for others."""
MANY_ALIKE = 0.05
"""Share of photos that match so well from which on it is the subject that looks alike."""
_CHUNK = 512


class Yardstick(NamedTuple):
    """The most that any of ``n`` real photos matches one outside its lineage: ``limit``."""

    limit: float
    n: int

    @property
    def chance(self) -> float:
        """The share of images that exceeds the limit by chance, at most (95%).

        The largest of n draws is beaten by a share of up to 1 - 0.05^(1/n) of draws.
        """
        return float(1.0 - (1.0 - LEVEL) ** (1.0 / self.n))


def yardstick(data: AuditData, asked: Ints, photos: Ints) -> Yardstick:
    """How near photos ``asked`` come to ``photos``; its ``n`` says whether there are enough."""
    reference = matches(data, asked, photos, is_outside=True)[0]
    reference = reference[np.isfinite(reference)]
    apart = reference[reference < NEAR_COPY]
    is_alike = len(apart) < (1.0 - MANY_ALIKE) * len(reference)
    return Yardstick(float((reference if is_alike else apart).max(initial=-1.0)), len(reference))


def matches(
    data: AuditData, asked: Ints, photos: Ints, is_outside: bool = False
) -> tuple[Floats, Ints]:
    """The largest cosine of each of ``asked`` to any of ``photos`` but itself, and which it is.

    ``is_outside`` leaves out photos of its own family; -inf where none is left.
    """
    both = np.concatenate([asked, photos])
    family = family_numbers([data.items[int(i)].lineages for i in both]) if is_outside else both
    own, theirs = family[: len(asked)], family[len(asked) :]
    against = data.x[photos].astype(np.float32).T
    best, which = np.empty(len(asked), np.float32), np.empty(len(asked), np.intp)
    for start in range(0, len(asked), _CHUNK):
        data.check_cancelled()
        part = slice(start, start + _CHUNK)
        cosines = data.x[asked[part]].astype(np.float32) @ against
        cosines[own[part, None] == theirs] = -np.inf
        which[part] = cosines.argmax(axis=1) if len(photos) else 0
        best[part] = cosines.max(axis=1, initial=-np.inf)
    return best, which
