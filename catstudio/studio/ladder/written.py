"""The files that a climb leaves to be read: its page, its charts, the audit of the last rung."""

from __future__ import annotations

from pathlib import Path

from catstudio.core.errors import CatStudioError
from catstudio.core.types import State
from catstudio.report import ladder_chart, ladder_page
from catstudio.sources import SOURCES
from catstudio.studio.door import Studio
from catstudio.studio.ladder import keeping, photos
from catstudio.studio.ladder.keeping import Json
from catstudio.studio.ladder.rungs import CAT, EXAMPLES

_SHOWN = 6
_PICTURE = 192
"""Pixels a side of the page's pictures: sharp on a screen with twice the pixels."""


def write_page(folder: Path, report: Json, studio: Studio, strangers: list[Path]) -> None:
    """Write the page and the charts; they load nothing from elsewhere."""
    free = {one.path: one for one in photos.strangers()}
    html = ladder_page.page(
        report,
        strips=_strips(studio),
        strangers=[(path.stem, path.read_bytes()) for path in strangers if path in free],
        credit=_credit(),
        audit=keeping.AUDIT if not (report.get("audit") or {}).get("why_not") else "",
    )
    keeping.write(folder / keeping.PAGE, html.encode())
    for theme, name in keeping.CHARTS.items():
        svg = ladder_chart.chart(report["rungs"], ladder_chart.PALETTES[theme])
        keeping.write(folder / name, svg.encode())


def write_audit(folder: Path, studio: Studio, run: int) -> None:
    """Write the last rung's report with its audit."""
    folder.mkdir(parents=True, exist_ok=True)
    studio.write_report(folder / keeping.AUDIT, run)


def _strips(studio: Studio) -> list[tuple[str, list[tuple[str, bytes]]]]:
    """Some images of each source that the cats came from; a person's own photos are left out."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    counts: dict[str, int] = {}
    for image in studio.images():
        is_own = image.is_real and image.provenance.origin != EXAMPLES
        if image.label != CAT or image.state is not State.ACCEPTED or is_own:
            continue
        counts[image.source] = counts.get(image.source, 0) + 1
        pictures = found.setdefault(image.source, [])
        if len(pictures) < _SHOWN:
            try:
                pictures.append((image.name, studio.thumbnail(image, _PICTURE).read_bytes()))
            except (CatStudioError, OSError):
                continue  # A picture less; the figures stand.
    return [(f"{SOURCES[source].title}: {counts[source]}", found[source]) for source in found]


def _credit() -> str:
    """Who took the free photos that the page shows, and their licences."""
    cat = photos.free_photos()[0]
    return "; ".join(
        f"{one.path.stem}: {one.author}, {one.license}" for one in (cat, *photos.strangers())
    )
