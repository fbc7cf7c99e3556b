"""Real photos changed in ways that no eye need see: written to files, embedded, kept in a folder.

Each (photo, change) is written once as the file that a project would hold, and goes through the
engine's own looking and embedding; data sets are then drawn from what is kept. Only embeddings,
pixel statistics and what a file says of itself are kept, no picture.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.photo_sets import half_of
from catstudio.core.pixels import decode
from catstudio.engine.backbones import LoadedBackbone
from catstudio.engine.embedding import embed_items, measure_items
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Embedded
from catstudio.jobs.requests import AuditItem
from catstudio.learn import pixel_statistics
from catstudio.learn.cache import EmbeddingCache

Random = np.random.Generator
Change = Callable[[Image.Image, Random], Image.Image]
Pixels = NDArray[np.floating]

AS_IT_IS, WELL_MADE = "photo", "well-made"
"""The photo's own file; and what a generator without any flaw would give."""
QUALITIES = (20, 10, 5, 2)
LONG_SIDES = (128, 64, 40, 24)
CASTS = (0.05, 0.1, 0.2, 0.4, 0.7)
GENERATORS = {
    "faint": (1.3, 1.0, 1.0),
    "plain": (2.0, 2.5, 2.0),
    "crude": (3.5, 6.0, 4.0),
    "broken": (5.0, 12.0, 8.0),
}
"""How many times fewer pixels it draws than it gives; its grid's and its noise's height."""
COPIES = ("recompressed", "mirrored", "cropped", "brightened")
VARIED, NEARLY = "varied", "nearly"
VARIANTS = 12
"""Variations of a mould, widely varied and nearly alike."""
MOULDS = 12
"""Photos of each label and half from which variations are made."""
_QUALITY = 95


@dataclass(frozen=True)
class Photo:
    """One photo as the data sets know it; ``family`` is where it was taken from."""

    path: Path
    label: str
    half: str
    family: str


@dataclass(frozen=True)
class Library:
    """``items`` of each (photo number, change), embedded in the file ``cache``."""

    photos: tuple[Photo, ...]
    items: dict[tuple[int, str], AuditItem]
    moulds: frozenset[int]
    cache: Path


def changes() -> dict[str, Change]:
    """Every change by name, but for the variations of :func:`variations`."""
    made: dict[str, Change] = {WELL_MADE: lambda image, _: _scaled(image, 0.97)}
    made |= {f"codec-{how}": lambda image, _: image for how in ("png", *QUALITIES)}
    made |= {f"size-{side}": _shrunk(side) for side in LONG_SIDES}
    made |= {f"cast-{by:g}": _tinted(by) for by in CASTS}
    made |= {f"generator-{name}": _drawn(*how) for name, how in GENERATORS.items()}
    made |= {
        "recompressed": lambda image, _: _recompressed(70)(_scaled(image, 0.8), _),
        "mirrored": lambda image, _: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "cropped": lambda image, random: _cropped(image, 0.85, random),
        "brightened": lambda image, _: image.point(
            [min(255, round(v * 1.2)) for v in range(256)] * 3
        ),
    }
    return made


def variations() -> dict[str, Change]:
    """Variations of a mould, by name."""
    return {f"{VARIED}-{k}": _varied for k in range(VARIANTS)} | {
        f"{NEARLY}-{k}": _nearly for k in range(VARIANTS)
    }


def library(folder: Path, cache: Path, loaded: LoadedBackbone) -> Library:
    """All photos of ``folder`` (one folder a label) in all changes; what is known is not redone."""
    photos = _photos(folder)
    moulds = frozenset(_moulds(photos))
    keep = Keeper(cache / f"{loaded.backbone.id}.sqlite")
    index = cache / f"{loaded.backbone.id}-{pixel_statistics.VERSION}.json"
    cache.mkdir(parents=True, exist_ok=True)
    known = _known(index)
    wanted = {name: (change, range(len(photos))) for name, change in changes().items()}
    wanted |= {name: (change, sorted(moulds)) for name, change in variations().items()}
    for name, (change, numbers) in {AS_IT_IS: (None, range(len(photos))), **wanted}.items():
        missing = [n for n in numbers if f"{photos[n].path.name} {name}" not in known]
        if missing:
            print(f"embedding {len(missing)} photos, {name}", flush=True)
            known |= _embedded(photos, missing, name, change, keep, loaded)
            index.write_bytes(msgspec.json.encode(known))
    items = {
        (n, name): known[f"{photo.path.name} {name}"]
        for n, photo in enumerate(photos)
        for name in (AS_IT_IS, *wanted)
        if f"{photo.path.name} {name}" in known
    }
    return Library(tuple(photos), items, moulds, keep.path)


