"""Putting one photo's subject into another: where, how large, and by what edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from catstudio.engine.blend.arrays import Colours, Map, Pixels
from catstudio.engine.blend.cutout import CutOut
from catstudio.engine.blend.ground import paste_seamlessly
from catstudio.engine.blend.matting import own_colours

_TOUCH = 0.12
"""A subject with this part of its side on the photo's border goes on beyond it."""
_LIGHT = 0.35
"""How far the subject's light goes towards the new ground's."""
_SHADOW = 0.3
_OWN = 0.9
"""How much of its own colour a seamlessly pasted subject keeps."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject is put, in pixels of the image: the scale of its photo, and its corner.

    ``left`` and ``top`` are those of the photo that it is cut from, scaled and, if ``flip``,
    mirrored.
    """

    scale: float
    left: int
    top: int
    flip: bool

    def params(self, size: int) -> dict[str, Any]:
        """In parts of the image's side, as plain JSON."""
        return {
            "scale": round(self.scale, 5),
            "left": round(self.left / size, 5),
            "top": round(self.top / size, 5),
            "flip": self.flip,
        }


@dataclass(frozen=True, slots=True)
class Piece:
    """A subject scaled and laid on the image's square, nothing elsewhere.

    ``photo`` is all of its photo there (drawn out beyond its borders), ``colours`` the
    subject's own, ``alpha`` how much of each pixel it is.
    """

    photo: Pixels
    colours: Colours
    alpha: Map


def draw_place(
    cut: CutOut,
    old: tuple[float, float, float, float] | None,
    size: int,
    variety: float,
    rng: Generator,
) -> Place:
    """Where the subject of ``cut`` stands in an image of ``size`` pixels.

    It takes the place and size of the subject that stood there (``old``: left, top, right,
    bottom in pixels of the image), if one did. A subject that its photo cuts off at a border is
    cut off by the image's border on that side as well: nothing ends in mid-air.
    """
    left, top, right, bottom = cut.box
    wide = cut.alpha.shape[1]
    across, down = right - left, bottom - top
    flip = bool(rng.random() < 0.5 and variety > 0)
    grow = float(np.exp(rng.uniform(-0.25, 0.2) * variety))
    move = rng.uniform(-0.1, 0.1, 2) * variety * size
    at_left, at_top, at_right, at_bottom = _cut_off(cut)
    if flip:
        left, right, at_left, at_right = wide - right, wide - left, at_right, at_left
    if old is None:
        scale = grow * 0.7 * size / max(across, down)
        x, foot = size / 2 + move[0], 0.92 * size
    else:
        space = (old[2] - old[0]) * (old[3] - old[1])
        scale = grow * float(np.sqrt(1.15 * space / (across * down)))
        x, foot = (old[0] + old[2]) / 2 + move[0], min(old[3], 0.97 * size)
    scale = min(max(scale, 0.4 * size / max(across, down)), 1.1 * size / max(across, down))
    if at_left and at_right:
        scale = max(scale, size / across)
    if at_top and at_bottom:
        scale = max(scale, size / down)
    x0 = x - (left + right) / 2 * scale
    y0 = foot + move[1] / 2 - bottom * scale
    if at_left != at_right:
        x0 = -left * scale if at_left else size - right * scale
    elif at_left:
        x0 = min(max(x0, size - right * scale), -left * scale)
    if at_bottom and not at_top:
        y0 = size - bottom * scale
    elif at_top and not at_bottom:
        y0 = -top * scale
    elif at_top:
        y0 = min(max(y0, size - bottom * scale), -top * scale)
    else:
        # All of it is seen, as in its photo; the smaller wish gives way.
        y0 = min(max(y0, -top * scale), max(size - bottom * scale, -top * scale))
    if not (at_left or at_right):
        x0 = min(max(x0, -left * scale), max(size - right * scale, -left * scale))
    return Place(scale, round(x0), round(y0), flip)


