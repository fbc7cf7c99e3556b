"""Class folders: each image's label is the folder it lies in, below train, val and test if they are there."""

from __future__ import annotations

from catstudio.core.wording import shown
from catstudio.sources.datasets.base import DatasetItem, Format, Read, split_named
from catstudio.sources.datasets.files import Files, common_top


def places(names: list[str]) -> dict[str, tuple[str | None, str | None]]:
    """For each image its (class folder, split), either may be None.

    Folders that hold everything are passed over, as long as a folder is left to be the label:
    archives often pack one. Top folders are splits when all of them are named like one.
    """
    cut = 0
    while True:
        rest = [name[cut:] for name in names]
        top = common_top(rest)
        if not top or split_named(top):
            break
        if not any("/" in name[len(top) + 1 :] for name in rest):
            break
        cut += len(top) + 1
    tops = {name.partition("/")[0] for name in rest if "/" in name}
    has_splits = bool(tops) and all(split_named(top) for top in tops)
    found: dict[str, tuple[str | None, str | None]] = {}
    for name, inner in zip(names, rest, strict=True):
        split = None
        if has_splits and "/" in inner:
            split = split_named(inner.partition("/")[0])
        below = inner.partition("/")[2] if split else inner
        label, slash, _ = below.partition("/")
        found[name] = (shown(label) if slash else None, split)
    return found


def _fits(files: Files) -> bool:
    return not files.listing  # Every heap of images is one, if need be without labels.


def _read(files: Files) -> Read:
    images = files.images()
    where = places(images)
    items = tuple(
        DatasetItem(name=shown(name), key=name, label=where[name][0], split=where[name][1])
        for name in images
    )
    return Read(items)


FORMAT = Format(
    id="folders",
    title="Class folders",
    summary="A folder for each label (ImageFolder), also below train, val and test.",
    fits=_fits,
    read=_read,
)
