"""The images under review and what was decided of each, ahead of the store. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from catstudio.core.changes import AnyChange, SetLabel, SetState
from catstudio.core.types import ImageRecord, State


class Step(NamedTuple):
    """One decision, with what it takes to take it back."""

    id: str
    before: ImageRecord
    was_decided: bool


class ReviewQueue:
    """An ordered pile of images with a place in it.

    A decision changes the record here at once and returns the change to write; the store
    follows. ``is_decided`` means accepted or rejected in this review.
    """

    def __init__(self, records: Iterable[ImageRecord] = ()) -> None:
        self._records = {record.id: record for record in records}
        self._ids = list(self._records)
        self._decided: set[str] = set()
        self._steps: list[Step] = []
        self.at = 0

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._records

    def ids(self) -> list[str]:
        return list(self._ids)

    @property
    def current(self) -> ImageRecord | None:
        return self._records[self._ids[self.at]] if self._ids else None

    @property
    def left(self) -> int:
        """How many are not decided yet."""
        return len(self._ids) - len(self._decided)

    @property
    def can_undo(self) -> bool:
        return bool(self._steps)

    def is_decided(self, id_: str) -> bool:
        return id_ in self._decided

    def count(self, state: State) -> int:
        """How many were decided to be ``state``."""
        return sum(self._records[id_].state is state for id_ in self._decided)

    def ahead(self, count: int) -> list[ImageRecord]:
        """The current image, the ``count`` after it and the one before: what to decode."""
        around = [*range(self.at, self.at + count + 1), self.at - 1]
        return [self._records[self._ids[i]] for i in around if 0 <= i < len(self._ids)]

    def add(self, record: ImageRecord) -> None:
        """Put one more at the end, or renew what is known of it."""
        if record.id not in self._records:
            self._ids.append(record.id)
        self._records[record.id] = record

    def move(self, step: int) -> None:
        """Go ``step`` images on, not past an end."""
        self.at = max(0, min(self.at + step, len(self._ids) - 1))

    def decide(self, state: State) -> AnyChange | None:
        """Accept or reject the current image and go to the next that is open.

        Returns the change to write, or None when the image is so already.
        """
        record = self.current
        if record is None:
            return None
        self._steps.append(Step(record.id, record, record.id in self._decided))
        self._decided.add(record.id)
        self._records[record.id] = replace(record, state=state)
        self._go_to_open()
        return None if record.state is state else SetState((record.id,), state)

    def label(self, label: str) -> AnyChange | None:
        """Label the current image and stay with it."""
        record = self.current
        if record is None or record.label == label:
            return None
        self._steps.append(Step(record.id, record, record.id in self._decided))
        self._records[record.id] = replace(record, label=label)
        return SetLabel((record.id,), label)

    def undo(self) -> AnyChange | None:
        """Take back the last decision and return to its image.

        The change restores what this review changed, whatever else was edited since: the
        project's own undo could meet an edit of a job in between.
        """
        if not self._steps:
            return None
        step = self._steps.pop()
        now = self._records[step.id]
        self._records[step.id] = replace(now, state=step.before.state, label=step.before.label)
        if not step.was_decided:
            self._decided.discard(step.id)
        self.at = self._ids.index(step.id)
        if now.label != step.before.label:
            return SetLabel((step.id,), step.before.label)
        if now.state is not step.before.state:
            return SetState((step.id,), step.before.state)
        return None

    def _go_to_open(self) -> None:
        order = [*range(self.at + 1, len(self._ids)), *range(self.at)]
        self.at = next((i for i in order if self._ids[i] not in self._decided), self.at)


def worth_a_look_first(records: Iterable[ImageRecord]) -> list[ImageRecord]:
    """Flagged images (near-copies, odd ones) first, then the others, oldest first in both."""
    return sorted(records, key=lambda record: not record.provenance.params.get("flags"))
