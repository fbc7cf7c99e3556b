"""Does the test leak? Test and validation photos of which training has seen a near-copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict
from catstudio.audit.near_copies import CERTAIN, NEAR_COSINE, Twin, twins_across
from catstudio.learn.answer import percent
from catstudio.learn.intervals import wilson

MIN_ALONE = 2
"""Embedding matches that stand alone, from which on they count as a leak: a single one may be
two photos of one scene, and the person should look at it."""
MOST_SHOWN = 60
_SEEN = {
    "bytes": "the very same file",
    "lineage": "made from the same photo, or a near-copy of it",
    "hash": "the same picture, resized, recompressed or slightly changed",
    "mirrored": "the same picture, mirrored",
    "alone": "looks like a copy: nothing else comes near",
    "embedding": "looks much alike, as other photos here do",
}


def run(data: AuditData) -> Finding:
    """Compare every test and validation photo with everything that was trained on.

    The figure is the share of test photos with a near-copy in training. One certain copy (bytes,
    lineage, hash) is a problem, and so are ``MIN_ALONE`` that only the embedding sees but of
    which nothing else comes near; other likeness is worth a look and proves nothing.
    """
    if not len(data.test) and not len(data.val):
        return Finding(
            id=CHECK.id,
            verdict=Verdict.UNKNOWN,
            text="There is no test photo yet, so nothing can leak into the test.",
            advice="Add real photos to test on.",
        )
    of_test = twins_across(data, data.test, data.train)
    of_val = twins_across(data, data.val, data.train)
    twins = _surest_first([*of_test, *of_val])
    n = len(data.test)
    low, high = wilson(len(of_test), n)
    seen = Counter(twin.seen for twin in twins)
    verdict = _verdict(seen, n)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=len(of_test) / n if n else None,
        low=low if n else None,
        high=high if n else None,
        n=n,
        unit="share",
        text=_text(data, of_test, of_val),
        advice=_advice(verdict),
        images=tuple(_shown(data, twin) for twin in twins[:MOST_SHOWN]),
        details={
            "pairs": [_pair(data, twin) for twin in twins],
            "seen": dict(seen),
            "n_val": len(data.val),
            "near_val": len(of_val),
            "near_cosine": NEAR_COSINE,
        },
    )


def _verdict(seen: Counter[str], n_test: int) -> Verdict:
    if any(seen[kind] for kind in CERTAIN) or seen["alone"] >= MIN_ALONE:
        return Verdict.PROBLEM
    if seen.total():
        return Verdict.LOOK
    # All pairs were compared, so there is nothing to infer: none is none, were it of few photos.
    return Verdict.OK if n_test else Verdict.UNKNOWN


def _surest_first(twins: Sequence[Twin]) -> list[Twin]:
    order = list(_SEEN)
    return sorted(twins, key=lambda twin: (order.index(twin.seen), -twin.cosine))


def _text(data: AuditData, of_test: Sequence[Twin], of_val: Sequence[Twin]) -> str:
    n = len(data.test)
    parts = []
    if n:
        certain = sum(twin.seen in CERTAIN for twin in of_test)
        alone = sum(twin.seen == "alone" for twin in of_test)
        found = f"{len(of_test)} of {n:,} test photos have a near-copy in training"
        if of_test:
            low, high = wilson(len(of_test), n)
            found += (
                f" ({percent(len(of_test) / n)}%, {percent(low)} to {percent(high)}%): {certain} "
                f"for certain, {alone} by what they show, "
                f"{len(of_test) - certain - alone} perhaps"
            )
        parts.append(f"{found}.")
    else:
        parts.append("There is no test photo yet.")
    if len(data.val):
        parts.append(f"Of {len(data.val):,} validation photos, {len(of_val)} have one.")
    parts.append(f"Each was compared with all {len(data.train):,} training images.")
    if of_test:
        parts.append("What it has seen it finds again: the accuracy shown is too good.")
    return " ".join(parts)


def _advice(verdict: Verdict) -> str:
    if verdict is Verdict.PROBLEM:
        return "Take one of each pair out of training or out of the test, then train again."
    if verdict is Verdict.LOOK:
        return "Look at the pairs: where both show one scene, take one out and train again."
    return ""


def _shown(data: AuditData, twin: Twin) -> Shown:
    return Shown(data.items[twin.copy].id, _SEEN[twin.seen], data.items[twin.original].id)


def _pair(data: AuditData, twin: Twin) -> dict[str, object]:
    return {
        "id": data.items[twin.copy].id,
        "split": data.items[twin.copy].split,
        "beside": data.items[twin.original].id,
        "seen": twin.seen,
        "is_certain": twin.seen in CERTAIN,
        "cosine": round(twin.cosine, 4),
        "bits": twin.bits if twin.bits >= 0 else None,
    }


CHECK = Check(
    id="leakage",
    title="Does the test leak?",
    question="Has the model already seen near-copies of the photos it is tested on?",
    meaning=(
        "The share of test photos with a near-copy among the training images. It should be 0: a "
        "model that has seen a photo is not tested by it."
    ),
    source="Perceptual hash (Krawetz 2013), recorded lineage and embedding cosine",
    run=run,
)
