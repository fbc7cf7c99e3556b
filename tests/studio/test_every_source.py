"""Random sequences of every source, by their real makers: what is tested on stays clean, and every
image says where it comes from."""

import functools
import io
import itertools
import os
import random
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PIL import Image

from catstudio.core.changes import DrawSplits, SetLabel, SetState, SetWeight
from catstudio.core.edits import Edits
from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.core.types import ImageRecord, Split, State, soft_label
from catstudio.core.verify import verify
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import Done
from catstudio.jobs.requests import AnyRequest, GenerateRequest
from catstudio.learn.splits import draw_splits, trainable
from catstudio.sources import source
from catstudio.sources.blend import MODES
from catstudio.studio import requesting
from catstudio.studio.keeping import Keeper
from tests.core.making import new_store

pytestmark = [
    pytest.mark.needs_engine,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    ),
]

HELD = (Split.VAL, Split.TEST)
LABELS = st.sampled_from(["cat", "not-cat"])
MAKERS = ("augment", "seed", "diffusers", *(f"blend:{mode}" for mode in MODES))


def photo(number: int) -> bytes:
    """A smooth picture of its own, 72 × 64 pixels; those of one number are the same bytes."""
    rng = random.Random(number)
    small = [Image.frombytes("L", (5, 5), rng.randbytes(25)) for _ in range(3)]
    picture = Image.merge("RGB", [one.resize((72, 64), Image.Resampling.BICUBIC) for one in small])
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@functools.cache
def tiny_model() -> str:
    """A folder with a diffusion pipeline of random weights, for the whole session."""
    from tests.engine import tiny_models

    folder = Path(os.environ["CATSTUDIO_HOME"]) / "tiny-model"
    tiny_models.stable_diffusion().save_pretrained(folder)
    return str(folder)


