"""Are labels wrong? Photos whose label the rest of the data contradicts, family after family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict
from catstudio.audit.cells import gravest
from catstudio.audit.disagreement import PROBABLE_RATIO, disagreement
from catstudio.audit.judged import Judged, judged, judged_by_cleaned
from catstudio.learn.answer import percent
from catstudio.learn.intervals import wider, wilson
from catstudio.learn.label_noise import Noise, noise_of

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

MIN_JUDGED = 20
"""Photos below which no share of wrong labels can be told from honest mistakes."""
MIN_OF_LABEL = 5
CONFIDENT = 0.9
"""From this left-out probability of another label on a photo is shown as a suspect."""
MIN_SUSPECTS = 2
"""A single photo may be a hard one, however sure the rest of the data is of it."""
PROBLEM_RATIO = 8.0
"""Twice the gain in log-likelihood by wrong labels from which on chance does not explain it, with
two labels: of 60 clean sets of made-up data, easy to hard, one gained 7.0 and the others less,
and none of 12 sets of real photos more than 1. Each further label has a share of its own to gain by."""
FINE_TO = 0.1
"""Labels are not called fine while more than a tenth of them could be wrong."""
PROBLEM_P = 0.005
PRIOR_SHARE = 0.01
"""Share of wrong labels assumed of a photo before it is looked at, where none was estimated."""
PROBABLE = 0.5
MOST_SHOWN = 60


def contradicted(p: Floats, y: Ints) -> tuple[Ints, Ints, Floats]:
    """Confident learning (Northcutt et al. 2021): photos, the labels they should have, thresholds.

    A photo belongs to the label it is likeliest of, among those whose threshold it reaches: the
    mean probability that photos of that label have of it. Given are the indices [m] of photos
    that belong to another label than ``y`` [n] says, and that label [m].
    """
    k = p.shape[1]
    thresholds = np.array([p[y == c, c].mean() if (y == c).any() else 1.0 for c in range(k)])
    reached = np.where(p >= thresholds, p, -1.0)
    belongs = reached.argmax(axis=1)
    found = np.flatnonzero((reached.max(axis=1) >= 0.0) & (belongs != y))
    return found, belongs[found], thresholds


def run(data: AuditData) -> Finding:
    """Ask heads that have not seen a photo, nor anything made from it, what its label should be.

    The figure is the share of wrong labels that explains the contradictions best. A problem is
    more sure contradictions than an honest model has by its own confidence, in at least
    ``MIN_SUSPECTS`` photos, or so many unsure ones that wrong labels explain them and hard photos
    do not (:func:`catstudio.audit.disagreement.disagreement`).
    """
    photos = judged(data)
    if photos is None or not _is_enough(photos, len(data.labels)):
        return _too_few(data)
    noise = noise_of(photos.p, photos.y, PRIOR_SHARE, data.seed)
    sure = _sure(photos, noise)
    doubted = disagreement(photos, noise, lambda: judged_by_cleaned(data, photos), data.seed)
    verdict = gravest([_verdict(noise, photos.groups[sure.rows], sure), doubted.verdict])
    rows, suggested = sure.rows, sure.suggested
    if doubted.verdict.is_found:
        # Many wrong labels make a model so unsure that no single one stands out.
        more = ~np.isin(doubted.rows, rows)
        rows = np.concatenate([rows, doubted.rows[more]])
        suggested = np.concatenate([suggested, doubted.suggested[more]])
    suspects = _suspects(data, photos, noise.q, rows, suggested)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=noise.share,
        low=sure.low,
        high=sure.high,
        n=len(photos.y),
        unit="share",
        text=f"{_text(noise.share, sure, len(photos.y))} {doubted.text}".strip(),
        advice=_advice(verdict),
        images=tuple(_shown(one) for one in suspects[:MOST_SHOWN]),
        details={
            "suspects": suspects,
            "expected_if_honest": sure.expected,
            "likelihood_ratio": noise.ratio,
            "thresholds": dict(zip(data.labels, map(float, sure.thresholds), strict=True)),
            "n_left_out": photos.n_left_out,
            "by_pair": _pairs(suspects),
        },
    )


def _is_enough(photos: Judged, n_labels: int) -> bool:
    per_label = np.bincount(photos.y, minlength=n_labels)
    return n_labels >= 2 and len(photos.y) >= MIN_JUDGED and per_label.min() >= MIN_OF_LABEL


@dataclass(frozen=True)
class Sure:
    """The photos ``rows`` [m] that are contradicted ``CONFIDENT``ly, the surest first.

    ``suggested`` [m] are the labels they are taken for, ``expected`` is how many there would be,
    were every label right, ``is_probable`` whether the label of any is likelier wrong than right,
    ``thresholds`` those of :func:`contradicted`. [``low``, ``high``] is the interval of the share
    of wrong labels.
    """

    rows: Ints
    suggested: Ints
    expected: float
    is_probable: bool
    thresholds: Floats
    low: float
    high: float


def _sure(photos: Judged, noise: Noise) -> Sure:
    rows, suggested, thresholds = contradicted(noise.q, photos.y)
    order = np.argsort(-noise.q[rows, suggested], kind="stable")
    order = order[noise.q[rows, suggested][order] >= CONFIDENT]
    rows, suggested = rows[order], suggested[order]
    top = noise.q.max(axis=1)
    n_families = len(np.unique(photos.groups))
    # Chance in how many labels are wrong, and doubt about which: whichever is more.
    low, high = wider(wilson(noise.share * n_families, n_families), (noise.low, noise.high))
    return Sure(
        rows,
        suggested,
        expected=float((1.0 - top[top >= CONFIDENT]).sum()),
        is_probable=bool((noise.wrong[rows] >= PROBABLE).any()),
        thresholds=thresholds,
        low=low,
        high=high,
    )


def _suspects(
    data: AuditData, photos: Judged, q: Floats, rows: Ints, suggested: Ints
) -> list[dict[str, Any]]:
    """``{id, label, suggested, probability}`` of each of the judged photos ``rows``."""
    return [
        {
            "id": data.items[int(photos.index[i])].id,
            "label": data.labels[int(photos.y[i])],
            "suggested": data.labels[int(j)],
            "probability": float(q[i, j]),
        }
        for i, j in zip(rows, suggested, strict=True)
    ]


def _shown(one: dict[str, Any]) -> Shown:
    return Shown(
        one["id"],
        f"labelled {one['label']}; the rest of the data says {one['suggested']} with "
        f"{percent(one['probability'])}%",
    )


def _verdict(noise: Noise, groups: Ints, sure: Sure) -> Verdict:
    """``groups`` are the families of the suspects: a burst with one wrong label is one mistake."""
    n = len(np.unique(groups))
    is_beyond_chance = noise.ratio >= _ratio_for(noise.q.shape[1])
    if n >= MIN_SUSPECTS and is_beyond_chance and _at_least(n, sure.expected) <= PROBLEM_P:
        return Verdict.PROBLEM
    if len(groups) >= MIN_SUSPECTS and sure.is_probable and noise.ratio >= PROBABLE_RATIO:
        return Verdict.LOOK
    return Verdict.OK if sure.high <= FINE_TO else Verdict.UNKNOWN


def _ratio_for(n_labels: int) -> float:
    # Mean and spread of chi-squared grow with the numbers fitted.
    more = n_labels - 2 + 3.0 * (float(np.sqrt(2.0 * n_labels)) - 2.0)
    return PROBLEM_RATIO + more


def _at_least(k: int, mean: float) -> float:
    """Chance of ``k`` or more where ``mean`` are expected, by Poisson's distribution."""
    term, below = np.exp(-mean), 0.0
    for i in range(k):
        below += term
        term *= mean / (i + 1)
    return max(0.0, 1.0 - float(below))