class Keeper:
    """Takes embeddings as the process that holds a project does, into the file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.context = JobContext("planting", self._take, threading.Event())

    def _take(self, event: AnyEvent) -> None:
        if isinstance(event, Embedded):
            rows = np.frombuffer(event.features, np.float32).reshape(-1, event.dim)
            EmbeddingCache(self.path).put_many([*event.keys], rows)


def _photos(folder: Path) -> list[Photo]:
    manifest = folder / "manifest.csv"
    known: dict[str, str] = {}
    if manifest.is_file():
        with manifest.open(newline="") as file:
            known = {row["file"]: row["source_repo"] for row in csv.DictReader(file)}
    paths = sorted(p for group in folder.iterdir() if group.is_dir() for p in group.iterdir())
    return [
        Photo(
            path,
            path.parent.name,
            half_of(path.read_bytes()),
            known.get(path.relative_to(folder).as_posix(), ""),
        )
        for path in paths
    ]


def _moulds(photos: list[Photo]) -> list[int]:
    found: dict[tuple[str, str], list[int]] = {}
    for number, photo in enumerate(photos):
        found.setdefault((photo.label, photo.half), []).append(number)
    return [
        int(number)
        for members in found.values()
        for number in np.random.default_rng(0).permutation(members)[:MOULDS]
    ]


def _known(index: Path) -> dict[str, AuditItem]:
    if not index.is_file():
        return {}
    return msgspec.json.decode(index.read_bytes(), type=dict[str, AuditItem])


def _embedded(
    photos: list[Photo],
    numbers: list[int],
    name: str,
    change: Change | None,
    keep: Keeper,
    loaded: LoadedBackbone,
) -> dict[str, AuditItem]:
    """Write the files of one change, embed them, and say what each was like."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            photo = photos[number]
            data = photo.path.read_bytes()
            if change:
                data = _changed(data, name, change)
            path = Path(folder) / f"{number}.bin"
            path.write_bytes(data)
            found[f"{photo.path.name} {name}"] = _item(photo, name, data, path)
        rows = embed_items(list(found.values()), str(keep.path), loaded, keep.context)
        # While the file is there: what is known of its embedding may be older than the statistics.
        measure_items(rows, str(keep.path), loaded, keep.context)
    for item, reason in rows.refused:
        raise ValueError(f"{item.name}: {reason}")
    return found


def _changed(data: bytes, name: str, change: Change) -> bytes:
    seed = int.from_bytes(hashlib.sha256(data + name.encode()).digest()[:8], "big")
    image = change(decode(data, name).image, np.random.default_rng(seed))
    buffer = io.BytesIO()
    kind, _, size = name.partition("-")
    if kind == "generator" or size == "png":
        image.save(buffer, "PNG")
    else:
        # What the codec did shows in the quality; the file of a codec flaw is its own.
        image.save(buffer, "JPEG", quality=int(size) if kind == "codec" else _QUALITY)
    return buffer.getvalue()


def _item(photo: Photo, name: str, data: bytes, path: Path) -> AuditItem:
    image = decode(data, photo.path.name)
    digest = hashlib.sha256(data).hexdigest()
    id_ = f"{photo.label}-{photo.path.stem}-{name}"
    return AuditItem(
        id=id_,
        path=str(path),
        sha256=digest,
        label=photo.label,
        source="photo",
        is_real=True,
        lineages=(id_,),
        name=id_,
        width=image.width,
        height=image.height,
        format=image.format,
        dhash=f"{image.dhash:032x}",
    )


def _scaled(image: Image.Image, by: float) -> Image.Image:
    size = round(image.width * by), round(image.height * by)
    return image.resize(size, Image.Resampling.LANCZOS)


def _recompressed(quality: int) -> Change:
    def change(image: Image.Image, _: Random) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return change


def _shrunk(side: int) -> Change:
    def change(image: Image.Image, _: Random) -> Image.Image:
        small = _scaled(image, min(1.0, side / max(image.size)))
        return small.resize(image.size, Image.Resampling.BICUBIC)

    return change


def _tinted(by: float) -> Change:
    def change(image: Image.Image, _: Random) -> Image.Image:
        return _pixels(np.asarray(image) * np.array([1 + by, 1, 1 - by]))

    return change


def _drawn(fewer: float, grid: float, noise: float) -> Change:
    """How a decoder's output looks: smooth, with a grid of its upsampling, and fine noise."""

    def change(image: Image.Image, random: Random) -> Image.Image:
        small = image.resize(
            (round(image.width / fewer), round(image.height / fewer)), Image.Resampling.LANCZOS
        )
        smooth = small.resize(image.size, Image.Resampling.BICUBIC)
        smooth = smooth.filter(ImageFilter.GaussianBlur(0.3 * fewer))
        rows, columns = np.indices((image.height, image.width))
        wave = np.cos(np.pi / 2 * rows) + np.cos(np.pi / 2 * columns)
        values = np.asarray(smooth) + grid * wave[..., None]
        return _pixels(values + noise * random.normal(size=values.shape))

    return change


def _cropped(image: Image.Image, share: float, random: Random) -> Image.Image:
    width, height = round(image.width * share), round(image.height * share)
    left = int(random.integers(0, image.width - width + 1))
    top = int(random.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _varied(image: Image.Image, random: Random) -> Image.Image:
    """As different as augmentation makes it: cropped, mirrored, turned, lit otherwise."""
    turned = image.rotate(float(random.uniform(-12, 12)), Image.Resampling.BICUBIC)
    inner = _cropped(turned, float(random.uniform(0.5, 0.8)), random)
    if random.random() < 0.5:
        inner = inner.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    values = np.asarray(inner.resize(image.size, Image.Resampling.BICUBIC)) / 255.0
    light = values ** float(random.uniform(0.7, 1.4)) * random.uniform(0.88, 1.12, 3)
    return _pixels(255.0 * light)


def _nearly(image: Image.Image, random: Random) -> Image.Image:
    """What a collapsed generator draws: the same again, but for a hair."""
    inner = _cropped(image, float(random.uniform(0.88, 0.98)), random)
    values = np.asarray(inner.resize(image.size, Image.Resampling.BICUBIC))
    return _pixels(values * random.uniform(0.96, 1.04, 3) + 2 * random.normal(size=values.shape))


def _pixels(values: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(np.round(values), 0, 255).astype(np.uint8))
