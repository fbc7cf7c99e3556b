"""What pixels say that no eye reads: spectrum, noise, blocks, tone, sharpness, as one row an image.

Measured on the canonical square that the backbone is shown (one size, one codec and quality for
all), so that a file's format or size cannot show by itself. Only the blocks that a codec left are
looked for in the picture as it was stored, where they lie on a grid.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

VERSION = "3"
"""Part of every cache key; to be raised with every change of what a column means."""
BANDS = 16
_SIDE = 256
"""Detail is measured in the middle square of this many pixels a side, or in all if smaller."""
_BLOCK = 8
_MOST_STORED = 512
"""Pixels a side of the stored picture that are searched for blocks; finer ones vanish in the square."""
_FAR = 14
"""What part of the side is wide enough for both ends of any edge."""
_LEAST_HEIGHT = 8.0
"""Levels of grey that an edge must rise by to have a width."""
_STEEP, _LEAST_GREY_STEP = 30.0, 0.1
_DARK, _BRIGHT = 4, 251
_COARSE = 4
"""Side of the blocks whose steps in colour are measured."""
_LEAST_STEP = 0.25
"""Added to the mean step of a colour, so that an empty page has no cast."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

NAMES: tuple[str, ...] = (
    *(f"spectrum_{band:02d}" for band in range(BANDS)),
    "noise",
    "noise_kurtosis",
    "noise_correlation",
    "blockiness",
    "luminance",
    "contrast",
    "red",
    "green",
    "blue",
    "saturation",
    "sharpness",
    "detail",
    "entropy",
    "dark",
    "bright",
    "edge_red",
    "edge_blue",
    "black_red",
    "black_blue",
)
"""The columns of a row, in order."""
OF_THE_SQUARE = np.array([name != "blockiness" for name in NAMES])
"""Which columns tell of what a backbone is shown; the other tells of what was stored."""


def measure(square: NDArray[np.uint8], stored: NDArray[np.uint8]) -> Floats:
    """The row [len(NAMES)], float32, of one image: its canonical square uint8 [s, s, 3], s >= 32.

    ``stored`` uint8 [height, width, 3] is the picture that the square was made from, at the size
    it was stored in.

    ``spectrum_k`` is the radially averaged log10 power of the k-th of :data:`BANDS` rings from
    the lowest frequency to the highest, less its mean over the rings (Durall et al. 2020);
    ``noise`` the robust deviation of luminance from the mean of its four neighbours, with its
    excess kurtosis (log(1 + x), at least 0) and its correlation between neighbours;
    ``blockiness`` how much larger the stored picture's steps are at every eighth pixel than
    elsewhere, as a share; tones in [0, 1]; ``sharpness`` log10 of the variance of the Laplacian;
    ``detail`` how many of the steepest edges fit side by side into the square: about the number
    of pixels a side that a picture was enlarged from; ``entropy`` of the luminance histogram in
    bits; ``dark`` and ``bright`` the shares of clipped pixels.

    The last four tell a cast that lies on the picture from the colour of what it shows:
    ``edge_red`` and ``edge_blue`` are ln of how steep steps are in that colour against green,
    grey on average in photographs whatever their subject (Grey-Edge, van de Weijer et al. 2007);
    ``black_red`` and ``black_blue`` how much of that colour, more than of green, is left in the
    darkest hundredth, which a tint laid over a picture lifts.
    """
    luma = _middle(square).astype(np.float32) @ _LUMA
    around = (luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]) / 4.0
    residual = luma[1:-1, 1:-1] - around
    sharpness = float(np.log10(residual.var() * 16.0 + 1e-3))
    row = (
        *_spectrum(luma),
        *_noise(residual),
        _blockiness(stored),
        *_tones(square),
        sharpness,
        _detail(square),
        _entropy(luma),
        float(np.mean(luma <= _DARK)),
        float(np.mean(luma >= _BRIGHT)),
        *_cast(square),
    )
    return np.array(row, np.float32)


def column(rows: Floats, name: str) -> Floats:
    """The column called ``name`` of ``rows`` [n, len(NAMES)]."""
    found: Floats = rows[:, NAMES.index(name)]
    return found


