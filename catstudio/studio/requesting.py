"""Building job requests from what the project holds: paths and ids resolved, options checked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.files import sha256
from catstudio.core.lineage import held_lineages
from catstudio.core.location import without_location
from catstudio.core.pixels import EXTENSIONS
from catstudio.core.store import Store
from catstudio.core.types import ImageRecord, Parent, Split, State, soft_label
from catstudio.jobs.requests import (
    CheckDatasetRequest,
    DataItem,
    EvaluateRequest,
    GenerateRequest,
    ImportDatasetRequest,
    ImportRequest,
    PredictRequest,
    SeedImage,
    TrainRequest,
)
from catstudio.models.catalogue import catalogue
from catstudio.sources import SOURCES, importing, source
from catstudio.sources.datasets import LEAVE_OUT
from catstudio.studio import inheriting
from catstudio.studio.adapters import learned_from

MAX_COUNT = 10_000
MAX_SEED = 2**32 - 1


def new_job_id() -> str:
    """A fresh name for a job."""
    return uuid.uuid4().hex


def import_request(
    store: Store,
    paths: Iterable[str | Path] = (),
    blobs: Iterable[tuple[str, bytes]] = (),
    label: str | None = None,
    kind: str = "photo",
    split: str | None = None,
    credit: tuple[str, str, str] = ("", "", ""),
    parents: Iterable[str] = (),
    **settings: Any,
) -> ImportRequest:
    """``kind`` is the id of a source; ``credit`` is origin, license and author.

    Raises :class:`BadInputError` for an unknown label, source, split or parent.
    """
    origin, license_, author = credit
    store.check_label(label)
    made_from = _chosen(store, parents)
    request = ImportRequest(
        job_id=new_job_id(),
        paths=tuple(str(path) for path in paths),
        blobs=tuple(blobs),
        label=label,
        source=kind,
        split=split,
        origin=origin,
        license=license_,
        author=author,
        parents=tuple(Parent(record.id, 1 / len(made_from)) for record in made_from),
        **settings,
    )
    importing.check_request(request)
    return request


def check_dataset_request(store: Store, path: str | Path, **settings: Any) -> CheckDatasetRequest:
    """Raises :class:`BadInputError` for a mapping to a label that the project does not have."""
    request = CheckDatasetRequest(job_id=new_job_id(), path=str(path), **settings)
    _check_mapping(store, request)
    return request


def import_dataset_request(store: Store, path: str | Path, **settings: Any) -> ImportDatasetRequest:
    """Raises :class:`BadInputError` for an unknown label, source or split."""
    request = ImportDatasetRequest(job_id=new_job_id(), path=str(path), **settings)
    _check_mapping(store, request)
    importing.check_request(inheriting.entry(request))
    return request


def _check_mapping(store: Store, request: CheckDatasetRequest | ImportDatasetRequest) -> None:
    for label in {*request.mapping.values(), request.unlabelled} - {LEAVE_OUT}:
        store.check_label(label)


def generate_request(
    store: Store,
    method: str,
    label: str,
    count: int,
    seeds: Iterable[str] | None,
    options: Mapping[str, Any],
    seed: int,
    guide: str | None = None,
    **settings: Any,
) -> GenerateRequest:
    """Check the method's options and find its seed images.

    Raises :class:`BadInputError` for an unknown method, label, option or seed, and
    :class:`NotPossibleError` when the method needs more seed images than there are.
    """
    store.folder.check_reachable()
    maker = source(method)
    if not maker.is_generator:
        makers = ", ".join(one.id for one in SOURCES.values() if one.is_generator)
        raise BadInputError(f"{maker.title} does not generate images.", f"Use one of: {makers}.")
    if not 1 <= count <= MAX_COUNT:
        raise BadInputError(f"The count is {count}.", f"Give a number from 1 to {MAX_COUNT:,}.")
    check_seed(seed)
    store.check_label(label)
    listed = catalogue().find(str(options.get("model") or ""))
    # What a model's makers advise stands in for what nobody chose.
    checked = maker.options({**(listed.advised if listed else {}), **options})
    # A model that can do without a seed image gets one only when it is chosen.
    parents = _seed_records(store, label, seeds) if maker.min_seeds or seeds is not None else []
    if guide is not None and not maker.guide_title:
        raise BadInputError(f"{maker.title} follows no guide image.", "Leave the guide out.")
    if settings.get("mask") and not maker.mask_title:
        raise BadInputError(f"{maker.title} takes no mask.", "Leave the mask out.")
    if len(parents) < maker.min_seeds:
        need = "a photo" if maker.min_seeds == 1 else f"{maker.min_seeds} photos"
        raise NotPossibleError(
            f"{maker.title} needs {need} labelled {label}, and there are {len(parents)}.",
            f"Add photos of {label} first.",
        )
    return GenerateRequest(
        job_id=new_job_id(),
        method=method,
        label=label,
        count=count,
        seeds=tuple(_seed_image(store, record) for record in parents),
        guide=None if guide is None else _seed_image(store, _chosen(store, (guide,))[0]),
        options=checked,
        learned_from=learned_from(store.images, checked),
        seed=seed,
        **settings,
    )


def _seed_image(store: Store, record: ImageRecord) -> SeedImage:
    return SeedImage(record.id, str(store.image_path(record)), record.label)


def _chosen(store: Store, ids: Iterable[str]) -> list[ImageRecord]:
    """The images that something is made from, in the order chosen.

    Raises :class:`BadInputError` for an unknown one, and for one that is tested on.
    """
    wanted = tuple(ids)
    if not wanted:
        return []
    found = store.images_by_id(wanted)
    if len(found) < len(wanted):
        missing = set(wanted) - {record.id for record in found}
        raise BadInputError(f"There is no image {', '.join(sorted(missing))}.")
    held = held_lineages(store.images())
    for record in found:
        own = record.split in (Split.VAL, Split.TEST)
        if own or held.intersection(record.lineages):
            where = f"in the {record.split} split" if own else "a near-copy of a test photo"
            raise BadInputError(
                f"{record.name} is {where}.",
                "What is made from a test photo could not be trained on; choose another image.",
            )
    return found


def _seed_records(store: Store, label: str, seeds: Iterable[str] | None) -> list[ImageRecord]:
    return seed_photos(store.images(), label) if seeds is None else _chosen(store, seeds)


def seed_photos(everything: Iterable[ImageRecord], label: str) -> list[ImageRecord]:
    """The accepted photos of ``label`` that something may be made from, or learned from: none
    of them, or of their near-copies among ``everything``, is validated or tested on."""
    images = list(everything)
    held = held_lineages(images)
    return [
        record
        for record in images
        if record.label == label
        and record.state is State.ACCEPTED
        and record.is_real
        and not held.intersection(record.lineages)
    ]


def check_seed(seed: int) -> None:
    """Raise :class:`BadInputError` for a number that no generator takes."""
    if not 0 <= seed <= MAX_SEED:
        raise BadInputError(f"The seed is {seed}.", f"Give a number from 0 to {MAX_SEED:,}.")


def train_request(store: Store, seed: int, **settings: Any) -> TrainRequest:
    """Everything accepted and labelled. Raises :class:`NotPossibleError` when that is nothing."""
    store.folder.check_reachable()
    check_seed(seed)
    items = [
        _item(record, record.label, store.image_path(record))
        for record in store.images()
        if record.state is State.ACCEPTED and record.label is not None
    ]
    if not items:
        raise NotPossibleError(
            f"{store.folder.name} has no accepted image with a label to train on.",
            "Add photos and label them, or accept generated ones in review.",
        )
    return TrainRequest(
        job_id=new_job_id(),
        items=tuple(items),
        labels=store.labels(),
        embedding_cache=str(store.folder.embeddings),
        seed=seed,
        **settings,
    )


def _item(record: ImageRecord, label: str, path: Path) -> DataItem:
    return DataItem(
        id=record.id,
        path=str(path),
        sha256=record.sha256,
        label=label,
        source=record.source,
        is_real=record.is_real,
        lineages=record.lineages,
        split=record.split,
        weight=record.weight,
        soft_label=soft_label(record),
    )


def evaluate_request(
    store: Store,
    run_folder: Path,
    labels: tuple[str, ...],
    folder: Path,
    mapping: Mapping[str, str],
) -> EvaluateRequest:
    """Real photos in class folders outside the project; ``mapping`` renames folders to labels, or
    leaves them out (:data:`catstudio.sources.datasets.LEAVE_OUT`).

    Raises :class:`BadInputError` when the folder is missing, holds no images in class
    folders, or has a class that is no label of the run.
    """
    items: list[DataItem] = []
    trained = {r.sha256 for r in store.images() if r.split not in (Split.VAL, Split.TEST)}
    for sub in _class_folders(folder):
        files = _photos_in(sub)
        label = mapping.get(sub.name, sub.name)
        if not files or label == LEAVE_OUT:
            continue
        if label not in labels:
            raise BadInputError(
                f"The folder {sub.name} is no label of this model ({', '.join(labels)}).",
                f"Say what it is with --map {sub.name}={labels[-1]}.",
            )
        items += [_outside(path, label, trained) for path in files]
    if not items:
        raise BadInputError(
            f"{folder} has no images in class folders.",
            "Put the photos in sub-folders named like the labels, such as cat/ and not-cat/.",
        )
    return EvaluateRequest(
        job_id=new_job_id(),
        items=tuple(items),
        run_folder=str(run_folder),
        embedding_cache=str(store.folder.embeddings),
        training_sha256=tuple(sorted(trained)),
    )


def class_folders(folder: Path) -> dict[str, int]:
    """How many photos lie in each sub-folder of ``folder``, those without any left out. Slow.

    Raises :class:`BadInputError` when the folder is missing or cannot be read.
    """
    counts = {sub.name: len(_photos_in(sub)) for sub in _class_folders(folder)}
    return {name: n for name, n in counts.items() if n}


def _photos_in(folder: Path) -> list[Path]:
    dead: list[importing.Dead] = []
    files = [p for p in importing.walk(folder, dead) if p.suffix.lower() in EXTENSIONS]
    if dead:
        # A measurement without a part of its photos would look like the whole one.
        raise BadInputError(dead[0].message, dead[0].hint)
    return files


def _class_folders(folder: Path) -> list[Path]:
    if not importing.holds(folder.is_dir):
        raise BadInputError(
            f"There is no folder {folder}.", "Give a folder with one sub-folder a class."
        )
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise BadInputError(
            f"{folder} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check that you may open this folder.",
        ) from error
    return [p for p in inside if not p.name.startswith(".") and importing.holds(p.is_dir)]


def _outside(path: Path, label: str, trained: set[str]) -> DataItem:
    try:
        data = path.read_bytes()
        digest = sha256(data)
        if digest not in trained:
            # As an import would have stored it, so that a photo trained on is still known.
            digest = sha256(without_location(data))
    except OSError:
        digest = ""  # The worker says of this one why it cannot be read, and goes on.
    return DataItem(
        id=str(path),
        path=str(path),
        sha256=digest,
        label=label,
        source="photo",
        is_real=True,
        lineages=(digest or str(path),),
        split=Split.TEST,
    )


def predict_request(
    store: Store,
    run_folder: Path,
    paths: Iterable[str | Path],
    threshold: tuple[str, float] | None = None,
) -> PredictRequest:
    """Images or folders to label. Raises :class:`BadInputError` when there is no image.

    A folder without images, or that cannot be read, stays in the list: the job says so, and the
    rest is labelled.
    """
    wanted: list[str] = []
    empty: list[str] = []
    for path in map(Path, paths):
        if importing.holds(path.is_dir):
            dead: list[importing.Dead] = []
            files = importing.walk(path, dead)
            found = [str(p) for p in files if p.suffix.lower() in EXTENSIONS]
            wanted += found
            empty += [one.path for one in dead] or ([] if found else [str(path)])
        else:
            wanted.append(str(path))
    if not wanted:
        raise BadInputError(
            f"There is no image to label in {', '.join(empty) or 'nothing'}.",
            "Name image files, or a folder of them that you may open.",
        )
    wanted += empty
    return PredictRequest(
        job_id=new_job_id(),
        paths=tuple(wanted),
        run_folder=str(run_folder),
        threshold=threshold,
        embedding_cache=str(store.folder.embeddings),
    )
