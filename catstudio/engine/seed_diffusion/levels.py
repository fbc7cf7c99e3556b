"""The pyramid of resolutions and the noise levels at each: what is tuned, in one table."""

from __future__ import annotations

from dataclasses import dataclass, replace

SIGMA_MIN = 0.03
SIGMA_MAX = 4.0
"""Noise to start from when there is no layout: well above the range [-1, 1] of an image."""
EXACT_BELOW = 48
"""Sides below this compare every query with every key; from here on, candidates only."""
_COARSEST = 24
_RHO = 7.0


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution: images of ``side`` × ``side`` pixels.

    ``patch`` is the side of the compared patches in pixels, ``dims`` the number of principal
    components kept of them, ``sigmas`` the falling noise levels, ending in 0.
    """

    side: int
    patch: int
    dims: int
    sigmas: tuple[float, ...]

    @property
    def is_exact(self) -> bool:
        """True where each query is compared with every key of the bank."""
        return self.side < EXACT_BELOW

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1


# (sides below this, patch, dims, steps, first sigma); None: the strength that was asked for.
_TABLE: tuple[tuple[int, int, int, int, float | None], ...] = (
    (24, 11, 48, 8, None),
    (48, 9, 40, 4, 0.3),
    (96, 7, 24, 4, 0.2),
    (192, 5, 16, 3, 0.12),
    (1 << 30, 5, 16, 2, 0.08),
)


_LOCAL = ((24, 5), (48, 7))
"""(sides below this, patch) where a drawing decides the layout: a patch as large as the image
brings a whole photo back."""


def karras_sigmas(first: float, steps: int) -> tuple[float, ...]:
    """``steps`` noise levels from ``first`` to :data:`SIGMA_MIN`, then 0.

    The schedule of Karras et al., "Elucidating the design space of diffusion-based generative
    models" (arXiv 2206.00364), equation 5, with rho = 7.
    """
    if steps == 1:
        return (first, 0.0)
    top, bottom = first ** (1 / _RHO), SIGMA_MIN ** (1 / _RHO)
    ramp = [(top + k / (steps - 1) * (bottom - top)) ** _RHO for k in range(steps)]
    return (*ramp, 0.0)


def pyramid(size: int, start_sigma: float, is_drawn: bool = False) -> tuple[Level, ...]:
    """Levels from the coarsest to the finest, each twice the one before.

    The finest side is ``size`` or, where ``size`` cannot be halved often enough, up to a few
    pixels more. ``start_sigma`` is the noise that the coarsest level begins with; ``is_drawn``
    takes small patches at the coarse levels, for a layout that no seed has.
    """
    halvings = 0
    while -(-size >> halvings) >= _COARSEST:
        halvings += 1
    base = -(-size >> halvings)
    sides = [base << k for k in range(halvings + 1)]
    levels = [_level(side, start_sigma) for side in sides]
    if is_drawn:
        levels = [replace(level, patch=_local_patch(level)) for level in levels]
    return tuple(levels)


def _local_patch(level: Level) -> int:
    return next((patch for below, patch in _LOCAL if level.side < below), level.patch)


def _level(side: int, start_sigma: float) -> Level:
    for below, patch, dims, steps, first in _TABLE:
        if side < below:
            sigmas = karras_sigmas(start_sigma if first is None else first, steps)
            return Level(side, patch, dims, sigmas)
    raise AssertionError(side)
