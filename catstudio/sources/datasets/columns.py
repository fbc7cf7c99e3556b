"""Which column of a table is the path, the label, the split, the caption: the words usual for them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from catstudio.sources.datasets.files import ends_like_image

_PATH = (
    "file_name filename file path image_path filepath file_path image img image_name name".split()
)
_LABEL = "label labels class class_name classname category label_name target species tag y".split()
_SPLIT = "split subset set fold partition".split()
_CAPTION = "caption text description".split()
_PROMPT = ["prompt"]


class Columns(Struct, frozen=True):
    """Names of columns; None where the table has none of that meaning."""

    path: str | None
    label: str | None
    split: str | None
    caption: str | None
    prompt: str | None


def named(columns: Sequence[str]) -> Columns:
    """The columns that have a usual name; the most usual name wins."""
    plain = {column.strip().casefold().replace(" ", "_"): column for column in reversed(columns)}

    def first(words: list[str]) -> str | None:
        return next((plain[word] for word in words if word in plain), None)

    return Columns(first(_PATH), first(_LABEL), first(_SPLIT), first(_CAPTION), first(_PROMPT))


def guessed_path(grid: Sequence[Sequence[str]]) -> int | None:
    """The column whose cells most often end like an image, None when that is rare."""
    width = max((len(row) for row in grid), default=0)
    scores = [
        sum(column < len(row) and ends_like_image(row[column].strip()) for row in grid)
        for column in range(width)
    ]
    best = max(scores, default=0)
    return scores.index(best) if best * 2 >= len(grid) and best else None
