"""From image files to embedding rows: one normalisation for all, decoded ahead of the forward pass."""

from __future__ import annotations

import io
import struct
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from catstudio.core.errors import ImageRefusedError
from catstudio.core.pixels import decode, read_bytes, to_srgb
from catstudio.engine.backbones import Backbone, LoadedBackbone, cpu_threads
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import DataItem
from catstudio.learn.cache import EmbeddingCache, cache_key

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]

PREPROCESSING = "1"
"""Version of :func:`views`: part of every cache key, to be raised with every change to it."""
JPEG_QUALITY = 90
BATCH = 8
_AHEAD = 4 * BATCH
"""How many images are decoded before the forward pass asks for them."""
_REPORT_EVERY = 32
_FILTER = Image.Resampling.HAMMING  # Sharp as bicubic at the cost of bilinear.


def views(image: Image.Image, backbone: Backbone) -> Pixels:
    """What ``backbone`` is shown of one RGB ``image``: uint8 [views, size, size, 3].

    Real and synthetic images are treated alike, so that neither file format nor size can tell
    them apart ("Fake or JPEG?", Grommelt et al. 2024): the whole picture is resized to one
    square with one filter, stored as JPEG of one quality and decoded again; smaller views are
    centred crops of that.
    """
    size = backbone.input_size
    canonical = round(size / min(backbone.views))
    square = _through_jpeg(image.resize((canonical, canonical), _FILTER, reducing_gap=2.0))
    shown = []
    for share in backbone.views:
        margin = (canonical - share * canonical) / 2
        box = (margin, margin, canonical - margin, canonical - margin)
        view = square if canonical == size else square.resize((size, size), _FILTER, box)
        shown.append(np.asarray(view))
    return np.stack(shown)


def _through_jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    again = Image.open(buffer)
    again.load()
    return again


def load_pixels(path: str | Path, backbone: Backbone) -> Pixels:
    """The :func:`views` of the file at ``path``; :class:`ImageRefusedError` if unreadable."""
    path = Path(path)
    data = read_bytes(path)
    at_least = 2 * round(backbone.input_size / min(backbone.views))
    image = _draft(data, at_least) or decode(data, path.name).image
    return views(image, backbone)


def _draft(data: bytes, at_least: int) -> Image.Image | None:
    """A JPEG decoded at the smallest scale of ``at_least`` pixels a side: many times faster.

    None for other formats, and for anything odd: then the careful decoder looks at it.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if min(image.size) < at_least // 16:
                return None
            image.draft(None, (at_least, at_least))
            image.load()
            return to_srgb(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError):
        return None


@dataclass(frozen=True)
class Embedded:
    """Rows of one batch: ``index`` says which of the given paths they belong to."""

    index: list[int]
    rows: Rows
    refused: list[tuple[int, ImageRefusedError]]


def embed_files(
    paths: Sequence[str | Path],
    loaded: LoadedBackbone,
    check: Callable[[], None] = lambda: None,
) -> Generator[Embedded]:
    """Embed ``paths`` in batches, in order; unreadable files are reported, not raised.

    Decoding runs in threads ahead of the forward pass. Closing the iterator early stops it,
    and so does what ``check`` raises: it is called before each file is waited for, because a
    batch of large photos takes seconds.
    """
    entry = loaded.backbone
    pool = ThreadPoolExecutor(cpu_threads(), thread_name_prefix="decode")
    waiting: deque[tuple[int, Future[Pixels]]] = deque()
    remaining = iter(enumerate(paths))
    try:
        while True:
            while len(waiting) < _AHEAD and (item := next(remaining, None)) is not None:
                waiting.append((item[0], pool.submit(load_pixels, item[1], entry)))
            if not waiting:
                return
            yield _run_batch(waiting, loaded, check)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run_batch(
    waiting: deque[tuple[int, Future[Pixels]]], loaded: LoadedBackbone, check: Callable[[], None]
) -> Embedded:
    index: list[int] = []
    pixels: list[Pixels] = []
    refused: list[tuple[int, ImageRefusedError]] = []
    while waiting and len(index) < BATCH:
        check()
        number, future = waiting.popleft()
        try:
            pixels.append(future.result())
            index.append(number)
        except ImageRefusedError as error:
            refused.append((number, error))
    if not index:
        return Embedded([], np.empty((0, loaded.backbone.row_length), np.float32), refused)
    rows = loaded.forward(np.concatenate(pixels)).reshape(len(index), -1)
    return Embedded(index, rows, refused)


@dataclass(frozen=True)
class ItemRows:
    """Embeddings of the items that could be read: ``rows`` [len(items), row_length]."""

    items: list[DataItem]
    rows: Rows
    refused: list[tuple[DataItem, str]]


def embed_items(
    items: Sequence[DataItem], cache: str, loaded: LoadedBackbone, context: JobContext
) -> ItemRows:
    """Rows for ``items``, from the cache file where known, fresh where not.

    Fresh ones go out as ``Embedded`` events while the work goes on; each file is embedded once
    however many items share it. Unreadable files become warnings.
    """
    entry = loaded.backbone
    keys = [cache_key(item.sha256 or item.path, entry.id, PREPROCESSING) for item in items]
    known = EmbeddingCache(cache, read_only=True).get_many(keys) if cache else {}
    known = {key: row for key, row in known.items() if _is_sound(row, entry)}
    missing = {key: item for key, item in zip(keys, items, strict=True) if key not in known}
    refused = _embed_missing(missing, known, loaded, context)
    readable = [(item, known[key]) for item, key in zip(items, keys, strict=True) if key in known]
    rows = np.stack([row for _, row in readable]) if readable else np.empty((0, entry.row_length))
    return ItemRows(
        [item for item, _ in readable],
        rows.astype(np.float32, copy=False),
        [(i, refused[key]) for i, key in zip(items, keys, strict=True) if key in refused],
    )


def _is_sound(row: Rows, entry: Backbone) -> bool:
    return row.shape == (entry.row_length,) and bool(np.isfinite(row).all())


def _embed_missing(
    missing: dict[str, DataItem],
    known: dict[str, Rows],
    loaded: LoadedBackbone,
    context: JobContext,
) -> dict[str, str]:
    """Fill ``known`` with the rows of ``missing``; returns the reasons for those refused."""
    keys = list(missing)
    refused: dict[str, str] = {}
    fresh: list[str] = []

    def hand_over() -> None:
        if fresh:
            rows = np.stack([known[key] for key in fresh])
            context.embedded(loaded.backbone.id, tuple(fresh), rows.shape[1], rows.tobytes())
            fresh.clear()

    batches = embed_files([missing[key].path for key in keys], loaded, context.check_cancelled)
    done = 0
    try:
        for batch in batches:
            for number, row in zip(batch.index, batch.rows, strict=True):
                item = missing[keys[number]]
                if not _is_sound(row, loaded.backbone):
                    message = f"{Path(item.path).name} gave no numbers that can be compared."
                    refused[keys[number]] = message
                    context.warn(message, "Leave it out, or choose another device.", item.path)
                    continue
                known[keys[number]] = row
                if item.sha256:
                    fresh.append(keys[number])  # A path says nothing about what it will hold.
            for number, error in batch.refused:
                refused[keys[number]] = error.message
                context.warn(error.message, error.hint, missing[keys[number]].path)
            done += len(batch.index) + len(batch.refused)
            context.progress(done, len(keys), "Looking at the images")
            if len(fresh) >= _REPORT_EVERY:
                hand_over()
            context.check_cancelled()
    finally:
        batches.close()
        hand_over()
    return refused
