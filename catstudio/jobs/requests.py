"""What can be asked of a job: one frozen, serialisable request type per job.

Window, command line, notebook and a cluster executor build the same requests. A request
carries everything the job needs (paths and ids already resolved), so it can be run by a
process that has never opened the project.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

DEFAULT_BACKBONE = "efficientnet-lite2"
"""At 5 photos a class Lite2 in two views is right 3 points more often than Lite0 in one
(``benchmarks/heads.py``), for four times the work, once an image: the embeddings are kept."""


class SeedImage(Struct, frozen=True):
    """An image handed to a generator: its id in the project, its file, its label."""

    id: str
    path: str
    label: str | None = None


class Request(Struct, frozen=True, tag=True, kw_only=True):
    """Base of all requests; ``job_id`` is unique and names the job in every event."""

    job_id: str


class ImportRequest(Request, frozen=True, tag=True, kw_only=True):
    """Bring files in. ``paths`` may be files or folders (walked in sorted order).

    ``blobs`` are images that have no file (pasted, dragged from a browser), each with a name.
    """

    paths: tuple[str, ...] = ()
    blobs: tuple[tuple[str, bytes], ...] = ()
    label: str | None = None
    source: str = "photo"
    split: str | None = None
    origin: str = ""
    license: str = ""
    author: str = ""


class GenerateRequest(Request, frozen=True, tag=True, kw_only=True):
    """Make ``count`` images of ``label`` by ``method`` (the id of a generating source).

    ``options`` holds the method's own parameters, by the names its source declares:
    ``prompt``, ``negative_prompt``, ``model``, ``size`` (pixels, the short side),
    ``num_inference_steps``, ``guidance_scale``, ``strength`` ... ``prompts`` is the expanded
    template, one prompt an image (repeated in order when shorter than ``count``). ``seed`` is
    the first image's generator seed; image i uses ``seed + i``.
    """

    method: str
    label: str
    count: int
    seeds: tuple[SeedImage, ...] = ()
    prompts: tuple[str, ...] = ()
    seed: int = 0
    options: dict[str, Any] = {}
    accept: bool = False
    device: str = "auto"


class DataItem(Struct, frozen=True):
    """One image as the trainer sees it. ``weight`` >= 1 counts exact copies."""

    id: str
    path: str
    sha256: str
    label: str
    source: str
    is_real: bool
    lineages: tuple[str, ...]
    split: str | None = None
    weight: int = 1


class TrainRequest(Request, frozen=True, tag=True, kw_only=True):
    """Train a classifier on ``items`` and evaluate it on those whose split is ``test``.

    ``embedding_cache`` is the file that holds finished embeddings (read only by the worker;
    new ones come back as ``Embedded`` events).
    """

    items: tuple[DataItem, ...]
    labels: tuple[str, ...]
    embedding_cache: str = ""
    backbone: str = DEFAULT_BACKBONE
    finetune: bool = False
    seed: int = 0
    device: str = "auto"


class EvaluateRequest(Request, frozen=True, tag=True, kw_only=True):
    """Measure the run in ``run_folder`` on real photos outside the project."""

    items: tuple[DataItem, ...]
    run_folder: str
    embedding_cache: str = ""
    training_sha256: tuple[str, ...] = ()
    device: str = "auto"


class PredictRequest(Request, frozen=True, tag=True, kw_only=True):
    """Label the images at ``paths`` with the run in ``run_folder``."""

    paths: tuple[str, ...]
    run_folder: str
    embedding_cache: str = ""
    device: str = "auto"


AnyRequest = ImportRequest | GenerateRequest | TrainRequest | EvaluateRequest | PredictRequest
