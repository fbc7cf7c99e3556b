"""How often a 95% interval holds the truth, in test sets drawn from a population that is known.

    python -m benchmarks.coverage PHOTOS --cache FOLDER [--draws 2000]

Two heads are trained on real photos (fewer and more of them, or a clean and a mislabelled set)
and asked about all others. What they answer, smoothed by a kernel, is a population: of it the
true accuracy, AUC and differences are known from a million photos. Test sets of a few sizes are
drawn from it again and again, each photo alone or in lineages of one to five near-copies.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting import AS_IT_IS, Keeper, Library, library
from catstudio.engine.backbones import BACKBONES, LoadedBackbone, load_backbone
from catstudio.engine.embedding import embed_items
from catstudio.jobs.requests import AuditItem
from catstudio.learn.features import FeatureSpace
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.intervals import lineage_draws, wilson
from catstudio.learn.metrics import auc, headline
from catstudio.learn.paired import auc_difference, balanced_difference

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Random = np.random.Generator

LIKENESS = 0.95
"""Share of a margin's variance that near-copies have in common: 0.92 to 0.98 between copies cropped
and tinted by a hair, with heads from 3 and from 14 photos a class."""
KERNEL = 0.35
"""Width of the kernel, in deviations of a class: about Scott's rule at 100 photos."""
MOST_IN_A_LINEAGE = 5
SIZES = (10, 20, 50, 100)
"""Test photos (or lineages) of each class on average: of which class each is, a coin says."""
ENOUGH = 50
"""From so many of each class on, chance is finer than the steps in which a share can move."""
KINDS = ("photos", f"photos, {ENOUGH} or more of each class", "lineages of 1 to 5")
FIGURES = ("accuracy", "balanced_accuracy", "auc", "balanced difference", "auc difference")


@dataclass(frozen=True)
class Population:
    """Margins [n, 2] of two heads for real photos of class 0 and of class 1; positive says 1."""

    name: str
    margins: tuple[Floats, Floats]

    def draw(self, label: int, lineages: Ints, random: Random) -> Floats:
        """Margins [n, 2] of new photos, of which those with equal ``lineages`` [n] are alike."""
        own = self._free(label, len(lineages), random)
        shared = self._free(label, int(lineages.max()) + 1, random)[lineages]
        middle = self.margins[label].mean(axis=0)
        alike: Floats = np.sqrt(LIKENESS) * (shared - middle) + np.sqrt(1 - LIKENESS) * (
            own - middle
        )
        return np.asarray(middle + alike)

    def _free(self, label: int, n: int, random: Random) -> Floats:
        known = self.margins[label]
        noise = random.multivariate_normal(np.zeros(2), np.cov(known.T), n)
        smoothed: Floats = known[random.integers(0, len(known), n)] + KERNEL * noise
        return smoothed

    def truth(self, n: int = 500_000) -> dict[str, float]:
        """Each of :data:`FIGURES`, from ``n`` photos of either class."""
        random = np.random.default_rng(0)
        margins = [self.draw(label, np.arange(n), random) for label in (0, 1)]
        hits = np.array([(margins[0] <= 0).mean(axis=0), (margins[1] > 0).mean(axis=0)])
        positive = np.arange(2 * n) >= n
        areas = [auc(np.concatenate(margins)[:, head], positive) for head in (0, 1)]
        accuracy = hits.mean(axis=0)
        return {
            "accuracy": float(accuracy[0]),
            "balanced_accuracy": float(accuracy[0]),
            "auc": areas[0],
            "balanced difference": float(accuracy[1] - accuracy[0]),
            "auc difference": areas[1] - areas[0],
        }


def intervals(margins: Floats, truth: Ints, groups: Ints | None) -> dict[str, tuple[float, float]]:
    """The interval of each of :data:`FIGURES` for one test set, margins [n, 2]."""
    share = 1 / (1 + np.exp(-margins[:, 0]))
    probabilities = np.stack([1 - share, share], axis=1)
    numbers = np.arange(len(truth)) if groups is None else groups
    draws = np.empty((0, len(truth))) if groups is None else lineage_draws(groups, truth)
    plain = headline(probabilities, truth, numbers, draws)
    found = {name: (one["low"], one["high"]) for name, one in plain.items()}
    right = (margins > 0) == (truth == 1)[:, None]
    found["balanced difference"] = balanced_difference(right[:, 0], right[:, 1], truth, groups)[1:]
    found["auc difference"] = auc_difference(margins[:, 0], margins[:, 1], truth == 1, groups)[1:]
    return found


