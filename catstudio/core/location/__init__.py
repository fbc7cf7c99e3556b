"""Where a photo was taken, taken out of its file: nothing else in the file changes.

A location is coordinates (the EXIF GPS directory, ``exif:GPS*`` in XMP, the drone maker DJI's
own, QuickTime's ``©xyz``, ``loci`` and ``location`` keys in the film of a motion photo), and the
names of a place: city, sublocation, state and country of IPTC, old (IIM) and new (XMP). A GPS
directory that says only which version it has, or the time, is none. Makers' own notes are left
as they are: their layouts are secret, and moving them breaks them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from catstudio.core.location import boxes, exif, images
from catstudio.core.location.patch import Patch, applied

_MOST_PASSES = 8


def without_location(data: bytes) -> bytes:
    """``data`` with every location blanked, as long as before; ``data`` itself if it has none.

    Takes JPEG (with the further pictures and the film that phones append), PNG, WebP, GIF, TIFF,
    HEIC and AVIF; all other bytes come back as they are. The same bytes give the same result,
    doing it twice changes nothing more, pixels stay, and nothing is raised for damaged files.
    """
    for _ in range(_MOST_PASSES):
        # Once more after a change: in a damaged file one block may lie within another.
        changed = applied(data, _found(data))
        if changed is data:
            break
        data = changed
    return data


def _found(data: bytes) -> list[Patch]:
    patches: list[Patch] = []
    try:
        # One by one: what was found before the damage still counts.
        for patch in _walk(data):
            patches.append(patch)  # noqa: PERF402
    except (struct.error, IndexError, zlib.error):
        pass  # Cut short or damaged: what follows cannot be read by anybody.
    return patches


def _walk(data: bytes) -> Iterator[Patch]:
    if data[:3] == b"\xff\xd8\xff":
        return images.jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return images.png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return images.webp(data)
    if data[:4] == b"GIF8":
        return images.gif(data)
    if data[:4] in exif.SIGNATURES:
        return images.whole(data, exif.without_location)
    if data[4:8] == b"ftyp":
        return boxes.walk(data, 0, len(data))
    return iter(())
