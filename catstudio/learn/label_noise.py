"""How many labels are wrong: what left-out probabilities and given labels say of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.features import softmax

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

_LEAST = 1e-6
_FACTOR_SPREAD = 0.7
"""Deviation of ln of the factor on the confidence, before any photo is seen."""
_BIAS_SPREAD = 1.0
"""Deviation of what is added to a label's log-probability, before any photo is seen."""
_PRIOR_RIGHT = 2.0
"""Photos of each label that count as labelled right before any is seen."""
_START = 0.1
_STEPS, _STEPS_ON = 50, 12
_MOST_STARTS = 6
_MOST_PHOTOS = 4000
"""Photos from which on a random part fits the few numbers of the channel as well."""
_PROFILE_95 = 3.841
"""Quantile of chi-squared with one degree of freedom."""
_ALONG = (0.0, 0.25, 0.5, 0.75, 1.0, 1.3, 1.7, 2.5, 4.0)
_MOST = 0.49


@dataclass(frozen=True)
class Channel:
    """How what photos show becomes the label they carry.

    ``wrong`` [k] is the share of each class's photos that carry another label, evenly any;
    ``factor`` and ``bias`` [k] turn left-out log-probabilities into an honest model's.
    """

    wrong: Floats
    factor: float
    bias: Floats

    def shown(self, logits: Floats) -> Floats:
        """Probabilities [n, k] of what photos show, whatever their label."""
        return softmax(logits * self.factor + self.bias)

    def carried(self, y: Ints) -> Floats:
        """[n, k]: how probable label ``y`` [n] is for a photo of each class."""
        k = len(self.wrong)
        swapped = np.broadcast_to(self.wrong / (k - 1), (len(y), k)).copy()
        swapped[np.arange(len(y)), y] = 1.0 - self.wrong[y]
        return swapped

    def fit(self, logits: Floats, y: Ints) -> float:
        """Log-likelihood of ``y``, with what is known of factor, bias and shares beforehand."""
        told = (self.shown(logits) * self.carried(y)).sum(axis=1)
        return float(np.log(np.maximum(told, 1e-300)).sum()) - self._surprise()

    def _surprise(self) -> float:
        of_bias = ((self.bias - self.bias.mean()) ** 2).sum() / _BIAS_SPREAD**2
        of_factor = (np.log(self.factor) / _FACTOR_SPREAD) ** 2
        right = _PRIOR_RIGHT * np.log(1.0 - self.wrong).sum()
        return float(0.5 * (of_bias + of_factor) - right)


class Noise(NamedTuple):
    """What the labels ``y`` of n photos are worth.

    ``share`` of them that look wrong, with the interval [``low``, ``high``] of its profile
    likelihood; ``q`` [n, k] what each photo shows by all others; ``wrong`` [n] how probable it
    is that its label is wrong; ``ratio`` twice the log-likelihood gained over no wrong label.
    """

    share: float
    low: float
    high: float
    q: Floats
    wrong: Floats
    ratio: float


def noise_of(p: Floats, y: Ints, least_share: float = 0.0, seed: int = 0) -> Noise:
    """The share of wrong labels under which labels ``y`` [n] are likeliest.

    ``p`` [n, k] are left-out probabilities, k >= 2. A temperature fitted to labels of which some
    are wrong doubts everything, which hides them; so the confidence is fitted together with the
    shares of swapped labels (the noise channel of Patrini et al. 2017), by expectation and
    maximisation. Photos that are merely hard lie between the labels and need no swap.
    ``least_share`` is assumed of each class in ``wrong`` where less was estimated.
    """
    k = p.shape[1]
    everything = np.log(np.clip(p, _LEAST, 1.0)).astype(np.float64)
    part = np.random.default_rng(seed).permutation(len(y))[:_MOST_PHOTOS]
    logits, labels = everything[part], y[part]
    none = _improved(Channel(np.zeros(k), 1.0, np.zeros(k)), logits, labels, is_free=False)
    starts = [np.full(k, _START)]
    if k <= _MOST_STARTS:
        starts += list(np.eye(k) * 2 * _START + 0.01)
    tried = [none, *(_improved(Channel(s, 1.0, np.zeros(k)), logits, labels) for s in starts)]
    fits = [channel.fit(logits, labels) for channel in tried]
    best = tried[int(np.argmax(fits))]
    q = best.shown(everything)
    share = float(_posterior(best, q, y).mean())
    low, high = _profile(best, share, max(fits), (logits, labels))
    least = Channel(np.maximum(best.wrong, least_share), best.factor, best.bias)
    return Noise(share, low, high, q, _posterior(least, q, y), 2.0 * (max(fits) - fits[0]))


