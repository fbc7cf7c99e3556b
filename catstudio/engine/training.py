"""The worker's side of training, evaluating and predicting: files in, figures out."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.core.errors import BadInputError, ModelFileError, NotPossibleError
from catstudio.core.types import Split
from catstudio.engine.backbones import LoadedBackbone, load_backbone
from catstudio.engine.embedding import embed_items
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import DataItem, EvaluateRequest, PredictRequest, TrainRequest
from catstudio.learn.answer import (
    answer_sentence,
    answers,
    missing_photos,
    mistakes,
    why_not_evaluated,
)
from catstudio.learn.cross_validation import cross_validate
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.head import Head
from catstudio.learn.intervals import wilson
from catstudio.learn.lineages import family_numbers
from catstudio.learn.metrics import evaluate as evaluate_answers
from catstudio.learn.metrics import figure
from catstudio.learn.one_class import fit_one_class
from catstudio.learn.splits import trainable

Rows = NDArray[np.float32]
Ints = NDArray[np.intp]

HEAD_FILE, REPORT_FILE = "head.safetensors", "report.json"


@dataclass
class _Embedded:
    """Items that could be read, and their embeddings side by side."""

    items: list[DataItem]
    rows: Rows

    def part(self, keep: Sequence[bool]) -> _Embedded:
        chosen = np.flatnonzero(keep)
        return _Embedded([self.items[i] for i in chosen], self.rows[chosen])

    def __len__(self) -> int:
        return len(self.items)


def train(request: TrainRequest, context: JobContext) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Embed, fit, calibrate and evaluate; returns the report and the files of the run.

    Trains on what :func:`catstudio.learn.splits.trainable` allows and evaluates on items whose
    split is ``test``. Raises :class:`BadInputError` when one of those is not a real photo and
    :class:`NotPossibleError` when there is nothing to train on.
    """
    _refuse_synthetic_test(request.items)
    if request.finetune:
        raise NotPossibleError(
            "Fine-tuning the backbone is not available yet.",
            "Train without it: the head is fitted on the frozen backbone.",
        )
    started = time.perf_counter()
    loaded = load_backbone(request.backbone, request.device)
    allowed, excluded = trainable(request.items)
    held = [item for item in request.items if item.split in (Split.TEST, Split.VAL)]
    wanted = [*allowed, *held]
    found = embed_items(wanted, request.embedding_cache, loaded, context)
    for item, reason in found.refused:
        excluded[item.id] = reason
    for item in held:
        excluded.pop(item.id, None)
    everything = _Embedded(found.items, found.rows)
    splits = [item.split for item in everything.items]
    data = everything.part([s not in (Split.TEST, Split.VAL) for s in splits])
    test = everything.part([s == Split.TEST for s in splits])
    val = everything.part([s == Split.VAL for s in splits])
    embedded = time.perf_counter()
    context.check_cancelled()

    context.progress(0, 1, "Fitting")
    notes: list[str] = []
    head, training_set = _fit(request, data, val, loaded, notes)
    fitted = time.perf_counter()
    context.check_cancelled()
    test, unknown = _of_known_labels(test, head.labels)
    excluded.update(unknown)
    report = _report(head, training_set, data, test, notes)
    report["excluded"] = [{"id": id_, "reason": why} for id_, why in excluded.items()]
    report["backbone"] = request.backbone
    report["runtime"] = loaded.runtime
    report["seconds"] = {
        "embed": round(embedded - started, 4),
        "fit": round(fitted - embedded, 4),
        "evaluate": round(time.perf_counter() - fitted, 4),
    }
    context.progress(1, 1, "Fitting")
    head.info["backbone"] = request.backbone
    files = {HEAD_FILE: head.save(), REPORT_FILE: json.dumps(report, indent=1).encode()}
    return report, files


