"""Labels that the images most alike in colour and shape disagree with. Says nothing where that cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from catstudio.core.lineage import NEAR_COPY_BITS
from catstudio.sources.datasets.classes import FEWEST
from catstudio.sources.datasets.looking import COLOR_SIDE, SHAPE_SIDE, Looked
from catstudio.sources.datasets.report import Marked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEIGHBOURS = 5
TRUSTED = 0.85
"""The balanced accuracy that the vote needs before its word counts against a label."""
_MOST = 20_000  # Images; all pairs of more take minutes.
_CHUNK = 256
_CELLS, _DIRECTIONS = 4, 8


class Vote(Struct, frozen=True):
    """``right`` is the share of labels that the vote of the neighbours gives back, the mean over
    the labels, near-copies left out; None when there was too little, or too much, to ask.
    ``suspects`` are empty unless it reaches :data:`TRUSTED`."""

    right: float | None = None
    suspects: tuple[Marked, ...] = ()


def vote(images: Sequence[Looked], check: Callable[[], None]) -> Vote:
    """Ask each image's nearest neighbours for its label; suspect where all of them name another.

    The features are 8 x 8 colours and a 4 x 4 grid of gradient directions (after N. Dalal and
    B. Triggs, "Histograms of oriented gradients for human detection", 2005).
    """
    sizes = Counter(one.label for one in images if one.label is not None)
    asked = [one for one in images if one.label is not None and sizes[one.label] >= FEWEST]
    labels = sorted({one.label for one in asked if one.label is not None})
    if len(labels) < 2 or len(asked) > _MOST:
        return Vote()
    import numpy as np

    codes = np.array([labels.index(str(one.label)) for one in asked])
    nearest = _nearest(_features(asked), _hashes(asked), check)
    around = codes[nearest]
    votes = np.stack([(around == code).sum(1) for code in range(len(labels))], axis=1)
    is_right = votes.argmax(1) == codes
    right = float(np.mean([is_right[codes == code].mean() for code in range(len(labels))]))
    if right < TRUSTED:
        return Vote(right)
    strange = np.flatnonzero((votes.max(1) == NEIGHBOURS) & ~is_right)
    return Vote(
        right,
        tuple(
            Marked(
                asked[i].name,
                f"is {asked[i].label} here, but the {NEIGHBOURS} images most like it in colour "
                f"and shape are {labels[int(votes[i].argmax())]}",
                asked[int(nearest[i, 0])].name,
            )
            for i in strange
        ),
    )


def _features(images: Sequence[Looked]) -> NDArray[np.float32]:
    """float32 [n, 192 + 128]; both parts have a mean norm of 1."""
    import numpy as np

    n = len(images)
    color = np.frombuffer(b"".join(one.color for one in images), np.uint8)
    colors = (color.reshape(n, 3 * COLOR_SIDE**2) / 255).astype(np.float32)
    gray = np.frombuffer(b"".join(one.shape for one in images), np.uint8)
    grays = (gray.reshape(n, SHAPE_SIDE, SHAPE_SIDE) / 255).astype(np.float32)
    down, across = np.gradient(grays, axis=(1, 2))
    strength = np.hypot(down, across)
    direction = (np.arctan2(down, across) % np.pi) * (_DIRECTIONS / np.pi)
    bins = direction.astype(np.int64) % _DIRECTIONS
    side = SHAPE_SIDE // _CELLS
    parts = [
        np.where(bins == k, strength, 0)
        .reshape(n, _CELLS, side, _CELLS, side)
        .sum((2, 4))
        .reshape(n, -1)
        for k in range(_DIRECTIONS)
    ]
    shape = np.sqrt(np.concatenate(parts, axis=1))
    centred = [part - part.mean(0) for part in (colors, shape)]
    scaled = [part / (np.linalg.norm(part, axis=1).mean() or 1) for part in centred]
    return np.concatenate(scaled, axis=1).astype(np.float32)


def _hashes(images: Sequence[Looked]) -> NDArray[np.uint64]:
    """uint64 [n, 2]: the halves of the 128-bit hashes."""
    import numpy as np

    half = (1 << 64) - 1
    return np.array([(one.dhash >> 64, one.dhash & half) for one in images], np.uint64)


def _nearest(
    features: NDArray[np.float32], hashes: NDArray[np.uint64], check: Callable[[], None]
) -> NDArray[np.int64]:
    """int64 [n, NEIGHBOURS]: nearest first, without the image itself and its near-copies."""
    import numpy as np

    squares = (features**2).sum(1)
    found = np.empty((len(features), NEIGHBOURS), np.int64)
    for begin in range(0, len(features), _CHUNK):
        check()
        rows = slice(begin, begin + _CHUNK)
        distance = squares[None] - 2 * features[rows] @ features.T
        bits = np.bitwise_count(hashes[rows, None] ^ hashes[None]).sum(2, dtype=np.int64)
        distance[bits <= NEAR_COPY_BITS] = np.inf
        some = np.argpartition(distance, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        order = np.argsort(np.take_along_axis(distance, some, 1), axis=1)
        found[rows] = np.take_along_axis(some, order, 1)
    return found
