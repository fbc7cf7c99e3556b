"""The blind test: what is drawn, that nothing but the picture tells, rounds that are gone on with."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catstudio.core.blind import Answer, BlindPair
from catstudio.core.changes import SetLabel, SetState
from catstudio.core.errors import NotPossibleError
from catstudio.core.store import NewImage
from catstudio.core.types import Parent, Provenance, Split, State
from catstudio.studio import EditFailed, Studio
from catstudio.studio.blind import alike


def noise(seed: int, size: tuple[int, int] = (64, 48), kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


def add(studio: Studio, seed: int, source: str = "photo", label: str = "cat", **fields) -> str:
    model = fields.pop("model", "")
    parents = tuple(Parent(id_) for id_ in fields.pop("parents", ()))
    params = {"model": model} if model else {}
    given = {
        "data": noise(seed),
        "name": f"{seed}.png",
        "format": "PNG",
        "width": 64,
        "height": 48,
        "dhash": int.from_bytes(np.random.default_rng(seed).bytes(16), "big"),
        "is_real": source in ("photo", "vendor"),
        "provenance": Provenance(source=source, params=params, parents=parents),
        "label": label,
        "state": State.ACCEPTED,
    }
    return studio._store.add_image(NewImage(**{**given, **fields})).record.id


@pytest.fixture
def studio(tmp_path: Path):
    with Studio.create(tmp_path / "Cats.catstudio", author="ada") as studio:
        yield studio


@pytest.fixture
def full(studio: Studio) -> Studio:
    """30 photos of cats and 10 of others; seeds' variations, and images of two models."""
    photos = [add(studio, n) for n in range(30)]
    for n in range(10):
        add(studio, 100 + n, label="not-cat")
        add(studio, 200 + n, "seed", parents=(photos[n],))
        add(studio, 300 + n, "diffusers", model="sd", state=State.PENDING)
        add(studio, 400 + n, "diffusers", model="xl", label="not-cat")
    return studio


def images(pairs: list[BlindPair]) -> list[str]:
    return [id_ for pair in pairs for id_ in (pair.real, pair.made)]


def test_a_pair_is_a_photo_and_a_made_image_of_one_label(full: Studio) -> None:
    pairs = full.blind.begin(seed=1)
    assert len(pairs) == 20 and [pair.place for pair in pairs] == list(range(20))
    assert len({pair.round for pair in pairs}) == 1
    for pair in pairs:
        real, made = full.image(pair.real), full.image(pair.made)
        assert real.is_real and made.is_synthetic
        assert real.label == made.label == pair.label
        assert (pair.source, pair.model) == (made.source, made.provenance.params.get("model", ""))
        assert not set(real.lineages) & set(made.lineages)
    assert len(set(images(pairs))) == 40, "no image twice"
    made_by = Counter((pair.source, pair.model) for pair in pairs)
    assert max(made_by.values()) - min(made_by.values()) <= 1
    assert {pair.author for pair in pairs} == {"ada"}


