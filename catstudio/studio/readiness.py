"""Is there enough to train and to test on? Counts by label, for people."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from catstudio.core.store import Count
from catstudio.core.types import Split, State
from catstudio.learn.splits import TEST_TARGET


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


def measure(labels: Iterable[str], counts: Iterable[Count]) -> Readiness:
    """Add up the store's ``counts`` by label."""
    by_label: dict[str | None, list[Count]] = {}
    for count in counts:
        if count.state is not State.TRASHED:
            by_label.setdefault(count.label, []).append(count)
    return Readiness(
        labels=tuple(_one(label, by_label.get(label, [])) for label in labels),
        unlabelled=sum(count.n for count in by_label.get(None, [])),
    )


def _one(label: str, counts: list[Count]) -> LabelReadiness:
    accepted = [c for c in counts if c.state is State.ACCEPTED]
    real = [c for c in accepted if c.is_real]
    in_split = {split: sum(c.n for c in real if c.split is split) for split in (*Split, None)}
    return LabelReadiness(
        label=label,
        real=sum(c.n for c in real),
        train=in_split[Split.TRAIN],
        val=in_split[Split.VAL],
        test=in_split[Split.TEST],
        undrawn=in_split[None],
        synthetic=sum(c.n for c in accepted if not c.is_real),
        pending=sum(c.n for c in counts if c.state is State.PENDING),
    )
