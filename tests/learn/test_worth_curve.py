"""The learning curve of real photos, and what is read off it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.learn.fitting import TrainingSet
from catstudio.learn.worth import wording
from catstudio.learn.worth.arms import Arm, Arms, TestPhotos
from catstudio.learn.worth.exchange import Exchange, has_enough
from catstudio.learn.worth.fits import PartFitter
from catstudio.learn.worth.learning_curve import (
    MANY,
    REPEATS,
    REPEATS_OF_MANY,
    Curve,
    RealPhotos,
    Resampled,
    curve_points,
    measure_curve,
    repeats_of,
)
from catstudio.learn.worth.rate import MIN_TEST_LINEAGES, Worth
from tests.learn.worth_world import LABELS, World, photos, real_world, unseen

N_TEST = 1000
TRUTH = np.repeat([0, 1], N_TEST)
TEST = TestPhotos(np.zeros((2 * N_TEST, 1)), TRUTH, np.arange(2 * N_TEST))


def arm(accuracy: float, n: int = 1) -> Arm:
    """Right on the same share of both labels, always on the same photos first."""
    is_right = np.tile(np.arange(N_TEST) < round(accuracy * N_TEST), 2)
    answer = np.where(is_right, TRUTH, 1 - TRUTH)
    return Arm(n, np.eye(2)[answer], TEST)


def curve(per_photo: float = 0.005, n: int = 32) -> Curve:
    """Accuracy rises by ``per_photo`` with each real photo."""
    real = RealPhotos(real_world(n).training, 2)
    return measure_curve(
        real,
        lambda rows: arm(0.5 + per_photo * len(rows), len(rows)),
        arm(0.5 + per_photo * 2 * n),
        seed=0,
    )


def families_of(n: int = 12) -> tuple[RealPhotos, TrainingSet]:
    """Photos in bursts of three, and images made from one, two and none of them."""
    world = real_world(0)
    bursts = [(f"burst{i // 3}",) for i in range(n)]
    world.add("photo", photos(n, 0, 1), 0, is_real=True, lineages=bursts)
    world.add("photo", photos(4, 1, 2), 1, is_real=True)
    made = [("burst0",), ("burst0", "burst1"), ("free",), ()]
    world.add("augment", photos(4, 0, 3), 0, lineages=made)
    return RealPhotos(world.training, 2), world.training


def test_near_copies_count_as_one_photo_and_stay_together() -> None:
    real, data = families_of()
    assert real.n == 4 + 4
    assert real.counts[-1] == 8
    generator = np.random.default_rng(0)
    for families in real.draw(generator):
        rows = real.photos(families)
        in_bursts = [data.lineages[int(i)][0] for i in rows if data.y[i] == 0]
        assert all(in_bursts.count(name) == 3 for name in in_bursts)


def test_what_derives_from_a_photo_left_out_is_left_out() -> None:
    real, data = families_of()
    made = np.flatnonzero(~data.is_real)
    family = {data.lineages[int(i)][0]: f for i, f in zip(real.rows, real._family, strict=True)}
    every = np.unique(real._family)
    without_first = np.setdiff1d(every, [family["burst0"]])
    without_second = np.setdiff1d(every, [family["burst1"]])
    assert real.without_descendants(made, every).tolist() == made.tolist()
    assert real.without_descendants(made, without_first).tolist() == made[2:].tolist()
    assert real.without_descendants(made, without_second).tolist() == made[[0, 2, 3]].tolist()


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), min_size=2, max_size=4))
def test_sizes_grow_to_all_photos_and_never_lose_a_label(per_label: list[int]) -> None:
    y = np.repeat(np.arange(len(per_label)), per_label)
    n = len(y)
    lineages = [(f"p{i}",) for i in range(n)]
    data = TrainingSet(np.zeros((n, 1)), y, lineages, np.ones(n, bool), np.ones(n))
    real = RealPhotos(data, len(per_label))
    assert real.sizes.min() >= 1
    assert real.sizes[-1].tolist() == per_label
    assert (np.diff(real.counts) > 0).all()
    draw = real.draw(np.random.default_rng(0))
    for families, size in zip(draw, real.sizes, strict=True):
        rows = real.photos(families)
        assert np.bincount(y[rows], minlength=len(size)).tolist() == size.tolist()
    for smaller, larger in itertools.pairwise(draw):
        assert set(smaller) <= set(larger)


def test_points_say_mean_spread_and_repeats() -> None:
    found = curve()
    points = curve_points(found, lambda one: one.balanced_accuracy)
    assert [p["n"] for p in points] == found.photos.counts.tolist()
    assert points[-1]["repeats"] == 1
    assert {p["repeats"] for p in points[:-1]} == {REPEATS}
    for point in points:
        assert point["mean"] == pytest.approx(0.5 + 0.005 * point["n"], abs=1e-3)
        assert point["low"] <= point["mean"] + 1e-9
        assert point["mean"] <= point["high"] + 1e-9


def test_of_many_photos_fewer_subsamples_are_drawn() -> None:
    assert repeats_of(MANY - 1) == REPEATS
    assert repeats_of(MANY) == REPEATS_OF_MANY


def test_resampled_accuracies_scatter_around_the_measured_one() -> None:
    resampled = Resampled(TEST, 4, seed=0)
    values = resampled([arm(0.7), arm(0.8), arm(0.7), arm(0.8)])
    assert values.mean() == pytest.approx(0.75, abs=0.003)
    # One set of photos and four subsamples: p(1 - p) / n, and the repeats' own spread.
    alone = resampled([arm(0.75)])
    assert alone.std() == pytest.approx(np.sqrt(0.75 * 0.25 / (2 * N_TEST)), rel=0.1)
    assert values.std() > alone.std()


@pytest.mark.parametrize(("added", "about"), [(6, 6), (20, 20), (0, 0)])
def test_an_accuracy_is_read_off_as_photos(added: int, about: int) -> None:
    exchange = Exchange(curve(), seed=0)
    assert exchange.base is not None
    base = exchange._curve.photos.counts[exchange.base]
    worth = exchange.worth(exchange.base, [arm(0.5 + 0.005 * (base + added))] * REPEATS, 10)
    assert worth.value == pytest.approx(about, abs=1.0)
    assert worth.base == base
    assert worth.low is not None
    assert worth.low <= about <= (worth.most if worth.high is None else worth.high)


def test_beyond_the_curve_nothing_is_made_up() -> None:
    exchange = Exchange(curve(), seed=0)
    assert exchange.base is not None
    above = exchange.worth(exchange.base, [arm(0.99)] * REPEATS, 10)
    assert (above.value, above.high) == (None, None)
    assert above.low is not None
    assert "worth more than the 32 real photos that could be measured" in wording.amount_text(above)
    below = exchange.worth(exchange.base, [arm(0.3)] * REPEATS, 10)
    assert (below.value, below.low) == (None, None)
    assert "as bad as losing more than the" in wording.amount_text(below)


def test_the_base_is_half_of_the_photos_where_more_of_them_help() -> None:
    exchange = Exchange(curve(), seed=0)
    assert exchange._curve.photos.counts[exchange.half] == 32
    assert exchange.base == exchange.half


def test_on_a_flat_curve_there_is_no_base() -> None:
    exchange = Exchange(curve(per_photo=0.0), seed=0)
    assert exchange.base is None
    assert exchange.rise(0) == pytest.approx((0.0, 0.0, 0.0))


def test_a_dip_in_the_curve_is_bridged() -> None:
    wavy = curve()
    at = len(wavy.arms) // 2
    wavy.arms[at] = [arm(0.5)] * REPEATS
    exchange = Exchange(wavy, seed=0)
    assert exchange.base is not None
    worth = exchange.worth(exchange.base, [arm(0.78)] * REPEATS, 10)
    assert worth.value is not None
    assert 0 <= worth.value <= worth.most


def test_few_test_photos_are_not_resampled() -> None:
    n = MIN_TEST_LINEAGES
    truth = np.repeat([0, 1], n)
    x = np.zeros((2 * n, 1))
    assert has_enough(TestPhotos(x, truth, np.arange(2 * n)))
    in_pairs = np.arange(2 * n) // 2
    assert not has_enough(TestPhotos(x, truth, in_pairs))


def measured(world: World, n_test: int, seed: int) -> Worth:
    """What the images of "seed" are worth beside half of the real photos."""
    data, test = world.training, unseen(n_test, seed, width=3.0)
    blocks = (~data.is_real).astype(np.intp)
    arms = Arms(PartFitter(data, blocks, 2, 10.0), data.y, LABELS, test, 1.0, None, 200)
    real = RealPhotos(data, 2)
    found = measure_curve(real, arms.of, arms.of(real.rows), seed=0)
    exchange = Exchange(found, seed=0)
    made = np.flatnonzero(~data.is_real)
    half = exchange.half
    both = [arms.of(np.union1d(real.photos(draw[half]), made)) for draw in found.draws]
    return exchange.worth(half, both, len(made))


def test_its_interval_holds_what_many_more_test_photos_say() -> None:
    held = 0
    for seed in range(0, 10_000, 1000):
        world = real_world(16, seed, width=3.0)
        for label in (0, 1):
            world.add("seed", photos(8, label, seed + 10 + label, 3.0), label)
        few, many = measured(world, 100, seed + 100), measured(world, 800, seed + 200)
        low = -np.inf if few.low is None else few.low
        high = np.inf if few.high is None else few.high
        # An infinite number of photos is one beyond the curve, in the direction of its bound.
        beyond = np.inf if many.high is None else -np.inf
        held += low <= (beyond if many.value is None else many.value) <= high
    assert held >= 9
