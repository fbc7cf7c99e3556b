"""Edits as objects: each is applied as one step, says what it touched, and has its inverse."""

from __future__ import annotations

from msgspec import Struct

from catstudio.core.types import Split, State

_DONE = {
    State.ACCEPTED: "accept",
    State.REJECTED: "reject",
    State.TRASHED: "delete",
    State.PENDING: "send back to review",
}


def count_images(n: int) -> str:
    """``1 image``, ``12 images``."""
    return f"{n} image" if n == 1 else f"{n:,} images"


class Change(Struct, frozen=True, tag=True):
    """Base of all edits; ``title`` is what the undo button calls it."""

    @property
    def title(self) -> str:
        raise NotImplementedError


class FieldChange(Change, frozen=True, tag=True):
    """An edit that sets one column of some images; ``ids`` are the images, in any order."""

    ids: tuple[str, ...]


class SetLabel(FieldChange, frozen=True, tag=True):
    """Label images; None takes the label off. The label must exist in the project."""

    label: str | None

    @property
    def title(self) -> str:
        if self.label is None:
            return f"unlabel {count_images(len(self.ids))}"
        return f"label {count_images(len(self.ids))} {self.label}"


class SetState(FieldChange, frozen=True, tag=True):
    """Accept, reject, send back to review, or trash images."""

    state: State

    @property
    def title(self) -> str:
        return f"{_DONE[self.state]} {count_images(len(self.ids))}"


class SetSplit(FieldChange, frozen=True, tag=True):
    """Put images in a split; None takes them out. Only real photos may be validated or tested on."""

    split: Split | None

    @property
    def title(self) -> str:
        where = self.split.value if self.split else "no split"
        return f"move {count_images(len(self.ids))} to {where}"


class SetWeight(FieldChange, frozen=True, tag=True):
    """Count images as ``weight`` exact copies each, from 1 to 1,000,000."""

    weight: int

    @property
    def title(self) -> str:
        return f"count {count_images(len(self.ids))} {self.weight:,} times"


class SetTags(FieldChange, frozen=True, tag=True):
    """Replace the tags of images."""

    tags: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"tag {count_images(len(self.ids))}"


class DrawSplits(Change, frozen=True, tag=True):
    """Give several photos their splits at once: (id, split) pairs."""

    assigned: tuple[tuple[str, Split], ...]

    @property
    def title(self) -> str:
        return f"draw splits for {count_images(len(self.assigned))}"


class AddImages(Change, frozen=True, tag=True):
    """Images that a job brought in; undoing it trashes them. Recorded by the job, not applied."""

    ids: tuple[str, ...]
    what: str = "add"

    @property
    def title(self) -> str:
        return f"{self.what} {count_images(len(self.ids))}"


class AddLabel(Change, frozen=True, tag=True):
    """A new label for the project."""

    name: str

    @property
    def title(self) -> str:
        return f"add label {self.name}"


AnyChange = SetLabel | SetState | SetSplit | SetWeight | SetTags | DrawSplits | AddImages | AddLabel


class Touched(Struct, frozen=True):
    """What an edit touched: the skins redraw just that.

    ``title`` names the edit; ``undo_name`` and ``redo_name`` are what comes next either way.
    """

    ids: tuple[str, ...]
    title: str
    undo_name: str | None = None
    redo_name: str | None = None
    labels_changed: bool = False
