"""A number of real photos that a source replaced, and from how many test photos on it is given."""

from __future__ import annotations

from dataclasses import dataclass

MIN_TEST_LINEAGES = 10
"""Test lineages a label below which resampling them says nothing of photos not seen."""


@dataclass(frozen=True)
class Worth:
    """Real photos that a source replaced beside ``base`` of them.

    ``value``, ``low`` and ``high`` are None where they lie outside what was measured: more than
    ``most`` photos added, or as bad as losing more than ``-least``. ``n_used`` of the source's
    images were there in the mean; those made from a photo that was left out were not.
    """

    value: float | None
    low: float | None
    high: float | None
    base: int
    least: int
    most: int
    n_used: float
    n_test: int

    @property
    def is_known(self) -> bool:
        """Whether anything can be said: not where every amount is possible, or nothing was used."""
        return self.n_used > 0 and not (self.low is None and self.high is None)
