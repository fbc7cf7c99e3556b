"""The blind test's room: a photo and a made image side by side, keys that answer, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catstudio.ui.blind.room import BlindRoom


def room_type() -> type[BlindRoom]:
    """The room's class. Loads numpy with it: for a background thread."""
    from catstudio.ui.blind.room import BlindRoom

    return BlindRoom
