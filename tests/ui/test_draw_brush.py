"""The brush: coverage of dabs and strokes, smooth curves, pressure, symmetry."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect

from catstudio.ui.draw.brush import Brush, Curve, Dab, cover, pieces
from catstudio.ui.draw.symmetry import Symmetry, mirrored


def covered(*parts: tuple[Dab, Dab], hardness: float = 1.0, side: int = 64) -> np.ndarray:
    target = np.zeros((side, side), np.uint8)
    for one, other in parts:
        cover(target, one, other, hardness)
    return target


def test_a_dot_covers_the_area_of_its_circle() -> None:
    dot = Dab(32, 32, 10, 1)
    area = covered((dot, dot)).sum() / 255
    assert area == pytest.approx(np.pi * 10**2, rel=0.01)


def test_a_segment_is_a_rectangle_with_round_ends() -> None:
    area = covered((Dab(20, 32, 6, 1), Dab(44, 32, 6, 1))).sum() / 255
    assert area == pytest.approx(24 * 12 + np.pi * 6**2, rel=0.01)


def test_a_soft_brush_falls_off_to_the_rim_and_never_rises() -> None:
    dot = Dab(32.5, 32.5, 16, 1)
    row = covered((dot, dot), hardness=0.0)[32, 32:50].astype(int)
    assert row[0] > 240
    assert (np.diff(row) <= 0).all()
    assert row[-1] == 0


def test_crossing_itself_makes_a_stroke_no_darker() -> None:
    once = (Dab(10, 32, 5, 0.5), Dab(54, 32, 5, 0.5))
    assert covered(once, once, once).max() == covered(once).max() == 128


def test_what_changed_is_what_is_said_to_have_changed() -> None:
    target = np.zeros((64, 64), np.uint8)
    dirty = cover(target, Dab(-3, 10, 8, 1), Dab(20, 70, 4, 1), 0.5)
    down, across = np.nonzero(target)
    assert dirty.contains(
        QRect(int(across.min()), int(down.min()), int(np.ptp(across)) + 1, int(np.ptp(down)) + 1)
    )
    assert cover(target, Dab(-50, -50, 8, 1), Dab(-60, -60, 8, 1), 1.0).isEmpty()


def test_pressure_sets_width_or_opacity_as_wished() -> None:
    brush = Brush(size=20)
    assert brush.dab(0, 0, 0.5).radius == 5
    assert brush.dab(0, 0, 0.5).flow == 1
    fading = Brush(size=20, pressure_sizes=False, pressure_fades=True)
    assert fading.dab(0, 0, 0.5) == Dab(0, 0, 10, 0.5)
    assert brush.dab(0, 0, 0.0).radius > 0


points = st.lists(
    st.tuples(st.floats(-50, 150), st.floats(-50, 150), st.floats(0, 1)), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(points)
def test_a_curve_is_one_line_from_the_first_point_to_the_last(hand) -> None:
    brush = Brush(size=12)
    dabs = [brush.dab(*point) for point in hand]
    curve = Curve(dabs[0])
    parts = list(curve.begin())
    for dab in dabs[1:]:
        parts += list(curve.move(dab))
    parts += list(curve.end())
    assert parts[0][0] == dabs[0]
    assert parts[-1][1] == pytest.approx(dabs[-1], abs=1e-6)
    for (_, end), (start, _) in itertools.pairwise(parts):
        assert end == pytest.approx(start, abs=1e-6)


def test_a_long_way_is_cut_into_pieces() -> None:
    parts = list(pieces(Dab(0, 0, 2, 1), Dab(1000, 1000, 2, 1)))
    assert len(parts) > 20
    assert parts[-1][1] == pytest.approx(Dab(1000, 1000, 2, 1))


@pytest.mark.parametrize(("symmetry", "copies"), [("none", 1), ("vertical", 2), ("both", 4)])
def test_symmetry_repeats_a_dab(symmetry: str, copies: int) -> None:
    transforms = Symmetry(symmetry).transforms(100, 60)
    places = {mirrored(Dab(10, 20, 3, 1), one)[:2] for one in transforms}
    assert len(places) == copies
    assert (10, 20) in places
    if copies == 4:
        assert places == {(10, 20), (90, 20), (10, 40), (90, 40)}
