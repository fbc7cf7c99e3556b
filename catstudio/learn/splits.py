"""Drawing the splits: real photos only, by lineage, stratified by label, fixed once drawn."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable

from catstudio.core.types import ImageRecord, Split, State

TEST_TARGET = 20
_MIN_TRAIN = 5
_MIN_TRAIN_FOR_VAL = 30


def draw_splits(
    images: Iterable[ImageRecord], per_label: int | None = None, seed: int = 0
) -> dict[str, Split]:
    """Splits for the accepted, labelled photographs in ``images`` that have none yet.

    Whole lineages are drawn. One photo of a lineage may be tested on; its other near-copies
    get no split: they can be neither trained nor tested on. A lineage that something was
    made from stays in training. ``per_label`` None keeps at least five lineages and half of
    them for training and tests on up to 20; a number tests on that many, as long as one is
    left. What has a split keeps it.
    """
    records = list(images)
    made_from = {one for r in records if r.is_synthetic for one in r.lineages}
    groups: dict[str, dict[str, list[ImageRecord]]] = defaultdict(lambda: defaultdict(list))
    for r in records:
        if r.is_real and r.state is State.ACCEPTED and r.label is not None:
            groups[r.label][r.lineages[0]].append(r)
    assigned: dict[str, Split] = {}
    for label in sorted(groups):
        rng = random.Random(f"{seed}:{label}")
        assigned.update(_draw_label(groups[label], made_from, per_label, rng))
    return assigned


def _draw_label(
    groups: dict[str, list[ImageRecord]],
    made_from: set[str],
    per_label: int | None,
    rng: random.Random,
) -> dict[str, Split]:
    n = len(groups)
    held = {
        split: sum(any(r.split is split for r in g) for g in groups.values()) for split in Split
    }
    open_ = sorted(k for k, g in groups.items() if all(r.split is None for r in g))
    rng.shuffle(open_)
    free = [k for k in open_ if k not in made_from]
    if per_label is None:
        target = min(TEST_TARGET, max(0, n - max(_MIN_TRAIN, math.ceil(n / 2))))
    else:
        target = min(per_label, n - 1)
    test = free[: max(0, target - held[Split.TEST])]
    rest = n - held[Split.TEST] - len(test)
    val_target = rest // 5 if rest >= _MIN_TRAIN_FOR_VAL else 0
    val = free[len(test) :][: max(0, val_target - held[Split.VAL])]
    assigned = {groups[k][0].id: Split.TEST for k in test}
    assigned.update({groups[k][0].id: Split.VAL for k in val})
    for key, group in groups.items():
        if key not in test and key not in val:
            splits = {r.split for r in group}
            if splits.isdisjoint({Split.TEST, Split.VAL}):
                assigned.update({r.id: Split.TRAIN for r in group if r.split is None})
    return assigned