def _cut_off(cut: CutOut) -> tuple[bool, bool, bool, bool]:
    """Whether the subject goes on beyond its photo's left, top, right and bottom border."""
    subject = cut.alpha > 0.5
    left, top, right, bottom = cut.box
    across, down = _TOUCH * (right - left), _TOUCH * (bottom - top)
    return (
        bool(subject[:, 0].sum() > down),
        bool(subject[0].sum() > across),
        bool(subject[:, -1].sum() > down),
        bool(subject[-1].sum() > across),
    )


def lay(photo: Pixels, cut: CutOut, place: Place, size: int) -> Piece:
    """The subject of ``photo`` at its ``place``."""
    target = (
        max(1, round(photo.shape[1] * place.scale)),
        max(1, round(photo.shape[0] * place.scale)),
    )
    way = cv2.INTER_AREA if place.scale < 1 else cv2.INTER_CUBIC
    layers = (photo, own_colours(photo, cut.alpha), cut.alpha)
    resized = [cv2.resize(layer, target, interpolation=way) for layer in layers]
    if place.flip:
        resized = [np.ascontiguousarray(layer[:, ::-1]) for layer in resized]
    shift = np.array([[1, 0, place.left], [0, 1, place.top]], np.float32)
    whole, colours, alpha = (
        cv2.warpAffine(layer, shift, (size, size), flags=cv2.INTER_NEAREST, borderMode=border)
        for layer, border in zip(
            resized,
            (cv2.BORDER_REPLICATE, cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT),
            strict=True,
        )
    )
    return Piece(whole, np.clip(colours, 0, 1), np.clip(alpha, 0, 1))


def footprint(cut: CutOut, place: Place, size: int, side: int) -> Map:
    """How much of each of ``side`` × ``side`` places of the image the subject covers. Coarse."""
    small = side / size
    scale = place.scale * small
    across = cut.alpha.shape[1] * scale if place.flip else 0.0
    matrix = np.array(
        [
            [-scale if place.flip else scale, 0, place.left * small + across],
            [0, scale, place.top * small],
        ],
        np.float32,
    )
    covered: Map = cv2.warpAffine(cut.alpha, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return covered


def swap(piece: Piece, ground: Pixels) -> Pixels:
    """The subject on ``ground`` [size, size]: its light drawn towards the ground's, a faint shadow."""
    size = ground.shape[0]
    base = ground.astype(np.float32) / 255
    colours = _in_light(piece.colours, piece.alpha, base)
    shadow = cv2.GaussianBlur(piece.alpha, (0, 0), size / 40)
    down = np.array([[1, 0, 0], [0, 1, size // 64]], np.float32)
    shadow = cv2.warpAffine(shadow, down, (size, size), borderMode=cv2.BORDER_REPLICATE)
    base = base * (1 - _SHADOW * shadow[..., None])
    share = piece.alpha[..., None]
    return to_pixels(share * colours + (1 - share) * base)


def seamless(piece: Piece, ground: Pixels) -> Pixels:
    """The subject joined to ``ground`` without a seam; away from its edge it keeps its colours."""
    return paste_seamlessly(piece.photo, ground, piece.alpha > 0.5, own=_OWN)


def to_pixels(colours: Colours) -> Pixels:
    """Colours in [0, 1] as bytes."""
    pixels: Pixels = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    return pixels


def _in_light(colours: Colours, alpha: Map, ground: Colours) -> Colours:
    """``colours`` with their mean in Lab drawn towards the ground's (Reinhard et al., 2001)."""
    lab, other = (cv2.cvtColor(image, cv2.COLOR_RGB2LAB) for image in (colours, ground))
    subject: NDArray[np.bool_] = alpha > 0.5
    if subject.sum() < 16:
        return colours
    own, new = lab[subject], other.reshape(-1, 3)
    shift = np.clip(_LIGHT * (new.mean(0) - own.mean(0)), [-14, -7, -7], [14, 7, 7])
    lit: Colours = np.clip(cv2.cvtColor((lab + shift).astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1)
    return lit