class EverySource(RuleBasedStateMachine):
    """A small project that is fed by all sources in any order."""

    def __init__(self) -> None:
        super().__init__()
        # Ids in order: which photos are drawn for the test depends on them.
        self.patch, ids = pytest.MonkeyPatch(), itertools.count()
        self.patch.setattr("uuid.uuid4", lambda: uuid.UUID(int=next(ids)))
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.store = new_store(self.root)
        self.edits = Edits(self.store)
        self.keeper = Keeper(self.store.folder, self.store, self.edits, lambda _: None)
        self.photos = 0
        self.made = 0

    # -- how jobs are done: the real makers, on this thread -------------------------------------

    def do(self, request: AnyRequest) -> None:
        before = {record.id: record for record in self.store.images()}
        if isinstance(request, GenerateRequest):
            self.generate(request)
        else:
            context = JobContext(request.job_id, lambda _: None, threading.Event())
            self.keeper.run_here(request, context)
        after = self.store.images()
        if self.edits.names()[0] and len(after) > len(before):
            # Undo takes back all that the job brought, and nothing else; redo brings it again.
            self.edits.undo()
            for record in self.store.images():
                wanted = State.TRASHED if record.id not in before else before[record.id].state
                assert record.state is wanted
            self.edits.redo()
            assert self.store.images() == after

    def generate(self, request: GenerateRequest) -> None:
        context = JobContext(
            request.job_id, lambda event: self.keeper.keep(request, event), threading.Event()
        )
        result = source(request.method).load()(request, context)
        self.keeper.keep(request, Done(job_id=request.job_id, result=result))

    def pick(self, data: st.DataObject, n: int) -> tuple[str, ...]:
        images = self.store.images()
        return tuple(dict.fromkeys(data.draw(st.sampled_from(images)).id for _ in range(n)))

    # -- the sources ------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        for label in ("cat", "not-cat"):
            for _ in range(2):
                self.take_photos(label, None, 1)

    @rule(label=LABELS, split=st.sampled_from([None, None, *Split]), n=st.integers(1, 2))
    def take_photos(self, label: str, split: Split | None, n: int) -> None:
        blobs = []
        for _ in range(n):
            self.photos += 1
            blobs.append((f"{self.photos}.jpg", photo(self.photos)))
        self.do(requesting.import_request(self.store, (), blobs, label, "photo", split))

    @rule(number=st.integers(1, 12), keeps=st.booleans())
    def inherit(self, number: int, keeps: bool) -> None:
        """A vendor's folder; its photos may be in the project already."""
        folder = self.root / f"vendor-{number}-{keeps}"
        for split, label, offset in (("train", "cat", 0), ("test", "not-cat", 1)):
            place = folder / split / label
            place.mkdir(parents=True, exist_ok=True)
            (place / "p.jpg").write_bytes(photo(number + offset))
        request = requesting.import_dataset_request(
            self.store, str(folder), mapping={}, leave_out=(), keeps_splits=keeps
        )
        self.do(request)

    @precondition(lambda self: self.photos)
    @rule(data=st.data(), label=LABELS, over=st.booleans())
    def draw(self, data: st.DataObject, label: str, over: bool) -> None:
        """A drawing, over a photo or on white."""
        self.made += 1
        parents = self.pick(data, 1) if over else ()
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), (self.made % 256, 200, 30)).save(buffer, "PNG")
        blobs = [(f"drawing {self.made}.png", buffer.getvalue())]
        try:
            request = requesting.import_request(
                self.store, (), blobs, label, "drawing", None, ("", "", ""), parents,
                method="canvas",
            )  # fmt: skip
        except BadInputError:
            return  # Over a photo that is tested on: refused.
        self.do(request)

    @precondition(lambda self: self.photos)
    @rule(data=st.data(), weight=st.integers(1, 30_000))
    def copy(self, data: st.DataObject, weight: int) -> None:
        before = len(self.store.images())
        self.edits.apply(SetWeight(self.pick(data, 1), weight))
        assert len(self.store.images()) == before

    @rule(
        data=st.data(),
        method=st.sampled_from(MAKERS),
        label=LABELS,
        seed=st.integers(0, 50),
        chosen=st.booleans(),
        guided=st.booleans(),
    )
    def make(
        self, data: st.DataObject, method: str, label: str, seed: int, chosen: bool, guided: bool
    ) -> None:
        """From the label's own photos, or from any images at all."""
        id_, _, mode = method.partition(":")
        options: dict[str, Any] = {"size": 64, **({"mode": mode} if mode else {})}
        if id_ == "diffusers":
            options |= {"model": tiny_model(), "prompt": "a cat", "num_inference_steps": 2}
        seeds = self.pick(data, 3) if chosen else None
        guide = self.pick(data, 1)[0] if guided and id_ == "seed" else None
        try:
            request = requesting.generate_request(
                self.store, id_, label, 1, seeds, options, seed, guide, accept=bool(seed % 2)
            )
        except (BadInputError, NotPossibleError):
            return  # A test photo among the seeds, or too few of them.
        before = {record.id for record in self.store.images()}
        self.do(request)
        given = {one.id for one in request.seeds} | ({guide} if guide else set())
        for record in self.store.images():
            if record.id not in before:
                parents = {parent.id for parent in record.provenance.parents}
                assert parents <= given
                assert bool(parents) == bool(given)
                assert record.provenance.method and record.provenance.params["seed"] == seed
                labels = {one.label for one in request.seeds if one.id in parents}
                assert record.label == request.label or record.label in labels

    # -- what a person does -----------------------------------------------------------------------

    @rule(per_label=st.sampled_from([None, 1, 2]), seed=st.integers(0, 3))
    def draw_the_splits(self, per_label: int | None, seed: int) -> None:
        assigned = draw_splits(self.store.images(), per_label, seed)
        if assigned:
            self.edits.apply(DrawSplits(tuple(assigned.items())))

    @precondition(lambda self: self.photos)
    @rule(data=st.data(), state=st.sampled_from(State), label=LABELS)
    def review(self, data: st.DataObject, state: State, label: str) -> None:
        ids = self.pick(data, 2)
        self.edits.apply(SetState(ids, state))
        self.edits.apply(SetLabel(ids, label))

    @rule(n=st.integers(1, 3))
    def undo(self, n: int) -> None:
        for _ in range(n):
            self.edits.undo()

    # -- what always holds ------------------------------------------------------------------------

    @invariant()
    def the_test_set_is_real_and_apart(self) -> None:
        records = {record.id: record for record in self.store.images()}
        held = {id_ for id_, record in records.items() if record.split in HELD}
        assert all(records[id_].is_real for id_ in held)
        accepted = [r for r in records.values() if r.state is State.ACCEPTED and r.label]
        trained, _ = trainable(accepted)
        for record in trained:
            # By the chain of parents itself, whatever lineages were written down.
            assert held.isdisjoint(self.ancestors(record, records))
            assert sum(share for _, share in soft_label(record)) in (0, pytest.approx(1))
        assert [p for p in verify(self.store).problems if "file" not in p] == []

    def ancestors(self, record: ImageRecord, records: dict[str, ImageRecord]) -> Iterator[str]:
        yield record.id
        for parent in record.provenance.parents:
            yield from self.ancestors(records[parent.id], records)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()
        self.patch.undo()


TestEverySource = EverySource.TestCase
TestEverySource.settings = settings(max_examples=25, stateful_step_count=10, deadline=None)
TestEverySource.pytestmark = pytestmark