def covered(
    population: Population, n: int, is_grouped: bool, draws: int, seed: int
) -> dict[str, int]:
    """In how many of ``draws`` test sets each interval holds the truth."""
    truth = population.truth()
    random = np.random.default_rng(seed)
    counts = dict.fromkeys(FIGURES, 0)
    for _ in range(draws):
        first = int(np.clip(random.binomial(2 * n, 0.5), 2, 2 * n - 2))
        sizes = (
            random.integers(1, MOST_IN_A_LINEAGE + 1, 2 * n) if is_grouped else np.ones(2 * n, int)
        )
        groups = np.repeat(np.arange(2 * n), sizes)
        y = (groups >= first).astype(np.intp)
        margins = np.concatenate(
            [population.draw(c, groups[y == c] - first * c, random) for c in (0, 1)]
        )
        found = intervals(margins, y, groups if is_grouped else None)
        for name, (low, high) in found.items():
            counts[name] += low <= truth[name] <= high
    return counts


def populations(photos: Library, loaded: LoadedBackbone) -> list[Population]:
    """Pairs of heads on cats and dogs, and what they say of the photos that they never saw."""
    first = [
        photos.items[i, AS_IT_IS] for i, photo in enumerate(photos.photos) if photo.label == "cat"
    ]
    other = [
        photos.items[i, AS_IT_IS] for i, photo in enumerate(photos.photos) if photo.label == "other"
    ]
    x = _vectors([*first, *other], photos, loaded)
    y = np.repeat([0, 1], [len(first), len(other)])
    order = np.random.default_rng(1).permutation(len(first))
    found = []
    for name, sizes, wrong in (
        ("1 and 3 photos a class", (1, 3), (range(0), range(0))),
        ("3 and 14 photos a class", (3, 14), (range(0), range(0))),
        ("14 photos a class, 4 of them mislabelled or none", (14, 14), (range(4), range(0))),
        ("14 photos a class, 5 and 5 others mislabelled", (14, 14), (range(5), range(5, 10))),
    ):
        margins = []
        for n, mislabelled in zip(sizes, wrong, strict=True):
            train = np.concatenate([order[:n], len(first) + order[:n]])
            labels = y[train].copy()
            for k in mislabelled:
                labels[[k, n + k]] = 1, 0
            margins.append(_margins(x, train, labels, loaded.space))
        many = max(sizes)
        unseen = np.setdiff1d(
            np.arange(len(x)), np.concatenate([order[:many], len(first) + order[:many]])
        )
        both = np.stack(margins, axis=1)[unseen]
        found.append(Population(name, (both[y[unseen] == 0], both[y[unseen] == 1])))
    return found


def _vectors(items: list[AuditItem], photos: Library, loaded: LoadedBackbone) -> Floats:
    keep = Keeper(photos.cache)
    return loaded.space(embed_items(items, str(keep.path), loaded, keep.context).rows)


def _margins(x: Floats, train: Ints, labels: Ints, space: FeatureSpace) -> Floats:
    data = TrainingSet(
        x[train], labels, [(str(i),) for i in train], np.ones(len(train), bool), np.ones(len(train))
    )
    head = fit_head(data, ("a", "b"), space)
    scores: Callable[[Floats], Floats] = head.scores
    margins: Floats = np.diff(scores(x), axis=1)[:, 0] / head.temperature
    return margins


def main() -> None:
    """Print how many of 100 intervals hold the truth, with the interval of that share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="folder for embeddings")
    parser.add_argument("--backbone", choices=BACKBONES, default="efficientnet-lite0")
    parser.add_argument("--draws", type=int, default=2000)
    options = parser.parse_args()
    loaded = load_backbone(options.backbone)
    photos = library(options.photos, options.cache, loaded)
    totals = {(kind, name): [0, 0] for kind in KINDS for name in FIGURES}
    print(f"| heads | test set, of each class | {' | '.join(FIGURES)} |")
    print("|" + "---|" * (len(FIGURES) + 2))
    for seed, population in enumerate(populations(photos, loaded)):
        print(
            f"| {population.name}: truth | | {' | '.join(f'{v:.3f}' for v in population.truth().values())} |"
        )
        for grouped in (False, True):
            draws = options.draws // (4 if grouped else 1)
            for n in SIZES:
                counts = covered(population, n, grouped, draws, seed)
                for name, count in counts.items():
                    for kind in KINDS[2:] if grouped else KINDS[: 2 if n >= ENOUGH else 1]:
                        totals[kind, name][0] += count
                        totals[kind, name][1] += draws
                what = f"{n} lineages of 1 to 5" if grouped else f"{n} photos"
                cells = [f"{counts[name] / draws:.1%}" for name in FIGURES]
                print(f"| {population.name} | {what} | {' | '.join(cells)} |", flush=True)
    for kind in KINDS:
        cells = []
        for name in FIGURES:
            held, n = totals[kind, name]
            low, high = wilson(held, n)
            cells.append(f"{held / n:.1%} ({low:.1%} to {high:.1%})")
        print(f"| all | {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
