"""What can be asked of a job: one frozen, serialisable request type per job.

Window, command line, notebook and a cluster executor build the same requests. A request
carries everything the job needs (paths and ids already resolved), so it can be run by a
process that has never opened the project.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from msgspec import Struct

from catstudio.core.types import Parent

DEFAULT_BACKBONE = "efficientnet-lite2"
"""At 5 photos a class Lite2 in two views is right 3 points more often than Lite0 in one
(``benchmarks/heads.py``), for four times the work, once an image: the embeddings are kept."""


class SeedImage(Struct, frozen=True):
    """An image handed to a generator: its id in the project, its file, its label."""

    id: str
    path: str
    label: str | None = None


class Lane(StrEnum):
    """Where a job runs. Jobs of one lane run one after another; the lanes run side by side."""

    LOCAL = "local"
    """A thread of the process that holds the project: files and the store."""
    NETWORK = "network"
    """Another such thread, so that a slow server holds up no import."""
    WORKER = "worker"
    """The worker process: torch, diffusers, onnxruntime."""


class Request(Struct, frozen=True, tag=True, kw_only=True):
    """Base of all requests; ``job_id`` is unique and names the job in every event."""

    lane: ClassVar[Lane] = Lane.WORKER
    job_id: str


class ImportRequest(Request, frozen=True, tag=True, kw_only=True):
    """Bring files in. ``paths`` may be files or folders (walked in sorted order).

    ``blobs`` are images that have no file (pasted, drawn, from the camera), each with a name.
    ``parents`` are images of the project that all of them derive from (the photo under a
    drawing); ``params`` go into their provenance. ``keeps_location`` leaves the place where a
    photo was taken in its file; it is taken out otherwise.
    """

    lane: ClassVar[Lane] = Lane.LOCAL
    paths: tuple[str, ...] = ()
    blobs: tuple[tuple[str, bytes], ...] = ()
    label: str | None = None
    source: str = "photo"
    split: str | None = None
    origin: str = ""
    license: str = ""
    author: str = ""
    parents: tuple[Parent, ...] = ()
    method: str = ""
    params: dict[str, Any] = {}
    keeps_location: bool = False


class CheckDatasetRequest(Request, frozen=True, tag=True, kw_only=True):
    """Look for what a data set from elsewhere would bring along, before anything enters.

    ``path`` and ``format`` are what :func:`catstudio.sources.datasets.open_dataset` takes.
    ``mapping`` says what raw labels mean, besides those that are named like a label of the
    project: a label, None to decide later, "" to leave out; ``unlabelled`` is the label of
    images that have no raw label. The result is a ``RiskReport`` as plain JSON.
    """

    lane: ClassVar[Lane] = Lane.LOCAL
    path: str
    format: str = "auto"
    mapping: dict[str, str | None] = {}
    unlabelled: str | None = None


class ImportDatasetRequest(Request, frozen=True, tag=True, kw_only=True):
    """Bring in a data set, its labels by ``mapping`` (see :class:`CheckDatasetRequest`).

    ``leave_out`` are names of images in it, such as a report's groups give. ``keeps_splits``
    takes over the splits that it proposes, for real photos; ``split`` is one for all instead.
    """

    lane: ClassVar[Lane] = Lane.LOCAL
    path: str
    format: str = "auto"
    mapping: dict[str, str | None] = {}
    unlabelled: str | None = None
    leave_out: tuple[str, ...] = ()
    source: str = "vendor"
    keeps_splits: bool = True
    split: str | None = None
    origin: str = ""
    license: str = ""
    author: str = ""
    keeps_location: bool = False


class GenerateRequest(Request, frozen=True, tag=True, kw_only=True):
    """Make ``count`` images of ``label`` by ``method`` (the id of a generating source).

    ``options`` holds the method's own parameters, by the names its source declares:
    ``prompt``, ``negative_prompt``, ``model``, ``size`` (pixels, the short side),
    ``num_inference_steps``, ``guidance_scale``, ``strength`` ... ``prompts`` is the expanded
    template, one prompt an image (repeated in order when shorter than ``count``). ``seed`` is
    the first image's generator seed; image i uses ``seed + i``.

    ``guide`` is an image whose layout is followed: a drawing that seed diffusion fills with the
    seeds' patches, the picture that a ControlNet reads. ``mask`` is a PNG, white where the seed
    image is redrawn (or belongs to the foreground), of the seed image's size. The images of a
    trial are shown, not kept: listeners get them as ``ImageMade``. ``learned_from`` are the photos
    that the adapters among the options were trained on: parents of every image, too.
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
    guide: SeedImage | None = None
    mask: bytes = b""
    is_trial: bool = False
    learned_from: tuple[Parent, ...] = ()


