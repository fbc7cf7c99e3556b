"""The worker's side of training, evaluating and predicting: files in, figures out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.types import Split
from catstudio.engine.backbones import LoadedBackbone, load_backbone
from catstudio.engine.embedding import embed_items
from catstudio.engine.embeddings import Embeddings, classes_of, of_known_labels, training_set
from catstudio.engine.looking import PREPROCESSING
from catstudio.engine.reporting import tested, training_notes, training_report
from catstudio.engine.run_files import DATA_FILE, HEAD_FILE, REPORT_FILE, load_run, record
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import DataItem, EvaluateRequest, PredictRequest, TrainRequest
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.head import Head
from catstudio.learn.one_class import fit_one_class
from catstudio.learn.splits import trainable
from catstudio.learn.threshold_costs import answers

Rows = NDArray[np.float32]
Ints = NDArray[np.intp]

NEAR_TRAINING_COSINE = 0.92
"""From this match with a training photo on, an outside photo may be a copy of it.

Of 180 different photos no two matched above 0.87; nine in ten copies (recompressed, cropped to
85 %, brightened, mirrored) matched above 0.92 (Lite2, two views)."""


def train(request: TrainRequest, context: JobContext) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Embed, fit, calibrate and evaluate; returns the report and the files of the run.

    Trains on what :func:`catstudio.learn.splits.trainable` allows and evaluates on items whose
    split is ``test``. Raises :class:`BadInputError` when one of those, or of the photos that
    calibrate (``val``), is not a real photo and
    :class:`NotPossibleError` when there is nothing to train on.
    """
    _refuse_synthetic(request.items)
    if request.finetune:
        raise NotPossibleError(
            "Fine-tuning the backbone is not available yet.",
            "Train without it: the head is fitted on the frozen backbone.",
        )
    started = time.perf_counter()
    loaded = load_backbone(request.backbone, request.device)
    wanted, excluded = _usable(request.items)
    found = embed_items(wanted, request.embedding_cache, loaded, context)
    for item, reason in found.refused:
        excluded[item.id] = reason
    everything = Embeddings(found.items, found.rows)
    splits = [item.split for item in everything.items]
    data = everything.part([s not in (Split.TEST, Split.VAL) for s in splits])
    test = everything.part([s == Split.TEST for s in splits])
    val = everything.part([s == Split.VAL for s in splits])
    embedded = time.perf_counter()
    context.check_cancelled()

    context.progress(0, 1, "Fitting")
    notes: list[str] = []
    head, fitted_on = _fit(request, data, val, loaded, notes)
    fitted = time.perf_counter()
    context.check_cancelled()
    test, unknown = of_known_labels(test, head.labels)
    excluded.update(unknown)

    def on_fold(done: int, total: int) -> None:
        context.check_cancelled()
        context.progress(done, total, "Cross-validating")

    report = training_report(head, fitted_on, data, test, notes, on_fold)
    report["excluded"] = [{"id": id_, "reason": why} for id_, why in excluded.items()]
    report["backbone"] = request.backbone
    report["runtime"] = loaded.runtime
    report["seconds"] = {
        "embed": round(embedded - started, 4),
        "fit": round(fitted - embedded, 4),
        "evaluate": round(time.perf_counter() - fitted, 4),
    }
    context.progress(1, 1, "Fitting")
    head.info.update(backbone=request.backbone, preprocessing=PREPROCESSING)
    files = {
        HEAD_FILE: head.save(),
        REPORT_FILE: json.dumps(report, indent=1).encode(),
        DATA_FILE: record(item for item in everything.items if item.id not in unknown),
    }
    return report, files


def evaluate(request: EvaluateRequest, context: JobContext) -> dict[str, Any]:
    """Measure a finished run on real photos from outside the project.

    Photos that it was trained on, or that cannot be decoded, are listed in ``refused`` and the
    rest is measured. Raises :class:`NotPossibleError` when nothing is left.
    """
    head, loaded = load_run(request.run_folder, request.device)
    _refuse_synthetic(request.items)
    fresh, refused = _fresh(request)
    for one in refused:
        context.warn(f"{Path(one['path']).name}: {one['reason']}", "It is left out.", one["path"])
    found = embed_items(fresh, request.embedding_cache, loaded, context)
    refused += [_refusal(item.path, reason) for item, reason in found.refused]
    known, unknown = of_known_labels(Embeddings(found.items, found.rows), head.labels)
    paths = {item.id: item.path for item in found.items}
    refused += [_refusal(paths[id_], reason) for id_, reason in unknown.items()]
    if not len(known):
        raise NotPossibleError(
            "None of these photos can be used to measure the model.",
            refused[0]["reason"] if refused else "Give real photos that it was not trained on.",
        )
    report = tested(head, known)
    near = [
        paths[row["id"]]
        for row in report["predictions"]
        if row["open_set_score"] >= NEAR_TRAINING_COSINE
    ]
    notes = []
    if near:
        notes.append(
            f"{len(near)} of these photos look nearly the same as one that was trained on "
            f"(the first: {Path(near[0]).name}): leave them out if they are copies."
        )
    return {
        **report,
        "refused": refused,
        "labels": list(head.labels),
        "notes": notes,
        "near_training": near,
    }


