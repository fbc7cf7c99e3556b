"""Huxley's ladder: what each way to get more data buys, rung by rung, in a project of its own.

Used by the command line and the window alike: ``from catstudio.studio.ladder import Climb``.
"""

from catstudio.studio.ladder.climb import Climb, Heard
from catstudio.studio.ladder.keeping import Kept, kept
from catstudio.studio.ladder.model import found_model
from catstudio.studio.ladder.photos import OwnPhotos, own_photos
from catstudio.studio.ladder.rungs import CONFIDENT, COPIES, RUNGS, Amounts, Plan

__all__ = [
    "CONFIDENT",
    "COPIES",
    "RUNGS",
    "Amounts",
    "Climb",
    "Heard",
    "Kept",
    "OwnPhotos",
    "Plan",
    "found_model",
    "kept",
    "own_photos",
]
