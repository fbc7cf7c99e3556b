"""From image files to embedding rows, decoded ahead of the forward pass and kept in a cache.

While an image is decoded for the backbone its pixels are measured, too: the audit looks there for
what no eye sees, and decoding is the dear part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from catstudio.core.errors import ImageRefusedError
from catstudio.engine.backbones import Backbone, LoadedBackbone, cpu_threads
from catstudio.engine.looking import PREPROCESSING, Looked, canonical_size, look, measure
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import DataItem
from catstudio.learn import pixel_statistics
from catstudio.learn.cache import EmbeddingCache, cache_key

Rows = NDArray[np.float32]
Made = TypeVar("Made")
Asked = TypeVar("Asked", bound=DataItem)

BATCH = 8
_AHEAD = 4 * BATCH
"""How many images are decoded before the forward pass asks for them."""
_REPORT_EVERY = 32
_STATISTICS = "pixels"
"""Stands for a backbone's name in the cache keys of pixel statistics."""


@dataclass(frozen=True)
class Embedded:
    """One batch: ``index`` says which of the given paths ``rows`` and ``statistics`` belong to."""

    index: list[int]
    rows: Rows
    statistics: list[Rows]
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
    with closing(_ahead(paths, lambda path: look(path, loaded.backbone), check)) as every:
        while batch := list(islice(every, BATCH)):
            yield _run_batch(batch, loaded)


def _ahead(
    paths: Sequence[str | Path], work: Callable[[str | Path], Made], check: Callable[[], None]
) -> Generator[tuple[int, Made | ImageRefusedError]]:
    """What ``work`` makes of each path, in order, made in threads ahead of being asked for."""
    pool = ThreadPoolExecutor(cpu_threads(), thread_name_prefix="decode")
    waiting: deque[tuple[int, Future[Made]]] = deque()
    remaining = iter(enumerate(paths))
    try:
        while True:
            while len(waiting) < _AHEAD and (item := next(remaining, None)) is not None:
                waiting.append((item[0], pool.submit(work, item[1])))
            if not waiting:
                return
            check()
            number, future = waiting.popleft()
            try:
                yield number, future.result()
            except ImageRefusedError as error:
                yield number, error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run_batch(
    batch: Sequence[tuple[int, Looked | ImageRefusedError]], loaded: LoadedBackbone
) -> Embedded:
    refused = [(number, one) for number, one in batch if isinstance(one, ImageRefusedError)]
    seen = [(number, one) for number, one in batch if isinstance(one, Looked)]
    rows = np.empty((0, loaded.backbone.row_length), np.float32)
    if seen:
        pixels = np.concatenate([one.views for _, one in seen])
        rows = loaded.forward(pixels).reshape(len(seen), -1)
    index = [number for number, _ in seen]
    return Embedded(index, rows, [one.statistics for _, one in seen], refused)


@dataclass(frozen=True)
class ItemRows(Generic[Asked]):
    """Embeddings of the items that could be read: ``rows`` [len(items), row_length].

    ``measured`` are the pixel statistics of those that had to be decoded, by cache key.
    """

    items: list[Asked]
    rows: Rows
    refused: list[tuple[Asked, str]]
    measured: dict[str, Rows] = field(default_factory=dict)


def embed_items(
    items: Sequence[Asked],
    cache: str,
    loaded: LoadedBackbone,
    context: JobContext,
    on_progress: Callable[[int, int], None] | None = None,
) -> ItemRows[Asked]:
    """Rows for ``items``, from the cache file where known, fresh where not.

    Fresh ones go out as ``Embedded`` events while the work goes on; each file is embedded once
    however many items share it. Unreadable files become warnings. ``on_progress`` hears how many
    of how many fresh ones are done, in place of ``context``.
    """
    entry = loaded.backbone
    keys = [cache_key(item.sha256 or item.path, entry.id, PREPROCESSING) for item in items]
    known = _cached(cache, keys, entry.row_length)
    missing = {key: item for key, item in zip(keys, items, strict=True) if key not in known}
    measured: dict[str, Rows] = {}

    def report(done: int, total: int) -> None:
        context.progress(done, total, "Looking at the images")

    tell = on_progress or report
    refused = _embed_missing(missing, known, measured, loaded, context, tell)
    readable = [(item, known[key]) for item, key in zip(items, keys, strict=True) if key in known]
    rows = np.stack([row for _, row in readable]) if readable else np.empty((0, entry.row_length))
    return ItemRows(
        [item for item, _ in readable],
        rows.astype(np.float32, copy=False),
        [(i, refused[key]) for i, key in zip(items, keys, strict=True) if key in refused],
        measured,
    )


