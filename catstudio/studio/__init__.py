"""One open project, the only door for window, command line and notebook: ``from catstudio.studio import Studio``."""

from catstudio.core.types import DEFAULT_LABELS
from catstudio.studio.door import Studio
from catstudio.studio.listening import EditFailed, Listener
from catstudio.studio.readiness import LabelReadiness, Readiness
from catstudio.studio.requesting import MAX_SEED

__all__ = [
    "DEFAULT_LABELS",
    "MAX_SEED",
    "EditFailed",
    "LabelReadiness",
    "Listener",
    "Readiness",
    "Studio",
]
