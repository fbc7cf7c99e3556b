"""Which diffusion model the rung "generated" uses, and how to get one."""

from __future__ import annotations

from catstudio.core.errors import CatStudioError
from catstudio.models import ModelRegistry

NO_MODEL = (
    "No model here: rung skipped. To get one, choose it under Generate, or run "
    "“catstudio models list” and “catstudio models download ID”; then climb again."
)
TURNED_OFF = "Left out, as it was asked: no model was used."
_KIND = "text-to-image"


def found_model() -> str:
    """The id of the first text-to-image model on this computer; "" for none. Reads files."""
    try:
        entries = ModelRegistry().list()
    except CatStudioError:
        return ""
    return next((entry.id for entry in entries if entry.kind == _KIND), "")