def test_the_side_is_drawn_and_the_seed_decides(full: Studio) -> None:
    def drawn(seed: int) -> list[tuple[str, str, bool]]:
        return [(p.real, p.made, p.is_real_left) for p in full.blind.begin(seed=seed)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    sides = [left for seed in range(20) for *_, left in drawn(seed)]
    assert 150 < sum(sides) < 250  # of 400; a fair coin leaves this once in a million


def test_what_is_not_a_fake_or_not_in_use_is_left_out(studio: Studio) -> None:
    add(studio, 1)
    add(studio, 2, state=State.REJECTED)
    add(studio, 3, label=None)
    add(studio, 4, "drawing")
    add(studio, 5, "seed", state=State.TRASHED)
    with pytest.raises(NotPossibleError, match="No label has both"):
        studio.blind.begin()
    supply = studio.blind.supply()
    assert supply.real == {"cat": 1} and supply.made == {} and supply.pairs == 0
    assert supply.sources == {"drawing": 1}
    assert studio.blind.supply(sources=["drawing"]).pairs == 1
    (pair,) = studio.blind.begin(sources=["drawing"])
    assert pair.source == "drawing"


def test_the_only_photo_may_stand_beside_its_own_child(studio: Studio) -> None:
    photo = add(studio, 1)
    add(studio, 2, "seed", parents=(photo,))
    add(studio, 3, "seed", parents=(photo,))
    assert len(studio.blind.begin()) == 1


def test_the_supply_tells_how_much_is_new_to_a_person(full: Studio) -> None:
    tested = full.images()[0].id
    with full._store.database.transaction() as db:
        db.execute("UPDATE images SET split = ? WHERE id = ?", (Split.TEST, tested))
    supply = full.blind.supply()
    assert (supply.real, supply.made) == (
        {"cat": 30, "not-cat": 10},
        {"cat": 20, "not-cat": 10},
    )
    assert (supply.tested, supply.pairs, supply.fresh, supply.left) == (1, 30, 30, 0)
    for pair in full.blind.begin(n=12, seed=1):
        full.blind.answer_later(pair.id, Answer.LEFT)
    after = full.blind.supply()
    assert after.pairs == 30 and after.fresh <= 20
    assert full.blind.supply("ben").fresh == 30
    again = full.blind.begin(n=40, seed=2)
    assert len(again) == 30
    assert sum(pair.is_repeat for pair in again) == 30 - after.fresh
    # What is new comes first: a short round repeats nothing.
    assert not any(pair.is_repeat for pair in full.blind.begin(n=8, seed=3))


def test_a_round_is_gone_on_with(full: Studio) -> None:
    pairs = full.blind.begin(n=5, seed=1)
    full.blind.answer_later(pairs[0].id, Answer.LEFT)
    full.blind.answer_later(pairs[1].id, Answer.UNSURE)
    left = full.blind.unfinished()
    assert [pair.answer for pair in left] == [Answer.LEFT, Answer.UNSURE, None, None, None]
    assert full.blind.supply().left == 3 and full.blind.unfinished("ben") == []
    full.blind.answer_later(pairs[1].id, None)
    assert full.blind.supply().left == 4
    # An image that is no longer there, or no longer what it was, is not asked about.
    full.apply(SetState((pairs[2].made,), State.TRASHED))
    full.apply(SetLabel((pairs[3].real,), None))
    full.blind.drop_later(pairs[4].id)
    assert [pair.id for pair in full.blind.unfinished()] == [pairs[0].id, pairs[1].id]
    full.blind.answer_later(pairs[1].id, Answer.RIGHT)
    assert full.blind.unfinished() == []


def test_rounds_outlive_the_session(tmp_path: Path) -> None:
    with Studio.create(tmp_path / "Cats.catstudio", author="ada") as studio:
        add(studio, 1)
        add(studio, 2, "seed")
        (pair,) = studio.blind.begin()
    with Studio.open(tmp_path / "Cats.catstudio", author="ada") as studio:
        assert studio.blind.unfinished() == [pair]
        studio.blind.answer_later(pair.id, Answer.LEFT)
    with Studio.open(tmp_path / "Cats.catstudio") as studio:
        assert studio.blind.results().summary.total.n == 1


def test_a_new_round_forgets_open_pairs_and_keeps_answers(full: Studio) -> None:
    first = full.blind.begin(n=5, seed=1)
    other = full.blind.begin("ben", n=3, seed=1)
    full.blind.answer_later(first[0].id, Answer.LEFT)
    second = full.blind.begin(n=4, seed=2)
    assert full.blind.unfinished() == second
    assert full.blind.unfinished("ben") == other
    assert full.blind.results().summary.total.n == 1
    assert full.blind.results(second[0].round).summary.total.n == 0


def test_an_answer_that_cannot_be_kept_is_said(full: Studio) -> None:
    told: list[object] = []
    full.subscribe(told.append)
    full.blind.answer_later("no such pair", Answer.LEFT)
    full.blind.results()
    assert any(isinstance(one, EditFailed) and "no pair" in one.message for one in told)


def test_results_name_person_and_generator_and_miss_the_machine(full: Studio) -> None:
    for pair in full.blind.begin("ben", n=9, seed=1):
        right = Answer.LEFT if pair.is_real_left else Answer.RIGHT
        full.blind.answer_later(pair.id, right)
    found = full.blind.results()
    assert [(who, one.right) for who, one in found.summary.persons] == [("ben", 9)]
    assert len(found.summary.generators) == 3
    assert found.machine is None and "train" in found.why_not
    full._store.add_run("lite0", {}, {"report.json": b"{}", "head.safetensors": b"h"})
    assert "question a run" in full.blind.results().why_not


def test_the_machine_is_the_newest_audit_that_asked_it(full: Studio) -> None:
    for audit in (
        b'{"checks": [{"id": "real_vs_synthetic", "value": 0.7, "low": 0.6, "high": 0.8, "n": 9}]}',
        b'{"checks": [{"id": "copies", "value": 0.1}]}',
        b"not JSON",
    ):
        number = full._store.add_run("lite0", {}, {"report.json": b"{}", "audit.json": audit})
    machine = full.blind.results().machine
    assert number == 3 and machine is not None
    assert (machine.run, machine.overall.value, machine.overall.n) == (1, 0.7, 9)


def test_a_saved_report_says_which_fakes_fool_the_eye(full: Studio, tmp_path: Path) -> None:
    files = {"report.json": b'{"labels": ["cat"]}', "head.safetensors": b"h"}
    full._store.add_run("lite0", {}, files)
    full.write_report(tmp_path / "a.html")
    assert "fool the eye" not in (tmp_path / "a.html").read_text("utf-8")
    (pair,) = full.blind.begin(n=1)
    full.blind.answer_later(pair.id, Answer.LEFT)
    full.write_report(tmp_path / "b.html")
    assert "Which fakes fool the eye" in (tmp_path / "b.html").read_text("utf-8")


# -- what is shown


def test_nothing_but_the_picture_tells(full: Studio) -> None:
    """One size, one shape, no metadata; the photo where it is said to be."""
    pairs = full.blind.begin(seed=1)
    photo = add(
        full, 900, data=noise(900, (900, 600), "JPEG"), format="JPEG", width=900, height=600
    )
    made = add(full, 901, "seed", data=noise(901, (128, 200)), width=128, height=200)
    for left in (True, False):
        pair = BlindPair(
            **{
                **{name: getattr(pairs[0], name) for name in pairs[0].__struct_fields__},
                "real": photo,
                "made": made,
                "is_real_left": left,
            }
        )
        shown = full.blind.pictures(pair)
        assert [one.size for one in shown] == [(128, 128)] * 2
        assert [one.mode for one in shown] == ["RGB"] * 2
        assert all(not one.info.get("exif") and one.format is None for one in shown)
        real = np.asarray(shown[0 if left else 1], float)
        expected = Image.open(io.BytesIO(noise(900, (900, 600), "JPEG"))).crop((150, 0, 750, 600))
        assert np.abs(real - np.asarray(expected.resize((128, 128)), float)).mean() < 5


def test_two_large_images_are_shown_at_one_size() -> None:
    one, other = alike(Image.new("RGB", (2000, 1500)), Image.new("RGB", (512, 768)))
    assert one.size == other.size == (512, 512)
    small, large = alike(Image.new("RGB", (16, 40), "red"), Image.new("RGB", (3000, 3000), "red"))
    assert small.size == large.size == (16, 16)
    assert np.abs(np.asarray(small, int) - np.asarray(large, int)).max() <= 1
