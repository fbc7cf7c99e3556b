"""The worker's side of the embedding map: embed all images, lay them out, say what kept them out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.core.errors import NotPossibleError
from catstudio.engine import neighbourhoods
from catstudio.engine.backbones import BACKBONES, LoadedBackbone, cpu_threads, load_backbone
from catstudio.engine.embedding import embed_items
from catstudio.engine.looking import PREPROCESSING
from catstudio.engine.text_image import load_text_image
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import MapRequest, WordsRequest
from catstudio.learn.image_map import PCA, TSNE, ImageMap, Likeness
from catstudio.learn.projection import beside, principal

Floats = NDArray[np.floating]
Json = dict[str, Any]

MAP_FILE = "map.npz"
_DIMENSIONS = 50
"""What t-SNE compares: the leading components, as its makers do."""
_CHUNK = 1024
"""Images whose rows are in memory at once: a row of two views is 18 kB, its vector a third."""
_SHOW_EVERY = 0.7
"""Seconds between two views of a map that takes shape."""
_STAGES = {"neighbours": "Looking for neighbours", "t-sne": "Laying out the map"}


def load(backbone: str, device: str) -> LoadedBackbone:
    """What ``backbone`` names: one of the engine's own, or a folder of a model with words."""
    if backbone in BACKBONES:
        return load_backbone(backbone, device)
    return load_text_image(backbone, device).looking


def lay_out(request: MapRequest, context: JobContext) -> tuple[Json, dict[str, bytes]]:
    """Place the images of ``request``: by principal components at once, then by neighbourhood.

    Returns the facts and the file to keep. Raises :class:`NotPossibleError` when no image can be
    read.
    """
    started = time.perf_counter()
    loaded = load(request.backbone, request.device)
    index, x, refused = _embed(request, loaded, context)
    if not len(index):
        raise NotPossibleError("None of the images can be read.", "Restore the images folder.")
    embedded = time.perf_counter()
    hashes = tuple(request.items[int(i)].sha256 for i in index)
    made_with = f"{loaded.backbone.id}:{PREPROCESSING}"
    context.progress(len(index), len(index), "Looking along the two widest directions")
    plane = principal(x, _DIMENSIONS, request.seed, context.check_cancelled).scores
    first = ImageMap(hashes, plane[:, :2].astype(np.float32), PCA, made_with, Likeness.of(x))
    known = _going_on(request, first, plane)
    begun = first if known is None else known
    packed = index.astype("<i4").tobytes()
    context.placed(begun.how, packed, _bytes(begun.xy), begun.to_bytes())
    whole = begun
    if not request.is_quick and len(index) >= neighbourhoods.FEWEST:
        whole = replace(begun, xy=_by_neighbourhood(plane, packed, begun, request.seed, context))
        whole = replace(whole, how=TSNE)
    seconds = {
        "embed": round(embedded - started, 3),
        "lay_out": round(time.perf_counter() - embedded, 3),
    }
    facts = {"n": len(index), "how": whole.how, "backbone": request.backbone, "refused": refused}
    return {**facts, "seconds": seconds}, {MAP_FILE: whole.to_bytes()}


def place_words(request: WordsRequest) -> Json:
    """Where the words of ``request`` lie, as a unit vector."""
    model = load_text_image(request.backbone, request.device)
    return {"vector": [float(number) for number in model.place(request.text)]}


def _embed(
    request: MapRequest, loaded: LoadedBackbone, context: JobContext
) -> tuple[NDArray[np.intp], Floats, list[Json]]:
    """The numbers of the items that could be read, their unit vectors, and why not the others."""
    items, total = request.items, len(request.items)
    number = {item.id: i for i, item in enumerate(items)}
    index: list[int] = []
    vectors: list[Floats] = []
    refused: list[Json] = []
    for start in range(0, total, _CHUNK):
        part = items[start : start + _CHUNK]

        def report(done: int, fresh: int, start: int = start, size: int = len(part)) -> None:
            # Those that are known already need no time, so they are counted first.
            at = start + size - fresh + done
            context.progress(at, total, f"Looking at the images ({at:,} of {total:,})")

        context.check_cancelled()
        found = embed_items(part, request.embedding_cache, loaded, context, report)
        index += [number[item.id] for item in found.items]
        if found.items:
            vectors.append(loaded.space(found.rows).astype(np.float32, copy=False))
        refused += [{"id": item.id, "reason": reason} for item, reason in found.refused]
    x = np.concatenate(vectors) if vectors else np.empty((0, loaded.space.dim), np.float32)
    return np.array(index, np.intp), x, refused


def _by_neighbourhood(
    plane: Floats, index: bytes, begun: ImageMap, seed: int, context: JobContext
) -> Floats:
    shown = time.monotonic()

    def on_step(stage: str, done: int, total: int, xy: Floats | None) -> None:
        nonlocal shown
        context.check_cancelled()
        context.progress(done, total, _STAGES[stage])
        if xy is not None and time.monotonic() - shown > _SHOW_EVERY:
            shown = time.monotonic()
            context.placed(TSNE, index, _bytes(xy))

    return neighbourhoods.arrange(
        plane,
        begun.xy,
        is_onward=begun.how == TSNE,
        seed=seed,
        n_jobs=cpu_threads(),
        on_step=on_step,
    )


def _going_on(request: MapRequest, first: ImageMap, plane: Floats) -> ImageMap | None:
    """The map before this one with the new images in it, so that a person finds the others again.

    None when there was none, or most images are new: then the map takes a shape of its own.
    """
    before = ImageMap.read(request.map_file) if request.map_file else None
    if before is None or (before.how, before.made_with) != (TSNE, first.made_with):
        return None
    place = {one: row for row, one in enumerate(before.hashes)}
    is_known = np.array([one in place for one in first.hashes], bool)
    if is_known.sum() * 2 < len(is_known):
        return None
    start = np.zeros_like(first.xy)
    start[is_known] = before.xy[[place[one] for one in first.hashes if one in place]]
    return replace(first, xy=beside(plane, start, is_known), how=TSNE)


def _bytes(xy: Floats) -> bytes:
    return np.ascontiguousarray(xy, "<f4").tobytes()
