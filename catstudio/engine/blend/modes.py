"""The modes of blending that work on pixels, by the ids that :mod:`catstudio.sources.blend` declares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from catstudio.engine.blend.arrays import Pixels
from catstudio.engine.blend.cutout import CutOut
from catstudio.engine.blend.cutting import Ground
from catstudio.engine.blend.job import Bench, Blend, Made
from catstudio.engine.blend.mixing import (
    balanced,
    cut_mix,
    draw_boxes,
    draw_weights,
    ghosting,
    is_ghostly,
    mix,
)
from catstudio.engine.blend.morph import Matches, match_features, match_outlines, thinned, warp
from catstudio.engine.blend.placing import Place, draw_place, footprint, lay, seamless, swap
from catstudio.engine.blend.poses import Shown
from catstudio.engine.blend.windows import Window, draw_anywhere, draw_window, facing

_UNSURE = 0.6
"""A cut-out of less confidence is pointed out to the reviewer."""
_SHAPELESS = 0.35
"""An outline of less confidence is none to morph along."""
_INVENTED = 0.2
"""From this part of the image on, filled-in ground is pointed out."""
_ENLARGED = 1.5
_TRIES = 12
"""Places that are compared before one is taken."""
_UNSEEN = 0.02
_SLIVER = 0.2
_COARSE = 48
_ROOM = 1.7
"""How much larger than the old subject the part of a background is that is shown."""
_FEW_POINTS = 8
_MATCH_SIDE = 256
"""Features are matched at this size at least: smaller pictures have few."""


def overlay(bench: Bench, shown: list[Shown], rng: Generator) -> Made:
    """Aligned by their subjects and averaged, with weights near the balance."""
    views, windows = _aligned(bench, shown, rng)
    weights = balanced(len(views), _near(bench, rng))
    params = {"windows": _told(shown, windows), "weights": [round(weight, 5) for weight in weights]}
    ghost = ghosting(views, weights)
    flags = ("ghosting",) if is_ghostly(ghost) else ()
    return Made(mix(views, weights), weights, {**params, "ghosting": round(ghost, 3)}, flags=flags)


def mixup(bench: Bench, shown: list[Shown], rng: Generator) -> Made:
    """MixUp (Zhang et al., 2018)."""
    views, windows = _aligned(bench, shown, rng)
    weights = draw_weights(len(views), bench.options["alpha"], rng)
    return Made(mix(views, weights), weights, {"windows": _told(shown, windows), "lambda": weights})


def cutmix(bench: Bench, shown: list[Shown], rng: Generator) -> Made:
    """CutMix (Yun et al., 2019); ``lambda`` is the part of each that is seen, as in the paper."""
    views, windows = _aligned(bench, shown, rng)
    weights = draw_weights(len(views), bench.options["alpha"], rng)
    boxes = draw_boxes(bench.size, weights, rng)
    image, shares = cut_mix(views, boxes)
    return Made(image, shares, {"windows": _told(shown, windows), "boxes": boxes, "lambda": shares})


def foreground(bench: Bench, shown: list[Shown], rng: Generator) -> Made:
    """The first parent's subject on the second one's ground, edge by edge."""
    return _placed(bench, shown, rng, is_seamless=False)


def poisson(bench: Bench, shown: list[Shown], rng: Generator) -> Made:
    """The first parent's subject joined to the second one's ground without a seam."""
    return _placed(bench, shown, rng, is_seamless=True)


def morphed(bench: Bench, shown: list[Shown], rng: Generator) -> Made:
    """Between two, along features that both show, or else along their subjects' outlines."""
    views, windows = _aligned(bench, shown, rng)
    t = _near(bench, rng)
    matches = _matches(bench, shown, windows)
    found = 0 if matches is None else len(matches)
    params: dict[str, Any] = {
        "windows": _told(shown, windows),
        "t": t,
        "matched_points": found,
    }
    weights = [1 - t, t]
    if matches is None:
        params["along"] = "none"
        bench.warn_once(
            "Some photos have too few matching points to morph.",
            "They were laid over each other instead, and are flagged; photos of like pose morph best.",
        )
    else:
        params["along"] = matches.source
        params["points"] = np.round(np.hstack([matches.first, matches.second]), 1).tolist()
        views = list(warp(views[0], views[1], matches, t))
    ghost = ghosting(views, weights)
    flags = [
        *(["few matching points"] if matches is None or matches.source != "features" else []),
        *(["ghosting"] if is_ghostly(ghost) else []),
    ]
    params["ghosting"] = round(ghost, 3)
    return Made(mix(views, weights), weights, params, flags=tuple(flags))


