"""Is there enough to train and to test on? Counts by label, for people."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from catstudio.core.types import ImageRecord, Split, State

TEST_TARGET = 20
"""Real test photos wanted of each label (EVALUATION: default target)."""


class LabelReadiness(Struct, frozen=True):
    """One label's counts of accepted images, and how many wait for review.

    ``real`` are all its accepted photographs; ``train``, ``val`` and ``test`` those of them
    in each split; ``undrawn`` those that no split has been drawn for yet.
    """

    label: str
    real: int
    train: int
    val: int
    test: int
    undrawn: int
    synthetic: int
    pending: int
    test_target: int = TEST_TARGET

    @property
    def missing(self) -> int:
        """Real test photos still to collect."""
        return max(0, self.test_target - self.test)


class Readiness(Struct, frozen=True):
    """All labels, in the project's order; ``unlabelled`` images wait for a label."""

    labels: tuple[LabelReadiness, ...]
    unlabelled: int


def measure(labels: Iterable[str], records: Iterable[ImageRecord]) -> Readiness:
    """Count ``records`` by label."""
    everything = [r for r in records if r.state is not State.TRASHED]
    by_label: dict[str | None, list[ImageRecord]] = {}
    for record in everything:
        by_label.setdefault(record.label, []).append(record)
    return Readiness(
        labels=tuple(_one(label, by_label.get(label, [])) for label in labels),
        unlabelled=len(by_label.get(None, [])),
    )


def _one(label: str, records: list[ImageRecord]) -> LabelReadiness:
    accepted = [r for r in records if r.state is State.ACCEPTED]
    real = [r for r in accepted if r.is_real]
    return LabelReadiness(
        label=label,
        real=len(real),
        train=sum(r.split is Split.TRAIN for r in real),
        val=sum(r.split is Split.VAL for r in real),
        test=sum(r.split is Split.TEST for r in real),
        undrawn=sum(r.split is None for r in real),
        synthetic=sum(r.is_synthetic for r in accepted),
        pending=sum(r.state is State.PENDING for r in records),
    )
