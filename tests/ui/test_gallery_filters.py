"""What the gallery shows, in which order, and what its chips count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.types import ImageRecord, Provenance, Split, State
from catstudio.ui.gallery.filters import Filter, Found, Sort, arrange, choose


def record(
    id_: str = "a",
    label: str | None = "cat",
    state: State = State.ACCEPTED,
    split: Split | None = None,
    source: str = "photo",
    name: str = "",
    lineages: tuple[str, ...] = (),
    params: dict[str, object] | None = None,
    tags: tuple[str, ...] = (),
) -> ImageRecord:
    return ImageRecord(
        id=id_,
        sha256=id_ * 4,
        label=label,
        state=state,
        split=split,
        source=source,
        is_real=source == "photo",
        width=64,
        height=48,
        format="JPEG",
        name=name or f"{id_}.jpg",
        weight=1,
        lineages=lineages or (id_,),
        provenance=Provenance(source=source, params=params or {}),
        author="ada",
        created="2026-01-01T00:00:00+00:00",
        tags=tags,
    )


RECORDS = [
    record("a", split=Split.TEST),
    record("b", None, State.PENDING),
    record("c", "not-cat", source="seed", lineages=("a", "b"), params={"prompt": "A Grey cat"}),
    record("d", state=State.TRASHED),
    record("e", state=State.REJECTED, source="seed", lineages=("a",), tags=("blurred",)),
]


def ids(wanted: Filter) -> list[str]:
    return [r.id for r in choose(RECORDS, wanted)[0]]


def test_everything_but_the_trash() -> None:
    shown, facets = choose(RECORDS, Filter())
    assert [r.id for r in shown] == ["a", "b", "c", "e"]
    assert (facets.total, facets.shown, facets.pending, facets.lineages) == (4, 4, 1, 2)
    assert Filter().is_everything
    assert ids(Filter(states=frozenset({State.TRASHED}))) == ["d"]


def test_filters_combine() -> None:
    assert ids(Filter(sources=frozenset({"seed"}))) == ["c", "e"]
    assert ids(Filter(sources=frozenset({"seed"}), labels=frozenset({"cat"}))) == ["e"]
    assert ids(Filter(labels=frozenset({None, "not-cat"}))) == ["b", "c"]
    assert ids(Filter(splits=frozenset({Split.TEST}))) == ["a"]
    assert ids(Filter(splits=frozenset({None}))) == ["b", "c", "e"]


def test_words_are_looked_for_everywhere() -> None:
    assert ids(Filter(text="grey CAT")) == ["c"]
    assert ids(Filter(text="blur")) == ["e"]
    assert ids(Filter(text="seed diff")) == ["c", "e"]
    assert ids(Filter(text="b.jpg")) == ["b"]
    assert ids(Filter(text="dragon")) == []


def test_a_chip_counts_what_it_would_show() -> None:
    _, facets = choose(RECORDS, Filter(sources=frozenset({"seed"})))
    assert facets.sources == {"photo": 2, "seed": 2}
    assert facets.labels == {"not-cat": 1, "cat": 1}
    assert facets.states == {State.ACCEPTED: 1, State.REJECTED: 1}


@given(
    st.sets(st.sampled_from(["photo", "seed"])),
    st.sets(st.sampled_from(["cat", "not-cat", None])),
    st.sets(st.sampled_from(list(State))),
)
def test_counts_agree_with_what_is_shown(sources, labels, states) -> None:
    wanted = Filter(frozenset(sources), frozenset(labels), frozenset(states))
    _, facets = choose(RECORDS, wanted)
    for source in ("photo", "seed"):
        only = Filter(frozenset({source}), frozenset(labels), frozenset(states))
        assert facets.sources[source] == len(choose(RECORDS, only)[0])
    for state in State:
        only = Filter(frozenset(sources), frozenset(labels), frozenset({state}))
        assert facets.states[state] == len(choose(RECORDS, only)[0])


def test_orders() -> None:
    records = [
        record("1", "not-cat", name="b.jpg", params={"score": 0.5, "flags": ["close to seed"]}),
        record("2", "cat", name="C.jpg", params={"score": 0.9}),
        record("3", None, name="a.jpg"),
    ]

    def order(sort: Sort) -> str:
        return "".join(arrange(records, sort, ("cat", "not-cat")))

    assert order(Sort.NEWEST) == "321"
    assert order(Sort.OLDEST) == "123"
    assert order(Sort.NAME) == "312"
    assert order(Sort.LABEL) == "213"
    assert order(Sort.SCORE) == "213"
    assert order(Sort.FLAGGED) == "132"


def test_what_was_found_is_shown_in_the_order_of_likeness() -> None:
    records = [record(id_) for id_ in "abcd"] + [record("e", state=State.TRASHED)]
    found = Found(("c", "gone", "e", "a"), "Like c.jpg")
    shown, facets = choose(records, Filter(found=found))
    assert facets.shown == 2 and facets.total == 4
    assert arrange(shown, Sort.NAME, ("cat",), found) == ["c", "a"]
    assert not Filter(found=found).is_everything
