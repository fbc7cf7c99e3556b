"""A kept map: where each image lies, and the vectors that say which others it looks like."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

VERSION = 1
"""Of the file; one of another version is not read."""
PCA, TSNE = "pca", "t-sne"
_STEPS = 127.0
_CHUNK = 4096


@dataclass(frozen=True)
class Likeness:
    """Unit vectors, each number in one byte: a quarter of the memory, and the same neighbours.

    ``steps`` [n, d] int8 times ``scale`` [n] float32 are the vectors. A unit vector of 1,408
    numbers is off by about 0.001 in any dot product.
    """

    steps: NDArray[np.int8]
    scale: Floats

    @classmethod
    def of(cls, x: Floats) -> Likeness:
        """Pack ``x`` [n, d]."""
        most = np.abs(x).max(axis=1, initial=0.0)
        scale = (np.maximum(most, np.finfo(np.float32).tiny) / _STEPS).astype(np.float32)
        return cls(np.rint(x / scale[:, None]).astype(np.int8), scale)

    def row(self, number: int) -> Floats:
        """One vector, float32 [d]."""
        vector: Floats = self.steps[number].astype(np.float32) * self.scale[number]
        return vector

    def ranked(self, query: Floats) -> tuple[Ints, Floats]:
        """All rows by their dot product with ``query`` [d], the most alike first.

        Returns their numbers [n] and the products [n]. Equal ones come in their own order.
        """
        query = np.asarray(query, np.float32)
        parts = [
            self.steps[i : i + _CHUNK].astype(np.float32) @ query
            for i in range(0, len(self.steps), _CHUNK)
        ]
        products = (np.concatenate(parts) if parts else np.empty(0, np.float32)) * self.scale
        order = np.argsort(-products, kind="stable")
        return order, products[order]


@dataclass(frozen=True)
class ImageMap:
    """``hashes`` are the images' SHA-256 in hexadecimal, ``xy`` [n, 2] float32 where they lie.

    ``how`` is "pca" or "t-sne"; ``made_with`` names the backbone. ``likeness`` has n rows.
    """

    hashes: tuple[str, ...]
    xy: Floats
    how: str
    made_with: str
    likeness: Likeness

    def to_bytes(self) -> bytes:
        """The file that :meth:`read` takes."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            version=np.array(VERSION),
            hashes=np.frombuffer(bytes.fromhex("".join(self.hashes)), np.uint8),
            xy=self.xy.astype("<f4"),
            how=np.array(self.how),
            made_with=np.array(self.made_with),
            steps=self.likeness.steps,
            scale=self.likeness.scale.astype("<f4"),
        )
        return buffer.getvalue()

    @classmethod
    def read(cls, path: str | Path) -> ImageMap | None:
        """The map in the file at ``path``; None when there is none that can be read."""
        try:
            # Opened here: numpy leaves a damaged file open.
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                if int(kept["version"]) != VERSION:
                    return None
                digits = kept["hashes"].tobytes().hex()
                return cls(
                    hashes=tuple(digits[i : i + 64] for i in range(0, len(digits), 64)),
                    xy=kept["xy"],
                    how=str(kept["how"]),
                    made_with=str(kept["made_with"]),
                    likeness=Likeness(kept["steps"], kept["scale"]),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # Only a cache: it is made again.
