"""The seed diffusion job: seeds in, a stream of images out, the worse of each pair dropped."""

from __future__ import annotations

import io
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional

from catstudio.core.errors import CancelledError
from catstudio.core.types import Parent
from catstudio.engine.parent_labels import label_shares, labelled
from catstudio.engine.seed_diffusion.bank import SeedBank
from catstudio.engine.seed_diffusion.pipeline import Drawn, draw
from catstudio.engine.seed_diffusion.recipes import Recipe
from catstudio.engine.seed_diffusion.scoring import Measures, measure, shares
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import GenerateRequest

TRIES = 2
"""Images made for each one kept."""
_MOST_WORKERS = 4
_PREVIEW_SIDE = 128
_PREVIEW_EVERY = 0.05
"""Seconds between previews: more than an eye follows only keeps the window busy."""

_Slot = tuple[int, int]
"""Which image and which attempt at it."""

Cook = Callable[[int, Generator], tuple[Recipe, dict[str, Any]]]
"""Makes the recipe of the image with a given seed, and what of it goes into the provenance."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image that may be kept."""

    recipe: Recipe
    drawn: Drawn
    measures: Measures
    params: dict[str, Any]


def generate(
    bank: SeedBank,
    cook: Cook,
    context: JobContext,
    request: GenerateRequest,
    method: str,
    params: dict[str, Any],
) -> dict[str, Any]:
    """Make ``request.count`` images, each the better of :data:`TRIES`, for ``context``.

    Image i depends on ``request.seed + i``, the bank and the guide alone: not on the count, on
    the number of processors or on the order in which threads finish.
    """
    count = request.count
    board = _Board(context, count, TRIES)
    scores: list[float] = []
    with _pool(board) as pool:
        waiting = deque(
            [
                pool.submit(
                    _try, bank, cook, request.seed + index, attempt, board, (index, attempt)
                )
                for attempt in range(TRIES)
            ]
            for index in range(count)
        )
        for seed in range(request.seed, request.seed + count):
            attempts = waiting.popleft()
            board.follow(attempts)
            made = [attempt.result() for attempt in attempts]
            best = max(made, key=lambda candidate: candidate.measures.score)
            scores.append(best.measures.score)
            # All seeds, in order: which of them is the anchor and who may lend depends on them.
            ids = [photo.id for photo in bank.photos]
            params_of = {**params, **best.params, "seed": seed, "seeds": ids}
            _hand_over(
                bank, best, context, request, f"{request.label}-{seed}.png", method, params_of
            )
        context.progress(count, count, "Done")
    return {"made": count * TRIES, "kept": count, "mean_score": round(float(np.mean(scores)), 4)}


def png(image: Tensor, size: int) -> bytes:
    """``image`` [3, h, w] in [-1, 1] as a PNG of ``size`` × ``size`` pixels."""
    buffer = io.BytesIO()
    _picture(image, size).save(buffer, "PNG")
    return buffer.getvalue()


def _try(
    bank: SeedBank, cook: Cook, seed: int, attempt: int, board: _Board, slot: _Slot
) -> Candidate:
    """Make one candidate; runs in a thread of its own."""
    board.check()
    # Seeds of attempts must not meet those of other images: image seeds are consecutive.
    generator = Generator().manual_seed((seed * TRIES + attempt) & (2**63 - 1))
    with torch.inference_mode():
        recipe, params = cook(seed, generator)
    drawn = draw(bank, recipe, generator, lambda part, image: board.post(slot, part, image))
    return Candidate(recipe, drawn, measure(bank, recipe, drawn), params)


def _hand_over(
    bank: SeedBank,
    best: Candidate,
    context: JobContext,
    request: GenerateRequest,
    name: str,
    method: str,
    params: dict[str, Any],
) -> None:
    parts = {bank.photos[k].id: part for k, part in shares(best.recipe, best.drawn).items()}
    if request.guide is not None:
        # Its layout is there and none of its pixels: half of what the image is.
        parts = {id_: part / 2 for id_, part in parts.items()}
        parts[request.guide.id] = parts.get(request.guide.id, 0.0) + 0.5
    parents = tuple(Parent(id_, part) for id_, part in sorted(parts.items(), key=_largest))
    # Seeds of one label make what was asked for; those of several make what they are.
    is_mixed = len({seed.label or request.label for seed in request.seeds}) > 1
    by_label = label_shares(parents, request.seeds, request.label)
    label, soft = labelled(by_label) if is_mixed else (request.label, {})
    context.image(
        png(best.drawn.image, bank.size),
        name,
        parents=parents,
        method=method,
        params={
            **params,
            **soft,
            "likeness": round(best.measures.likeness, 3),
            "coherence": round(best.measures.coherence, 3),
        },
        score=best.measures.score,
        flags=best.measures.flags,
        label=label,
    )


def _largest(part: tuple[str, float]) -> float:
    return -part[1]


class _Board:
    """Where image threads post their progress and the job's thread reads it.

    Events go out from the job's thread only; cancelling is noticed by every thread at its
    next step.
    """

    def __init__(self, context: JobContext, count: int, tries: int) -> None:
        self._context = context
        self._total = count
        self._tries = tries
        self._stop = threading.Event()
        self._posts: queue.SimpleQueue[tuple[_Slot, float, Tensor]] = queue.SimpleQueue()
        self._parts: dict[_Slot, float] = {}
        self._shown = 0.0
        self._said = 0.0

    def check(self) -> None:
        """Raise :class:`CancelledError` in an image thread when the job is to end."""
        if self._stop.is_set() or self._context.is_cancelled:
            raise CancelledError("Cancelled.", "Everything finished so far is kept.")

    def post(self, slot: _Slot, part: float, image: Tensor) -> None:
        """Report, from an image thread, the part done of one attempt."""
        self._posts.put((slot, part, image))
        self.check()

    def stop(self) -> None:
        self._stop.set()

    def follow(self, attempts: list[Future[Candidate]]) -> None:
        """Emit progress until all ``attempts`` are done."""
        while not all(attempt.done() for attempt in attempts):
            self._context.check_cancelled()
            try:
                self._emit(*self._posts.get(timeout=0.05))
            except queue.Empty:
                continue
        while not self._posts.empty():
            self._emit(*self._posts.get())

    def _emit(self, slot: _Slot, part: float, image: Tensor) -> None:
        self._parts[slot] = part
        done = sum(self._parts.values()) / self._tries
        # Attempts of several images report in turn; only what moves the bar is said.
        now = time.monotonic()
        if done <= self._shown or now - self._said < _PREVIEW_EVERY:
            return
        self._shown, self._said = done, now
        number = min(self._total, int(done) + 1)
        self._context.progress(done, self._total, f"Image {number} of {self._total}", _jpeg(image))


@contextmanager
def _pool(board: _Board) -> Iterator[ThreadPoolExecutor]:
    """A pool of image threads that is empty again when the block ends, however it ends."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pool = ThreadPoolExecutor(max(1, min(_MOST_WORKERS, cores or 1)), "seed-diffusion")
    try:
        yield pool
    finally:
        board.stop()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """One torch thread for each of ours.

    Two that share small operations spend their time waiting for each other, all the more so
    on a busy machine. The setting is the process's, so it is put back.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _picture(image: Tensor, size: int) -> Image.Image:
    if image.shape[-1] != size:
        image = functional.interpolate(image[None], (size, size), mode="bicubic", antialias=True)[0]
    array = ((image.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(array)


def _jpeg(image: Tensor) -> bytes:
    buffer = io.BytesIO()
    _picture(image, _PREVIEW_SIDE).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
