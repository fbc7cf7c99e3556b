"""Answers of the blind test: kept, taken back, found again; and projects from before there were any."""

import sqlite3
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from catstudio.core import schema
from catstudio.core.blind import Answer, BlindPair, BlindRecords
from catstudio.core.changes import SetLabel, SetState
from catstudio.core.edits import Edits
from catstudio.core.errors import BadInputError
from catstudio.core.store import Store
from catstudio.core.types import Split, State
from catstudio.core.verify import verify
from tests.core.making import new_image, new_store


def a_pair(real: str, made: str, place: int = 0, **fields) -> BlindPair:
    given = {
        "id": uuid.uuid4().hex,
        "round": "a round",
        "place": place,
        "author": "ada",
        "label": "cat",
        "real": real,
        "made": made,
        "source": "seed",
        "model": "",
        "is_real_left": True,
        "is_repeat": False,
    }
    return BlindPair(**{**given, **fields})


@pytest.fixture
def store(tmp_path: Path):
    opened = new_store(tmp_path)
    yield opened
    opened.close()


def two_images(store: Store) -> tuple[str, str]:
    real = store.add_image(new_image(1)).record.id
    return real, store.add_image(new_image(2, parents=(real,))).record.id


def test_right_is_where_the_photo_is() -> None:
    pair = a_pair("r", "m", is_real_left=False)
    assert pair.is_right is None
    assert replace(pair, answer=Answer.RIGHT).is_right is True
    assert replace(pair, answer=Answer.LEFT).is_right is False
    assert replace(pair, answer=Answer.UNSURE).is_right is None


def test_an_answer_is_kept_and_taken_back(store: Store) -> None:
    records = BlindRecords(store)
    (pair,) = records.add_round([a_pair(*two_images(store))])
    assert pair.created and pair.answer is None and pair.answered == ""
    assert records.pairs() == [pair]
    records.answer(pair.id, Answer.LEFT)
    (kept,) = records.pairs()
    assert kept.answer is Answer.LEFT and kept.answered
    assert replace(kept, answer=None, answered="") == pair
    records.drop([pair.id])
    assert records.pairs() == [kept]
    records.answer(pair.id, None)
    assert records.pairs() == [pair]
    records.drop([pair.id])
    assert records.pairs() == []
    with pytest.raises(BadInputError, match="no pair"):
        records.answer(pair.id, Answer.LEFT)


def test_a_round_lands_whole_or_not_at_all(store: Store) -> None:
    real, made = two_images(store)
    records = BlindRecords(store)
    with pytest.raises(sqlite3.IntegrityError):
        records.add_round([a_pair(real, made, 0), a_pair(real, "no such image", 1)])
    assert records.pairs() == []


def test_what_becomes_of_the_images_changes_no_answer(store: Store) -> None:
    real, made = two_images(store)
    records = BlindRecords(store)
    (pair,) = records.add_round([a_pair(real, made)])
    edits = Edits(store)
    edits.apply(SetLabel((made,), "not-cat"))
    edits.apply(SetState((real, made), State.TRASHED))
    assert records.pairs() == [pair]
    assert verify(store).ok


def test_a_project_from_before_opens_and_loses_nothing(store: Store) -> None:
    """Version 1 with images, lineage, an edit, a run: all of it is there afterwards."""
    real, made = two_images(store)
    store.add_image(new_image(3, split=Split.TEST))
    Edits(store).apply(SetLabel((made,), "not-cat"))
    store.add_run("lite0", {"answer": "x"}, {"head.safetensors": b"h", "report.json": b"{}"})
    store.close()
    old = sqlite3.connect(store.folder.database)
    old.execute("DROP TABLE blind_answers")
    old.execute("PRAGMA user_version = 1")
    old.commit()
    tables = [name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    before = {name: old.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    old.close()
    again = Store(store.folder, "tester")
    assert again.database.read("PRAGMA user_version") == [(schema.VERSION,)]
    assert before == {name: again.database.read(f"SELECT * FROM {name}") for name in tables}
    assert verify(again).ok
    records = BlindRecords(again)
    (pair,) = records.add_round([a_pair(real, made)])
    assert records.pairs() == [pair]
    again.close()


def test_the_first_version_is_what_it_was() -> None:
    """Somebody's project stands at its result: the first step makes no table of a later one."""
    old = sqlite3.connect(":memory:", isolation_level=None)
    schema.MIGRATIONS[0](old)
    names = {name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert names == {"project", "labels", "images", "parents", "lineages", "changes", "runs"}
    schema.MIGRATIONS[1](old)
    assert old.execute("SELECT count(*) FROM blind_answers").fetchone() == (0,)
    old.close()


class AnyAnswers(RuleBasedStateMachine):
    """However rounds, answers, undo and reopening are mixed, what is kept is what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = new_store(Path(self.folder.name))
        self.real, self.made = two_images(self.store)
        self.expected: dict[str, BlindPair] = {}

    @property
    def records(self) -> BlindRecords:
        return BlindRecords(self.store)

    @rule(n=st.integers(0, 3), author=st.text(max_size=5), left=st.booleans())
    def draw(self, n: int, author: str, left: bool) -> None:
        name = uuid.uuid4().hex
        pairs = [
            a_pair(self.real, self.made, place, round=name, author=author, is_real_left=left)
            for place in range(n)
        ]
        self.expected |= {pair.id: pair for pair in self.records.add_round(pairs)}

    @rule(data=st.data(), answer=st.sampled_from([*Answer, None]))
    def answer(self, data: st.DataObject, answer: Answer | None) -> None:
        if self.expected:
            id_ = data.draw(st.sampled_from(sorted(self.expected)))
            self.records.answer(id_, answer)
            self.expected[id_] = replace(self.expected[id_], answer=answer)

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        if self.expected:
            id_ = data.draw(st.sampled_from(sorted(self.expected)))
            self.records.drop([id_])
            if self.expected[id_].answer is None:
                del self.expected[id_]

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.store.folder, "another")

    @invariant()
    def kept_is_what_was_said(self) -> None:
        found = self.records.pairs()
        assert all(bool(pair.answered) == (pair.answer is not None) for pair in found)
        assert [replace(pair, answered="") for pair in found] == list(self.expected.values())

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestAnyAnswers = AnyAnswers.TestCase
TestAnyAnswers.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