def _too_few(data: AuditData) -> Finding:
    real = np.flatnonzero(data.is_real)
    per_label = np.bincount(data.y[real], minlength=len(data.labels))
    return Finding(
        id=CHECK.id,
        verdict=Verdict.UNKNOWN,
        n=len(real),
        text=(
            f"Too few real photos to doubt a label (n = {len(real):,}, of the rarest label "
            f"{int(per_label.min())}): it takes {MIN_JUDGED}, and {MIN_OF_LABEL} of each label."
        ),
        advice="Add real photos of each label, then audit again.",
    )


def _text(share: float, sure: Sure, n: int) -> str:
    n_suspects = len(sure.rows)
    photos = "photo is" if n_suspects == 1 else "photos are"
    return (
        f"About {percent(share)}% of the labels look wrong ({percent(sure.low)} to "
        f"{percent(sure.high)}%, n = {n:,} real photos). {n_suspects:,} {photos} taken for "
        f"another label with at least {percent(CONFIDENT)}% certainty by a model that has not "
        f"seen them; about {max(sure.expected, 0.0):.1f} would be, were every label right. A hard "
        f"photo can be contradicted too: only looking tells."
    )


def _advice(verdict: Verdict) -> str:
    if verdict is Verdict.PROBLEM:
        return "Go through these photos, the surest first, correct the labels, then train again."
    if verdict is Verdict.LOOK:
        return "Look at these photos: correct the label where it is wrong, keep it where it is not."
    if verdict is Verdict.UNKNOWN:
        return "Add real photos: with so few, or so alike, wrong labels can hide among hard ones."
    return ""


def _pairs(suspects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How often each label is contradicted by which, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for one in suspects:
        key = (str(one["label"]), str(one["suggested"]))
        counts[key] = counts.get(key, 0) + 1
    return [
        {"label": label, "suggested": suggested, "n": n}
        for (label, suggested), n in sorted(counts.items(), key=lambda entry: -entry[1])
    ]


CHECK = Check(
    id="label_errors",
    title="Are labels wrong?",
    question="Which photos carry a label that all the others contradict?",
    meaning=(
        "The share of labels that look wrong to models that were fitted without the photo and "
        "all made from it. Some doubt is normal: photos can be hard and still labelled right."
    ),
    source="Confident learning (Northcutt et al. 2021) with a noise channel (Patrini et al. 2017)",
    run=run,
)
