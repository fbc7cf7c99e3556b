"""What model files are on this computer: inspect, register, list. Imports core only; never torch or Qt."""

from catstudio.models.entry import ModelEntry
from catstudio.models.hub import cached_models, cached_snapshot
from catstudio.models.inspection import Inspection, inspect
from catstudio.models.registry import ModelRegistry, Resolved, resolve

__all__ = [
    "Inspection",
    "ModelEntry",
    "ModelRegistry",
    "Resolved",
    "cached_models",
    "cached_snapshot",
    "inspect",
    "resolve",
]
