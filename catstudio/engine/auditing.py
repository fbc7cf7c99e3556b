"""The worker's side of an audit: what each source bought, every check, what to collect next."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from catstudio.audit import CHECKS, AuditData, Check, Finding, Strangers, Verdict
from catstudio.audit.next_steps import next_steps
from catstudio.core.errors import CancelledError, NotPossibleError
from catstudio.core.types import Split
from catstudio.engine.backbones import LoadedBackbone
from catstudio.engine.embedding import ItemRows, embed_items, measure_items
from catstudio.engine.embeddings import Embeddings, classes_of, training_set
from catstudio.engine.run_files import load_run
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import AuditItem, AuditRequest, DataItem
from catstudio.learn.answered import kept
from catstudio.learn.cross_validation import MANY
from catstudio.learn.head import Head
from catstudio.learn.lineages import family_numbers
from catstudio.learn.threshold_costs import MIN_LINEAGES, Answered
from catstudio.learn.worth import TestPhotos, value_sources
from catstudio.sources import SOURCES

log = logging.getLogger(__name__)

Json = dict[str, Any]

_SOURCE_ID = re.compile(rf"\b(from|with) '({'|'.join(map(re.escape, SOURCES))})'")


def audit(request: AuditRequest, context: JobContext) -> Json:
    """Question the run of ``request``; each part of the answer is handed over as it is found.

    Returns the whole: ``checks``, ``sources``, ``arms``, ``learning_curve``, ``next``,
    ``why_not``, ``answered`` (:func:`catstudio.learn.answered.kept`) and ``seconds``. Raises
    :class:`NotPossibleError` when no image can be read.
    """
    started = time.perf_counter()
    head, loaded = load_run(request.run_folder, request.device)
    found = embed_items(request.items, request.embedding_cache, loaded, context)
    data = audit_data(request, found, head, loaded, context)
    embedded = time.perf_counter()
    # What takes least comes first: whoever waits has something to read.
    context.progress(0, len(CHECKS), "What a mistake costs")
    told = answers_kept(data)
    context.found("answered", told)
    findings = [_ask(check, data, number, context) for number, check in enumerate(CHECKS)]
    checked = time.perf_counter()
    worth = _worth(data, request.seed, context)
    context.found("sources", worth)
    valued = time.perf_counter()
    context.progress(len(CHECKS), len(CHECKS), "What to collect next")
    wanted = next_steps(data, findings, worth)
    context.found("next", wanted)
    return {
        "checks": [as_json(c, f) for c, f in zip(CHECKS, findings, strict=True)],
        **worth,
        "next": wanted,
        "answered": told,
        "seconds": {
            "embed": round(embedded - started, 3),
            "checks": round(checked - embedded, 3),
            "sources": round(valued - checked, 3),
        },
    }


def audit_data(
    request: AuditRequest,
    found: ItemRows[AuditItem],
    head: Head,
    loaded: LoadedBackbone,
    context: JobContext,
) -> AuditData:
    """What the checks are given, from embedded items."""
    items = [item for item in found.items if item.label in head.labels]
    if not items:
        raise NotPossibleError(
            "None of this run's images can be read.", "Restore the project's images folder."
        )
    rows = found.rows[[item.label in head.labels for item in found.items]]
    found = ItemRows(items, rows, found.refused, found.measured)
    pixels = measure_items(found, request.embedding_cache, loaded, context)
    everything = Embeddings(list(items), rows)
    split = np.array([item.split or Split.TRAIN for item in items])
    train = np.flatnonzero(split == Split.TRAIN)
    return AuditData(
        items=items,
        labels=head.labels,
        y=classes_of(everything, head.labels),
        x=head.space(rows),
        pooled=head.space.pooled(rows),
        pixels=pixels,
        train=train,
        val=np.flatnonzero(split == Split.VAL),
        test=np.flatnonzero(split == Split.TEST),
        training=training_set(everything.part(split == Split.TRAIN), head.labels, head.space),
        head=head,
        strangers=_strangers(request, head, loaded, context),
        unreadable=tuple((item.name, reason) for item, reason in found.refused),
        seed=request.seed,
        check_cancelled=context.check_cancelled,
    )


def as_json(check: Check, finding: Finding) -> Json:
    """One check and what it found, as plain JSON: ``images`` are ids alone, ``shown`` says why."""
    told: Json = msgspec.to_builtins(finding)
    for one in (told, *told["images"]):
        for key in ("text", "advice", "note"):
            if key in one:
                one[key] = _SOURCE_ID.sub(_titled, one[key])
    return {
        "id": check.id,
        "title": check.title,
        "question": check.question,
        "meaning": check.meaning,
        "source": check.source,
        **told,
        "images": [one.id for one in finding.images],
        "shown": told["images"],
    }


def _titled(quoted: re.Match[str]) -> str:
    """A source as the window calls it: checks know it by its id alone, and quote it."""
    return f"{quoted[1]} '{SOURCES[quoted[2]].title}'"


def _strangers(
    request: AuditRequest, head: Head, loaded: LoadedBackbone, context: JobContext
) -> Strangers:
    items = [
        DataItem(
            id=path,
            path=path,
            sha256="",
            label="",
            source="",
            is_real=True,
            lineages=(path,),
        )
        for path in request.strangers
    ]
    found = embed_items(items, "", loaded, context)
    return Strangers(tuple(Path(item.path).stem for item in found.items), head.space(found.rows))


def _worth(data: AuditData, seed: int, context: JobContext) -> Json:
    def on_fit(done: int, expected: int) -> None:
        context.check_cancelled()
        context.progress(done, expected, "What each source bought")

    lineages = [data.items[int(i)].lineages for i in data.test]
    return value_sources(
        data.training,
        [data.items[int(i)].source for i in data.train],
        TestPhotos(data.x[data.test], data.y[data.test], family_numbers(lineages)),
        data.labels,
        data.head.space,
        data.strength,
        temperature=data.head.temperature,
        seed=seed,
        on_fit=on_fit,
    )


def answers_kept(data: AuditData) -> Json:
    """What the model says of photos it was not fitted on, for thresholds to be chosen later."""
    test = _asked(data, data.test, "test photos")
    return kept(data.labels, _choosing(data), test, data.seed)


def _choosing(data: AuditData) -> Answered:
    """The photos that choose a threshold: those of validation, or training photos, each answered
    by a head that was fitted without it, where they are of more lineages and it is soon done."""
    validation = _asked(data, data.val, "validation photos")
    fewest = _fewest(data, data.val)
    is_enough = fewest >= MIN_LINEAGES and len(data.train) > MANY
    if is_enough or fewest >= _fewest(data, data.train[data.is_real[data.train]]):
        return validation
    found = data.left_out
    if found is None:
        return validation
    what = "training photos, each left out in turn"
    return Answered(found.probabilities, found.truth, found.groups, what)


def _fewest(data: AuditData, rows: NDArray[np.integer]) -> int:
    """Lineages of the label that has the fewest among ``rows``."""
    groups = family_numbers([data.items[int(i)].lineages for i in rows])
    return min(len(np.unique(groups[data.y[rows] == c])) for c in range(len(data.labels)))


def _asked(data: AuditData, rows: NDArray[np.integer], what: str) -> Answered:
    groups = family_numbers([data.items[int(i)].lineages for i in rows])
    return Answered(data.head.probabilities(data.x[rows]), data.y[rows], groups, what)


def _ask(check: Check, data: AuditData, number: int, context: JobContext) -> Finding:
    """What ``check`` finds. One that fails must not take the others' answers with it."""
    context.check_cancelled()
    context.progress(number, len(CHECKS), check.title)
    try:
        finding = check.run(data)
    except (CancelledError, MemoryError):
        raise
    except Exception as error:
        log.exception("The check %s failed", check.id)
        finding = Finding(
            id=check.id,
            verdict=Verdict.UNKNOWN,
            text=f"This check could not be made ({type(error).__name__}: {error}).",
            advice="Audit the run again; if it comes back, report it with the log.",
        )
    context.found("check", as_json(check, finding))
    return finding
