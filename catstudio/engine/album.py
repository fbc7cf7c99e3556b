"""The photos that images are made from, decoded once and shrunk; and made images as files."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from catstudio.core.errors import ImageRefusedError, NotPossibleError
from catstudio.core.pixels import open_rgb
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import SeedImage

Pixels = NDArray[np.uint8]
"""An image: uint8 [height, width, 3], RGB."""

_LIMIT = 96 << 20
"""Bytes of decoded photos kept from job to job: a live preview asks for the same ones again."""
_PREVIEW_SIDE = 128

_Key = tuple[str, int, int, int]


class Album:
    """The photos of one job, decoded when their turn comes.

    ``side`` is how many pixels of a photo's shorter side are kept; a smaller photo stays as it
    is. A photo that cannot be read is warned of once, and the next one takes its place.
    """

    def __init__(self, seeds: tuple[SeedImage, ...], side: int, context: JobContext) -> None:
        self._seeds = list(seeds)
        self._side = side
        self._context = context
        self._refused: set[str] = set()

    def photo(self, turn: int) -> tuple[SeedImage, Image.Image]:
        """The photo whose ``turn`` it is, or the next one that can be read.

        Raises :class:`NotPossibleError` when none can.
        """
        count = len(self._seeds)
        taken = self.take(((turn + step) % count for step in range(count)), 1)
        if not taken:
            raise NotPossibleError(
                "None of the chosen photos can be read.", "Add at least one photo of this label."
            )
        return taken[0]

    def take(self, order: Iterable[int], count: int) -> list[tuple[SeedImage, Image.Image]]:
        """The first ``count`` photos of ``order`` (indices of seeds) that can be read, or fewer."""
        taken: list[tuple[SeedImage, Image.Image]] = []
        for index in order:
            if len(taken) == count:
                break
            seed = self._seeds[index]
            if seed.path in self._refused:
                continue
            self._context.check_cancelled()
            try:
                taken.append((seed, open_reduced(seed.path, self._side)))
            except ImageRefusedError as error:
                self._refused.add(seed.path)
                self._context.warn(error.message, error.hint, seed.path)
        return taken


def open_reduced(path: str, side: int) -> Image.Image:
    """The photo at ``path`` as RGB, its shorter side at most ``side`` pixels. Do not change it:
    the same picture is handed out again. Raises :class:`ImageRefusedError`."""
    try:
        info = Path(path).stat()
    except OSError:
        return open_rgb(path)  # Says what is wrong with it.
    key = (path, info.st_mtime_ns, info.st_size, side)
    if (kept := _kept.get(key)) is not None:
        _kept.move_to_end(key)
        return kept
    image = open_rgb(path, side)
    factor = side / min(image.size)
    if factor < 1:
        wide, high = (max(1, round(length * factor)) for length in image.size)
        image = image.resize((wide, high), Image.Resampling.LANCZOS)
    _kept[key] = image
    while len(_kept) > 1 and sum(_size(one) for one in _kept.values()) > _LIMIT:
        _kept.popitem(last=False)
    return image


_kept: OrderedDict[_Key, Image.Image] = OrderedDict()


def _size(image: Image.Image) -> int:
    return 3 * image.width * image.height


def png(pixels: Pixels, is_trial: bool = False) -> bytes:
    """``pixels`` as a PNG file; a trial's, which nobody keeps, is packed loosely and quickly."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1 if is_trial else 6)
    return buffer.getvalue()


def jpeg(pixels: Pixels) -> bytes:
    """``pixels`` as a small JPEG, for the job's card."""
    small = Image.fromarray(pixels)
    small.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