def _middle(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = min(_SIDE, *square.shape[:2])
    # Begun at a block's border, so that blocks are found where the codec made them.
    top, left = ((n - side) // 2 // _BLOCK * _BLOCK for n in square.shape[:2])
    return square[top : top + side, left : left + side]


def _tones(square: NDArray[np.uint8]) -> tuple[float, ...]:
    """Mean and deviation of luminance, mean of each colour, mean saturation; every other pixel."""
    colors = square[::2, ::2].astype(np.float32) / 255.0
    luma = colors @ _LUMA
    span = colors.max(axis=2) - colors.min(axis=2)
    means = colors.reshape(-1, 3).mean(axis=0)
    return (float(luma.mean()), float(luma.std()), *map(float, means), float(span.mean()))


def _cast(square: NDArray[np.uint8]) -> tuple[float, ...]:
    # Fine steps have no colour whatever the cast: codecs keep colour at half the size.
    h, w = (n // _COARSE for n in square.shape[:2])
    blocks = square[: h * _COARSE, : w * _COARSE].reshape(h, _COARSE, w, _COARSE, 3)
    coarse = blocks[:, ::2].mean(axis=(1, 3), dtype=np.float32)
    steps = np.abs(np.diff(coarse, axis=1)).reshape(-1, 3).mean(axis=0) + _LEAST_STEP
    colors = square[::2, ::2]
    darkest = max(1, colors.shape[0] * colors.shape[1] // 100)
    flat = colors.reshape(-1, 3).T
    black = [float(np.partition(one, darkest - 1)[darkest - 1]) / 255.0 for one in flat]
    red, green, blue = map(float, np.log(steps))
    return red - green, blue - green, black[0] - black[1], black[2] - black[1]


@lru_cache(maxsize=4)
def _rings(side: int) -> tuple[NDArray[np.intp], Floats, Floats]:
    """For a spectrum of ``side``: the ring of each frequency, their counts, and the window."""
    rows = np.fft.fftfreq(side)[:, None]
    columns = np.fft.rfftfreq(side)[None, :]
    # Up to half the sampling rate; the corners beyond hold few frequencies.
    ring = np.minimum(np.sqrt(rows**2 + columns**2) * 2 * BANDS, BANDS).astype(np.intp)
    window = np.hanning(side).astype(np.float32)
    counts = np.bincount(ring.ravel(), minlength=BANDS + 1)[:BANDS].astype(np.float32)
    return ring.ravel(), counts, np.outer(window, window)


def _spectrum(luma: Floats) -> Floats:
    ring, counts, window = _rings(min(luma.shape))
    spectrum = np.fft.rfft2((luma - luma.mean()) * window)
    power = (spectrum.real**2 + spectrum.imag**2).ravel()
    totals = np.bincount(ring, power, BANDS + 1)[:BANDS]
    logs = np.log10(totals / counts + 1e-3)
    centred: Floats = (logs - logs.mean()).astype(np.float32)
    return centred


def _noise(residual: Floats) -> tuple[float, float, float]:
    """Robust deviation, excess kurtosis, and correlation between neighbours in a row."""
    spread = float(np.median(np.abs(residual))) * 1.4826
    centred = residual - residual.mean()
    squares = centred * centred
    variance = float(squares.mean())
    if variance < 1e-9:
        return spread, 0.0, 0.0
    kurtosis = float(np.mean(squares * squares)) / variance**2 - 3.0
    correlation = float(np.mean(centred[:, 1:] * centred[:, :-1])) / variance
    return spread, float(np.log1p(max(kurtosis, 0.0))), correlation


def _blockiness(stored: NDArray[np.uint8]) -> float:
    """How much larger the steps across the borders of 8-pixel blocks are, as a share.

    Blocks show along both axes, stripes and rows of windows along one: the lesser counts. Their
    grid may begin anywhere, since pictures are cropped and turned.
    """
    if min(stored.shape[:2]) <= 2 * _BLOCK:
        return 0.0
    luma = stored[:_MOST_STORED, :_MOST_STORED].astype(np.float32) @ _LUMA
    return min(_at_borders(luma), _at_borders(luma.T))


def _at_borders(luma: Floats) -> float:
    # A few steep edges of what is shown must not outweigh many small steps.
    steps = np.minimum(np.abs(np.diff(luma, axis=1)), _STEEP).mean(axis=0)
    phases = steps[: len(steps) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).mean(axis=0)
    border = int(phases.argmax())
    others = float(np.delete(phases, border).mean())
    return float(phases[border]) / (others + _LEAST_GREY_STEP) - 1.0


def _detail(square: NDArray[np.uint8]) -> float:
    """The square's side over the width of its steepest edges; all of it where there are none.

    An edge as wide as w pixels rises by 1 / w of its height from one pixel to the next.
    """
    luma = square.astype(np.float32) @ _LUMA
    side = len(luma)
    height = _steep_step(luma, max(2, side // _FAR))
    return side * _steep_step(luma, 1) / height if height >= _LEAST_HEIGHT else float(side)


def _steep_step(luma: Floats, apart: int) -> float:
    """What one in a thousand steps between pixels so far ``apart``, across or down, exceeds."""
    across = np.abs(luma[:, apart:] - luma[:, :-apart])
    down = np.abs(luma[apart:] - luma[:-apart])
    steps = np.concatenate([across.ravel(), down.ravel()])
    place = len(steps) - max(1, len(steps) // 1000)
    return float(np.partition(steps, place)[place])


def _entropy(luma: Floats) -> float:
    shares = np.bincount(luma.astype(np.uint8).ravel(), minlength=256) / luma.size
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())
