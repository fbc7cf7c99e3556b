"""All that is said of the sources of one run, as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.learn.answer import why_not_evaluated
from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet
from catstudio.learn.shapley import EXACT_UP_TO, PERMUTATIONS, shapley
from catstudio.learn.worth import wording
from catstudio.learn.worth.arms import Arm, Arms, TestPhotos, labels_without
from catstudio.learn.worth.comparison import Comparison, as_json, compare
from catstudio.learn.worth.exchange import exchange_sources
from catstudio.learn.worth.fits import PartFitter
from catstudio.learn.worth.learning_curve import MOST_SIZES, repeats_of
from catstudio.learn.worth.players import Players

Floats = NDArray[np.floating]

_FOUND = ("ablation", "without", "alone", "shapley", "shapley_auc", "worth_real_photos")


def value_sources(
    training: TrainingSet,
    sources: Sequence[str],
    test: TestPhotos,
    labels: Sequence[str],
    space: FeatureSpace,
    strength: float,
    *,
    temperature: float = 1.0,
    seed: int = 0,
    on_fit: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Say of each source of ``training`` what it bought on the real photos of ``test``.

    Parameters
    ----------
    training : what the run's head was fitted on, n images.
    sources : [n], the source of each. One is real when all its images are.
    labels : names of the classes.
    space : of the vectors; variety is measured on the part of them that is likeness.
    strength, temperature : the run's head's. All arms get both, so that they differ in their
        images alone, and everything together answers as the run's head does.
    seed : of the subsamples, and of the orders in which more than eight sources are valued.
    on_fit : called with (done, expected) before each fit; what it raises ends the work.

    Returns
    -------
    ``sources``, ``arms``, ``learning_curve``, and ``why_not``: for what could not be measured a
    sentence that says why. A source's ``ablation`` is what it added, a gain being positive: to
    the real photos if it is made, to everything else if it is real itself. ``without`` is what
    leaving it out of everything changes, a loss being negative. In ``worth_real_photos`` a
    figure that lies outside what was measured is null.
    """
    players = Players(training, sources, labels, space)
    why_not = why_not_valued(training, test, labels)
    if why_not:
        return {
            "sources": [_unvalued(players.described(name)) for name in players.names],
            "arms": [],
            "learning_curve": None,
            "why_not": {"sources": why_not},
        }
    fitter = PartFitter(training, players.numbers, len(labels), strength)
    expected = _n_fits(players)
    arms = Arms(fitter, training.y, labels, test, temperature, on_fit, expected)
    shares = shapley(players.names, lambda who: _figures(arms.of(players.rows(who))), seed)
    exchanged = exchange_sources(training, players, arms, seed)
    found = []
    for name in players.names:
        described, worth = players.described(name), exchanged.of(name)
        gain, beside = _gain(name, players, arms), _beside(name, players)
        found.append(
            {
                **described,
                **_ablations(name, players, arms),
                "shapley": float(shares[name][0]),
                "shapley_auc": float(shares[name][1]),
                **worth,
                "text": wording.source_text(described, gain, beside, worth["worth_real_photos"]),
            }
        )
    return {
        "sources": found,
        "arms": _arms_json(players, arms),
        "learning_curve": exchanged.curve,
        "why_not": exchanged.why_not,
    }


def why_not_valued(training: TrainingSet, test: TestPhotos, labels: Sequence[str]) -> str:
    """Why nothing can be said of the sources, and what to add; "" when it can."""
    missing = labels_without(training.y, labels)
    if missing:
        return (
            f"There is no image of {wording.listed(missing)} to train on, so the sources "
            "cannot be compared: add some."
        )
    if not training.is_real.any():
        return (
            "There is no real photo to train on, so there is nothing to compare the sources "
            "with: add a few photos of your own."
        )
    counts = np.bincount(test.y, minlength=len(labels))
    return why_not_evaluated(labels, dict(zip(labels, counts.tolist(), strict=True)))


def _unvalued(described: dict[str, Any]) -> dict[str, Any]:
    """A source of which nothing but its images is known; whoever reads it finds all keys."""
    return {
        **described,
        **dict.fromkeys(_FOUND),
        "worth_text": "",
        "text": f"{wording.images_text(described)}.",
    }


def _n_fits(players: Players) -> int:
    """About how many heads are fitted."""
    k, repeats = len(players.names), repeats_of(len(players.real))
    coalitions = 2**k if k <= EXACT_UP_TO else PERMUTATIONS * (k - 1)
    return coalitions + repeats * (MOST_SIZES - 1 + len(players.made))


def _figures(arm: Arm) -> Floats:
    return np.array([arm.balanced_accuracy, arm.auc])


def _gain(name: str, players: Players, arms: Arms) -> Comparison:
    """What a source added: to the real photos if it is made, to everything else if it is real."""
    if players.is_real(name):
        return compare(arms.of(players.all_but(name)), arms.of(players.everything))
    both = np.union1d(players.real, players.rows([name]))
    return compare(arms.of(players.real), arms.of(both))


def _beside(name: str, players: Players) -> str:
    """What :func:`_gain` compares with, in words."""
    return "all others" if players.is_real(name) else "the real photos"


def _ablations(name: str, players: Players, arms: Arms) -> dict[str, Any]:
    gain = _gain(name, players, arms)
    loss = compare(arms.of(players.everything), arms.of(players.all_but(name)))
    alone = arms.of(players.rows([name]))
    return {
        "ablation": as_json(gain, wording.gain_text(gain, _beside(name, players))),
        "without": as_json(loss, wording.loss_text(loss)),
        "alone": {"balanced_accuracy": alone.balanced_accuracy, "auc": alone.auc},
    }


def _arms_json(players: Players, arms: Arms) -> list[dict[str, Any]]:
    """The arms that differ in their images; "real" and "all" come first."""
    wanted = [
        ("real", "Real photos alone", players.real),
        ("all", "Everything", players.everything),
    ]
    for name in players.names:
        own = players.rows([name])
        if not players.is_real(name):
            both = np.union1d(players.real, own)
            wanted.append((f"real+{name}", f"Real photos and {name}", both))
        wanted.append((f"all-{name}", f"Everything but {name}", players.all_but(name)))
        wanted.append((name, f"{name} alone", own))
    different: dict[bytes, dict[str, Any]] = {}
    for id_, title, rows in wanted:
        arm = arms.of(rows)
        one = {"id": id_, "title": title, "n": arm.n, "n_test": arms.test.n, **arm.figures}
        different.setdefault(rows.tobytes(), one)
    return [one for one in different.values() if one["n"]]