def evaluate(request: EvaluateRequest, context: JobContext) -> dict[str, Any]:
    """Measure a finished run on real photos from outside the project.

    Photos that it was trained on, or that cannot be decoded, are listed in ``refused`` and the
    rest is measured. Raises :class:`NotPossibleError` when nothing is left.
    """
    head, loaded = _load_run(request.run_folder, request.device)
    _refuse_synthetic_test(request.items)
    trained_on = set(request.training_sha256)
    refused = [
        _refusal(item.path, "the model was trained on this very photo")
        for item in request.items
        if item.sha256 in trained_on
    ]
    fresh = [item for item in request.items if item.sha256 not in trained_on]
    found = embed_items(fresh, request.embedding_cache, loaded, context)
    refused += [_refusal(item.path, reason) for item, reason in found.refused]
    known, unknown = _of_known_labels(_Embedded(found.items, found.rows), head.labels)
    paths = {item.id: item.path for item in found.items}
    refused += [_refusal(paths[id_], reason) for id_, reason in unknown.items()]
    if not len(known):
        raise NotPossibleError(
            "None of these photos can be used to measure the model.",
            refused[0]["reason"] if refused else "Give real photos that it was not trained on.",
        )
    report = _tested(head, known)
    return {**report, "refused": refused, "labels": list(head.labels)}


def predict(request: PredictRequest, context: JobContext) -> dict[str, Any]:
    """Label the images at ``request.paths``; unreadable ones are listed in ``refused``."""
    head, loaded = _load_run(request.run_folder, request.device)
    items = [_unlabelled(path) for path in request.paths]
    found = embed_items(items, request.embedding_cache, loaded, context)
    predictions = []
    if found.items:
        answer = head.predict(found.rows)
        best = answer.probabilities.argmax(axis=1)
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


