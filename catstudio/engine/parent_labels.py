"""What a blend is labelled as: its parents' labels, each by its share of the image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catstudio.core.types import Parent
from catstudio.jobs.requests import SeedImage


def label_shares(
    parents: Iterable[Parent], seeds: Iterable[SeedImage], fallback: str
) -> dict[str, float]:
    """The share of each label among ``parents``, largest first; they sum to 1.

    A parent that has no label counts as ``fallback``. Of equal shares ``fallback`` comes first.
    """
    labels = {seed.id: seed.label or fallback for seed in seeds}
    found: dict[str, float] = {}
    for parent in parents:
        label = labels.get(parent.id, fallback)
        found[label] = found.get(label, 0.0) + parent.share
    total = sum(found.values()) or 1.0
    ordered = sorted(found.items(), key=lambda part: (-part[1], part[0] != fallback))
    return {label: share / total for label, share in ordered}


def labelled(shares: Mapping[str, float]) -> tuple[str, dict[str, dict[str, float]]]:
    """The label with the largest share, and what goes into the provenance: a soft label, or {}.

    Shares are rounded to four digits; the first takes the rest, so that they still sum to 1.
    """
    first, *others = shares
    rounded = {label: round(shares[label], 4) for label in others}
    rounded = {label: share for label, share in rounded.items() if share > 0}
    if not rounded:
        return first, {}
    return first, {"soft_label": {first: round(1 - sum(rounded.values()), 4), **rounded}}
