"""The check of a data set before anything enters: every image decoded, compared, and judged."""

from __future__ import annotations

from contextlib import closing

from catstudio.core.errors import CancelledError
from catstudio.jobs.context import JobContext
from catstudio.jobs.requests import ImportRequest
from catstudio.sources import importing
from catstudio.sources.datasets.base import Dataset, DatasetItem
from catstudio.sources.datasets.classes import class_facts
from catstudio.sources.datasets.copies import Known, mark_copies
from catstudio.sources.datasets.findings import findings
from catstudio.sources.datasets.lookalikes import Vote, vote
from catstudio.sources.datasets.looking import Looked, look
from catstudio.sources.datasets.planning import Plan
from catstudio.sources.datasets.report import Group, Marked, RiskReport
from catstudio.sources.importing import Candidate


def candidate(dataset: Dataset, item: DatasetItem, entry: ImportRequest) -> Candidate:
    """One image as an import takes it: a file by its path, a member of an archive by its bytes."""
    path = dataset.path_of(item)
    if path is not None:
        return Candidate(item.name, str(path), entry=entry)
    return Candidate(item.name, entry=entry, read=lambda: dataset.read(item))


def judged(dataset: Dataset, plan: Plan, known: Known, context: JobContext) -> RiskReport:
    """Look at every image of ``plan`` and say what it would bring along.

    Raises :class:`CancelledError` whose ``result`` is the report of what was looked at.
    """
    looked: list[Looked] = []
    broken = [Marked(one.path, f"{one.message} {one.hint}".strip()) for one in dataset.refused]
    total = len(plan.entering)
    label_of = {one.item.name: one.label for one in plan.entering}
    entry = ImportRequest(job_id=context.job_id, source="vendor")
    every = importing.checked(entry, (candidate(dataset, one.item, entry) for one in plan.entering))
    with closing(every):
        try:
            for done, one in enumerate(every, 1):
                context.check_cancelled()
                if isinstance(one, importing.Refused):
                    broken.append(Marked(one.candidate.name, str(one.reason)))
                else:
                    looked.append(look(one, label_of[one.candidate.name]))
                context.progress(done, total, f"{done} of {total} images looked at")
            context.progress(total, total, "Comparing labels with look-alikes")
            asked = vote(looked, context.check_cancelled)
        except CancelledError as error:
            error.result = _report(dataset, plan, known, looked, broken, None).as_result()
            raise
    return _report(dataset, plan, known, looked, broken, asked)


def _report(
    dataset: Dataset,
    plan: Plan,
    known: Known,
    looked: list[Looked],
    broken: list[Marked],
    asked: Vote | None,
) -> RiskReport:
    """``asked`` is None for a check that was cancelled."""
    marks = mark_copies(looked, known)
    if asked is not None:
        suspected = {one.name for one in marks[Group.SUSPECT]}
        marks[Group.SUSPECT] += [one for one in asked.suspects if one.name not in suspected]
    marks[Group.BROKEN] = broken
    marks[Group.ODD] = [Marked(one.name, one.odd) for one in looked if one.odd]
    marks[Group.GENERATED] = [
        Marked(one.name, f"says that it was made by {one.claim.made_by} ({one.claim.evidence})")
        for one in looked
        if one.claim is not None and one.claim.is_generated
    ]
    counts = dataset.label_counts()
    return RiskReport(
        path=str(dataset.path),
        format=dataset.format.id,
        n=len(dataset.items),
        n_checked=len(looked) + len(broken) - len(dataset.refused),
        n_sound=len(looked),
        labels=plan.labels,
        n_unlabelled=counts.get(None, 0),
        splits=dataset.split_counts(),
        classes=class_facts(looked),
        findings=findings(looked, marks, plan, dataset, asked or Vote()),
        groups={group.value: tuple(marked) for group, marked in marks.items()},
        refused=tuple({"path": one.name, "reason": one.reason} for one in broken),
        notes=dataset.notes,
        is_complete=asked is not None,
    )
