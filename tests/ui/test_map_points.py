"""Points on the screen: fitted, moved, found, thinned; groups and their colours; no window."""

from __future__ import annotations

import numpy as np
import pytest

from catstudio.core.types import Split, State
from catstudio.sources import SOURCES
from catstudio.ui.map import points
from catstudio.ui.map.colouring import COLOURS, Answers, ColourBy, colouring
from catstudio.ui.map.feed import Layout
from catstudio.ui.map.points import Places, View
from catstudio.ui.map.shown import prepare
from tests.ui.test_gallery_filters import record

ALL = np.ones(5, bool)
CROSS = np.array([[0, 0], [10, 0], [-10, 1], [0, 10], [1, -10]], np.float32)


def test_all_fits_and_one_odd_image_shrinks_nothing() -> None:
    view = View.fitting(Places.of(CROSS), 300, 200, 20)
    screen = view.to_screen(CROSS)
    assert (screen >= 20 - 1).all() and (screen <= [281, 181]).all()
    crowd = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)
    crowd[0] = 1e6
    assert View.fitting(Places.of(crowd), 300, 200, 20).scale > 10


@pytest.mark.parametrize("xy", [np.empty((0, 2)), np.ones((1, 2)), np.ones((9, 2))])
def test_nothing_and_one_place_lie_in_the_middle(xy: np.ndarray) -> None:
    view = View.fitting(Places.of(xy.astype(np.float32)), 300, 200, 20)
    assert np.allclose(view.to_screen(xy.astype(np.float32)), [150, 100])


def test_places_are_mixed_the_same_way_each_time() -> None:
    # While a map takes shape, the same image stays above the same neighbours.
    one, other = Places.of(CROSS), Places.of(CROSS * 2)
    assert sorted(one.mixed) == list(range(5)) and (one.mixed == other.mixed).all()
    assert len(Places.of(np.empty((0, 2))).mixed) == 0


def test_zoom_keeps_what_is_under_the_pointer() -> None:
    view = View.fitting(Places.of(CROSS), 300, 200, 20)
    at = view.to_screen(CROSS)[1]
    nearer = view.zoomed(3, float(at[0]), float(at[1]))
    np.testing.assert_allclose(nearer.to_screen(CROSS)[1], at, atol=1e-3)
    assert nearer.scale == pytest.approx(3 * view.scale)
    assert view.zoomed(1e9, 0, 0).scale == view.most and view.zoomed(0, 0, 0).scale == view.least
    np.testing.assert_allclose(
        view.moved(5, -7).to_screen(CROSS), view.to_screen(CROSS) + np.array([5, -7]), atol=1e-3
    )


def test_the_nearest_within_reach_that_is_allowed() -> None:
    assert points.nearest(CROSS, 9, 1, 4, ALL) == 1
    assert points.nearest(CROSS, 5, 5, 4, ALL) is None
    assert points.nearest(CROSS, 9, 1, 30, ~np.eye(5, dtype=bool)[1]) == 0


@pytest.mark.parametrize(
    ("way", "expected"), [((1, 0), 1), ((-1, 0), 2), ((0, 1), 3), ((0, -1), 4)]
)
def test_arrows_go_to_the_next_on_that_side(way: tuple[int, int], expected: int) -> None:
    assert points.ahead(CROSS, 0, *way, ALL) == expected
    assert points.ahead(CROSS, expected, *way, ALL) is None


def test_of_points_on_one_pixel_the_last_is_drawn() -> None:
    screen = np.array([[5.1, 5.1], [9, 9], [5.4, 5.2], [-3, 0.2]], np.float32)
    assert points.thinned(screen, 1.0).tolist() == [1, 2, 3]
    assert points.in_sight(screen, 8, 8, 2).tolist() == [True, True, True, False]


def test_every_image_has_one_colour() -> None:
    records = [
        record("a", split=Split.TEST),
        record("b", label=None, source="seed"),
        None,
        record("c", label="dog", source="elsewhere"),
    ]
    by_source = colouring(records, ColourBy.SOURCE, ("cat", "dog"), None)
    assert [g.title for g in by_source.groups] == [
        SOURCES["photo"].title, SOURCES["seed"].title, "elsewhere"
    ]  # fmt: skip
    assert by_source.codes == [0, 1, -1, 2]
    by_label = colouring(records, ColourBy.LABEL, ("cow", "cat", "dog"), None)
    assert [(g.title, g.role, g.count) for g in by_label.groups] == [
        ("cat", COLOURS[1], 1), ("dog", COLOURS[2], 1), ("No label", "muted", 1)
    ]  # fmt: skip
    by_split = colouring(records, ColourBy.SPLIT, (), None)
    assert [g.title for g in by_split.groups] == ["Test", "No split"]
    tested = Answers.of(3, {"mistakes": [{"id": "a"}], "predictions": [{"id": "a"}, {"id": "b"}]})
    by_mistake = colouring(records, ColourBy.MISTAKE, (), tested)
    assert [(g.title, g.count, g.is_marked) for g in by_mistake.groups] == [
        ("Not tested on", 1, False), ("Called rightly", 1, False), ("Mistakes", 1, True)
    ]  # fmt: skip
    untested = colouring(records, ColourBy.MISTAKE, (), None)
    assert [g.title for g in untested.groups] == ["Not tested on"]


def test_the_map_says_what_it_lacks_and_what_is_hidden() -> None:
    records = [record("a"), record("b", state=State.TRASHED), record("c"), record("d")]
    layout = Layout(("aaaa", "bbbb", "cccc", "gone"), np.zeros((4, 2)), "pca")
    shown = prepare(layout, records, {"a", "d"}, frozenset(), ColourBy.LABEL, ("cat",), None)
    assert shown.ids == ["a", "", "c", ""] and shown.missing == 1
    assert shown.allowed.tolist() == [True, False, False, False] and shown.rows == {"a": 0, "c": 2}
    off = prepare(layout, records, {"a", "c"}, {"cat"}, ColourBy.LABEL, ("cat",), None)
    assert not any(off.allowed) and not off.looks_like(shown)
    assert off.looks_like(off)
