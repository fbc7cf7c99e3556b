"""The ways to get data, one module each, listed here. Imports core; torch only inside the worker."""

from __future__ import annotations

from catstudio.core.errors import BadInputError
from catstudio.sources import augment, blend, copies, diffusers, drawing, photos, seed, vendor
from catstudio.sources.base import Source

SOURCES: dict[str, Source] = {
    source.id: source
    for source in (
        photos.SOURCE,
        vendor.SOURCE,
        drawing.SOURCE,
        drawing.OTHER_TOOL,
        copies.SOURCE,
        augment.SOURCE,
        blend.SOURCE,
        seed.SOURCE,
        diffusers.SOURCE,
    )
}


def source(id_: str) -> Source:
    """The source called ``id_``; :class:`BadInputError` naming the known ones otherwise."""
    try:
        return SOURCES[id_]
    except KeyError:
        raise BadInputError(
            f"There is no source called {id_!r}.", f"Known sources: {', '.join(SOURCES)}."
        ) from None


__all__ = ["SOURCES", "Source", "source"]
