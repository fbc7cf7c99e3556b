"""Splits: by lineage, real photos only, fixed once drawn, whatever the project looks like."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from catstudio.core.types import ImageRecord, Parent, Provenance, Split, State
from catstudio.learn.splits import draw_splits, test_size, trainable, validation_size

# pytest would collect an imported function of that name as a test.
size_of_test = test_size
del test_size


def photo(id_: str, label: str | None = "cat", lineage: str = "", **changes: object) -> ImageRecord:
    record = ImageRecord(
        id=id_,
        sha256=id_,
        label=label,
        state=State.ACCEPTED,
        split=None,
        source="photo",
        is_real=True,
        width=64,
        height=64,
        format="JPEG",
        name=id_,
        weight=1,
        lineages=(lineage or id_,),
        provenance=Provenance(source="photo"),
        author="",
        created="2026-01-01T00:00:00Z",
    )
    return replace(record, **changes)


def made_from(id_: str, *parents: ImageRecord) -> ImageRecord:
    lineages = tuple(dict.fromkeys(name for p in parents for name in p.lineages))
    provenance = Provenance(source="augment", parents=tuple(Parent(p.id) for p in parents))
    return photo(
        id_,
        parents[0].label,
        lineages=lineages,
        is_real=False,
        source="augment",
        provenance=provenance,
    )


def applied(images: list[ImageRecord], drawn: dict[str, Split]) -> list[ImageRecord]:
    return [replace(i, split=drawn[i.id]) if i.id in drawn else i for i in images]


@st.composite
def projects(draw: st.DrawFn) -> list[ImageRecord]:
    """Photos in bursts, some synthetic children and blends, a few of them not accepted."""
    photos = []
    for n in range(draw(st.integers(0, 25))):
        label = draw(st.sampled_from(["cat", "dog", None]))
        lineage = f"l{draw(st.integers(0, 18))}-{label}"
        state = draw(st.sampled_from([State.ACCEPTED] * 4 + [State.PENDING, State.TRASHED]))
        photos.append(photo(f"p{n:02}", label, lineage, state=state))
    images = list(photos)
    if photos:
        for n in range(draw(st.integers(0, 4))):
            parents = draw(st.lists(st.sampled_from(photos), min_size=1, max_size=2))
            images.append(made_from(f"s{n}", *parents))
    return images


per_labels = st.one_of(st.none(), st.integers(0, 12))


@given(projects(), per_labels, st.integers(0, 3))
def test_every_draw_keeps_the_rules(
    images: list[ImageRecord], per_label: int | None, seed: int
) -> None:
    drawn = draw_splits(images, per_label, seed)
    by_id = {image.id: image for image in images}
    for id_ in drawn:
        image = by_id[id_]
        assert image.is_real
        assert image.state is State.ACCEPTED
        assert image.label is not None
        assert image.split is None
    held = [by_id[i] for i, s in drawn.items() if s is not Split.TRAIN]
    lineages = Counter(name for image in held for name in image.lineages)
    assert not lineages or max(lineages.values()) == 1
    fathers = {name for image in images if not image.is_real for name in image.lineages}
    assert not fathers & set(lineages)
    training = {name for i, s in drawn.items() if s is Split.TRAIN for name in by_id[i].lineages}
    assert not training & set(lineages)
    assert draw_splits(list(reversed(images)), per_label, seed) == drawn


@given(projects(), per_labels)
def test_each_label_keeps_a_lineage_to_train_on(
    images: list[ImageRecord], per_label: int | None
) -> None:
    after = applied(images, draw_splits(images, per_label))
    used, _ = trainable(after)
    for label in ("cat", "dog"):
        if any(i.is_real and i.state is State.ACCEPTED and i.label == label for i in after):
            assert any(i.is_real and i.label == label for i in used)


@given(projects(), projects(), per_labels, per_labels)
def test_a_split_never_changes(
    images: list[ImageRecord],
    more: list[ImageRecord],
    first: int | None,
    second: int | None,
) -> None:
    before = applied(images, draw_splits(images, first))
    newer = [
        replace(i, id=f"n{i.id}", lineages=tuple(f"n{name}" for name in i.lineages)) for i in more
    ]
    again = draw_splits(before + newer, second, seed=5)
    assert not {i.id for i in before if i.split is not None} & set(again)


@given(projects(), per_labels)
def test_drawing_twice_changes_nothing(images: list[ImageRecord], per_label: int | None) -> None:
    after = applied(images, draw_splits(images, per_label))
    assert draw_splits(after, per_label) == {}


@given(projects(), per_labels)
def test_nothing_held_out_is_trained_on(images: list[ImageRecord], per_label: int | None) -> None:
    after = applied(images, draw_splits(images, per_label))
    used, excluded = trainable(after)
    held = {n for i in after if i.split in (Split.TEST, Split.VAL) for n in i.lineages}
    assert all(not held & set(image.lineages) for image in used)
    assert all(image.state is State.ACCEPTED for image in used)
    assert {i.id for i in used} | set(excluded) == {i.id for i in after}
    assert all(excluded.values())


def test_sizes_of_the_automatic_split() -> None:
    sizes = [size_of_test(n, None) for n in (0, 1, 5, 6, 10, 11, 20, 40, 41, 500)]
    assert sizes == [0, 0, 0, 1, 5, 5, 10, 20, 20, 20]


def test_sizes_when_asked_for() -> None:
    assert [size_of_test(n, 20) for n in (0, 1, 2, 21, 50)] == [0, 0, 1, 20, 20]


def test_validation_waits_for_enough_training() -> None:
    assert [validation_size(n) for n in (0, 30, 36, 37, 38, 50, 200)] == [0, 0, 0, 7, 7, 10, 20]


def test_one_photo_is_trained_on() -> None:
    assert draw_splits([photo("a")]) == {"a": Split.TRAIN}
    assert draw_splits([photo("a")], per_label=20) == {"a": Split.TRAIN}


def test_near_copies_of_a_test_photo_are_set_aside() -> None:
    burst = [photo(f"b{i}", lineage="burst") for i in range(4)]
    images = [*burst, *(made := [photo(f"c{i}") for i in range(3)]), made_from("s", made[0])]
    images += [made_from(f"s{i}", made[i]) for i in (1, 2)]
    drawn = draw_splits(images, per_label=1)
    held = [i for i, split in drawn.items() if split is Split.TEST]
    assert len(held) == 1
    assert held[0].startswith("b")
    assert set(drawn) == {held[0], "c0", "c1", "c2"}
    used, excluded = trainable(applied(images, drawn))
    assert not any(image.id.startswith("b") for image in used)
    assert "near-copy" in excluded[next(b.id for b in burst if b.id != held[0])]


def test_what_derives_from_a_test_photo_is_not_trained_on() -> None:
    seed = photo("a", split=Split.TEST)
    other = photo("b", split=Split.TRAIN)
    blend = made_from("s", other, seed)
    used, excluded = trainable([seed, other, blend])
    assert [image.id for image in used] == ["b"]
    assert "test photo" in excluded["s"]
