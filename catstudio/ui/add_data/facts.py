"""What the panel knows of the project: enough to say what a button will do, or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catstudio.sources import Source
from catstudio.studio import Readiness


@dataclass(frozen=True)
class Facts:
    """Counts by label, and the gallery's selection.

    ``seeds`` are accepted real photos that nothing is tested on; ``accepted`` all accepted
    images that may be trained on. Both are empty until they have been read.
    """

    labels: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    seeds: Mapping[str, int] = field(default_factory=dict)
    accepted: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, readiness: Readiness, selected: tuple[str, ...]) -> Facts:
        """From the project's counts."""
        return cls(
            labels=tuple(one.label for one in readiness.labels),
            selected=selected,
            seeds={one.label: one.train + one.undrawn for one in readiness.labels},
            accepted={
                one.label: one.train + one.undrawn + one.synthetic for one in readiness.labels
            },
        )


def seeds_sentence(source: Source, label: str, facts: Facts, uses_selection: bool) -> str:
    """Which images the source starts from."""
    if uses_selection:
        n = len(facts.selected)
        return "From the selected image." if n == 1 else f"From the {n:,} selected images."
    if not source.min_seeds:
        return "From the prompt alone."
    n = facts.seeds.get(label, 0)
    if n == 0:
        return f"There is no accepted photo of {label} yet."
    if n == 1:
        return f"From the one accepted photo of {label}."
    return f"From all {n:,} accepted photos of {label}, none of them tested on."


def why_no_seeds(source: Source, label: str, facts: Facts, uses_selection: bool) -> str:
    """Why the source cannot start, with what to do; "" when it can."""
    have = len(facts.selected) if uses_selection else facts.seeds.get(label, 0)
    if have >= source.min_seeds:
        return ""
    need = "a photo" if source.min_seeds == 1 else f"{source.min_seeds} photos"
    if uses_selection:
        return f"{source.title} needs {need}: select {source.min_seeds - have} more."
    there = "there is none" if have == 0 else f"there is {have}" if have == 1 else f"have {have}"
    return f"{source.title} needs {need} of {label}, and {there}. Add photos first."