def _posterior(channel: Channel, q: Floats, y: Ints) -> Floats:
    """[n], how probable it is that label ``y`` is wrong, by Bayes' rule."""
    joint = q * channel.carried(y)
    wrong: Floats = 1.0 - joint[np.arange(len(y)), y] / np.maximum(joint.sum(axis=1), 1e-300)
    return wrong


def _improved(
    channel: Channel, logits: Floats, y: Ints, is_free: bool = True, steps: int = _STEPS
) -> Channel:
    """``channel`` after ``steps`` of expectation and maximisation; ``is_free``: shares as well."""
    one_hot = np.arange(len(channel.wrong)) == y[:, None]
    for _ in range(steps):
        q = channel.shown(logits)
        joint = q * channel.carried(y)
        truth = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
        wrong = channel.wrong
        if is_free:
            total = truth.sum(axis=0)
            wrong = np.minimum((truth * ~one_hot).sum(axis=0) / (total + _PRIOR_RIGHT), _MOST)
        channel = _newton(Channel(wrong, channel.factor, channel.bias), logits, q, truth)
    return channel


def _newton(channel: Channel, logits: Floats, q: Floats, truth: Floats) -> Channel:
    """One step of factor and bias towards probabilities that match ``truth`` [n, k]."""
    k = len(channel.bias)
    mean = (q * logits).sum(axis=1, keepdims=True)
    # In ln(factor), which stays positive and is what the prior is normal in.
    slope = channel.factor * (logits - mean)
    error = truth - q
    gradient = np.empty(k + 1)
    gradient[0] = (error * slope).sum() - np.log(channel.factor) / _FACTOR_SPREAD**2
    gradient[1:] = error.sum(axis=0) - channel.bias / _BIAS_SPREAD**2
    curvature = np.empty((k + 1, k + 1))
    curvature[0, 0] = (q * slope * slope).sum() + 1.0 / _FACTOR_SPREAD**2
    curvature[0, 1:] = curvature[1:, 0] = (q * slope).sum(axis=0)
    curvature[1:, 1:] = np.diag(q.sum(axis=0) + 1.0 / _BIAS_SPREAD**2) - q.T @ q
    # Never far at once: the curvature is that of this place only.
    step = np.clip(np.linalg.solve(curvature, gradient), -0.5, 0.5)
    bias = channel.bias + step[1:]
    return Channel(channel.wrong, float(channel.factor * np.exp(step[0])), bias - bias.mean())


def _profile(
    best: Channel, share: float, top: float, photos: tuple[Floats, Ints]
) -> tuple[float, float]:
    """The shares that explain the labels nearly as well: more or fewer swaps of the same kind."""
    logits, y = photos
    wrong = best.wrong if best.wrong.max() > 1e-3 else np.full(len(best.wrong), 0.005)
    shares, lost = [], []
    for by in _ALONG:
        given = Channel(np.minimum(wrong * by, _MOST), best.factor, best.bias)
        found = _improved(given, logits, y, is_free=False, steps=_STEPS_ON)
        # Before the labels are seen: what they say of each photo would pull all shares together.
        shares.append(float((found.shown(logits) @ found.wrong).mean()))
        lost.append(2.0 * (top - found.fit(logits, y)))
    order = np.argsort(shares)
    shares_, lost_ = np.array(shares)[order], np.array(lost)[order]
    fine = np.linspace(0.0, shares_[-1], 400)
    likely = fine[np.interp(fine, shares_, lost_) <= _PROFILE_95]
    return float(min(likely.min(initial=share), share)), float(
        max(likely.max(initial=share), share)
    )
