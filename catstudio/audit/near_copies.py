"""Which images are nearly the same: by their bytes, their lineage, their hash, their embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Item
from catstudio.core.lineage import NEAR_COPY_BITS
from catstudio.learn.lineages import partners

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]
Hashes = NDArray[np.uint64]

NEAR_COSINE = 0.92
"""From this match on, two photos may be copies of each other.

Of 180 different photos no two matched above 0.87; nine in ten copies (recompressed, cropped to
85 %, brightened, mirrored) matched above 0.92 (Lite2, two views). The same as the engine's
NEAR_TRAINING_COSINE, which must not be imported here."""
ALONE = 0.5
"""A copy is nearer to its original than half the distance to any other photo (1 - cosine).

In a collection where everything looks alike (cells, parts on a belt) photos match above
``NEAR_COSINE`` without being copies, but then many others match as well."""
MIN_BURST, MOST_IN_BURST = 5, 0.05
"""Photos, and share of all, that may match an original as a burst does; where more do, everything
looks alike, and they count as others."""
_CHUNK = 512
_REVERSED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)


class Twin(NamedTuple):
    """Image ``copy`` nearly equals image ``original`` (indices into the items).

    ``seen`` says by what: "bytes", "lineage", "hash", "mirrored" (all of them certain),
    "alone" (the embeddings match, and no other photo comes near), "embedding" (they match, and
    so do others: no proof). ``cosine`` is that of the embeddings, ``bits`` how many of the 128
    bits of the hashes differ, -1 when not compared.
    """

    copy: int
    original: int
    seen: str
    cosine: float
    bits: int = -1


CERTAIN = ("bytes", "lineage", "hash", "mirrored")


def hashes(items: Sequence[Item]) -> tuple[Hashes, Ints]:
    """The halves of the items' 128-bit hashes [k, 2], and which items have one [k]."""
    known = [i for i, item in enumerate(items) if item.dhash]
    rows = [(int(items[i].dhash[:-16] or "0", 16), int(items[i].dhash[-16:], 16)) for i in known]
    return np.array(rows, np.uint64).reshape(-1, 2), np.array(known, np.intp)


def mirrored(words: Hashes) -> Hashes:
    """The hashes [n, 2] of the same pictures seen in a mirror, but for equal neighbours.

    A row of eight steps is a byte: read from the other end, and where the steps run across the
    picture (the first half), with the sign changed.
    """
    turned = _REVERSED[np.ascontiguousarray(words).view(np.uint8)].view(np.uint64)
    turned[:, 0] = ~turned[:, 0]
    return turned


def within(
    rows: Hashes,
    columns: Hashes,
    check: Callable[[], None] = lambda: None,
    is_same: bool = False,
) -> Iterator[tuple[int, int, int]]:
    """(row, column, bits) of all pairs that differ in at most ``NEAR_COPY_BITS`` bits.

    ``is_same`` when both are the same images: each pair is then given once, none with itself.
    """
    first, second = np.ascontiguousarray(columns.T)
    for start in range(0, len(rows), _CHUNK):
        check()
        begin = start if is_same else 0
        part = rows[start : start + _CHUNK]
        bits = np.bitwise_count(part[:, :1] ^ first[begin:])
        bits += np.bitwise_count(part[:, 1:] ^ second[begin:])
        for row, column in np.argwhere(bits <= NEAR_COPY_BITS):
            if not is_same or row < column:
                yield start + int(row), begin + int(column), int(bits[row, column])


def twins_across(data: AuditData, held: Ints, against: Ints) -> list[Twin]:
    """For each image of ``held`` that nearly equals one of ``against``, its surest twin."""
    found: dict[int, Twin] = {}
    if not len(held) or not len(against):
        return []
    for twin in (
        *_same_bytes(data, held, against),
        *_same_lineage(data, held, against),
        *_same_hash(data, held, against),
        *_same_embedding(data, held, against),
    ):
        found.setdefault(twin.copy, twin)
    return [found[i] for i in sorted(found)]


def _cosine(data: AuditData, i: int, j: int) -> float:
    return float(data.x[i].astype(np.float64) @ data.x[j].astype(np.float64))


def _same_bytes(data: AuditData, held: Ints, against: Ints) -> Iterator[Twin]:
    first = {data.items[int(j)].sha256: int(j) for j in against[::-1]}
    for i in map(int, held):
        digest = data.items[i].sha256
        if digest and digest in first:
            yield Twin(i, first[digest], "bytes", _cosine(data, i, first[digest]), 0)


def _same_lineage(data: AuditData, held: Ints, against: Ints) -> Iterator[Twin]:
    first = {name: int(j) for j in against[::-1] for name in data.items[int(j)].lineages}
    for i in map(int, held):
        shared = [first[name] for name in data.items[i].lineages if name in first]
        if shared:
            yield Twin(i, shared[0], "lineage", _cosine(data, i, shared[0]))


def _same_hash(data: AuditData, held: Ints, against: Ints) -> Iterator[Twin]:
    words, known = hashes([data.items[int(i)] for i in held])
    others, of_others = hashes([data.items[int(j)] for j in against])
    for seen, turned in (("hash", words), ("mirrored", mirrored(words))):
        for row, column, bits in within(turned, others, data.check_cancelled):
            i, j = int(held[known[row]]), int(against[of_others[column]])
            yield Twin(i, j, seen, _cosine(data, i, j), bits)


def _same_embedding(data: AuditData, held: Ints, against: Ints) -> Iterator[Twin]:
    x = data.x[against].astype(np.float32)
    relatives = partners([data.items[int(j)].lineages for j in against])
    for start in range(0, len(held), _CHUNK):
        data.check_cancelled()
        part = held[start : start + _CHUNK]
        cosines = data.x[part].astype(np.float32) @ x.T
        for row, column in enumerate(cosines.argmax(axis=1)):
            cosine = float(cosines[row, column])
            if cosine >= NEAR_COSINE:
                is_other = np.ones(len(x), bool)
                is_other[relatives[column]] = False
                burst = np.flatnonzero(x @ x[column] >= NEAR_COSINE)
                if len(burst) <= max(MIN_BURST, MOST_IN_BURST * len(x)):
                    is_other[burst] = False
                nearest = float(cosines[row][is_other].max(initial=-np.inf))
                # With nothing else to compare with, likeness proves nothing.
                is_alone = np.isfinite(nearest) and 1.0 - cosine <= ALONE * (1.0 - nearest)
                seen = "alone" if is_alone else "embedding"
                yield Twin(int(part[row]), int(against[column]), seen, min(1.0, cosine))
