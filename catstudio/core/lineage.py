"""Lineage: what an image derives from, and which photos are near-copies of one another."""

from __future__ import annotations

from collections.abc import Iterable

from catstudio.core.database import Database
from catstudio.core.types import ImageRecord, Split

NEAR_COPY_BITS = 12
"""Two photos whose 128-bit hashes differ in at most this many bits are near-copies."""
_BANDS = NEAR_COPY_BITS + 1
_BAND_BITS = 128 // _BANDS + 1


def held_lineages(images: Iterable[ImageRecord]) -> set[str]:
    """The lineages that are validated or tested on: nothing may be made from them."""
    return {
        lineage
        for record in images
        if record.split in (Split.VAL, Split.TEST)
        for lineage in record.lineages
    }


class NearCopies:
    """Finds the stored hashes near to a new one, without comparing with all of them.

    Two hashes that differ in at most ``NEAR_COPY_BITS`` bits agree fully in at least one of
    ``NEAR_COPY_BITS + 1`` bands (pigeonhole), so only those that share a band are compared.
    """

    def __init__(self) -> None:
        self._bands: list[dict[int, list[int]]] = [{} for _ in range(_BANDS)]
        self._keys: dict[int, list[str]] = {}

    def add(self, dhash: int, key: str) -> None:
        """Remember ``dhash`` under ``key``; several keys may share a hash."""
        if dhash in self._keys:
            self._keys[dhash].append(key)
            return
        self._keys[dhash] = [key]
        for band, table in zip(_bands(dhash), self._bands, strict=True):
            table.setdefault(band, []).append(dhash)

    def __contains__(self, dhash: int) -> bool:
        return dhash in self._keys

    def within(self, dhash: int) -> set[str]:
        """The keys of all hashes within ``NEAR_COPY_BITS`` bits."""
        return {
            key
            for band, table in zip(_bands(dhash), self._bands, strict=True)
            for other in table.get(band, ())
            if (dhash ^ other).bit_count() <= NEAR_COPY_BITS
            for key in self._keys[other]
        }


def _bands(dhash: int) -> list[int]:
    mask = (1 << _BAND_BITS) - 1
    return [dhash >> (i * _BAND_BITS) & mask for i in range(_BANDS)]


def hashes(database: Database) -> list[tuple[str, str, int]]:
    """(id, SHA-256, 128-bit hash) of every image, trashed ones too."""
    rows = database.read("SELECT id, sha256, dhash FROM images ORDER BY number")
    return [(id_, digest, int(dhash, 16)) for id_, digest, dhash in rows]


class Lineages:
    """The lineages of a project's images. The store lets in one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._brought = NearCopies()
        self._made = NearCopies()
        for id_, dhash, is_made in database.read(
            "SELECT id, dhash, id IN (SELECT child FROM parents) FROM images ORDER BY number"
        ):
            self.add(id_, int(dhash, 16), is_made=bool(is_made))

    def add(self, id_: str, dhash: int, *, is_made: bool) -> None:
        """Know an image from now on; ``is_made`` when it has parents."""
        if is_made:
            self._made.add(dhash, id_)
        elif dhash not in self._brought:
            # An equal one is of the first one's lineages already: thousands of blank pages need
            # not all be found.
            self._brought.add(dhash, id_)

    def of(self, id_: str, dhash: int, parents: Iterable[str], burst: str = "") -> tuple[str, ...]:
        """The lineages of a new image: those of its parents and of every photo it nearly equals.

        One that has no parents is also compared with what was made here, for it may be a copy
        of that. All photos of one ``burst`` have a lineage of that name: the same scene within
        seconds, however far the subject moved. Without relatives an image founds a lineage,
        called after itself.
        """
        related = set(parents)
        near = self._brought.within(dhash)
        if not related:
            near |= self._made.within(dhash)
        rows = self._database.read_in(
            "SELECT DISTINCT lineage FROM lineages WHERE image IN ({})", sorted(related | near)
        )
        found = {lineage for (lineage,) in rows} | ({burst} if burst else set())
        return tuple(sorted(found)) or (id_,)

    def is_free(self, lineages: Iterable[str], split: Split) -> bool:
        """May a further photo of these lineages be in ``split``? Photos in the trash count too:
        they can come back."""
        taken = {
            taken
            for (taken,) in self._database.read_in(
                "SELECT DISTINCT split FROM images JOIN lineages ON image = images.id "
                "WHERE is_real AND split IS NOT NULL AND lineage IN ({})",
                lineages,
            )
        }
        return taken <= {Split.TRAIN} if split is Split.TRAIN else not taken
