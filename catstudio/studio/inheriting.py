"""Data sets from elsewhere, on the project's side: what they would bring along, and taking them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from catstudio.core.changes import count_images
from catstudio.core.lineage import hashes
from catstudio.core.store import Store
from catstudio.core.types import Split
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import Done
from catstudio.jobs.requests import CheckDatasetRequest, ImportDatasetRequest, ImportRequest
from catstudio.sources import source
from catstudio.sources.datasets import Dataset, open_dataset
from catstudio.sources.datasets.checking import candidate, judged
from catstudio.sources.datasets.copies import Known
from catstudio.sources.datasets.planning import Plan, plan
from catstudio.sources.importing import Candidate, Given


def entry(request: ImportDatasetRequest) -> ImportRequest:
    """What is said of all images of the data set, as an import says it."""
    return ImportRequest(
        job_id=request.job_id,
        source=request.source,
        split=request.split,
        origin=request.origin,
        license=request.license,
        author=request.author,
        keeps_location=request.keeps_location,
    )


def check(request: CheckDatasetRequest, context: JobContext, store: Store) -> Done:
    """Decode and judge every image that the mapping lets in; nothing is stored.

    Raises :class:`CancelledError` with the report so far.
    """
    with open_dataset(request.path, request.format, context.check_cancelled) as dataset:
        chosen = plan(dataset, store.labels(), request.mapping, unlabelled=request.unlabelled)
        report = judged(dataset, chosen, _known(store), context)
    return Done(job_id=request.job_id, result=report.as_result())


def _known(store: Store) -> Known:
    return Known(store.images(), {id_: dhash for id_, _, dhash in hashes(store.database)})


def take_in(
    request: ImportDatasetRequest,
    context: JobContext,
    store: Store,
    keep: Callable[[Given, JobContext, dict[str, Any]], Done],
) -> Done:
    """Hand the images to ``keep``, each with its own label, split and parameters.

    Raises :class:`CancelledError`; what was added before stays.
    """
    with open_dataset(request.path, request.format, context.check_cancelled) as dataset:
        chosen = plan(
            dataset,
            store.labels(),
            request.mapping,
            unlabelled=request.unlabelled,
            leave_out=request.leave_out,
        )
        labels = ", ".join(store.labels())
        for raw, n in chosen.unmapped.items():
            context.warn(
                f"{raw!r} ({count_images(n)}) is no label of {store.folder.name}, so they were "
                "left out.",
                f"Map it to one of its labels ({labels}), or leave it out.",
            )
        given = Given(
            entry(request),
            _candidates(dataset, chosen, request),
            len(chosen.entering),
            dataset.refused,
        )
        facts = {
            "unmapped": chosen.unmapped,
            "left_out": chosen.left_out,
            "skipped": [],
            "format": dataset.format.id,
            "notes": list(dataset.notes),
            "has_licence": bool(request.license.strip()),
        }
        return keep(given, context, facts)


def _candidates(
    dataset: Dataset, chosen: Plan, request: ImportDatasetRequest
) -> Iterator[Candidate]:
    said = entry(request)
    is_real = source(request.source).is_real
    for one in chosen.entering:
        item = one.item
        split = request.split
        if split is None and request.keeps_splits and (is_real or item.split == Split.TRAIN):
            split = item.split
        own = structs.replace(
            said,
            label=one.label,
            split=split,
            params=dict(item.params),
            origin=request.origin or dataset.name,
        )
        yield candidate(dataset, item, own)