def _fit(
    request: TrainRequest,
    data: _Embedded,
    val: _Embedded,
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
    training_set = _training_set(data, labels, loaded)
    if len(labels) == 1:
        rest = without[0] if len(without) == 1 else f"not {labels[0]}"
        notes.append(
            f"Only '{labels[0]}' has images, so it was told apart from the classes that the "
            f"backbone knows, which stand for '{rest}'. A few photos of '{rest}' will do better."
        )
        head = fit_one_class(training_set, (labels[0], rest), loaded.space, loaded.classifier)
        return head, training_set
    if without:
        notes.append(f"Not trained, because there is no image of it: {', '.join(without)}.")
    val, _ = _of_known_labels(val, labels)
    validation = None
    if len(val):
        validation = loaded.space(val.rows), _classes(val, labels)
    head = fit_head(training_set, labels, loaded.space, validation)
    notes.extend(_training_notes(training_set, labels))
    return head, training_set


def _training_set(data: _Embedded, labels: Sequence[str], loaded: LoadedBackbone) -> TrainingSet:
    return TrainingSet(
        x=loaded.space(data.rows),
        y=_classes(data, labels),
        lineages=[item.lineages for item in data.items],
        is_real=np.array([item.is_real for item in data.items], bool),
        copies=np.array([max(1, item.weight) for item in data.items], float),
    )


def _training_notes(data: TrainingSet, labels: Sequence[str]) -> list[str]:
    notes = []
    for c, label in enumerate(labels):
        of_class = data.y == c
        if not data.is_real[of_class].any():
            notes.append(f"'{label}' was trained on synthetic images alone.")
        elif (
            len({tuple(data.lineages[int(i)]) for i in np.flatnonzero(of_class & data.is_real)})
            == 1
        ):
            notes.append(
                f"'{label}' rests on one real photo: three or more would say better what it is."
            )
    return notes


def _report(
    head: Head,
    training_set: TrainingSet,
    data: _Embedded,
    test: _Embedded,
    notes: list[str],
) -> dict[str, Any]:
    n_test = Counter(item.label for item in test.items)
    report: dict[str, Any] = {
        "labels": list(head.labels),
        "n_train": dict(Counter(item.source for item in data.items)),
        "n_train_by_label": dict(Counter(item.label for item in data.items)),
        "n_test": {label: n_test.get(label, 0) for label in head.labels},
        "metrics": None,
        "why_not": why_not_evaluated(head.labels, n_test) or None,
        "missing": missing_photos(head.labels, n_test),
        "mistakes": [],
        "predictions": [],
        "cross_validated": None,
        "synthetic_accuracy": _synthetic_accuracy(head, data),
        "notes": notes,
        "temperature": head.temperature,
        "head": head.info,
        "open_set": {
            "score": "largest cosine to a training photo",
            "abstain_below": head.abstain_below,
            "from": head.info["abstention_from"],
        },
    }
    if report["why_not"] is None:
        report.update(_tested(head, test))
    else:
        report["answer"] = report["why_not"]
        report["cross_validated"] = cross_validate(training_set, head.labels, head.space)
        if report["cross_validated"]:
            sentence = answer_sentence(
                report["cross_validated"], "its own real photos, each left out in turn"
            )
            report["answer"] += f" Until then, by cross-validation: {sentence}"
    return report


def _tested(head: Head, test: _Embedded) -> dict[str, Any]:
    prediction = head.predict(test.rows)
    truth = _classes(test, head.labels)
    ids = [item.id for item in test.items]
    groups = family_numbers([item.lineages for item in test.items])
    metrics = evaluate_answers(prediction.probabilities, truth, head.labels, groups)
    predictions = answers(ids, truth, prediction.probabilities, head.labels)
    for row, score, abstains in zip(
        predictions, prediction.open_set_score, prediction.abstains, strict=True
    ):
        row["open_set_score"] = round(float(score), 6)
        row["abstains"] = bool(abstains)
    return {
        "metrics": metrics,
        "answer": answer_sentence(metrics),
        "mistakes": mistakes(ids, truth, prediction.probabilities, head.labels),
        "predictions": predictions,
        "abstained": int(prediction.abstains.sum()),
        "n_test": {label: sum(item.label == label for item in test.items) for label in head.labels},
    }


def _synthetic_accuracy(head: Head, data: _Embedded) -> dict[str, Any] | None:
    """How easy the fakes are: the share of its own synthetic images that it gets right."""
    synthetic = data.part([not item.is_real for item in data.items])
    if not len(synthetic):
        return None
    answered = head.predict(synthetic.rows).probabilities.argmax(axis=1)
    right = float(np.sum(answered == _classes(synthetic, head.labels)))
    n = len(synthetic)
    return {
        **figure(right / n, wilson(right, n)),
        "n": n,
        "meaning": "how easy the fakes are; it says nothing about real photos",
    }


def _classes(part: _Embedded, labels: Sequence[str]) -> Ints:
    number = {label: c for c, label in enumerate(labels)}
    return np.array([number[item.label] for item in part.items], np.intp)


def _of_known_labels(part: _Embedded, labels: Sequence[str]) -> tuple[_Embedded, dict[str, str]]:
    """Those whose label the model can answer, and for the others why not."""
    known = [item.label in labels for item in part.items]
    reasons = {
        item.id: f"the model was not trained to say '{item.label}'"
        for item, is_known in zip(part.items, known, strict=True)
        if not is_known
    }
    return part.part(known), reasons


def _refuse_synthetic_test(items: Sequence[DataItem]) -> None:
    for item in items:
        if item.split == Split.TEST and not item.is_real:
            raise BadInputError(
                f"The image {item.id} is in the test split, but it is synthetic ({item.source}).",
                "Only real photos are tested on: take it out of the test split.",
            )


def _load_run(folder: str, device: str) -> tuple[Head, LoadedBackbone]:
    path = Path(folder) / HEAD_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"The model {path} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Train again to make a new one.",
        ) from error
    head = Head.load(data, str(path))
    loaded = load_backbone(str(head.info["backbone"]), device)
    if head.space.row_length != loaded.backbone.row_length:
        raise ModelFileError(
            f"{path} was made with another version of {loaded.backbone.title}.",
            "Train again to make a new one.",
        )
    return head, loaded


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
