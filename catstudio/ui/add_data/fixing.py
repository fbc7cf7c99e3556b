"""Mending an image begins with painting over what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from catstudio.core.types import ImageRecord
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room, RoomBuilder

_WORDS = "Paint over what is wrong. With nothing painted, all of it is touched up a little."


def fix_room(record: ImageRecord, painted: Callable[[ImageRecord, bytes], None]) -> RoomBuilder:
    """Builds the room for it; ``painted`` gets the mask, a PNG, or b"" when nothing was painted."""

    def build(bridge: StudioBridge) -> Room:
        from catstudio.ui.draw.mask_room import MaskRoom

        room = MaskRoom(bridge, record, _WORDS, title="Fix", may_be_empty=True)
        room.painted.connect(lambda mask: painted(record, b"" if room.painter.is_empty else mask))
        return room

    return build