BLENDS: dict[str, Blend] = {
    "overlay": overlay,
    "mixup": mixup,
    "cutmix": cutmix,
    "foreground": foreground,
    "poisson": poisson,
    "morph": morphed,
}


def _near(bench: Bench, rng: Generator) -> float:
    """The balance of one image: what was asked for, give or take a quarter at full variety."""
    asked = float(bench.options["balance"])
    drawn = asked + 0.25 * bench.variety * rng.uniform(-1, 1)
    return round(float(min(max(drawn, 0.0), 1.0)), 5)


def _aligned(bench: Bench, shown: list[Shown], rng: Generator) -> tuple[list[Pixels], list[Window]]:
    """A view of each parent with its subject in the middle, facing as the first one does."""
    views: list[Pixels] = []
    windows: list[Window] = []
    for _, photo in shown:
        bench.context.check_cancelled()
        window = draw_window(photo, bench.variety, rng)
        if views:
            window = facing(photo, window, views[0])
        windows.append(window)
        views.append(window.show(photo, bench.size))
    return views, windows


def _told(shown: list[Shown], windows: list[Window]) -> list[dict[str, Any]]:
    return [window.params(photo) for window, (_, photo) in zip(windows, shown, strict=True)]


def _matches(bench: Bench, shown: list[Shown], windows: list[Window]) -> Matches | None:
    """Points that match, in pixels of the image; None when there are too few."""
    side = max(bench.size, _MATCH_SIDE)
    first, second = (
        window.show(photo, side) for window, (_, photo) in zip(windows, shown, strict=True)
    )
    bench.context.check_cancelled()
    matches = match_features(first, second)
    if matches is None:
        cuts = [bench.cutter.cut(*one) for one in shown]
        if min(cut.confidence for cut in cuts) >= _SHAPELESS:
            maps = [
                window.show_map(cut.alpha, side) for window, cut in zip(windows, cuts, strict=True)
            ]
            matches = match_outlines(*maps)
    if matches is None:
        return None
    matches = thinned(matches, side)
    if len(matches) < _FEW_POINTS:
        return None
    # Pixel middles lie at whole numbers: the last of one size is the last of the other.
    scale = np.float32((bench.size - 1) / (side - 1))
    return Matches(matches.first * scale, matches.second * scale, matches.source)


def _placed(bench: Bench, shown: list[Shown], rng: Generator, is_seamless: bool) -> Made:
    (parent, photo), (other, scene) = shown
    size = bench.size
    cut = bench.cutter.cut(parent, photo)
    ground = bench.cutter.ground(other, scene)
    window, place = _best_place(bench, cut, ground, rng)
    bench.context.check_cancelled()
    piece = lay(np.asarray(photo), cut, place, size)
    view = window.show(ground.photo, size)
    image = seamless(piece, view) if is_seamless else swap(piece, view)
    share = float(piece.alpha.mean())
    invented = 0.0
    if ground.hole is not None:
        invented = float((window.show_map(ground.hole, size) * (1 - piece.alpha)).mean())
    flags = [
        *(["poor cut-out"] if cut.confidence < _UNSURE else []),
        *(["cut-out in pieces"] if cut.pieces > 1 else []),
        *(["invented background"] if invented > _INVENTED else []),
        *(["enlarged subject"] if place.scale > _ENLARGED else []),
    ]
    params = {
        "window": window.params(scene),
        "place": place.params(size),
        "mask_source": cut.source,
        "mask_confidence": round(cut.confidence, 3),
        "invented": round(invented, 3),
    }
    score = round(cut.confidence * (1 - min(1.0, invented)), 4)
    return Made(image, [share, 1 - share], params, score, tuple(flags), labelled_by=0)


def _best_place(bench: Bench, cut: CutOut, ground: Ground, rng: Generator) -> tuple[Window, Place]:
    """Of some windows of the ground and places in them, those that show least of the old subject.

    The first puts the new subject where the old one was; the others are anywhere.
    """
    size, variety = bench.size, bench.variety
    found: list[tuple[float, Window, Place]] = []
    for turn in range(_TRIES):
        if turn == 0:
            window = draw_window(ground.photo, variety, rng, margin=_ROOM)
        else:
            window = draw_anywhere(ground.photo, variety, rng)
        box = None if ground.box is None else window.place(ground.box, size)
        # A sliver of the old subject at the border is no place for the new one.
        stood = box is not None and min(box[2] - box[0], box[3] - box[1]) > _SLIVER * size
        place = draw_place(cut, box if stood else None, size, variety, rng)
        shown = window.show_map(ground.trace, _COARSE)
        left = float((shown * (1 - footprint(cut, place, size, _COARSE))).mean())
        found.append((left, window, place))
        if left < _UNSEEN:
            break
    _, window, place = min(found, key=lambda one: one[0])
    return window, place