def measure_items(
    found: ItemRows[Asked], cache: str, loaded: LoadedBackbone, context: JobContext
) -> Rows:
    """Pixel statistics [n, len(NAMES)] of the items that were embedded.

    Most are cached, or were measured while they were embedded; the others are decoded here. A
    file that went away since then has a row of nan.
    """
    keys = [_statistics_key(item, loaded.backbone) for item in found.items]
    width = len(pixel_statistics.NAMES)
    known = _cached(cache, keys, width) | found.measured
    missing = {key: i.path for key, i in zip(keys, found.items, strict=True) if key not in known}
    fresh: dict[str, Rows] = {}
    paths, names = list(missing.values()), list(missing)
    every = _ahead(paths, lambda path: measure(path, loaded.backbone), context.check_cancelled)
    with closing(every):
        for number, row in every:
            if not isinstance(row, ImageRefusedError):
                fresh[names[number]] = row
            context.progress(number + 1, len(paths), "Measuring the pixels")
    _hand_over(_STATISTICS, fresh, context)
    known |= fresh
    nothing = np.full(width, np.nan, np.float32)
    rows = [known.get(key, nothing) for key in keys]
    return np.stack(rows) if rows else np.empty((0, width), np.float32)


def _statistics_key(item: DataItem, entry: Backbone) -> str:
    version = f"{PREPROCESSING}.{pixel_statistics.VERSION}.{canonical_size(entry)}"
    return cache_key(item.sha256 or item.path, _STATISTICS, version)


def _cached(cache: str, keys: Sequence[str], width: int) -> dict[str, Rows]:
    known = EmbeddingCache(cache, read_only=True).get_many(keys) if cache else {}
    return {key: row for key, row in known.items() if _is_sound(row, width)}


def _is_sound(row: Rows, width: int) -> bool:
    return row.shape == (width,) and bool(np.isfinite(row).all())


def _hand_over(kind: str, rows: dict[str, Rows], context: JobContext) -> None:
    """Send finished rows, so that they are kept whatever comes next."""
    if rows:
        packed = np.stack(list(rows.values()))
        context.embedded(kind, tuple(rows), packed.shape[1], packed.tobytes())


def _embed_missing(
    missing: dict[str, Asked],
    known: dict[str, Rows],
    measured: dict[str, Rows],
    loaded: LoadedBackbone,
    context: JobContext,
    on_progress: Callable[[int, int], None],
) -> dict[str, str]:
    """Fill ``known`` and ``measured`` for ``missing``; returns the reasons for those refused."""
    entry = loaded.backbone
    keys = list(missing)
    refused: dict[str, str] = {}
    fresh: dict[str, Rows] = {}
    seen: dict[str, Rows] = {}

    def hand_over() -> None:
        _hand_over(entry.id, fresh, context)
        _hand_over(_STATISTICS, seen, context)
        measured.update(seen)
        fresh.clear()
        seen.clear()

    done = 0
    batches = embed_files([missing[key].path for key in keys], loaded, context.check_cancelled)
    try:
        for batch in batches:
            for number, row, pixels in zip(batch.index, batch.rows, batch.statistics, strict=True):
                item = missing[keys[number]]
                if not _is_sound(row, entry.row_length):
                    message = f"{Path(item.path).name} gave no numbers that can be compared."
                    refused[keys[number]] = message
                    context.warn(message, "Leave it out, or choose another device.", item.path)
                    continue
                known[keys[number]] = row
                if item.sha256:  # A path says nothing about what it will hold.
                    fresh[keys[number]] = row
                    seen[_statistics_key(item, entry)] = pixels
            for number, error in batch.refused:
                refused[keys[number]] = error.message
                context.warn(error.message, error.hint, missing[keys[number]].path)
            done += len(batch.index) + len(batch.refused)
            on_progress(done, len(keys))
            if len(fresh) >= _REPORT_EVERY:
                hand_over()
            context.check_cancelled()
    finally:
        batches.close()
        hand_over()
    return refused