def predict(request: PredictRequest, context: JobContext) -> dict[str, Any]:
    """Label the images at ``request.paths``; unreadable ones are listed in ``refused``."""
    head, loaded = load_run(request.run_folder, request.device)
    if request.threshold and request.threshold[0] not in head.labels:
        raise BadInputError(
            f"This run knows no label '{request.threshold[0]}' to set a threshold for.",
            f"Its labels are {', '.join(head.labels)}.",
        )
    items = []
    for number, path in enumerate(request.paths):
        context.check_cancelled()
        context.progress(number, len(request.paths), "Reading the files")
        items.append(_unlabelled(path))
    found = embed_items(items, request.embedding_cache, loaded, context)
    predictions = []
    if found.items:
        answer = head.predict(found.rows)
        best = _best(answer.probabilities, head.labels, request.threshold)
        for i, item in enumerate(found.items):
            predictions.append(
                {
                    "path": item.path,
                    "label": head.labels[best[i]],
                    "probability": round(float(answer.probabilities[i, best[i]]), 6),
                    "abstains": bool(answer.abstains[i]),
                    "open_set_score": round(float(answer.open_set_score[i]), 6),
                }
            )
    return {
        "predictions": predictions,
        "refused": [_refusal(item.path, reason) for item, reason in found.refused],
    }


def _best(
    probabilities: NDArray[np.floating], labels: Sequence[str], threshold: tuple[str, float] | None
) -> NDArray[np.integer]:
    """The answers, [n] indices into ``labels``."""
    if threshold is None:
        likeliest: Ints = probabilities.argmax(axis=1)
        return likeliest
    return answers(probabilities, list(labels).index(threshold[0]), threshold[1])


def _fit(
    request: TrainRequest,
    data: Embeddings,
    val: Embeddings,
    loaded: LoadedBackbone,
    notes: list[str],
) -> tuple[Head, TrainingSet]:
    present = {item.label for item in data.items}
    labels = [label for label in request.labels if label in present]
    labels += sorted(present - set(labels))
    if not labels:
        raise NotPossibleError(
            "There is no image to train on.",
            "Add photos and label them, or accept generated ones in review.",
        )
    without = [label for label in request.labels if label not in present]
    fitted_on = training_set(data, labels, loaded.space)
    if len(labels) == 1:
        rest = without[0] if len(without) == 1 else f"not {labels[0]}"
        notes.append(
            f"Only '{labels[0]}' has images, so it was told apart from the classes that the "
            f"backbone knows, which stand for '{rest}'. A few photos of '{rest}' will do better."
        )
        head = fit_one_class(fitted_on, (labels[0], rest), loaded.space, loaded.classifier)
        return head, fitted_on
    if without:
        notes.append(f"Not trained, because there is no image of it: {', '.join(without)}.")
    val, _ = of_known_labels(val, labels)
    validation = None
    if len(val):
        validation = loaded.space(val.rows), classes_of(val, labels)
    head = fit_head(fitted_on, labels, loaded.space, validation)
    notes.extend(training_notes(fitted_on, labels))
    return head, fitted_on


def _refuse_synthetic(items: Sequence[DataItem]) -> None:
    names = {Split.TEST: "test", Split.VAL: "validation"}
    for item in items:
        if item.split in (Split.TEST, Split.VAL) and not item.is_real:
            name = names[Split(item.split)]
            raise BadInputError(
                f"The image {item.id} is in the {name} split, but it is synthetic ({item.source}).",
                f"Only real photos are measured on: take it out of the {name} split.",
            )


def _usable(items: Sequence[DataItem]) -> tuple[list[DataItem], dict[str, str]]:
    """What is trained, validated or tested on, and for each other id why it is not.

    No photo, near-copy or descendant serves twice: testing comes first, then validating. The
    same bytes are the same photo whatever their lineage says.
    """
    test = [item for item in items if item.split == Split.TEST]
    tested_on = {name for item in test for name in (*item.lineages, item.id)}
    test_bytes = {item.sha256 for item in test if item.sha256}
    val: list[DataItem] = []
    allowed, excluded = trainable(items)
    for item in test:
        excluded.pop(item.id, None)
    for item in items:
        if item.split == Split.VAL:
            if tested_on.intersection((*item.lineages, item.id)) or item.sha256 in test_bytes:
                excluded[item.id] = "it is a near-copy of a test photo"
            else:
                excluded.pop(item.id, None)
                val.append(item)
    held_bytes = test_bytes | {item.sha256 for item in val if item.sha256}
    train = [item for item in allowed if item.sha256 not in held_bytes]
    excluded.update(
        (item.id, "it is the same picture as a test or validation photo")
        for item in allowed
        if item.sha256 in held_bytes
    )
    return [*train, *val, *test], excluded


def _fresh(request: EvaluateRequest) -> tuple[list[DataItem], list[dict[str, str]]]:
    """The photos to measure on, each once, and the others with the reason."""
    trained_on = set(request.training_sha256)
    first: dict[str, str] = {}
    fresh: list[DataItem] = []
    refused: list[dict[str, str]] = []
    for item in request.items:
        if item.sha256 in trained_on:
            refused.append(_refusal(item.path, "The model was trained on this very photo."))
        elif item.sha256 and item.sha256 in first:
            same = Path(first[item.sha256]).name
            refused.append(_refusal(item.path, f"It is the same picture as {same}."))
        else:
            first[item.sha256] = item.path
            fresh.append(item)
    return fresh, refused


def _unlabelled(path: str) -> DataItem:
    try:
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        digest = ""
    return DataItem(
        id=path, path=path, sha256=digest, label="", source="", is_real=True, lineages=(path,)
    )


def _refusal(path: str, reason: str) -> dict[str, str]:
    return {"path": path, "reason": reason}
