"""Which photos show their subjects alike: those that blend into one rather than into a ghost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from catstudio.engine.blend.arrays import Map
from catstudio.engine.blend.windows import coarse, draw_window
from catstudio.jobs.requests import SeedImage

Shown = tuple[SeedImage, Image.Image]
"""A parent and its photo, reduced."""
_SIDE = 64


class Poses:
    """Coarse views of photos, each made once."""

    def __init__(self) -> None:
        self._views: dict[str, tuple[Map, Map]] = {}

    def most_alike(self, shown: list[Shown]) -> list[Shown]:
        """The first of ``shown``, then the others from the most like it to the least.

        Alike is what correlates at 16 px, mirrored or not, with the subject in the middle.
        """
        if len(shown) < 3:
            return shown
        model, _ = self._view(*shown[0])
        alike = {
            parent.id: max(float((model * view).sum()) for view in self._view(parent, photo))
            for parent, photo in shown[1:]
        }
        return [shown[0], *sorted(shown[1:], key=lambda one: -alike[one[0].id])]

    def _view(self, parent: SeedImage, photo: Image.Image) -> tuple[Map, Map]:
        """The photo's view, and its mirror image."""
        if parent.id not in self._views:
            window = draw_window(photo, 0.0, np.random.default_rng(0))
            plain, mirrored = (replace(window, flip=flip) for flip in (False, True))
            self._views[parent.id] = (
                coarse(plain.show(photo, _SIDE)),
                coarse(mirrored.show(photo, _SIDE)),
            )
        return self._views[parent.id]
