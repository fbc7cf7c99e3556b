"""Lineage: which photos are near-copies of one another, found by their perceptual hashes."""

from __future__ import annotations

NEAR_COPY_BITS = 12
"""Two photos whose 128-bit hashes differ in at most this many bits are near-copies."""
_BANDS = NEAR_COPY_BITS + 1
_BAND_BITS = 128 // _BANDS + 1


class NearCopies:
    """Finds the stored hash nearest to a new one, without comparing with all of them.

    Two hashes that differ in at most ``NEAR_COPY_BITS`` bits agree fully in at least one of
    ``NEAR_COPY_BITS + 1`` bands (pigeonhole), so only those that share a band are compared.
    """

    def __init__(self) -> None:
        self._bands: list[dict[int, list[tuple[int, str]]]] = [{} for _ in range(_BANDS)]

    def add(self, dhash: int, key: str) -> None:
        """Remember ``dhash`` under ``key``."""
        for band, table in zip(_bands(dhash), self._bands, strict=True):
            table.setdefault(band, []).append((dhash, key))

    def nearest(self, dhash: int) -> str | None:
        """The key of the nearest hash within ``NEAR_COPY_BITS`` bits, or None."""
        best, found = NEAR_COPY_BITS + 1, None
        for band, table in zip(_bands(dhash), self._bands, strict=True):
            for other, key in table.get(band, ()):
                distance = (dhash ^ other).bit_count()
                if distance < best:
                    best, found = distance, key
        return found


def _bands(dhash: int) -> list[int]:
    mask = (1 << _BAND_BITS) - 1
    return [dhash >> (i * _BAND_BITS) & mask for i in range(_BANDS)]
