"""Are labels wrong? Photos whose label the rest of the data contradicts, family after family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict
from catstudio.audit.cells import gravest
from catstudio.audit.disagreement import disagreement
from catstudio.learn.answer import percent
from catstudio.learn.cross_validation import left_out
from catstudio.learn.fitting import STRENGTH
from catstudio.learn.intervals import wider, wilson
from catstudio.learn.label_noise import Noise, noise_of
from catstudio.learn.lineages import family_numbers

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
MANY_WRONG = 0.04
"""Share of wrong labels from which on ``PROBABLE_RATIO`` is enough, where training photos are also
contradicted more often than right labels mostly are: two signs that each alone prove less. Of 480
clean sets of made-up data, three of them so hard that one photo in four is mistaken, at most 5% of
any kind show both."""
PROBABLE_RATIO = 4.0
"""Twice the gain in log-likelihood that one clean set in forty shows by chance (chi-squared, one
degree of freedom, one side): below it suspects are shown, and nothing is claimed."""
FINE_TO = 0.1
"""Labels are not called fine while more than a tenth of them could be wrong."""
PROBLEM_P = 0.005
PRIOR_SHARE = 0.01
"""Share of wrong labels assumed of a photo before it is looked at, where none was estimated."""
PROBABLE = 0.5
MOST_SHOWN = 60


@dataclass(frozen=True)
class Judged:
    """Real photos answered by heads that have not seen them.

    ``index`` [n] into the items, ``p`` [n, labels] probabilities, ``y`` [n] the given labels,
    ``groups`` [n] their families, ``n_left_out`` how many come from leaving training photos out.
    """

    index: Ints
    p: Floats
    y: Ints
    groups: Ints
    n_left_out: int


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
    ``MIN_SUSPECTS`` photos; a hard photo is contradicted as well, so a few are worth a look only.
    """
    judged = _judged(data)
    if judged is None:
        return _too_few(data)
    noise = noise_of(judged.p, judged.y, PRIOR_SHARE, data.seed)
    n = len(judged.y)
    rows, suggested, thresholds = contradicted(noise.q, judged.y)
    sure = noise.q[rows, suggested] >= CONFIDENT
    rows, suggested = rows[sure], suggested[sure]
    order = np.argsort(-noise.q[rows, suggested], kind="stable")
    rows, suggested = rows[order], suggested[order]
    top = noise.q.max(axis=1)
    expected = float((1.0 - top[top >= CONFIDENT]).sum())
    n_families = len(np.unique(judged.groups))
    # Chance in how many labels are wrong, and doubt about which: whichever is more.
    low, high = wider(wilson(noise.share * n_families, n_families), (noise.low, noise.high))
    is_any_probable = bool((noise.wrong[rows] >= PROBABLE).any())
    verdict = _verdict(noise, judged.groups[rows], expected, is_any_probable, high)
    n_sure = len(rows)
    doubted = disagreement(judged.p, judged.y, judged.groups, judged.n_left_out)
    if doubted.verdict in (Verdict.LOOK, Verdict.PROBLEM):
        # Many wrong labels make a model so unsure that no single one stands out.
        verdict = gravest([verdict, doubted.verdict])
        if noise.share >= MANY_WRONG and noise.ratio >= PROBABLE_RATIO:
            verdict = Verdict.PROBLEM
        more = ~np.isin(doubted.rows, rows)
        rows = np.concatenate([rows, doubted.rows[more]])
        suggested = np.concatenate([suggested, doubted.suggested[more]])
    suspects = _suspects(data, judged, noise.q, rows, suggested)
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=noise.share,
        low=low,
        high=high,
        n=n,
        unit="share",
        text=f"{_text(noise.share, (low, high), n, n_sure, expected)} {doubted.text}".strip(),
        advice=_advice(verdict),
        images=tuple(_shown(one) for one in suspects[:MOST_SHOWN]),
        details={
            "suspects": suspects,
            "expected_if_honest": expected,
            "likelihood_ratio": noise.ratio,
            "thresholds": dict(zip(data.labels, map(float, thresholds), strict=True)),
            "n_left_out": judged.n_left_out,
            "by_pair": _pairs(suspects),
        },
    )


def _suspects(
    data: AuditData, judged: Judged, q: Floats, rows: Ints, suggested: Ints
) -> list[dict[str, Any]]:
    """``{id, label, suggested, probability}`` of each of the judged photos ``rows``."""
    return [
        {
            "id": data.items[int(judged.index[i])].id,
            "label": data.labels[int(judged.y[i])],
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


def _judged(data: AuditData) -> Judged | None:
    """Real photos with an answer that has not seen them; None when they are too few."""
    index: list[Ints] = []
    p: list[Floats] = []

    data.check_cancelled()
    strength = float(data.head.info.get("strength", STRENGTH))
    found = left_out(
        data.training, data.labels, data.head.space, strength, lambda *_: data.check_cancelled()
    )
    n_left_out = 0
    if found is not None:
        real = np.flatnonzero(data.training.is_real)
        shares = data.training.shares
        # A blend has no one label that could be wrong.
        is_whole = np.ones(len(real), bool) if shares is None else shares[real].max(axis=1) >= 1.0
        index.append(data.train[real[is_whole]])
        p.append(found.probabilities[is_whole])
        n_left_out = int(is_whole.sum())
    held = np.concatenate([data.val, data.test])
    held = held[data.is_real[held]] if len(held) else held
    if len(held):
        index.append(held)
        p.append(data.head.probabilities(data.x[held].astype(np.float64)))
    if not index:
        return None
    rows = np.concatenate(index)
    y = data.y[rows]
    per_label = np.bincount(y, minlength=len(data.labels))
    if len(data.labels) < 2 or len(rows) < MIN_JUDGED or per_label.min() < MIN_OF_LABEL:
        return None
    groups = family_numbers([data.items[int(i)].lineages for i in rows])
    return Judged(rows, np.concatenate(p), y, groups, n_left_out)


def _verdict(
    noise: Noise, groups: Ints, expected: float, is_any_probable: bool, high: float
) -> Verdict:
    """``groups`` are the families of the suspects: a burst with one wrong label is one mistake."""
    n = len(np.unique(groups))
    is_beyond_chance = noise.ratio >= _ratio_for(noise.q.shape[1])
    if n >= MIN_SUSPECTS and is_beyond_chance and _at_least(n, expected) <= PROBLEM_P:
        return Verdict.PROBLEM
    if len(groups) >= MIN_SUSPECTS and is_any_probable and noise.ratio >= PROBABLE_RATIO:
        return Verdict.LOOK
    return Verdict.OK if high <= FINE_TO else Verdict.UNKNOWN


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


def _text(
    share: float, interval: tuple[float, float], n: int, n_suspects: int, expected: float
) -> str:
    photos = "photo is" if n_suspects == 1 else "photos are"
    return (
        f"About {percent(share)}% of the labels look wrong ({percent(interval[0])} to "
        f"{percent(interval[1])}%, n = {n:,} real photos). {n_suspects:,} {photos} taken for "
        f"another label with at least {percent(CONFIDENT)}% certainty by a model that has not "
        f"seen them; about {max(expected, 0.0):.1f} would be, were every label right. A hard "
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
