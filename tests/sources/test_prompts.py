"""Prompt templates expand to what they say, in order, and refuse what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.errors import BadInputError
from catstudio.sources.prompts import CAP, count, escape, expand


def test_lists_multiply_with_the_rightmost_fastest():
    assert expand("a {grey|black|ginger} cat {on a sofa|in the grass}") == [
        "a grey cat on a sofa",
        "a grey cat in the grass",
        "a black cat on a sofa",
        "a black cat in the grass",
        "a ginger cat on a sofa",
        "a ginger cat in the grass",
    ]


@pytest.mark.parametrize(
    ("template", "prompts"),
    [
        ("", [""]),
        ("a cat", ["a cat"]),
        ("a|b", ["a|b"]),
        ("{}", [""]),
        ("{|very }big", ["big", "very big"]),
        ("{a {grey|black} cat|a dog}", ["a grey cat", "a black cat", "a dog"]),
        (r"\{a\|b\}", ["{a|b}"]),
        (r"{a\|b|c}", ["a|b", "c"]),
        (r"C:\cats\\", "C:\\cats\\".split("\0")),
        ("{a|a}", ["a", "a"]),
        ("é{ü|😺}", ["éü", "é😺"]),
    ],
)
def test_small_templates(template, prompts):
    assert expand(template) == prompts
    assert count(template) == len(prompts)


@pytest.mark.parametrize(
    ("template", "position"),
    [("a {b", 3), ("a} b", 2), ("{a|{b}", 1), ("{a}}", 4), (r"\{a}", 4), ("{" * 40 + "}" * 40, 33)],
)
def test_bad_braces_name_their_position(template, position):
    for function in (expand, count):
        with pytest.raises(BadInputError, match=rf"character {position}\b") as refused:
            function(template)
        assert refused.value.hint


def test_too_many_prompts_are_refused_without_being_made():
    template = "{0|1|2|3|4|5|6|7|8|9}" * 5
    assert count(template) == 100_000
    with pytest.raises(BadInputError, match="100,000 prompts"):
        expand(template)
    with pytest.raises(BadInputError, match="far too many"):
        expand("{0|1}" * 5000)
    assert len(expand("{0|1|2|3|4|5|6|7|8|9}" * 4)) == CAP


@given(st.text())
def test_any_text_escaped_stands_for_itself(text):
    assert expand(escape(text)) == [text]


_plain = st.text(st.characters(exclude_characters="{}|\\"), max_size=4)
_templates = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "{" + "|".join(parts) + "}"),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=8,
)


@given(_templates)
def test_count_is_the_number_of_prompts(template):
    prompts = expand(template)
    assert count(template) == len(prompts)
    assert not any(c in "{}|" for prompt in prompts for c in prompt)


@given(st.text("{}|\\ab", max_size=30))
def test_whatever_is_typed_gives_prompts_or_a_sentence(template):
    try:
        prompts = expand(template)
    except BadInputError:
        with pytest.raises(BadInputError, match=r"at character \d+\."):
            count(template)
    else:
        assert len(prompts) == count(template)
