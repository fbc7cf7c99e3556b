"""From a drawing to an image of the project: composed, packed and credited in the background."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from catstudio.jobs.requests import ImportRequest
from catstudio.studio import Studio
from catstudio.ui.draw.draft import png
from catstudio.ui.draw.layer import Snapshot


def params(snapshot: Snapshot) -> dict[str, Any]:
    """What made a drawing, as plain JSON: its size, and how often each tool was used."""
    return {
        "width": snapshot.width,
        "height": snapshot.height,
        "layers": sum(not layer.is_photo for layer in snapshot.layers),
        "strokes": sum(snapshot.tools.values()),
        "tools": dict(snapshot.tools),
        "symmetry": snapshot.symmetry,
        "shows_photo": shows_photo(snapshot),
    }


def shows_photo(snapshot: Snapshot) -> bool:
    """Are pixels of a photo below in the result?"""
    return any(
        layer.is_photo and layer.is_visible and layer.opacity > 0 for layer in snapshot.layers
    )


def save_request(studio: Studio, snapshot: Snapshot, label: str | None) -> ImportRequest:
    """The import that brings a drawing in; for background threads.

    It derives from the photo below, also from one that is hidden or was taken away: what is
    traced is the photo's. Raises :class:`BadInputError` when that photo is tested on by now.
    """
    # Local time: it is a name for people, such as "drawing 14-05-12.png".
    now = datetime.now().astimezone().strftime("%H-%M-%S")
    return studio.import_request(
        blobs=[(f"drawing {now}.png", png(snapshot.flat()))],
        label=label,
        source="drawing",
        parents=snapshot.parents,
        method="canvas",
        params=params(snapshot),
    )
