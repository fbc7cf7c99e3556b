"""Huxley's ladder: climbed with the real worker, stopped on the way, gone on with; and its words."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catstudio.core.errors import BadInputError, CancelledError
from catstudio.core.types import State
from catstudio.resources import resource
from catstudio.studio import Studio
from catstudio.studio.ladder import (
    RUNGS,
    Amounts,
    Climb,
    Heard,
    Plan,
    drawings,
    keeping,
    own_photos,
)
from catstudio.studio.ladder.asking import turkeys
from catstudio.studio.ladder.photos import HELD_OUT, free_photos, strangers
from catstudio.studio.ladder.rungs import CAT, COPIES, EXAMPLES, kind_of
from catstudio.studio.ladder.taught import compared, sentence

FEW = Amounts(drawn=2, blended=2, varied=3, generated=1)


def _photo(path: Path, seed: int) -> None:
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(blocks).resize((96, 96), Image.Resampling.BICUBIC).save(path)


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    for seed in range(6):
        _photo(folder / "cat" / f"{seed}.png", seed)
        _photo(folder / ("dog" if seed % 2 else "other") / f"{seed}.png", 50 + seed)
    _photo(folder / "turkey" / "1.png", 200)
    return folder


@pytest.fixture(scope="module")
def climbed(own_folder: Path, tmp_path_factory: pytest.TempPathFactory):
    """A climb that was stopped at its third rung, and gone on with: (folder, report, told)."""
    folder = tmp_path_factory.mktemp("ladder")
    own = own_photos(own_folder)
    begun: list[str] = []

    def stop_at_drawings(plan) -> None:
        begun.append(plan.id)
        if plan.id == "drawing":
            threading.Thread(target=first.stop).start()

    first = Climb(folder, own, amounts=FEW, model="", heard=Heard(begun=stop_at_drawings))
    with pytest.raises(CancelledError):
        first.run()
    kept = keeping.kept(folder)
    assert kept is not None
    assert not kept.is_finished
    assert [rung["id"] for rung in kept.rungs] == ["one", "copies"]
    begun.clear()
    heard = Heard(begun=lambda plan: begun.append(plan.id))
    report = Climb(folder, own, amounts=FEW, model="", heard=heard).run()
    return folder, report, begun


@pytest.mark.needs_engine
def test_a_stopped_climb_goes_on_where_it_stopped(climbed) -> None:
    folder, report, begun = climbed
    assert begun == [plan.id for plan in RUNGS[2:]]
    assert [rung["id"] for rung in report["rungs"]] == [plan.id for plan in RUNGS]
    kept = keeping.kept(folder)
    assert kept is not None
    assert kept.is_finished
    assert kept.report == report


@pytest.mark.needs_engine
def test_each_rung_says_what_it_was_trained_on_and_how_it_did(climbed) -> None:
    _, report, _ = climbed
    rungs = {rung["id"]: rung for rung in report["rungs"]}
    assert rungs["one"]["n_images"] == 1
    assert rungs["copies"]["n_images"] == 2 * COPIES
    assert rungs["copies"]["effective_n"] == pytest.approx(2, abs=0.1)
    assert rungs["blends"]["n_train"]["blend"] == 2
    assert rungs["drawing"]["n_train"] == {"photo": 1, "drawing": 4}
    assert rungs["seed"]["n_train"] == {
        "photo": 1, "drawing": 4, "blend": 2, "augment": 3, "seed": 3,
    }  # fmt: skip
    assert "no model was used" in rungs["generated"]["skipped"]
    assert set(rungs["real"]["n_train"]) == {"photo", "vendor"}
    assert report["cats"] == {"n": 4, "n_other": 4, "why_not": ""}
    n_strangers = len(strangers()) + 1
    for rung in report["rungs"]:
        if "skipped" in rung:
            continue
        assert rung["turkeys"]["n"] == n_strangers
        assert rung["metrics"]["n"] == 8
        for name in ("balanced_accuracy", "auc"):
            figure = rung["metrics"][name]
            assert figure["low"] <= figure["value"] <= figure["high"]
        assert rung["taught"].endswith(".")


@pytest.mark.needs_engine
def test_the_project_is_whole_and_made_images_are_never_tested_on(climbed) -> None:
    folder, report, _ = climbed
    with Studio.open(folder / report["project_name"]) as studio:
        assert studio.verify().ok
        images = studio.images()
        assert all(image.is_real for image in images if kind_of(image) == "held")
        assert all(image.weight == 1 for image in images)
        grey = [image for image in images if kind_of(image) == "square"]
        assert [image.state for image in grey] == [State.REJECTED]
        first = next(image for image in images if kind_of(image) == "first")
        assert first.provenance.origin == EXAMPLES
        assert first.provenance.license == "CC0 1.0"
        made = [image for image in images if image.is_synthetic and image.source == "seed"]
        assert {p.id for image in made for p in image.provenance.parents} == {first.id}
        blends = [image for image in images if image.source == "blend"]
        assert [image.provenance.method for image in blends] == ["foreground", "overlay"]
        assert all(first.id in {p.id for p in image.provenance.parents} for image in blends)


@pytest.mark.needs_engine
def test_its_files_lie_beside_the_project(climbed) -> None:
    folder, report, _ = climbed
    html = (folder / keeping.PAGE).read_text(encoding="utf-8")
    assert "4 of cats and 4 of other things" in html
    assert "That is few" in html
    for name in keeping.CHARTS.values():
        assert (folder / name).read_text(encoding="utf-8").startswith("<svg")
    assert (folder / keeping.AUDIT).is_file() is (not report["audit"]["why_not"])


@pytest.mark.needs_engine
def test_a_finished_climb_is_read_and_again_leaves_it_alone(climbed, own_folder) -> None:
    folder, report, _ = climbed
    own = own_photos(own_folder)
    assert Climb(folder, own, amounts=FEW, model="").run() == report
    anew = Climb(folder, own, amounts=FEW, model="", again=True)
    assert anew._report["rungs"] == []
    assert anew._report["project_name"] == "HuxleysLadder-2.catstudio"
    other = Climb(folder, None, amounts=FEW, model="")
    assert other._report["rungs"] == []


@pytest.mark.needs_engine
def test_a_model_that_makes_nothing_skips_its_rung(tmp_path: Path) -> None:
    plan = next(plan for plan in RUNGS if plan.id == "generated")
    climb = Climb(tmp_path / "l", amounts=FEW, model=str(tmp_path / "no-model"))
    with Studio.create(tmp_path / "x.catstudio") as studio, climb._stopper.of(studio):
        rung = climb._rung(studio, plan)
    assert rung["skipped"].startswith(f"{tmp_path / 'no-model'} made no image")
    assert set(rung) == {"id", "title", "what", "skipped"}


def test_what_is_compared_with_a_skipped_rung_is_compared_with_its_own(tmp_path: Path) -> None:
    climb = Climb(tmp_path, model="")
    plans = {plan.id: plan for plan in RUNGS}
    climb._report["rungs"] = [{"id": "seed", "run": 6}, {"id": "generated", "skipped": "No model."}]
    assert climb._rung_before(plans["generated"]) == {"id": "seed", "run": 6}
    later = Plan("later", "Later", "", frozenset(), against="generated")
    assert climb._rung_before(later) == {"id": "seed", "run": 6}
    assert climb._rung_before(plans["one"]) is None


def test_stopped_before_it_began(tmp_path: Path) -> None:
    climb = Climb(tmp_path / "l", model="")
    climb.stop()
    climb.stop()
    with pytest.raises(CancelledError):
        climb.run()
    kept = keeping.kept(tmp_path / "l")
    assert kept is not None
    assert kept.rungs == []


def test_a_damaged_report_is_no_climb(tmp_path: Path) -> None:
    assert keeping.kept(tmp_path) is None
    for text in ("", "[]", "{}", '{"rungs": 3}', '{"rungs": [], "project_name": ""}'):
        (tmp_path / keeping.REPORT).write_text(text)
        assert keeping.kept(tmp_path) is None


def test_the_free_photos_are_credited_and_strangers_never_trained_on() -> None:
    trained = free_photos()
    assert trained[0].label == CAT
    assert sum(one.label == CAT for one in trained) == 1
    held = strangers()
    assert {one.path.stem for one in held} > set(HELD_OUT)
    assert not {one.path for one in held} & {one.path for one in trained}
    for one in (*trained, *held):
        assert one.path.is_file()
        assert one.license
        assert one.author
        assert "](" not in one.license
    folder = resource("strangers")
    assert {p.name for p in folder.glob("*.jpg")} == {
        one.path.name for one in held if one.path.parent == folder
    }
    for path in folder.glob("*.jpg"):
        assert path.stat().st_size < 60_000
        with Image.open(path) as image:
            assert max(image.size) <= 448


def test_own_photos_by_sub_folder(own_folder: Path, tmp_path: Path) -> None:
    own = own_photos(own_folder)
    assert (len(own.cats), len(own.rest), len(own.strangers)) == (6, 6, 1)
    with pytest.raises(BadInputError, match="no folder"):
        own_photos(tmp_path / "none")
    with pytest.raises(BadInputError, match="no photos of cat"):
        own_photos(own_folder / "cat")
    _photo(tmp_path / "cats" / "1.png", 1)
    with pytest.raises(BadInputError, match="no photos of not-cat"):
        own_photos(tmp_path)


def test_drawings_are_the_same_each_time_and_differ_from_each_other() -> None:
    pictures = [draw(n) for draw in (drawings.cat, drawings.other_thing) for n in range(6)]
    assert len(set(pictures)) == 12
    assert drawings.cat(3) == drawings.cat(3)
    for data in (*pictures, drawings.square()):
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (drawings.SIDE, drawings.SIDE)


def test_a_cat_counts_as_confident_only_without_doubt() -> None:
    said = [("cat", 0.99, False), ("cat", 0.6, False), ("cat", 0.99, True), ("not-cat", 0.9, False)]
    found = turkeys(
        [
            {"path": f"/x/{k}.jpg", "label": label, "probability": p, "abstains": abstains}
            for k, (label, p, abstains) in enumerate(said)
        ]
    )
    assert found["n"] == 4
    assert found["called_cat"] == 2
    assert found["called_cat_with_confidence"] == 1
    assert found["abstained"] == 1
    assert found["low"] < 0.25 < found["high"]


# -- words


def _rows(n: int, cat_scores, other_scores) -> list[dict]:
    rows = []
    for k in range(n):
        for label, p in (("cat", cat_scores[k]), ("not-cat", other_scores[k])):
            predicted = "cat" if p >= 0.5 else "not-cat"
            rows.append(
                {
                    "id": f"{label}{k}",
                    "label": label,
                    "predicted": predicted,
                    "probability": max(p, 1 - p),
                }
            )
    return rows


def _rung(**changed) -> dict:
    asked = {"n": 7, "called_cat_with_confidence": 1}
    return {"title": "One photo", "n_images": 1, "effective_n": 1.0, "turkeys": asked, **changed}


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        # The same ranking with a higher bar, then a lower one.
        ((0.9, 0.1), (0.45, 0.05), "to a worse place"),
        ((0.45, 0.05), (0.9, 0.1), "taught nothing more that could be shown"),
        ((0.4, 0.6), (0.9, 0.1), "tells cats apart better"),
        ((0.9, 0.1), (0.4, 0.6), "tells cats apart worse"),
        ((0.9, 0.1), (0.9, 0.1), "no difference can be shown"),
    ],
)
def test_learning_and_moving_the_threshold_are_told_apart(first, second, words) -> None:
    spread = np.linspace(-0.04, 0.04, 40)
    before, after = (_rows(40, a + spread, b + spread) for a, b in (first, second))
    change = compared(before, after)
    assert change is not None
    assert change["n"] == 80
    told = sentence(_rung(title="Blends", n_images=12, effective_n=4.2), _rung(), change)
    assert words in told
    assert "as varied as 4.2" in told
    assert "n = 80" in told


def test_without_photos_of_both_labels_nothing_is_compared() -> None:
    rows = [row for row in _rows(3, [0.9] * 3, [0.1] * 3) if row["label"] == "cat"]
    assert compared(rows, rows) is None
    assert compared([], []) is None
    told = sentence(_rung(title="Copies", n_images=60_000, effective_n=2.0), _rung(), None)
    assert told == (
        "60,000 images, as varied as 2.0 that have nothing in common; 1 of 7 strangers are called "
        "a cat with confidence, 1 before."
    )
    assert sentence(_rung(), None, None).startswith("1 image, and 1 of 7 strangers")
