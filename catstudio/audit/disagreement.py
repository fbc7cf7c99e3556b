"""How often labels are contradicted at all, however unsurely: many wrong ones make a model doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from catstudio.audit.base import Verdict
from catstudio.audit.judged import Judged, Share
from catstudio.learn.answer import percent
from catstudio.learn.intervals import wilson
from catstudio.learn.label_noise import Noise, noise_of
from catstudio.learn.metrics import effective_share

Ints = NDArray[np.intp]

OFTEN = 0.1
"""Share of training photos that right labels are mostly contradicted less often than: 0 to 0.09
among 28 to 84 real photos of cats, dogs and other things. With one label in five wrong it is 0.14
to 0.4."""
HARD = 0.2
"""Share of held-out photos that models mistake from which on the task is too hard to tell wrong
labels from hard photos."""
MIN_PHOTOS = 16
"""Training photos below which a single mistake is a large share already."""
MIN_HELD = 10
PROBABLE_RATIO = 4.0
"""Twice the gain in log-likelihood by wrong labels that one clean set in forty shows by chance
(chi-squared, one degree of freedom, one side)."""
MORE, MORE_IF_PROBABLE = 1.0, 0.5
"""Standard errors by which cleaned heads must contradict training photos more often than held-out
ones: before the share that they find counts, and where the noise is more than chance already."""
MANY_WRONG = 0.05
"""Share of wrong labels that cleaned models find from which on they explain the contradictions."""
MANY_WRONG_ALONE = 0.04
"""The same, by models that were not cleaned, where no photo is held out to compare with."""


@dataclass(frozen=True)
class Disagreement:
    """``rows`` are the training photos that are contradicted, the surest first, with the labels
    ``suggested`` for them; ``text`` says how many they are."""

    rows: Ints
    suggested: Ints
    verdict: Verdict
    text: str


def disagreement(
    photos: Judged, noise: Noise, again: Callable[[], Judged], seed: int = 0
) -> Disagreement:
    """Are training photos contradicted so often that wrong labels explain it, and not hard photos?

    ``noise`` is that of ``photos``; ``again`` answers them by heads fitted without the photos
    that contradict them. Wrong labels are a problem where training photos are contradicted more
    than ``OFTEN`` and cleaned heads know held-out photos, where either cleaned heads find wrong
    labels and contradict held-out photos less often by ``MORE``, or the noise is more than chance
    and the difference ``MORE_IF_PROBABLE``.

    Of 96 clean sets each of 28 to 42 pets, flowers and pieces of waste 0, 1 and 1 were blamed, and
    16 of 960 made up of clouds that overlap a little to much; of 72 with a fifth or more of the
    pets' labels wrong 69 were found. Where models are right on two flowers in three only, wrong
    labels stay hidden from any of these signs.
    """
    best = photos.p.argmax(axis=1)
    rows = np.flatnonzero(photos.is_contradicted[: photos.n_left_out])
    odds = photos.p[rows, best[rows]] / np.maximum(photos.p[rows, photos.y[rows]], 1e-12)
    rows = rows[np.argsort(-odds, kind="stable")]
    # Of too few nothing is claimed; the single photos that stand out are judged elsewhere.
    verdict, text = Verdict.OK, ""
    if photos.n_left_out >= MIN_PHOTOS:
        verdict, text = _judge(photos, noise, again, seed)
    return Disagreement(rows, best[rows], verdict, text)


def _judge(
    photos: Judged, noise: Noise, again: Callable[[], Judged], seed: int
) -> tuple[Verdict, str]:
    text = _text(photos)
    if photos.of_training.value <= OFTEN:
        return Verdict.OK, text
    is_probable = noise.ratio >= PROBABLE_RATIO
    if photos.n_held < MIN_HELD:
        is_problem = is_probable and noise.share >= MANY_WRONG_ALONE
        return Verdict.PROBLEM if is_problem else Verdict.LOOK, text
    cleaned = again()
    training, held = cleaned.of_training, cleaned.of_held
    told = (
        f"{text} Fitted without those, they contradict {percent(training.value)}% and "
        f"{percent(held.value)}%: in a task that is merely hard both are about alike."
    )
    more = _more(training, held)
    is_found = noise_of(cleaned.p, cleaned.y, seed=seed).share >= MANY_WRONG
    is_told = (is_found and more >= MORE) or (is_probable and more >= MORE_IF_PROBABLE)
    if held.value <= HARD and is_told:
        return Verdict.PROBLEM, told
    return Verdict.LOOK if more >= 0 else Verdict.UNKNOWN, told


def _more(training: Share, held: Share) -> float:
    """How many standard errors more training photos are contradicted than held-out ones."""
    n = training.n + held.n
    # One of either kind beside those counted: no share is ever certain (Agresti & Caffo 2000).
    pooled = (training.value * training.n + held.value * held.n + 1.0) / (n + 2.0)
    error = sqrt(pooled * (1.0 - pooled) * (1.0 / training.n + 1.0 / held.n))
    return (training.value - held.value) / error


def _text(photos: Judged) -> str:
    """What is said of photos, each counted, with an interval by families."""
    n, is_contradicted = photos.n_left_out, photos.is_contradicted
    value = float(is_contradicted[:n].mean())
    in_effect = n * effective_share(photos.groups[:n])
    low, high = wilson(value * in_effect, in_effect)
    text = (
        f"By however little, models that have not seen them contradict {percent(value)}% of "
        f"{n:,} training photos ({percent(low)} to {percent(high)}%)"
    )
    if photos.n_held >= MIN_HELD:
        share = percent(float(is_contradicted[n:].mean()))
        text += f" and {share}% of {photos.n_held:,} held-out ones"
    return f"{text}."
