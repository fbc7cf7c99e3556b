"""Selections choose what their words say, and name what cannot be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.cli.selection import select
from catstudio.core.errors import BadInputError
from catstudio.core.types import ImageRecord, Provenance, Split, State


def _image(
    id_: str,
    label: str | None = "cat",
    source: str = "photo",
    state: State = State.ACCEPTED,
    split: Split | None = None,
    tags: tuple[str, ...] = (),
) -> ImageRecord:
    return ImageRecord(
        id=id_,
        sha256="0" * 64,
        label=label,
        state=state,
        split=split,
        source=source,
        is_real=source in ("photo", "vendor"),
        width=64,
        height=64,
        format="JPEG",
        name=f"{id_}.jpg",
        weight=1,
        lineages=(id_,),
        provenance=Provenance(source=source),
        author="",
        created="2026-01-01T00:00:00.000+00:00",
        tags=tags,
    )


IMAGES = [
    _image("aaaa1111"),
    _image("aaaa2222", source="seed", state=State.PENDING),
    _image("bbbb1111", label="dog", split=Split.TEST, tags=("blurred",)),
    _image("cccc1111", label=None, state=State.PENDING),
    _image("dddd1111", source="seed", state=State.TRASHED),
]


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ("all", "aaaa1111 aaaa2222 bbbb1111 cccc1111"),
        ("aaaa1111", "aaaa1111"),
        ("bbbb", "bbbb1111"),
        ("aaaa1 bbbb", "aaaa1111 bbbb1111"),
        ("source:seed", "aaaa2222"),
        ("source:seed state:trashed", "dddd1111"),
        ("state:trashed state:pending", "aaaa2222 cccc1111 dddd1111"),
        ("dddd1111", "dddd1111"),
        ("label:cat state:accepted", "aaaa1111"),
        ("label:cat label:dog is:real", "aaaa1111 bbbb1111"),
        ("label:none", "cccc1111"),
        ("split:test", "bbbb1111"),
        ("split:none is:synthetic", "aaaa2222"),
        ("tag:blurred", "bbbb1111"),
        ("tag:sharp", ""),
        ("aaaa1111 label:dog", ""),
    ],
)
def test_words_choose_images(words: str, chosen: str):
    assert [image.id for image in select(IMAGES, words.split())] == chosen.split()
    assert [image.id for image in select(IMAGES, [words])] == chosen.split()


@pytest.mark.parametrize(
    "words", ["", "  ", "aaaa", "eeee1111", "state:asleep", "split:half", "is:nice", "colour:grey"]
)
def test_what_cannot_be_chosen_is_named(words: str):
    with pytest.raises(BadInputError) as refused:
        select(IMAGES, [words])
    assert refused.value.message
    assert refused.value.hint


_TERMS = st.lists(
    st.sampled_from(
        "source:seed source:photo label:cat label:dog label:none state:pending state:accepted "
        "split:none split:test is:real is:synthetic tag:blurred all".split()
    ),
    min_size=1,
)


@given(_TERMS)
def test_more_keys_narrow_and_order_does_not_matter(terms: list[str]):
    chosen = select(IMAGES, terms)
    assert chosen == select(IMAGES, list(reversed(terms)))
    assert [image for image in IMAGES if image in chosen] == chosen
    keys = {term.partition(":")[0] for term in terms}
    if "state" not in keys:
        narrower = select(IMAGES, [*terms, "state:pending"])
        assert narrower == [image for image in chosen if image.state is State.PENDING]


@given(st.lists(st.text()))
def test_any_words_choose_or_are_refused_with_a_sentence(terms: list[str]):
    try:
        assert {image.id for image in select(IMAGES, terms)} <= {image.id for image in IMAGES}
    except BadInputError as refused:
        assert refused.message
