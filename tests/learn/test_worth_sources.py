"""All that is said of the sources of one run, on worlds whose answers are known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from catstudio.learn.features import unit
from catstudio.learn.fitting import fit_head
from catstudio.learn.metrics import balanced_accuracy
from catstudio.learn.shapley import EXACT_UP_TO
from catstudio.learn.worth import TestPhotos, value_sources, wording
from tests.learn.worth_world import DIM, LABELS, World, photos, plain_space, real_world, unseen

STRENGTH = 10.0
KEYS = {
    "source",
    "is_real",
    "n",
    "n_with_copies",
    "n_by_label",
    "effective_n",
    "ablation",
    "without",
    "alone",
    "shapley",
    "shapley_auc",
    "worth_real_photos",
    "worth_text",
    "text",
}


def valued(world: World, test: TestPhotos | None = None, **changes: Any) -> dict[str, Any]:
    labels = changes.pop("labels", LABELS)
    found = value_sources(
        world.training,
        world.sources,
        unseen(60) if test is None else test,
        labels,
        plain_space(),
        STRENGTH,
        **changes,
    )
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {frozenset(one) for one in found["sources"]} == {frozenset(KEYS)}
    return found


def source(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["sources"] if one["source"] == name)


def noise(n: int, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32))


def mixed_world(n: int = 24) -> World:
    """Photos, more of the kind that were made, copies of one photo, and noise."""
    world = real_world(n)
    for label in (0, 1):
        world.add("seed", photos(2 * n, label, 10 + label), label)
    twin = world.x[0][:1]
    world.add("augment", np.repeat(twin, 40, axis=0), 0, lineages=[world.lineages[0]] * 40)
    for label in (0, 1):
        world.add("diffusers", noise(n, 20 + label), label)
    return world


@pytest.fixture(scope="module")
def mixed() -> dict[str, Any]:
    return valued(mixed_world(), unseen(200))


def test_good_fakes_help_and_noise_does_harm(mixed: dict[str, Any]) -> None:
    good, bad = source(mixed, "seed"), source(mixed, "diffusers")
    assert good["ablation"]["delta_auc"]["value"] > 0 > bad["ablation"]["delta_auc"]["high"]
    assert good["shapley"] > 0 > bad["ablation"]["delta"]
    assert "lowered balanced accuracy" in bad["ablation"]["text"]
    assert bad["without"]["delta"] > 0
    assert good["shapley"] > bad["shapley"]
    assert not mixed["why_not"]


def test_shapley_values_sum_to_everything_over_guessing(mixed: dict[str, Any]) -> None:
    everything = next(arm for arm in mixed["arms"] if arm["id"] == "all")
    for figure, key in (("balanced_accuracy", "shapley"), ("auc", "shapley_auc")):
        total = sum(one[key] for one in mixed["sources"])
        assert total == pytest.approx(everything[figure]["value"] - 0.5, abs=1e-6)


def test_variety_is_the_number_of_images_that_differ(mixed: dict[str, Any]) -> None:
    assert source(mixed, "augment")["effective_n"] == pytest.approx(1.0, abs=1e-3)
    assert source(mixed, "augment")["n"] == 40
    assert 20 < source(mixed, "photo")["effective_n"] < 48


def test_the_arms_are_the_ablation(mixed: dict[str, Any]) -> None:
    arms = {arm["id"]: arm for arm in mixed["arms"]}
    assert list(arms)[:2] == ["real", "all"]
    made = ("seed", "augment", "diffusers")
    assert set(arms) == {"real", "all", "all-photo", *made} | {
        f"{kind}{name}" for kind in ("real+", "all-") for name in made
    }
    for name in made:
        gain = source(mixed, name)["ablation"]
        real, both = arms["real"], arms[f"real+{name}"]
        value = both["balanced_accuracy"]["value"] - real["balanced_accuracy"]["value"]
        assert gain["delta"] == pytest.approx(value)
        assert arms[f"real+{name}"]["n"] == 48 + source(mixed, name)["n"]
        assert arms[f"real+{name}"]["n_test"] == 400
        loss = source(mixed, name)["without"]
        value = arms[f"all-{name}"]["auc"]["value"] - arms["all"]["auc"]["value"]
        assert loss["delta_auc"]["value"] == pytest.approx(value, abs=1e-6)
    # One label alone can only guess.
    assert source(mixed, "augment")["alone"]["balanced_accuracy"] == 0.5
    assert arms["augment"]["balanced_accuracy"]["low"] is None


def test_everything_together_is_the_runs_own_head(mixed: dict[str, Any]) -> None:
    test = unseen(200)
    head = fit_head(mixed_world().training, LABELS, plain_space(), strength=STRENGTH)
    expected = balanced_accuracy(test.y, head.scores(test.x).argmax(axis=1))
    everything = next(arm for arm in mixed["arms"] if arm["id"] == "all")
    assert everything["balanced_accuracy"]["value"] == pytest.approx(expected, abs=1e-9)


def test_what_is_real_is_measured_beside_all_else(mixed: dict[str, Any]) -> None:
    photo = source(mixed, "photo")
    assert photo["is_real"]
    assert photo["ablation"]["delta"] == pytest.approx(-photo["without"]["delta"])
    assert photo["worth_real_photos"] is None
    assert photo["worth_text"] == wording.REAL_THEMSELVES
    assert "Beside all others" in photo["ablation"]["text"]


def test_two_real_sources_and_nothing_made() -> None:
    world = real_world(10)
    for label in (0, 1):
        world.add("vendor", photos(10, label, 5 + label), label, is_real=True)
    found = valued(world)
    assert [one["is_real"] for one in found["sources"]] == [True, True]
    # Everything is real, and all but one is the other alone: each is there once.
    assert [(arm["id"], arm["n"]) for arm in found["arms"]] == [
        ("real", 40), ("all-photo", 20), ("photo", 20)
    ]  # fmt: skip
    assert found["learning_curve"]["points"][-1]["n"] == 40


def test_a_source_with_a_made_image_in_it_is_not_real() -> None:
    world = real_world(6)
    world.add("other-tool", photos(3, 0, 7), 0, is_real=True)
    world.add("other-tool", photos(3, 1, 8), 1)
    assert not source(valued(world), "other-tool")["is_real"]


def test_copies_count_in_training_and_are_one_image() -> None:
    world = real_world(6).add("copy", photos(1, 0, 9), 0, copies=30_000)
    one = source(valued(world), "copy")
    assert (one["n"], one["n_with_copies"]) == (1, 30_000)
    assert one["effective_n"] == pytest.approx(1.0)
    assert "1 image, 30,000 with copies" in one["text"]


def test_ten_sources_are_valued_by_sampled_orders() -> None:
    world = real_world(8)
    names = [f"tool{k}" for k in range(EXACT_UP_TO + 1)]
    for k, name in enumerate(names):
        for label in (0, 1):
            world.add(name, photos(3, label, 50 + 2 * k + label), label)
    told: list[tuple[int, int]] = []
    found = valued(world, on_fit=lambda done, expected: told.append((done, expected)))
    everything = next(arm for arm in found["arms"] if arm["id"] == "all")
    total = sum(one["shapley"] for one in found["sources"])
    assert total == pytest.approx(everything["balanced_accuracy"]["value"] - 0.5, abs=1e-6)
    assert len(told) < 2 ** (EXACT_UP_TO + 2)
    assert found == valued(world)


def test_three_labels() -> None:
    world = World()
    for label in range(3):
        world.add("photo", photos(12, label, label), label, is_real=True)
        world.add("seed", photos(12, label, 10 + label), label)
    x = np.concatenate([photos(30, label, 20 + label) for label in range(3)])
    test = TestPhotos(x, np.repeat(np.arange(3), 30), np.arange(90))
    found = valued(world, test, labels=("cat", "dog", "bird"))
    everything = next(arm for arm in found["arms"] if arm["id"] == "all")
    value = everything["balanced_accuracy"]["value"]
    assert sum(one["shapley"] for one in found["sources"]) == pytest.approx(value - 1 / 3)


def test_a_label_that_only_made_images_have() -> None:
    world = World().add("photo", photos(12, 0, 0), 0, is_real=True)
    world.add("seed", photos(12, 1, 1), 1)
    world.add("augment", photos(12, 0, 2), 0)
    found = valued(world)
    assert found["learning_curve"] is None
    assert "no real photo of 'dog'" in found["why_not"]["learning_curve"]
    seed, augment = source(found, "seed"), source(found, "augment")
    assert "only with it" in seed["ablation"]["text"]
    assert seed["ablation"]["mcnemar_p"] is None
    assert "nothing can be trained" in seed["without"]["text"]
    assert "cannot be measured" in augment["ablation"]["text"]
    assert "no real photo of 'dog'" in augment["worth_text"]
    real = next(arm for arm in found["arms"] if arm["id"] == "real")
    assert real["balanced_accuracy"] == {"value": 0.5, "low": None, "high": None}


# -- why not


def test_why_not_without_real_photos() -> None:
    world = World()
    for label in (0, 1):
        world.add("seed", photos(5, label, label), label)
    found = valued(world)
    assert "no real photo to train on" in found["why_not"]["sources"]
    assert found["arms"] == []
    assert found["learning_curve"] is None
    seed = source(found, "seed")
    assert seed["n"] == 10
    assert seed["shapley"] is None
    assert "10 images" in seed["text"]


def test_why_not_without_any_image_of_a_label() -> None:
    world = World().add("photo", photos(5, 0, 0), 0, is_real=True)
    assert "no image of 'dog' to train on" in valued(world)["why_not"]["sources"]


@pytest.mark.parametrize("labels", [(), (0,)])
def test_why_not_without_test_photos_of_every_label(labels: tuple[int, ...]) -> None:
    x = np.concatenate([photos(4, label, 3) for label in labels] or [np.zeros((0, DIM))])
    y = np.repeat(np.array(labels, int), 4)
    found = valued(real_world(5), TestPhotos(x, y, np.arange(len(y))))
    assert "Trained, not evaluated: add" in found["why_not"]["sources"]


def test_why_not_worth_with_one_photo_each() -> None:
    world = real_world(1).add("seed", photos(5, 0, 5), 0)
    found = valued(world)
    assert found["why_not"] == {"learning_curve": wording.ONE_PHOTO_EACH}
    assert found["learning_curve"] is None
    assert source(found, "seed")["worth_text"] == wording.ONE_PHOTO_EACH
    assert source(found, "seed")["ablation"]["n"] == 120


def test_why_not_worth_with_few_test_photos() -> None:
    world = real_world(12).add("seed", photos(5, 0, 5), 0)
    found = valued(world, unseen(4))
    assert "from 8 test photos" in found["why_not"]["worth_real_photos"]
    assert found["learning_curve"]["points"][-1]["n"] == 24
    assert source(found, "seed")["worth_real_photos"] is None


def test_why_not_worth_where_more_photos_change_nothing() -> None:
    world = real_world(12, width=0.3).add("seed", photos(5, 0, 5), 0)
    found = valued(world, unseen(50, width=0.3))
    assert "show no difference between" in found["why_not"]["worth_real_photos"]
    assert "100 test photos" in found["why_not"]["worth_real_photos"]


# -- the exchange rate, end to end


def test_copies_of_a_photo_are_worth_no_photo(mixed: dict[str, Any]) -> None:
    worth = source(mixed, "augment")["worth_real_photos"]
    assert worth["high"] is not None
    assert worth["high"] < 12
    assert "with " in source(mixed, "augment")["worth_text"]


# -- cancelling


class StoppedError(Exception):
    """Raised by the person who waits."""


@pytest.mark.parametrize("at", [0, 1, 5, 16, 17, 60])
def test_it_stops_at_any_fit(at: int) -> None:
    def on_fit(done: int, expected: int) -> None:
        assert done <= expected
        if done == at:
            raise StoppedError

    with pytest.raises(StoppedError):
        valued(mixed_world(12), on_fit=on_fit)


def test_progress_comes_before_each_fit_and_ends_near_what_was_expected() -> None:
    told: list[tuple[int, int]] = []
    valued(mixed_world(12), on_fit=lambda done, expected: told.append((done, expected)))
    assert [done for done, _ in told] == list(range(len(told)))
    assert len(told) > 0.5 * told[0][1]
