"""Who cuts out in a job: a person's mask, a segmentation model or GrabCut; each photo once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from catstudio.core.errors import BadInputError
from catstudio.core.pixels import decode
from catstudio.engine.blend.arrays import Map, Pixels
from catstudio.engine.blend.cutout import CutOut, cut_by_map, cut_by_mask, cut_out, saliency
from catstudio.engine.blend.ground import without_subject
from catstudio.engine.blend.segmenter import Segmenter, chosen_model, load_segmenter
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest, SeedImage

_KEPT = 16
"""Cut-outs and empty grounds kept: they cost seconds, and few photos take turns."""
_SURE = 0.6
"""A subject found with less confidence is not taken out of a background: it may be all of it."""
_STRETCH = 0.03
"""How much a mask's shape may differ from its photo's, for rounding."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A photo to put a subject on: ``box`` is where its own stood, None if none was sure.

    ``hole`` [height, width] is 1 where that one was filled in; ``trace`` is how much each place
    may show of it: there, and where a subject is likely (legs, a tail).
    """

    photo: Image.Image
    trace: Map
    box: tuple[int, int, int, int] | None = None
    hole: Map | None = None


class Cutter:
    """Cuts subjects out of the parents of ``request``.

    ``segmenter`` is the setting of that name (see :func:`chosen_model`).
    Raises :class:`BadInputError` for a mask that cannot be read or marks nothing, and as
    :func:`chosen_model` does.
    """

    def __init__(self, request: GenerateRequest, segmenter: str, context: JobContext) -> None:
        self._context = context
        self._fallback = request.label
        self._mask = _read_mask(request.mask) if request.mask else None
        self._masked = request.seeds[0].id if request.mask else ""
        self._model = chosen_model(segmenter)
        self._segmenter: Segmenter | None = None
        self._cuts: OrderedDict[str, CutOut] = OrderedDict()
        self._grounds: OrderedDict[str, Ground] = OrderedDict()

    def cut(self, parent: SeedImage, photo: Image.Image) -> CutOut:
        """The subject of ``photo``. Raises :class:`CancelledError`."""
        if parent.id not in self._cuts:
            self._cuts[parent.id] = self._cut(parent, photo)
            _bound(self._cuts)
        return self._cuts[parent.id]

    def ground(self, parent: SeedImage, photo: Image.Image) -> Ground:
        """``photo`` without its subject, if one is found for sure. Raises :class:`CancelledError`."""
        if parent.id not in self._grounds:
            self._grounds[parent.id] = self._cleared(photo, self.cut(parent, photo))
            _bound(self._grounds)
        return self._grounds[parent.id]

    def _cleared(self, photo: Image.Image, cut: CutOut) -> Ground:
        pixels: Pixels = np.asarray(photo)
        chance = saliency(pixels)
        if cut.confidence < _SURE:
            return Ground(photo, chance)
        self._context.check_cancelled()
        plate, hole = without_subject(pixels, cut.alpha)
        filled = hole.astype(np.float32)
        return Ground(Image.fromarray(plate), np.maximum(chance, filled), cut.box, filled)

    def _cut(self, parent: SeedImage, photo: Image.Image) -> CutOut:
        pixels: Pixels = np.asarray(photo)
        check = self._context.check_cancelled
        if self._mask is not None and parent.id == self._masked:
            return cut_by_mask(pixels, _fitted(self._mask, photo), check)
        if self._model is None:
            return cut_out(pixels, check)
        if self._segmenter is None:
            self._segmenter = load_segmenter(self._model)
        check()
        chance = self._segmenter.subject(pixels, parent.label or self._fallback)
        return cut_by_map(pixels, chance, self._model.id)


def _read_mask(data: bytes) -> Map:
    mask = np.asarray(decode(data, "The mask").image.convert("L"), np.float32) / 255
    if not (mask > 0.25).any():
        raise BadInputError("The mask marks no subject.", "Paint the subject white.")
    return mask


def _fitted(mask: Map, photo: Image.Image) -> Map:
    """``mask`` at the size of the reduced ``photo``; :class:`BadInputError` for another shape."""
    height, width = mask.shape
    if abs(width / height / (photo.width / photo.height) - 1) > _STRETCH:
        raise BadInputError(
            f"The mask is {width} × {height} pixels, which is another shape than the first photo.",
            "Paint it on the first photo that is chosen.",
        )
    fitted: Map = cv2.resize(mask, photo.size, interpolation=cv2.INTER_AREA)
    return fitted


def _bound(kept: OrderedDict[str, CutOut] | OrderedDict[str, Ground]) -> None:
    while len(kept) > _KEPT:
        kept.popitem(last=False)
