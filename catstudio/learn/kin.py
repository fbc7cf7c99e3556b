"""Images of one class that share a lineage, and how much they match: of a whole set or any part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

MOST_IN_PAIRS = 64
"""Images that share a lineage up to which all pairs are listed; of n images n² pairs are many."""


@dataclass(frozen=True)
class Kin:
    """Every image with all that share a lineage and the class with it, itself included.

    Attributes
    ----------
    x : [n, dim] the images' vectors.
    first, second, match : [pairs] two images and their dot product, sorted by ``first``; both
        orders are there, and (i, i).
    households : (rows, members) of larger families instead: each of ``rows`` with each of
        ``members``, sorted. Thousands of variations of one photo are all kin to each other, and
        cost one product together.
    """

    x: Floats
    first: Ints
    second: Ints
    match: Floats
    households: tuple[tuple[Ints, Ints], ...]

    @classmethod
    def of(cls, x: Floats, y: NDArray[np.integer], partners: Sequence[Ints]) -> Kin:
        """Those of ``x`` [n, dim] in classes ``y`` [n].

        ``partners`` [n] are from :func:`catstudio.learn.lineages.partners`.
        """
        is_alone = np.fromiter((len(one) == 1 for one in partners), bool, len(partners))
        alone = np.flatnonzero(is_alone)
        pairs = [(alone, alone, np.einsum("ij,ij->i", x[alone], x[alone]))]
        households = []
        for rows, members in _households(np.flatnonzero(~is_alone), y, partners):
            if len(members) > MOST_IN_PAIRS:
                households.append((rows, members))
                continue
            match = x[rows] @ x[members].T
            pairs.append(
                (np.repeat(rows, len(members)), np.tile(members, len(rows)), match.ravel())
            )
        first, second, of_pair = (np.concatenate(part) for part in zip(*pairs, strict=True))
        order = np.argsort(first, kind="stable")
        return cls(x, first[order], second[order], of_pair[order], tuple(households))

    def part(self, rows: Ints) -> Kin:
        """Those among the images ``rows``, sorted, which are numbered anew."""
        place = np.full(len(self.x), -1, np.intp)
        place[rows] = np.arange(len(rows))
        kept = (place[self.first] >= 0) & (place[self.second] >= 0)
        some = ((place[a][place[a] >= 0], place[b][place[b] >= 0]) for a, b in self.households)
        return Kin(
            self.x[rows],
            place[self.first[kept]],
            place[self.second[kept]],
            self.match[kept],
            tuple((a, b) for a, b in some if len(a)),
        )

    def count(self, is_counted: NDArray[np.bool_]) -> Ints:
        """How many of the images ``is_counted`` [n] each image is kin to, [n]."""
        found: Ints = np.bincount(self.first[is_counted[self.second]], minlength=len(self.x))
        for rows, members in self.households:
            found[rows] = np.count_nonzero(is_counted[members])
        return found

    def products(
        self, weights: Floats, y: NDArray[np.integer], n_classes: int
    ) -> tuple[Floats, Floats]:
        """Σ w_i w_j, and Σ w_i w_j times the match, over the kin of each class, [classes] each.

        ``weights`` [n].
        """
        both = weights[self.first] * weights[self.second]
        of_class = y[self.first]
        counts = np.bincount(of_class, both, minlength=n_classes).astype(float)
        matches = np.bincount(of_class, both * self.match, minlength=n_classes).astype(float)
        for rows, members in self.households:
            own, others, c = weights[rows], weights[members], y[rows[0]]
            counts[c] += own.sum() * others.sum()
            matches[c] += float((own @ self.x[rows]) @ (others @ self.x[members]))
        return counts, matches

    def surplus(self, alpha: Floats, expected: Floats) -> Floats:
        """Σ alpha_j (match - expected) over the kin j of each image, [n, classes].

        ``alpha`` [n, classes] are dual coefficients, ``expected`` [n] the match that an image has
        with those of its class that are no kin.
        """
        terms = alpha[self.second] * (self.match - expected[self.first])[:, None]
        found = np.zeros_like(alpha)
        if len(terms):
            images, starts = np.unique(self.first, return_index=True)
            found[images] = np.add.reduceat(terms, starts, axis=0)
        for rows, members in self.households:
            of_members = alpha[members]
            matched = self.x[rows] @ (of_members.T @ self.x[members]).T
            found[rows] = matched - expected[rows][:, None] * of_members.sum(axis=0)
        return found


def _households(
    rows: Ints, y: NDArray[np.integer], partners: Sequence[Ints]
) -> list[tuple[Ints, Ints]]:
    """``rows`` by partners and class, each with those partners of that class."""
    found: dict[tuple[int, int], list[int]] = {}
    for i in rows:
        # Images with the same lineages have the very same array of partners.
        found.setdefault((id(partners[i]), int(y[i])), []).append(int(i))
    households = []
    for (_, c), members in found.items():
        kin = partners[members[0]]
        households.append((np.array(members, np.intp), kin[y[kin] == c]))
    return households