class DataItem(Struct, frozen=True):
    """One image as the trainer sees it. ``weight`` >= 1 counts exact copies.

    ``soft_label`` are (label, share) pairs with shares that sum to 1, for a blend across
    labels: it is trained on as that part of each. Empty for all others.
    """

    id: str
    path: str
    sha256: str
    label: str
    source: str
    is_real: bool
    lineages: tuple[str, ...]
    split: str | None = None
    weight: int = 1
    soft_label: tuple[tuple[str, float], ...] = ()


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


class AuditItem(DataItem, frozen=True, kw_only=True):
    """One image as the audit sees it: also its file's name and what the file was like.

    ``dhash`` is the perceptual hash in hexadecimal, "" when it is not known.
    """

    name: str = ""
    width: int = 0
    height: int = 0
    format: str = ""
    dhash: str = ""


class AuditRequest(Request, frozen=True, tag=True, kw_only=True):
    """Ask what each source bought the run in ``run_folder``, and look for its hidden flaws.

    ``items`` are the images it was trained, calibrated and tested on. ``strangers`` are paths
    of photos of neither class, for the turkey test. ``run`` is the number of the run.
    """

    items: tuple[AuditItem, ...]
    run_folder: str
    run: int = 0
    strangers: tuple[str, ...] = ()
    embedding_cache: str = ""
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
    """Label the images at ``paths`` with the run in ``run_folder``.

    ``threshold`` is a label and the score in [0, 1] from which on it is the answer; without one
    that is the likeliest label.
    """

    paths: tuple[str, ...]
    run_folder: str
    threshold: tuple[str, float] | None = None
    embedding_cache: str = ""
    device: str = "auto"


class MapRequest(Request, frozen=True, tag=True, kw_only=True):
    """Lay ``items`` out in a plane, so that images that look alike lie together.

    ``backbone`` is what looks: one of the engine's own, or the folder of a model that knows words
    as well as pictures (CLIP, SigLIP). ``map_file`` is where the map before this one lies, whose
    images stay about where they are; "" begins anew. ``is_quick`` stops after the first layout.
    """

    items: tuple[DataItem, ...]
    backbone: str = DEFAULT_BACKBONE
    embedding_cache: str = ""
    map_file: str = ""
    is_quick: bool = False
    seed: int = 0
    device: str = "auto"


class WordsRequest(Request, frozen=True, tag=True, kw_only=True):
    """Where ``text`` lies among the pictures of the model in the folder ``backbone``.

    The result is ``{"vector": [...]}``, of length 1, to compare with a map's images.
    """

    text: str
    backbone: str
    device: str = "auto"


class TrainingImage(Struct, frozen=True):
    """A real photo that an adapter learns from: its id, file and hash, and what it shows."""

    id: str
    path: str
    sha256: str
    caption: str


class AdapterSettings(Struct, frozen=True, kw_only=True):
    """How an adapter is trained. Two trainings with equal settings and photos are the same.

    ``method`` is "lora" or "textual-inversion"; ``rank`` and ``alpha`` are the LoRA's (its
    change is scaled by alpha / rank), ``vectors`` the number of embeddings that the trigger
    word stands for in textual inversion. ``resolution`` in pixels is the side of a square with
    as many pixels as each photo is given, in its own shape. ``learning_rate`` > 0.
    ``batch_size`` photos make one step. ``min_snr_gamma`` 0 weighs all noise levels alike.
    """

    method: str = "lora"
    trigger_word: str = "sks"
    rank: int = 8
    alpha: int = 8
    vectors: int = 1
    resolution: int = 512
    learning_rate: float = 1e-4
    warmup_steps: int = 10
    batch_size: int = 1
    min_snr_gamma: float = 5.0
    random_flip: bool = True
    seed: int = 0


class PersonaliseRequest(Request, frozen=True, tag=True, kw_only=True):
    """Teach the model ``model`` what ``label`` looks like in ``images``: train an adapter.

    ``name`` is what the adapter will be called. Training ends at step ``steps``; every
    ``checkpoint_every`` steps and on cancel its state goes into ``folder``, from where
    ``resume`` goes on. Every ``sample_every`` steps ``samples`` pictures of ``sample_prompt``
    show how far it is; 0 shows none. ``is_estimate`` only says what it would need.
    """

    label: str
    name: str
    model: str
    images: tuple[TrainingImage, ...]
    settings: AdapterSettings
    sample_prompt: str
    folder: str
    steps: int = 500
    sample_every: int = 100
    samples: int = 2
    checkpoint_every: int = 50
    resume: bool = False
    is_estimate: bool = False
    device: str = "auto"


class DownloadRequest(Request, frozen=True, tag=True, kw_only=True):
    """Fetch ``model``, an id of the catalogue or the hub's "owner/name", into the shared cache."""

    lane: ClassVar[Lane] = Lane.NETWORK
    model: str


AnyRequest = (
    ImportRequest
    | CheckDatasetRequest
    | ImportDatasetRequest
    | GenerateRequest
    | TrainRequest
    | AuditRequest
    | EvaluateRequest
    | PredictRequest
    | MapRequest
    | WordsRequest
    | PersonaliseRequest
    | DownloadRequest
)
