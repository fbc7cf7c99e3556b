"""Edits: each has its inverse, in any order, across restarts."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from catstudio.core.changes import (
    AddImages,
    AddLabel,
    DrawSplits,
    SetLabel,
    SetSplit,
    SetState,
    SetTags,
    SetWeight,
)
from catstudio.core.edits import Edits
from catstudio.core.errors import BadInputError
from catstudio.core.store import Store
from catstudio.core.types import Split, State
from tests.core.making import new_image, new_store, png


@pytest.fixture
def store(tmp_path: Path):
    opened = new_store(tmp_path)
    for n in range(4):
        opened.add_image(new_image(n))
    yield opened
    opened.close()


def ids(store: Store) -> tuple[str, ...]:
    return tuple(record.id for record in store.images())


def test_names_say_what_undo_does(store: Store) -> None:
    edits = Edits(store)
    touched = edits.apply(SetState(ids(store)[:3], State.REJECTED))
    assert (touched.ids, touched.undo_name) == (ids(store)[:3], "reject 3 images")
    undone = edits.undo()
    assert undone is not None
    assert (undone.undo_name, undone.redo_name) == (None, "reject 3 images")


def test_undo_gives_each_image_its_own_old_value(store: Store) -> None:
    edits = Edits(store)
    edits.apply(SetLabel(ids(store)[:1], "not-cat"))
    before = store.images()
    edits.apply(SetLabel(ids(store), None))
    assert {r.label for r in store.images()} == {None}
    edits.undo()
    assert store.images() == before


def test_new_edit_forgets_redo(store: Store) -> None:
    edits = Edits(store)
    edits.apply(SetWeight(ids(store), 7))
    edits.undo()
    edits.apply(SetTags(ids(store)[:1], ("night",)))
    assert edits.names() == ("tag 1 image", None)
    assert edits.redo() is None


def test_history_survives_a_restart(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.add_image(new_image(1))
    Edits(store).apply(SetWeight(ids(store), 30_000))
    store.close()
    again = Store(store.folder)
    Edits(again).undo()
    assert again.images()[0].weight == 1
    again.close()


def test_undoing_an_import_trashes_and_redo_brings_back(store: Store) -> None:
    edits = Edits(store)
    edits.apply(AddImages(ids(store)[:2]))
    edits.undo()
    assert [r.state for r in store.images()][:3] == [State.TRASHED] * 2 + [State.ACCEPTED]
    edits.redo()
    assert {r.state for r in store.images()} == {State.ACCEPTED}


def test_label_in_use_cannot_be_undone(store: Store) -> None:
    edits = Edits(store)
    edits.apply(AddLabel("dog"))
    assert store.labels() == ("cat", "not-cat", "dog")
    edits.undo()
    assert store.labels() == ("cat", "not-cat")


@pytest.mark.parametrize(
    "change",
    [
        SetLabel(("nobody",), "cat"),
        SetWeight(("nobody",), 0),
        SetState(("nobody",), State.ACCEPTED),
    ],
)
def test_impossible_edits_change_nothing(store: Store, change) -> None:
    before = store.images()
    with pytest.raises(BadInputError):
        Edits(store).apply(change)
    with pytest.raises(BadInputError, match="no label 'dog'"):
        Edits(store).apply(SetLabel(ids(store), "dog"))
    assert store.images() == before
    assert Edits(store).names() == (None, None)


def test_test_split_is_for_photographs_of_their_own(store: Store) -> None:
    edits = Edits(store)
    first = store.images()[0]
    child = store.add_image(new_image(9, parents=(first.id,))).record
    with pytest.raises(BadInputError, match="not a photograph"):
        edits.apply(SetSplit((child.id,), Split.TEST))
    assert store.image(child.id).split is None
    edits.apply(DrawSplits(((first.id, Split.TEST),)))
    assert store.image(first.id).split is Split.TEST


def test_redo_of_an_import_restores_what_undo_replaced(store: Store) -> None:
    parent = ids(store)[0]
    made = store.add_image(new_image(9, parents=(parent,))).record
    edits = Edits(store)
    edits.apply(AddImages((made.id,), "generate"))
    edits.apply(SetState((parent,), State.REJECTED))
    before = store.images()
    assert made.state is State.ACCEPTED
    for _ in range(2):
        edits.undo()
    for _ in range(2):
        edits.redo()
    assert store.images() == before


def test_undo_goes_past_a_label_that_only_the_trash_uses(store: Store) -> None:
    edits = Edits(store)
    edits.apply(AddLabel(" dog "))
    added = store.add_image(new_image(9, label="dog")).record
    edits.apply(AddImages((added.id,)))
    before = store.images()
    assert edits.undo() and edits.undo()
    assert store.labels() == ("cat", "not-cat")
    assert edits.redo() and edits.redo()
    assert store.images() == before


def test_label_in_use_stays(store: Store) -> None:
    edits = Edits(store)
    edits.apply(AddLabel("dog"))
    store.add_image(new_image(9, label="dog"))
    with pytest.raises(BadInputError, match="in use by 1 image"):
        edits.undo()
    assert store.labels() == ("cat", "not-cat", "dog")


def near(store: Store, seed: int, **fields) -> str:
    """A photo with the hash of ``seed`` and other bytes."""
    new = msgspec.structs.replace(new_image(seed, **fields), data=png(seed, 40 + len(ids(store))))
    return store.add_image(new).record.id


def test_drawn_splits_pass_over_what_became_impossible(store: Store) -> None:
    first, second, *_ = ids(store)
    edits = Edits(store)
    edits.apply(SetSplit((first,), Split.TEST))
    edits.apply(SetState((first,), State.TRASHED))
    copy = near(store, 0)
    touched = edits.apply(DrawSplits(((copy, Split.TRAIN), (second, Split.TRAIN))))
    assert touched.ids == (second,)
    assert (store.image(copy).split, store.image(second).split) == (None, Split.TRAIN)
    assert touched.undo_name == "draw splits for 1 image"
    assert edits.apply(DrawSplits(((copy, Split.TEST),))).ids == ()
    assert edits.names()[0] == "draw splits for 1 image"


def test_undo_gives_no_split_that_a_near_copy_took_meanwhile(store: Store) -> None:
    first = ids(store)[0]
    edits = Edits(store)
    edits.apply(SetSplit((first,), Split.TEST))
    edits.apply(SetSplit((first,), None))
    copy = near(store, 0, split=Split.TEST)
    assert store.image(copy).split is Split.TEST
    edits.undo()
    assert store.image(first).split is None
    assert edits.redo() is not None


class AnyEdits(RuleBasedStateMachine):
    """However edits, undo and redo are mixed, each state returns exactly as it was."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.store = new_store(Path(self.folder.name))
        self.ids = [self.store.add_image(new_image(n)).record.id for n in range(3)]
        self.edits = Edits(self.store)
        self.past = [self.state()]
        self.future: list[object] = []

    def state(self) -> object:
        return self.store.images()

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        some = tuple(data.draw(st.lists(st.sampled_from(self.ids), min_size=1, unique=True)))
        change = data.draw(
            st.one_of(
                st.builds(SetLabel, st.just(some), st.sampled_from(["cat", "not-cat", None])),
                st.builds(SetState, st.just(some), st.sampled_from(State)),
                st.builds(SetSplit, st.just(some), st.sampled_from([*Split, None])),
                st.builds(SetWeight, st.just(some), st.integers(1, 99)),
                st.builds(SetTags, st.just(some), st.lists(st.text(max_size=5)).map(tuple)),
            )
        )
        self.edits.apply(change)
        self.past.append(self.state())
        self.future.clear()

    @rule()
    def undo(self) -> None:
        if self.edits.undo() is None:
            assert len(self.past) == 1
        else:
            self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        if self.edits.redo() is None:
            assert not self.future
        else:
            self.past.append(self.future.pop())

    @invariant()
    def state_is_as_expected(self) -> None:
        assert self.state() == self.past[-1]

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestAnyEdits = AnyEdits.TestCase
TestAnyEdits.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
