"""What each source bought: ablation, Shapley values, exchange rate, effective number of images. Imports learn."""

from __future__ import annotations

from catstudio.learn.worth.arms import TestPhotos
from catstudio.learn.worth.sources import value_sources

__all__ = ["TestPhotos", "value_sources"]
