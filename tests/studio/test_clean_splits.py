"""However images arrive, are made, split, trashed and undone: what is tested on is never trained on."""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from catstudio.core.changes import AddImages, DrawSplits, SetLabel, SetSplit, SetState
from catstudio.core.edits import Edits
from catstudio.core.errors import BadInputError
from catstudio.core.lineage import NEAR_COPY_BITS
from catstudio.core.store import NewImage
from catstudio.core.types import ImageRecord, Parent, Provenance, Split, State
from catstudio.core.verify import verify
from catstudio.learn.splits import draw_splits, trainable
from tests.core.making import new_store

HELD = (Split.VAL, Split.TEST)
# Hashes of a few scenes, 9 bits apart in a row: each is near its neighbours and not the next ones.
SCENES = [((1 << 9 * n) - 1) for n in range(4)]
labels = st.sampled_from(["cat", "not-cat", None])
splits = st.sampled_from([None, *Split])


class AnyProject(RuleBasedStateMachine):
    """Small projects of photos, near-copies and images made from them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = new_store(Path(self.folder.name))
        self.edits = Edits(self.store)
        self.hashes: dict[str, int] = {}
        self.bursts: dict[str, str] = {}
        self.count = 0

    def add(self, number: int, dhash: int, source: str, **fields) -> None:
        parents = fields.pop("parents", ())
        added = self.store.add_image(
            NewImage(
                data=f"image {number}".encode(),
                name=f"{number}.png",
                format="PNG",
                width=32,
                height=32,
                dhash=dhash,
                is_real=source == "photo",
                provenance=Provenance(
                    source=source,
                    parents=tuple(Parent(one) for one in parents),
                    method="seed" if parents else "",
                ),
                **fields,
            )
        )
        self.hashes.setdefault(added.record.id, dhash)
        if not added.is_duplicate:
            self.edits.apply(AddImages((added.record.id,)))

    def some(self, data: st.DataObject) -> ImageRecord:
        return data.draw(st.sampled_from(self.store.images()))

    @initialize(first=splits, second=splits)
    def begin_with_two(self, first, second) -> None:
        for scene, split in ((SCENES[0], first), (SCENES[2], second)):
            self.count += 1
            self.add(self.count, scene, "photo", label="cat", split=split, state=State.ACCEPTED)

    @rule(
        scene=st.sampled_from(SCENES),
        bit=st.integers(100, 103),
        label=labels,
        split=splits,
        source=st.sampled_from(["photo", "photo", "photo", "drawing"]),
    )
    def bring_in(self, scene, bit, label, split, source) -> None:
        self.count += 1
        state = State.ACCEPTED if label else State.PENDING
        self.add(self.count, scene ^ 1 << bit, source, label=label, split=split, state=state)

    @rule(
        scenes=st.lists(st.sampled_from(SCENES), min_size=1, max_size=3),
        burst=st.sampled_from(["one burst", "another"]),
        split=splits,
    )
    def take_a_burst(self, scenes, burst, split) -> None:
        for scene in scenes:
            self.count += 1
            name = f"{self.count}.png"
            self.bursts[name] = burst
            self.add(
                self.count,
                scene ^ 1 << 110 + self.count % 8,
                "photo",
                label="cat",
                state=State.ACCEPTED,
                split=split,
                burst=burst,
            )

    @precondition(lambda self: self.count)
    @rule(data=st.data(), label=labels, split=splits)
    def bring_in_again(self, data, label, split) -> None:
        record = self.some(data)
        if record.provenance.parents:
            return
        state = State.ACCEPTED if label else State.PENDING
        number = int(record.name.split(".")[0])
        self.add(number, self.hashes[record.id], "photo", label=label, split=split, state=state)

    @precondition(lambda self: self.count)
    @rule(data=st.data(), scene=st.sampled_from(SCENES), n=st.integers(1, 2))
    def make(self, data, scene, n) -> None:
        self.count += 1
        parents = tuple({self.some(data).id for _ in range(n)})
        state = data.draw(st.sampled_from([State.ACCEPTED, State.PENDING]))
        self.add(self.count, scene, "seed", parents=parents, label="cat", state=state)

    @rule(per_label=st.sampled_from([None, 1, 2, 20]), seed=st.integers(0, 3))
    def draw(self, per_label, seed) -> None:
        assigned = draw_splits(self.store.images(), per_label, seed)
        if assigned:
            self.edits.apply(DrawSplits(tuple(assigned.items())))

    @precondition(lambda self: self.count)
    @rule(data=st.data(), n=st.integers(1, 3), split=splits)
    def set_split(self, data, n, split) -> None:
        try:
            self.edits.apply(SetSplit(tuple({self.some(data).id for _ in range(n)}), split))
        except BadInputError:
            return

    @precondition(lambda self: self.count)
    @rule(data=st.data(), state=st.sampled_from(State))
    def set_state(self, data, state) -> None:
        self.edits.apply(SetState((self.some(data).id,), state))

    @precondition(lambda self: self.count)
    @rule(data=st.data(), label=labels)
    def set_label(self, data, label) -> None:
        self.edits.apply(SetLabel((self.some(data).id,), label))

    @rule()
    def undo_and_redo(self) -> None:
        before = self.store.images()
        if self.edits.undo() is not None:
            self.edits.redo()
        assert self.store.images() == before

    @rule(n=st.integers(1, 4))
    def undo(self, n) -> None:
        for _ in range(n):
            self.edits.undo()

    @rule(n=st.integers(1, 4))
    def redo(self, n) -> None:
        for _ in range(n):
            self.edits.redo()

    @invariant()
    def the_test_set_is_real_and_apart(self) -> None:
        records = self.store.images()
        held = [r for r in records if r.split in HELD]
        assert all(r.is_real for r in held)
        of_lineage = Counter(lineage for r in held for lineage in r.lineages)
        assert max(of_lineage.values(), default=0) <= 1
        items = [r for r in records if r.state is State.ACCEPTED and r.label is not None]
        used, _ = trainable(items)
        for photo in (r for r in items if r.split in HELD):
            for one in used:
                assert not set(photo.lineages) & set(one.lineages)
                assert self.bursts.get(photo.name, "none") != self.bursts.get(one.name)
                if one.is_real or not one.provenance.parents:
                    distance = (self.hashes[photo.id] ^ self.hashes[one.id]).bit_count()
                    assert distance > NEAR_COPY_BITS
        assert [p for p in verify(self.store).problems if "file" not in p] == []

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestAnyProject = AnyProject.TestCase
TestAnyProject.settings = settings(max_examples=50, stateful_step_count=12, deadline=None)
