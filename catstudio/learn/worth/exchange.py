"""The exchange rate: how many real photos would have done what a source's images did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.fitting import TrainingSet
from catstudio.learn.intervals import percentile
from catstudio.learn.paired import Interval
from catstudio.learn.worth import wording
from catstudio.learn.worth.arms import Arm, Arms, TestPhotos
from catstudio.learn.worth.learning_curve import (
    Curve,
    RealPhotos,
    Resampled,
    curve_points,
    measure_curve,
)
from catstudio.learn.worth.players import Players
from catstudio.learn.worth.rate import MIN_TEST_LINEAGES, Worth

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]


class Exchange:
    """Reads a balanced accuracy off the curve of real photos as a number of them.

    All real photos together are the end of the curve, so what a source adds to all of them lies
    beyond it. It is therefore measured beside a part of them: the largest, of half or less,
    from which on more real photos made a difference that can be measured at all. ``base`` is
    that point of the curve; None, and ``flat`` the interval of the rise, where there is none.
    Balanced accuracies, the curve's and the source's, are resampled together over test lineages
    and over subsamples, so the interval carries both.
    """

    def __init__(self, curve: Curve, seed: int) -> None:
        self._curve = curve
        self._resampled = Resampled(curve.test, curve.n_repeats, seed)
        self._values = np.stack([self._resampled(arms) for arms in curve.arms], axis=1)
        self._means = np.array([_mean(arms) for arms in curve.arms])
        self.base = self._choose_base()

    def rise(self, point: int) -> Interval:
        """From ``point`` to the end of the curve."""
        low, high = percentile(self._values[:, -1] - self._values[:, point])
        return float(self._means[-1] - self._means[point]), low, high

    @property
    def half(self) -> int:
        """The point with half of the photos or less; the first where there is none."""
        counts = self._curve.photos.counts
        return max(0, int(np.searchsorted(2 * counts, counts[-1], "right")) - 1)

    def _choose_base(self) -> int | None:
        if not has_enough(self._curve.test) or len(self._means) < 2:
            return None
        return next((k for k in range(self.half, -1, -1) if self.rise(k)[1] > 0), None)

    def worth(self, base: int, arms: Sequence[Arm], n_used: float) -> Worth:
        """Of a source whose images were added to each subsample at ``base``, giving ``arms``."""
        counts = self._curve.photos.counts
        resampled = self._resampled(arms)
        found = np.array(
            [_added(row, counts, base, v) for row, v in zip(self._values, resampled, strict=True)]
        )
        # Without interpolation an infinite bound stays one.
        low, high = np.quantile(found, [0.025, 0.975], method="closest_observation")
        least, most = float(counts[0] - counts[base]), float(counts[-1] - counts[base])
        return Worth(
            value=_finite(_added(self._means, counts, base, _mean(arms))),
            low=_finite(min(low, most)),
            high=_finite(max(high, least)),
            base=int(counts[base]),
            least=int(least),
            most=int(most),
            n_used=n_used,
            n_test=self._curve.test.n,
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def has_enough(test: TestPhotos) -> bool:
    """Whether every label has test lineages enough to resample."""
    return all(
        len(np.unique(test.groups[test.y == label])) >= MIN_TEST_LINEAGES
        for label in np.unique(test.y)
    )


def _mean(arms: Sequence[Arm]) -> float:
    return float(np.mean([arm.balanced_accuracy for arm in arms]))


def _added(curve: Floats, counts: Ints, base: int, value: float) -> float:
    """Photos beyond the ``base`` at which the ``curve`` [points] reaches ``value``; ±inf outside.

    A curve that sinks for a while is read half-way between its envelopes from below and above.
    """
    rising = np.maximum.accumulate(curve) + np.minimum.accumulate(curve[::-1])[::-1]
    # The tiniest slope, so that a flat stretch is read from the base on.
    added = counts - counts[base]
    steps = rising / 2 + 1e-12 * added
    return float(np.interp(value, steps, added, left=-np.inf, right=np.inf))


@dataclass(frozen=True)
class Exchanged:
    """The learning ``curve`` as JSON, or None, and what is known of each source's worth.

    ``worths`` holds JSON and a sentence a source; ``why_not`` says why nothing could be measured.
    """

    curve: dict[str, Any] | None
    worths: dict[str, tuple[dict[str, Any] | None, str]]
    why_not: dict[str, str]

    def of(self, name: str) -> dict[str, Any]:
        """``worth_real_photos`` and ``worth_text`` of one source."""
        reason = next(iter(self.why_not.values()), wording.REAL_THEMSELVES)
        worth, text = self.worths.get(name, (None, reason))
        return {"worth_real_photos": worth, "worth_text": text}


def exchange_sources(data: TrainingSet, players: Players, arms: Arms, seed: int) -> Exchanged:
    """The learning curve of the real photos of ``data``, and what each made source is worth on it."""
    everything = arms.of(players.real)
    if everything.lacks:
        reason = wording.no_real_photo_of(everything.lacks)
        return Exchanged(None, {}, {"learning_curve": reason})
    photos = RealPhotos(data, everything.scores.shape[1])
    if len(photos.sizes) < 2:
        return Exchanged(None, {}, {"learning_curve": wording.ONE_PHOTO_EACH})
    curve = measure_curve(photos, arms.of, everything, seed)
    exchange = Exchange(curve, seed)
    found = _curve_json(curve, exchange)
    n_test, counts = arms.test.n, photos.counts
    if not has_enough(arms.test):
        return Exchanged(found, {}, {"worth_real_photos": wording.too_few_tests(n_test)})
    if exchange.base is None:
        flat = wording.too_flat(int(counts[0]), photos.n, exchange.rise(0), n_test)
        return Exchanged(found, {}, {"worth_real_photos": flat})
    worths = _worths(players, arms, curve, exchange, exchange.base)
    return Exchanged(found, worths, {})


def _worths(
    players: Players, arms: Arms, curve: Curve, exchange: Exchange, base: int
) -> dict[str, tuple[dict[str, Any] | None, str]]:
    photos = curve.photos
    tried: dict[str, list[tuple[Arm, int]]] = {name: [] for name in players.made}
    # Draw by draw: what the real photos of one draw sum up to serves all sources.
    for draw in curve.draws:
        real = photos.photos(draw[base])
        for name in players.made:
            own = photos.without_descendants(players.rows([name]), draw[base])
            tried[name].append((arms.of(np.union1d(real, own)), len(own)))
    found: dict[str, tuple[dict[str, Any] | None, str]] = {}
    for name, fitted in tried.items():
        n_used = float(np.mean([n for _, n in fitted]))
        worth = exchange.worth(base, [arm for arm, _ in fitted], n_used)
        text = wording.worth_text(worth, len(players.rows([name])))
        found[name] = (_worth_json(worth) if worth.is_known else None, text)
    return found


def _worth_json(worth: Worth) -> dict[str, Any]:
    return {
        "value": worth.value,
        "low": worth.low,
        "high": worth.high,
        "base": worth.base,
        "n": worth.n_test,
        "text": wording.amount_text(worth),
    }


def _curve_json(curve: Curve, exchange: Exchange) -> dict[str, Any]:
    points = curve_points(curve, lambda arm: arm.balanced_accuracy)
    half = points[exchange.half]
    means = half["mean"], points[-1]["mean"]
    rise = exchange.rise(exchange.half)
    return {
        "metric": "balanced_accuracy",
        "points": points,
        "auc": curve_points(curve, lambda arm: arm.auc),
        "text": wording.curve_text(half["n"], points[-1]["n"], means, rise, curve.test.n),
    }
